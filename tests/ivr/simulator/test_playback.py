"""What a stream sends is heard at the pace of a telephone, and marks come back when they are passed."""

from ivr.simulator.playback import Playback


def drained(playback):
    heard, marks = [], []
    while (tick := playback.tick()) != (b"", []):
        sound, passed = tick
        heard.append(sound)
        marks += [(len(heard), name) for name in passed]
    return heard, marks


def test_sound_is_heard_in_frames_of_twenty_milliseconds_whatever_it_came_in():
    playback = Playback()
    playback.media(b"a" * 100)
    playback.media(b"b" * 400)
    heard, _ = drained(playback)
    assert b"".join(heard) == b"a" * 100 + b"b" * 400
    assert [len(sound) for sound in heard] == [160, 160, 160, 20]


def test_marks_return_in_order_when_all_before_them_was_heard():
    playback = Playback()
    playback.mark("at once")
    playback.media(b"a" * 320)
    playback.mark("first")
    playback.media(b"b" * 160)
    playback.mark("second")
    assert drained(playback)[1] == [(1, "at once"), (2, "first"), (3, "second")]


def test_clear_silences_what_waits_and_returns_its_marks():
    playback = Playback()
    playback.media(b"a" * 16000)
    playback.mark("one")
    playback.media(b"b" * 160)
    playback.mark("two")
    playback.tick()
    assert playback.clear() == ["one", "two"]
    assert playback.tick() == (b"", [])
