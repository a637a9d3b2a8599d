"""Two people and a room: whoever comes first waits, and nobody is left alone without being told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.media.bridging.rooms import OTHER, RETURN_SECONDS, Room, Side


def test_whoever_comes_first_waits_and_then_they_talk() -> None:
    for first in ("caller", "guest"):
        room = Room()
        assert room.arrive(first, 0) == []
        assert set(room.arrive(OTHER[first], 5)) == {("caller", "joined"), ("guest", "joined")}


def test_when_one_hangs_up_the_other_is_told_how_long_they_talked() -> None:
    for leaver in ("caller", "guest"):
        room = Room()
        room.arrive("caller", 0)
        room.arrive("guest", 5)
        assert room.leave(leaver, 25) == [(OTHER[leaver], "ended")]
        assert room.seconds == 20
        assert room.leave(OTHER[leaver], 26) == []
        assert room.empty


def test_a_caller_who_gives_up_sends_the_guest_home() -> None:
    room = Room()
    room.arrive("guest", 0)
    assert room.leave("caller", 1) == [("guest", "ended")]


def test_a_guest_who_gives_up_before_the_caller_came_leaves_an_empty_room() -> None:
    room = Room()
    room.arrive("guest", 0)
    assert room.leave("guest", 9) == []
    assert room.arrive("caller", 10) == []


def test_a_lost_side_comes_back_into_the_same_talk() -> None:
    for side in ("caller", "guest"):
        room = Room()
        room.arrive("caller", 0)
        room.arrive("guest", 0)
        assert room.lose(side) == [(OTHER[side], "away")]
        assert not room.empty
        assert set(room.arrive(side, 8)) == {("caller", "joined"), ("guest", "joined")}
        assert room.return_overdue(side, 15) == []
        room.leave("guest", 30)
        assert room.seconds == 30


def test_a_guest_who_stays_lost_has_not_hung_up_and_may_still_come_to_a_talk_of_its_own() -> None:
    room = Room()
    room.arrive("caller", 0)
    room.arrive("guest", 0)
    room.lose("guest")
    assert room.return_overdue("guest", 5 + RETURN_SECONDS) == [("caller", "gone")]
    assert room.seconds == 5
    assert set(room.arrive("guest", 30)) == {("caller", "joined"), ("guest", "joined")}
    assert room.leave("guest", 40) == [("caller", "ended")]
    assert room.seconds == 10


def test_a_caller_who_stays_lost_has_gone() -> None:
    room = Room()
    room.arrive("caller", 0)
    room.arrive("guest", 0)
    room.lose("caller")
    assert room.return_overdue("caller", 15) == [("guest", "ended")]


def test_a_caller_who_comes_back_after_both_were_lost_waits_for_the_guest_and_is_not_thanked() -> None:
    room = Room()
    room.arrive("caller", 0)
    room.arrive("guest", 0)
    room.lose("guest")
    room.lose("caller")
    assert room.return_overdue("guest", 15) == []
    assert room.arrive("caller", 16) == []


def test_a_caller_who_was_lost_while_the_guest_hung_up_hears_of_it_on_coming_back() -> None:
    room = Room()
    room.arrive("caller", 0)
    room.arrive("guest", 0)
    room.lose("caller")
    assert room.leave("guest", 10) == []
    assert room.arrive("caller", 12) == [("caller", "ended")]


def test_a_guest_who_comes_again_finds_the_lost_caller_as_before() -> None:
    room = Room()
    room.arrive("caller", 0)
    room.arrive("guest", 0)
    room.lose("caller")
    room.leave("guest", 10)
    assert room.arrive("guest", 11) == []
    assert set(room.arrive("caller", 12)) == {("caller", "joined"), ("guest", "joined")}


def test_the_same_side_by_another_line_replaces_the_first() -> None:
    room = Room()
    room.arrive("caller", 0)
    room.arrive("guest", 0)
    assert room.arrive("guest", 3)[0] == ("guest", "replaced")


@given(
    st.lists(st.tuples(st.sampled_from(["arrive", "lose", "leave", "overdue"]), st.sampled_from(["caller", "guest"])))
)
def test_nobody_sits_with_somebody_who_has_gone_without_being_told(steps: list[tuple[str, Side]]) -> None:
    """Whatever happens in whatever order: after a talk with one who went for good, the other has heard `ended`, or
    that a lost guest is `gone`."""
    room = Room()
    together = False
    for now, (step, side) in enumerate(steps):
        if step == "arrive":
            told = room.arrive(side, now)
        elif side in room.here and step in ("lose", "leave"):
            told = room.lose(side) if step == "lose" else room.leave(side, now)
        elif step == "overdue" and side in room.lost:
            told = room.return_overdue(side, now)
        else:
            continue
        gone = step in ("leave", "overdue")
        if gone and together and OTHER[side] in room.here:
            lost_guest = step == "overdue" and side == "guest"
            assert (OTHER[side], "gone" if lost_guest else "ended") in told
        together = {"caller", "guest"} <= room.here or (together and not gone)
        assert not (room.here & room.lost)
