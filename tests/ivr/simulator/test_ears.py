"""People understand by the sound that reached them, and by nothing else."""

import pytest

from audio.codec import ULAW_SILENCE, pcm_to_wav
from flows.engine.actions import Play
from flows.engine.advance import advance, start_state
from flows.engine.events import CallStarted, KeysPressed
from flows.engine.rendering import render
from ivr.simulator.ears import Ears
from ivr.simulator.understanding import Understanding

AT = "2026-11-23T03:00:00+00:00"


@pytest.fixture
def ears(prompts):
    return Ears(prompts)


async def test_a_file_is_known_by_its_sound(ears, prompts):
    clip = prompts.clip("vi", "Anh chị có sốt không?")
    assert (await ears.file(prompts.wav(clip.digest))).text == "Anh chị có sốt không?"


async def test_a_prompt_made_while_the_call_runs_is_known_too(ears, prompts):
    await ears.file(b"anything")
    clip = prompts.clip("en", "A sentence made just now.")
    assert (await ears.sound(prompts.ulaw(clip.digest)))[0].text == "A sentence made just now."


async def test_other_sound_means_nothing(ears, prompts):
    clip = prompts.clip("vi", "Anh chị có ho không?")
    pcm = prompts.pcm(clip.digest)
    assert await ears.file(pcm_to_wav(pcm[:-320])) is None
    assert await ears.sound(prompts.ulaw(clip.digest)[:-800]) == [None]


async def test_clips_without_a_mark_between_them_are_told_apart(ears, prompts):
    one, two = (prompts.clip("ko", text) for text in ("열이 있습니까?", "기침을 하십니까?"))
    sound = prompts.ulaw(one.digest) + ULAW_SILENCE * 3 + prompts.ulaw(two.digest)
    assert [clip.text for clip in await ears.sound(sound)] == ["열이 있습니까?", "기침을 하십니까?"]


def spoken(script, language, *events):
    """What a script says, clip by clip, after some events."""
    context = {"person": {"name": "Trần Thị Lan", "birth_year": 1984}, "department": "CDC", "hotline": "+842373850115"}
    state = start_state(script, language, {**context, "today": "2026-11-23"})
    for event in events:
        step = advance(script, state, event)
        state = step.state
    return [s.text.strip() for a in step.actions if isinstance(a, Play) for s in a.prompt.segments if s.text.strip()]


@pytest.mark.parametrize("language", ["vi", "en", "ko"])
def test_a_question_is_recognised_by_its_words_with_any_value_in_them(library, language):
    clips = spoken(library.script("contact-interview"), language, CallStarted(AT, "human"))
    heard = Understanding(library.scripts).of(clips, language, None, None)
    assert heard.question.node.name == "reach-person/who"
    assert not heard.question.confirms


def test_half_a_question_is_not_understood(library):
    clips = spoken(library.script("contact-interview"), "en", CallStarted(AT, "human"))
    cut = clips[: clips.index("Am I speaking with") + 1]
    heard = Understanding(library.scripts).of(cut, "en", None, None)
    assert heard.question is None
    assert not heard.complete


def test_a_read_back_belongs_to_the_question_before_it_and_says_its_value(library):
    script, understanding = library.script("daily-follow-up"), Understanding(library.scripts)
    pressed = [KeysPressed(AT, digits) for digits in ("1", "1984", "2", "2", "2", "2", "2", "2")]
    before = spoken(script, "en", CallStarted(AT, "human"), *pressed)
    asked = understanding.of(before, "en", None, "daily-follow-up").question
    assert asked.node.save == "temperature"
    after = spoken(script, "en", CallStarted(AT, "human"), *pressed, KeysPressed(AT, "372"))
    heard = understanding.of(after, "en", asked.node, "daily-follow-up").question
    assert heard.confirms
    assert heard.value == "thirty-seven point two"


@pytest.mark.parametrize("language", ["vi", "en", "ko"])
@pytest.mark.parametrize("way", ["say_spoken", "say_short", "say_keyed"])
def test_every_way_of_reading_back_is_understood(library, language, way):
    node = library.script("contact-interview").steps["covid-symptoms/fever"]
    question = " ".join(piece.text for piece in node.say.pieces[language])
    read_back = render(getattr(node.read_back, way), language, lambda path: "XYZ", lambda path: None)
    clips = [question, *(segment.text for segment in read_back.segments)]
    heard = Understanding(library.scripts).of([text.strip() for text in clips], language, node, None)
    assert heard.question.confirms
    assert (heard.question.value, heard.complete) == ("XYZ", True)
