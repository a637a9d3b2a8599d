"""What live sound cannot do by itself is given back to a carrier that can; where none can, the call goes on."""

from __future__ import annotations

from flows.catalogue import Library
from flows.engine.events import DialEnded, NothingHeard
from tests.ivr.media.scripted import Scene, call


async def waits(scene: Scene) -> None:
    """A person who only listens."""


def test_a_carrier_that_can_record_gets_the_call_back_with_the_turn_still_open(library: Library) -> None:
    async def person(scene: Scene) -> None:
        scene.telephone.carrier_goes_on = True

    scene = call(library.script("others"), person)
    assert scene.why == "handed_back"
    assert scene.telephone.closed
    assert scene.turns.state.step == "message"
    assert [type(event) for event in scene.events[1:]] == [DialEnded]  # nobody in the queue can be reached from here


def test_without_such_a_carrier_the_call_goes_on_to_its_end(library: Library) -> None:
    scene = call(library.script("others"), waits)
    assert scene.why == "completed"
    assert [type(event) for event in scene.events[1:]] == [DialEnded, NothingHeard, DialEnded]
    assert [event.outcome for event in scene.events if isinstance(event, DialEnded)] == ["failed", "failed"]
