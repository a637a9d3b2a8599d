"""A caller waits for a doctor, they talk, and the script goes on: on virtual time, by what reaches each ear."""

from __future__ import annotations

import asyncio

import pytest

from audio import codec
from flows.catalogue import Library
from flows.engine.events import CallEnded, DialEnded
from flows.engine.script import Script
from ivr.media.bridging.bridge import AGAIN_SECONDS
from ivr.media.bridging.comfort import CHORD, RING_HZ
from ivr.media.bridging.hold import Hold
from ivr.media.bridging.patience import Patience
from ivr.media.bridging.rooms import RETURN_SECONDS
from ivr.media.bridging.switchboard import GUEST_WAITS_SECONDS
from ivr.media.inbox import Inbox
from tests.ivr.media.bridging import COLLEAGUE, Scene, loudness, on_line, played, tone
from tests.ivr.media.telephone import Sounds, Telephone
from tests.ivr.media.virtual_time import run

CALLER_HZ, DOCTOR_HZ = 600.0, 1000.0
CONNECTING = "연결해"


@pytest.fixture(scope="session")
def doctor(library: Library) -> Script:
    return library.script("doctor")


async def waits_in_the_room(scene: Scene) -> None:
    await scene.caller.heard(CONNECTING)
    await asyncio.sleep(1)


def dialed(scene: Scene) -> list[tuple[str, float]]:
    return [(event.outcome, event.seconds) for event in scene.turns.events if isinstance(event, DialEnded)]


