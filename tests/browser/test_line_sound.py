"""What the page makes of sound, in the very engine that runs it: µ-law as everywhere, nothing above the band, marks in
order."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import admin
from audio import codec

pytestmark = pytest.mark.browser

SOUND = (Path(admin.__file__).parent / "static" / "line-sound.js").read_text()
OUTSIDE_THE_AUDIO_THREAD = """
globalThis.sampleRate = 48000;
globalThis.AudioWorkletProcessor = class {};
globalThis.registerProcessor = () => {};
"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    parts = "globalThis.parts = { Resampler, Queue, toUlaw, FROM_ULAW };"
    page.evaluate("code => { (0, eval)(code); }", f"{OUTSIDE_THE_AUDIO_THREAD}{{ {SOUND}\n{parts} }}")
    yield page
    page.close()


def test_its_ulaw_is_that_of_the_telephone(page: Page) -> None:
    samples = [*range(-32768, 32768, 7)]
    written = page.evaluate("all => all.map((sample) => parts.toUlaw(sample / 32768))", samples)
    theirs = [codec.pcm_to_ulaw(sample.to_bytes(2, "little", signed=True))[0] for sample in samples]
    heard = {byte: codec.ulaw_to_pcm(bytes([byte])) for byte in range(256)}
    as_number = {byte: int.from_bytes(pcm, "little", signed=True) for byte, pcm in heard.items()}
    # Two encoders may round differently at the border of a step; what is heard is never further than one step away.
    for sample, ours, other in zip(samples, written, theirs, strict=True):
        assert abs(as_number[ours] - sample) <= abs(as_number[other] - sample) + abs(sample) / 16 + 8, sample
    read = page.evaluate("() => Array.from(parts.FROM_ULAW, (value) => Math.round(value * 32768))")
    assert read == [as_number[byte] for byte in range(256)]


@pytest.mark.parametrize("rate", [44100, 48000, 16000])
@pytest.mark.parametrize(("tone", "low", "high"), [(300, 0.95, 1.05), (1000, 0.95, 1.05), (3000, 0.85, 1.05)])
def test_what_the_telephone_can_carry_passes_unchanged(
    page: Page, rate: int, tone: int, low: float, high: float
) -> None:
    assert low <= gain(page, rate, 8000, tone) <= high
    assert low <= gain(page, 8000, rate, tone) <= high


@pytest.mark.parametrize("rate", [44100, 48000, 16000])
@pytest.mark.parametrize("tone", [5000, 6500, 7500])
def test_what_it_cannot_carry_does_not_come_back_as_another_tone(page: Page, rate: int, tone: int) -> None:
    assert gain(page, rate, 8000, tone) < 0.01  # 40 dB


def gain(page: Page, before: int, after: int, tone: int) -> float:
    """How much of a tone is left after the change of rate, in pieces as the audio thread has them."""
    loudness = page.evaluate(
        """([before, after, tone]) => {
            const resampler = new parts.Resampler(before, after);
            const made = [];
            for (let start = 0; start < before; start += 128) {
                const piece = Float32Array.from({ length: 128 }, (_, i) =>
                    Math.sin((2 * Math.PI * tone * (start + i)) / before));
                made.push(...resampler.push(piece));
            }
            const kept = made.slice(after / 10, after - after / 10);
            return [Math.sqrt(kept.reduce((sum, x) => sum + x * x, 0) / kept.length), made.length];
        }""",
        [before, after, tone],
    )
    assert abs(loudness[1] - after) < after * 0.02
    return float(loudness[0] * math.sqrt(2))


QUEUE = """([steps]) => {
    const told = [];
    const queue = new parts.Queue((name) => told.push(name));
    for (const [what, value] of steps) {
        if (what === "sound") queue.add(Uint8Array.from(atob(value), (c) => c.charCodeAt(0)));
        else if (what === "mark") queue.mark(value);
        else if (what === "clear") queue.clear();
        else told.push(queue.take(value).filter((sample) => sample !== 0).length);
    }
    return told;
}"""


def told(page: Page, *steps: tuple[str, object]) -> list[object]:
    """Marks as they are reached, and for each `take` how many samples were sound."""
    return list(page.evaluate(QUEUE, [list(steps)]))


def sound(frames: int) -> tuple[str, str]:
    return "sound", base64.b64encode(b"\x10" * codec.ULAW_FRAME * frames).decode()


def test_a_mark_is_reached_when_what_stands_before_it_was_heard(page: Page) -> None:
    steps = (sound(2), ("mark", "a"), sound(1), ("mark", "b"), ("take", 319), ("take", 1), ("take", 200), ("take", 80))
    assert told(page, *steps) == [319, "a", 1, "b", 160, 0]


def test_what_is_cleared_is_not_heard_and_its_marks_are_reached(page: Page) -> None:
    steps = (sound(5), ("mark", "a"), sound(5), ("mark", "b"), ("take", 8), ("clear", None), ("take", 80))
    assert told(page, *steps) == [8, "a", "b", 0]


def test_a_mark_behind_nothing_is_reached_at_once(page: Page) -> None:
    assert told(page, ("mark", "a"), ("take", 8)) == ["a", 0]


def test_sound_made_as_it_comes_is_held_back_a_little_and_never_piles_up(page: Page) -> None:
    assert told(page, sound(1), ("take", 160), sound(1), sound(1), ("take", 160)) == [0, 160]
    (kept,) = told(page, *[sound(1)] * 40, ("take", 6400))
    assert kept == 7 * codec.ULAW_FRAME  # of 800 ms, the last 140