@pytest.mark.capability("H8")
@pytest.mark.capability("I14")
def test_each_hears_the_other_and_nobody_hears_themselves(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(0.5)
                begun = asyncio.get_running_loop().time()
                scene.caller.make_noise(tone(CALLER_HZ, 2))
                guest.telephone.make_noise(tone(DOCTOR_HZ, 2))
                await asyncio.sleep(2)
                to_caller, to_doctor = scene.caller.since(begun + 0.2), guest.telephone.since(begun + 0.2)
                guest.telephone.hang_up()
                await scene.caller.heard("도움이")
                scene.caller.press("1")
                assert await call == "completed"
        assert loudness(to_caller, DOCTOR_HZ) > 0.8
        assert loudness(to_caller, CALLER_HZ) < 0.02
        assert loudness(to_doctor, CALLER_HZ) > 0.8
        assert loudness(to_doctor, DOCTOR_HZ) < 0.02

    scene = played(doctor, happens)
    [(outcome, seconds)] = dialed(scene)
    assert outcome == "answered"
    assert seconds == pytest.approx(2.5, abs=0.2)
    assert scene.turns.state.values["good"] is True
    assert len(scene.lines.talking) == 1
    assert (scene.lines.waiting, scene.lines.left) == ({}, ["queue:1"])


def test_a_word_reaches_the_other_within_a_tenth_of_a_second(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                begun = asyncio.get_running_loop().time()
                scene.caller.make_noise(tone(CALLER_HZ, 0.5))
                await asyncio.sleep(1)
                arrived = next(
                    at
                    for at, sound in guest.telephone.heard_sound
                    if at >= begun and codec.rms(codec.ulaw_to_pcm(sound)) > 1000
                )
                assert arrived - begun <= 0.1
                scene.caller.hang_up()

    played(doctor, happens)


def test_while_waiting_the_caller_hears_soft_sound_and_now_and_then_kind_words(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            begun = asyncio.get_running_loop().time()
            await scene.caller.hears("기다려")
            assert asyncio.get_running_loop().time() - begun == pytest.approx(11, abs=1)
            await scene.caller.hears("기다려")
            soft = scene.caller.since(0)
            assert 0.001 < max(loudness(soft, hertz) for hertz in CHORD) < 0.05
            scene.caller.hang_up()

    scene = played(doctor, happens)
    assert isinstance(scene.turns.events[-1], CallEnded)
    assert scene.lines.left == ["queue:1"]


def test_who_comes_back_into_a_wait_hears_at_once_that_it_goes_on(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        scene.turns.heard = True
        async with on_line(scene.caller):
            scene.call()
            await scene.caller.hears("기다려")
            assert asyncio.get_running_loop().time() < 1
            assert scene.caller.said == ["잠시만 기다려 주세요."]
            scene.caller.hang_up()

    played(doctor, happens)


@pytest.mark.capability("I14")
def test_when_nobody_comes_the_script_goes_on_and_a_telephone_is_rung(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await scene.caller.heard("보건소로")
            await asyncio.sleep(1)
            leg = scene.guest("leg:1", None)
            async with on_line(leg.telephone):
                await asyncio.sleep(5)
                leg.telephone.hang_up()
                assert await call == "completed"

    scene = played(doctor, happens)
    assert [outcome for outcome, _ in dialed(scene)] == ["no_answer", "answered"]
    assert scene.lines.ordered == [("+84912345678", 20.0)]


@pytest.mark.capability("I14")
@pytest.mark.parametrize(("outcome", "end"), [("busy", "busy"), ("no_answer", "nobody"), ("failed", "completed")])
def test_a_telephone_that_nobody_answers_tells_why(doctor: Script, outcome: str, end: str) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await scene.caller.heard("보건소로")
            await asyncio.sleep(1)
            scene.guest("leg:1", None).telephone.fail(outcome)
            assert await call == "completed"

    scene = played(doctor, happens)
    assert dialed(scene)[-1] == (outcome, 0.0)
    assert scene.turns.state.end_reason == end


def test_where_no_telephone_can_be_rung_the_script_is_told_at_once(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        scene.lines.rings = False
        async with on_line(scene.caller):
            assert await scene.call() == "completed"

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["no_answer", "failed"]


def test_a_doctor_who_comes_first_hears_it_ring_and_then_the_caller(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        guest = scene.guest()
        async with on_line(guest.telephone), on_line(scene.caller):
            await asyncio.sleep(1)
            assert loudness(guest.telephone.since(0)[:8000], RING_HZ) > 0.1
            scene.call()
            await waits_in_the_room(scene)
            begun = asyncio.get_running_loop().time()
            scene.caller.make_noise(tone(CALLER_HZ))
            await asyncio.sleep(1)
            assert loudness(guest.telephone.since(begun + 0.2), CALLER_HZ) > 0.7
            assert loudness(guest.telephone.since(begun + 0.2), RING_HZ) < 0.02
            scene.caller.hang_up()
            await guest.stay
            assert guest.telephone.closed

    played(doctor, happens)


def test_a_doctor_for_whom_nobody_comes_does_not_wait_for_ever(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        guest = scene.guest()
        async with on_line(guest.telephone):
            begun = asyncio.get_running_loop().time()
            await guest.stay
            assert asyncio.get_running_loop().time() - begun == pytest.approx(GUEST_WAITS_SECONDS, abs=0.1)
            assert guest.telephone.over

    played(doctor, happens)


def test_a_second_doctor_is_turned_away_and_a_second_window_of_the_same_takes_over(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            first = scene.guest()
            async with on_line(first.telephone):
                await asyncio.sleep(0.5)
                colleague = scene.guest(user=COLLEAGUE)
                await colleague.stay
                assert colleague.telephone.closed
                assert not first.telephone.closed
                second = scene.guest()
                async with on_line(second.telephone):
                    await first.stay
                    begun = asyncio.get_running_loop().time()
                    scene.caller.make_noise(tone(CALLER_HZ))
                    await asyncio.sleep(1)
                    assert loudness(second.telephone.since(begun + 0.2), CALLER_HZ) > 0.7
                    second.telephone.hang_up()
                    await scene.caller.hears("도움이")
                    scene.caller.hang_up()

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["answered"]


@pytest.mark.capability("H8")
def test_a_doctor_in_a_talk_goes_on_at_the_telephone_that_was_rung_for_it(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            browser = scene.guest()
            async with on_line(browser.telephone):
                await asyncio.sleep(0.5)
                rung = scene.guest(user=None)
                await asyncio.sleep(0.5)
                assert not browser.telephone.closed  # nobody has picked up yet
                async with on_line(rung.telephone):
                    await browser.stay
                    assert browser.telephone.over  # it does not come back
                    begun = asyncio.get_running_loop().time()
                    scene.caller.make_noise(tone(CALLER_HZ))
                    await asyncio.sleep(1)
                    assert loudness(rung.telephone.since(begun + 0.2), CALLER_HZ) > 0.7
                    rung.telephone.hang_up()
                    await scene.caller.hears("도움이")
                    scene.caller.hang_up()

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["answered"]


def test_both_may_hang_up_at_once(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                guest.telephone.hang_up()
                scene.caller.hang_up()
                assert await call == "hangup"

    played(doctor, happens)


def test_a_doctor_whose_browser_crashed_comes_back_into_the_talk(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            first = scene.guest()
            async with on_line(first.telephone):
                await asyncio.sleep(1)
                first.telephone.lose()
                await first.stay
            assert not first.telephone.over  # the line may be connected again
            await asyncio.sleep(RETURN_SECONDS / 2)
            second = scene.guest()
            async with on_line(second.telephone):
                await asyncio.sleep(1)
                begun = asyncio.get_running_loop().time()
                second.telephone.make_noise(tone(DOCTOR_HZ))
                await asyncio.sleep(1)
                assert loudness(scene.caller.since(begun + 0.2), DOCTOR_HZ) > 0.7
                second.telephone.hang_up()
                await scene.caller.hears("도움이")
                scene.caller.hang_up()

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["answered"]


def test_a_doctor_who_is_lost_for_good_did_not_come_and_the_caller_is_not_thanked(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(2)
                guest.telephone.lose()
            assert await call == "completed"

    scene = played(doctor, happens)
    assert dialed(scene) == [("failed", pytest.approx(2, abs=0.2))]
    assert "도움이 되셨습니까?" not in scene.caller.said


def test_while_a_lost_doctor_is_waited_for_there_is_no_silence(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                guest.telephone.lose()
            lost = asyncio.get_running_loop().time()
            await scene.caller.hears("기다려")
            assert asyncio.get_running_loop().time() - lost < 1
            await asyncio.sleep(6)
            assert max(loudness(scene.caller.since(lost + 2)[:16000], hertz) for hertz in CHORD) > 0.001
            scene.caller.hang_up()
            await asyncio.sleep(RETURN_SECONDS)

    played(doctor, happens)


def test_a_doctor_who_comes_back_after_the_seat_was_given_up_still_finds_the_caller(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            first = scene.guest()
            async with on_line(first.telephone):
                await asyncio.sleep(1)
                first.telephone.lose()
            await asyncio.sleep(RETURN_SECONDS + 5)
            second = scene.guest()
            async with on_line(second.telephone):
                await asyncio.sleep(1)
                begun = asyncio.get_running_loop().time()
                second.telephone.make_noise(tone(DOCTOR_HZ))
                await asyncio.sleep(1)
                assert loudness(scene.caller.since(begun + 0.2), DOCTOR_HZ) > 0.7
                assert max(loudness(scene.caller.since(begun + 0.2), hertz) for hertz in CHORD) < 0.001
                second.telephone.hang_up()
                await scene.caller.hears("도움이")
                scene.caller.hang_up()

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["answered"]


def test_a_doctor_whose_patient_is_lost_hears_it_ring_until_they_are_back(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                scene.caller.lose()
                await asyncio.sleep(2)
                assert loudness(guest.telephone.since(0)[-16000:-8000], RING_HZ) > 0.1
                guest.telephone.hang_up()
                await guest.stay
                await asyncio.sleep(RETURN_SECONDS)

    played(doctor, happens)


def test_a_doctor_whose_own_telephone_does_not_answer_leaves_the_caller_waiting(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            for outcome in ("busy", "no_answer", "failed"):
                scene.guest(user=None).telephone.fail(outcome)
                await asyncio.sleep(1)
            assert dialed(scene) == []
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                guest.telephone.hang_up()
                await scene.caller.hears("도움이")
                scene.caller.hang_up()

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["answered"]


def test_a_telephone_whose_line_breaks_before_its_first_word_may_come_back(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await scene.caller.heard("보건소로")
            await asyncio.sleep(1)
            broken = scene.guest("leg:1", None)
            broken.telephone.lose()
            await broken.stay
            assert not broken.telephone.over
            await asyncio.sleep(5)
            leg = scene.guest("leg:1", None)
            async with on_line(leg.telephone):
                await asyncio.sleep(5)
                leg.telephone.hang_up()
                assert await call == "completed"

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["no_answer", "answered"]


@pytest.mark.parametrize("times", [2, 1000])
def test_a_database_that_is_away_for_a_moment_or_for_long_does_not_end_a_talk(doctor: Script, times: int) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await waits_in_the_room(scene)
            scene.lines.away = times
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(0.1)
                begun = asyncio.get_running_loop().time()
                scene.caller.make_noise(tone(CALLER_HZ))
                await asyncio.sleep(1)
                assert loudness(guest.telephone.since(begun + 0.2), CALLER_HZ) > 0.7
                guest.telephone.hang_up()
                await scene.caller.heard("도움이")
                scene.caller.press("1")
                assert await call == "completed"

    scene = played(doctor, happens)
    assert [outcome for outcome, _ in dialed(scene)] == ["answered"]
    assert (len(scene.lines.talking), scene.lines.left) == ((1, ["queue:1"]) if times == 2 else (0, []))


def test_another_call_in_the_same_room_ends_the_wait_of_the_first_and_does_not_fight_with_it(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await waits_in_the_room(scene)
            other = Telephone(scene.sounds)
            async with on_line(other), Inbox(other) as inbox:
                party = scene.switchboard.enter("queue:1", other, inbox)
                assert await call == "completed"
                await party.go()
        assert scene.caller.over

    assert [outcome for outcome, _ in dialed(played(doctor, happens))] == ["failed"]


def test_who_waits_in_vain_is_told_when_their_time_is_up_however_long_the_sound_is_that_they_hear(
    library: Library,
) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await scene.caller.heard(CONNECTING)
            begun = asyncio.get_running_loop().time()
            await scene.caller.hears("기다려")
            assert asyncio.get_running_loop().time() - begun < 15  # the words are not kept for later
            await scene.caller.hears("받지")
            assert asyncio.get_running_loop().time() - begun == pytest.approx(20, abs=1)
            assert await call == "completed"

    scene = played(library.script("impatient"), happens)
    assert dialed(scene) == [("no_answer", 0.0)]


def test_who_comes_in_the_last_moment_of_the_wait_has_come() -> None:
    async def waits() -> None:
        async with Inbox(Telephone(Sounds())) as inbox:
            patience = Patience(inbox, 20)
            patience.begins()
            await asyncio.sleep(20)
            patience.rests()  # somebody is there, and the time is up as well
            assert not patience.is_over(await inbox.get())

    run(waits())


def test_what_is_left_of_a_wait_counts_on_after_a_talk_but_half_a_minute_at_least() -> None:
    async def waits(talk_after: float) -> float:
        async with Inbox(Telephone(Sounds())) as inbox:
            patience = Patience(inbox, 120)
            patience.begins()
            await asyncio.sleep(talk_after)
            patience.rests()
            await asyncio.sleep(300)
            begun = asyncio.get_running_loop().time()
            patience.begins(AGAIN_SECONDS)
            assert patience.is_over(await inbox.get())
            return asyncio.get_running_loop().time() - begun

    assert [run(waits(seconds)) for seconds in (20, 115)] == [100, AGAIN_SECONDS]


async def test_a_wait_without_any_sound_is_silent_and_lets_everybody_else_work() -> None:
    telephone = Telephone(Sounds())
    hold = Hold(telephone, b"")
    hold.start()
    await asyncio.sleep(0)
    await hold.stop()
    assert telephone.heard_sound == []


def test_a_caller_whose_line_was_lost_finds_the_doctor_still_there(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            first = scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                scene.caller.lose()
                assert await first == "lost"
                await asyncio.sleep(3)
                party_again = Telephone(scene.sounds)
                async with on_line(party_again):
                    await _rejoin(scene, party_again, guest.telephone)

    played(doctor, happens)


async def _rejoin(scene: Scene, again: Telephone, doctor: Telephone) -> None:
    """The call's second line: the engine asks for the same bridge once more."""
    async with Inbox(again) as inbox:
        party = scene.switchboard.enter("queue:1", again, inbox)
        assert (await inbox.get()).what == "joined"  # type: ignore[union-attr]
        await party.talk()
        begun = asyncio.get_running_loop().time()
        doctor.make_noise(tone(DOCTOR_HZ))
        await asyncio.sleep(1)
        assert loudness(again.since(begun + 0.2), DOCTOR_HZ) > 0.7
        await party.go()


def test_keys_in_a_talk_are_for_nobody_and_stand_in_the_log(doctor: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            scene.call()
            await waits_in_the_room(scene)
            guest = scene.guest()
            async with on_line(guest.telephone):
                await asyncio.sleep(1)
                scene.caller.press("5")
                guest.telephone.press("*1")
                await asyncio.sleep(1)
                guest.telephone.hang_up()
                await scene.caller.heard("도움이")
                scene.caller.press("2")

    scene = played(doctor, happens)
    assert [outcome for outcome, _ in dialed(scene)] == ["answered"]
    assert [(a.kind, a.data["reason"]) for a in scene.turns.asides if a.kind == "key_dropped"] == [
        ("key_dropped", "bridged")
    ]
