"""Answers are recognised offline, by the real Korean model; whatever fails, the call goes on by keys."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import zip_longest

import psutil
import pytest
from speaking import say, silence

from audio import codec
from audio.recogniser import wire
from audio.recogniser.load import MAX_LOAD
from audio.recogniser.pool import Recognisers
from audio.recogniser.vocabulary import knows

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

YES_NO = ["네", "예", "아니요", "아니오", "아닙니다"]
NO = {"아니요", "아니오", "아닙니다"}


async def hear(pool, sound, phrases=YES_NO, certain=False):
    listening = pool.listen("ko", phrases, certain)
    for frame in codec.frames(sound):
        listening.feed(frame)
    return await listening.finish(timeout=20)


async def until(condition, seconds=10.0):
    """Wait for something that another process brings about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  another process gives no event
            await asyncio.sleep(0.01)


def worker(pool):
    return pool._supervisors["ko"].workers[0]


def template(pool):
    return pool._supervisors["ko"]._process.pid


@pytest.mark.capability("A2")
@pytest.mark.parametrize(("said", "meant"), [("네", {"네", "예"}), ("아니요", NO), ("아뇨", NO)])
async def test_a_spoken_yes_or_no_is_recognised(pool, said, meant):
    heard = await hear(pool, say(said))
    assert heard.hypotheses[0].text in meant
    assert heard.decision in ("accept", "read_back")
    assert 0.2 < heard.seconds < 1.2


@pytest.mark.capability("N1")
async def test_other_speech_is_not_taken_for_an_answer(pool):
    others = [
        "여보세요",
        "오늘 날씨가 좋습니다",
        "서울에서 왔어요",
        "모르겠어요",
        "하노이에 살아요",
        "기침",
        "감사합니다",
        "음",
    ]
    decisions = [(await hear(pool, say(words))).decision for words in others]
    assert "accept" not in decisions
    assert decisions.count("read_back") <= 1


async def test_a_repeated_answer_is_read_back_under_its_own_name(pool):
    heard = await hear(pool, say("네 네"))
    assert (heard.hypotheses[0].text, heard.decision) == ("네", "read_back")


@pytest.mark.capability("A2")
async def test_many_answers_are_heard_at_once_by_one_worker(pool):
    said = ["네", "아니요", "여보세요", "네 네"] * 5
    sessions = [pool.listen("ko", YES_NO) for _ in said]
    for frames in zip_longest(*(codec.frames(say(words)) for words in said)):
        for session, frame in zip(sessions, frames, strict=True):
            session.feed(frame or b"")
        await asyncio.sleep(0)
    assert pool.status()[0].sessions == len(said)
    heard = await asyncio.gather(*(session.finish(timeout=30) for session in sessions))
    assert [result.hypotheses[0].text for result in heard] == ["네", "아니오", "여보세요", "네"] * 5
    assert pool.status()[0].sessions == 0


@pytest.mark.capability("A2")
@pytest.mark.capability("A3")
async def test_a_killed_worker_fails_its_answers_at_once_and_is_replaced(pool):
    listening, crashes = pool.listen("ko", YES_NO), pool.status()[0].crashes
    listening.feed(say("네"))
    before = worker(pool).pid
    os.kill(before, signal.SIGKILL)
    started = time.monotonic()
    assert await listening.finish() is None
    assert time.monotonic() - started < 1.0
    await until(lambda: pool.status()[0].workers == 1)
    assert worker(pool).pid != before
    assert pool.status()[0].crashes == crashes + 1
    assert (await hear(pool, say("네"))).hypotheses[0].text == "네"


@pytest.mark.capability("A3")
async def test_while_no_worker_is_there_the_call_goes_on_by_keys_at_once(pool):
    os.kill(worker(pool).pid, signal.SIGKILL)
    await until(lambda: pool.status()[0].workers == 0)
    assert pool.listen("ko", YES_NO) is None
    await until(lambda: pool.status()[0].workers == 1)
    assert (await hear(pool, say("네"))).hypotheses[0].text == "네"


async def test_a_killed_template_leaves_its_workers_and_is_started_again(pool):
    before = template(pool)
    os.kill(before, signal.SIGKILL)
    await until(lambda: pool.status()[0].state == "failed")
    assert (await hear(pool, say("네"))).hypotheses[0].text == "네"
    await until(lambda: pool.status()[0].state == "ready", 60)
    assert template(pool) != before
    assert "status -9" in pool.status()[0].last_error


async def test_a_worker_that_hangs_is_given_up_and_replaced(pool):
    before = worker(pool).pid
    os.kill(before, signal.SIGSTOP)
    for _ in range(2):
        listening = pool.listen("ko", YES_NO)
        listening.feed(say("네"))
        assert await listening.finish(timeout=0.05) is None
    await until(lambda: pool.status()[0].workers == 1 and worker(pool).pid != before)
    assert (await hear(pool, say("네"))).hypotheses[0].text == "네"


async def test_a_worker_that_falls_behind_gets_no_more(pool):
    stopped = worker(pool).pid
    os.kill(stopped, signal.SIGSTOP)
    listening = pool.listen("ko", YES_NO)
    for _ in range(100):
        listening.feed(silence(1.0))
    assert listening.failed
    assert pool.listen("ko", YES_NO) is None
    assert await listening.finish() is None
    os.kill(stopped, signal.SIGCONT)
    await until(lambda: (again := pool.listen("ko", YES_NO)) is not None and again.cancel() is None)


@pytest.mark.capability("A3")
async def test_a_full_pool_says_so_at_once(pool):
    refused = pool.status()[0].refused
    sessions = []
    while (session := pool.listen("ko", YES_NO)) is not None:
        sessions.append(session)
    status = pool.status()[0]
    assert 2 < len(sessions) < 85
    assert 0.6 < status.load <= MAX_LOAD
    assert status.refused == refused  # somebody may have time in a moment
    pool.refuse("ko")
    assert pool.status()[0].refused == refused + 1
    sessions.pop().cancel()
    sessions.append(pool.listen("ko", YES_NO))
    for session in sessions:
        session.cancel()


@pytest.mark.capability("A3")
async def test_a_worker_that_has_become_slow_takes_fewer_until_it_is_fast_again(pool):
    load, usual = worker(pool).load, worker(pool).load.cost
    load.cost = 0.4
    sessions = [pool.listen("ko", YES_NO) for _ in range(3)]
    assert [session is None for session in sessions] == [False, False, True]
    for session in sessions[:2]:
        session.cancel()
    for _ in range(30):
        await hear(pool, say("네"))
    assert load.cost < max(0.2, 2 * usual)


@pytest.mark.capability("A2")
async def test_a_call_that_sends_much_at_once_makes_no_other_call_wait(pool):
    flood, other = pool.listen("ko", YES_NO), pool.listen("ko", YES_NO)
    flood.feed(say("여보세요") * 8)
    flooded = asyncio.create_task(flood.finish(timeout=20))
    other.feed(say("네"))
    assert (await other.finish(timeout=20)).hypotheses[0].text == "네"
    assert not flooded.done()
    await flooded


@pytest.mark.capability("N1")
@pytest.mark.capability("F13")
async def test_a_yes_that_confirms_is_heard_twice(pool):
    assert (await hear(pool, say("네"), certain=True)).evidence.opinion is not None
    assert (await hear(pool, say("아니요"))).evidence.opinion is None
    # Far from every bound: the model adds noise of its own (dither) and hears the same sound a little differently.
    for other in ("내일", "이제", "여보세요"):
        assert (await hear(pool, say(other), certain=True)).decision != "accept"


@pytest.mark.capability("N1", "A3")
async def test_without_time_to_hear_an_answer_twice_nothing_is_accepted_and_more_people_are_heard(pool):
    load = worker(pool).load
    before, load.cost = load.cost, 0.5
    try:
        spared = pool.listen("ko", YES_NO, certain=True, spare=True)
        spared.feed(say("네"))
        heard = await spared.finish(timeout=20)
        load.cost = 0.5
        owed = await hear(pool, say("네"), certain=True)  # the yes to a read-back: else nobody could confirm by voice
    finally:
        load.cost = before
    assert (heard.hypotheses[0].text, heard.decision, heard.certain) == ("네", "read_back", False)
    assert owed.evidence.opinion.text
    assert pool.status()[0].spared == 1


@pytest.mark.capability("A3")
async def test_an_answer_heard_twice_counts_as_two_and_one_that_is_spared_as_one(pool):
    link = worker(pool)
    twice = pool.listen("ko", YES_NO, certain=True)
    await until(lambda: link.passes == 2)
    before, link.load.cost = link.load.cost, 0.2
    spared = pool.listen("ko", YES_NO, certain=True, spare=True)
    link.load.cost = before
    once = pool.listen("ko", YES_NO)
    await hear(pool, say("네"))  # answered after them, so they are open
    assert link.passes == 4
    for session in (twice, spared, once):
        session.cancel()
    assert link.passes == 0


@pytest.mark.capability("A3")
@pytest.mark.parametrize("models", [{}, {"ko": None}])
async def test_without_a_model_there_is_nobody_to_listen(tmp_path, models):
    pool = Recognisers.fork(dict.fromkeys(models, tmp_path), workers=1)
    await pool.start()
    assert pool.listen("ko", YES_NO) is None
    assert [status.last_error for status in pool.status()] == (
        [f"{tmp_path.name} is not a Vosk model: it has no am/final.mdl, conf/model.conf, conf/mfcc.conf."]
        if models
        else []
    )
    await pool.close()


@pytest.mark.capability("A3")
async def test_a_broken_model_leaves_its_language_to_keys(tmp_path, korean_model, capfd):
    broken = tmp_path / "broken"
    shutil.copytree(korean_model, broken, ignore=shutil.ignore_patterns("*.mdl", "*.fst"))
    for name in ("am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"):
        (broken / name).write_bytes(b"not a model")
    pool = Recognisers.fork({"ko": broken}, workers=1)
    await pool.start()
    (status,) = pool.status()
    assert (status.state, status.workers, status.model) == ("failed", 0, "broken")
    assert "ended with status" in status.last_error
    assert pool.listen("ko", YES_NO) is None
    await pool.close()


@pytest.mark.capability("N1")
@pytest.mark.parametrize(
    "phrase",
    [
        '네"',
        '"]',
        '", "[unk]", "',
        "\\",
        "\x00",
        "\ud55c\x1b",
        "<s>",
        "#0",
        "!SIL",
        "{}",
        "네\n아니요",
        "x" * 10_000,
        "",
    ],
)
async def test_no_phrase_can_break_a_grammar(pool, phrase):
    before = worker(pool).pid
    heard = await hear(pool, say("네"), [phrase, "네", "아니요"])
    assert heard.hypotheses[0].text == "네"
    assert worker(pool).pid == before


async def test_phrases_the_model_cannot_hear_are_left_out_and_none_left_is_a_failure(pool):
    assert (await hear(pool, say("네"), ["네", "열이 나요"])).hypotheses[0].text == "네"
    assert await hear(pool, say("네"), ["열이 나요"]) is None


async def test_an_answer_given_by_keys_is_forgotten(pool):
    listening = pool.listen("ko", YES_NO)
    listening.feed(say("네"))
    listening.cancel()
    listening.feed(say("네"))
    assert pool.status()[0].sessions == 0
    assert await listening.finish() is None


async def test_the_linter_of_scripts_is_told_which_words_a_model_knows(korean_model):
    words = ["네", "맞습니다", "#0", "<s>"]
    assert [knows(korean_model, word) for word in words] == [True, False, False, False]


@pytest.mark.capability("A2")
@pytest.mark.capability("A3")
async def test_an_error_in_one_worker_harms_no_other(korean_model):
    pool = Recognisers.fork({"ko": korean_model}, workers=3)
    await pool.start()
    await until(lambda: pool.status()[0].workers == 3)
    *others, youngest = pool._supervisors["ko"].workers
    youngest._writer.write(wire.encode({"op": "no such message"}))
    await until(lambda: not youngest.alive)
    await until(lambda: pool.status()[0].workers == 3)
    assert [worker.alive for worker in others] == [True, True]
    assert pool.status()[0].crashes == 1
    assert (await hear(pool, say("네"))).hypotheses[0].text == "네"
    await pool.close()


@pytest.mark.capability("A2")
@pytest.mark.capability("A3")
async def test_a_worker_killed_in_the_middle_of_many_answers_takes_only_its_own_along(korean_model):
    pool = Recognisers.fork({"ko": korean_model}, workers=2)
    await pool.start()
    await until(lambda: pool.status()[0].workers == 2)
    for link in pool._supervisors["ko"].workers:
        link.load.cost = 0.01  # so that both take their share, however busy this machine is
    sessions = [pool.listen("ko", YES_NO) for _ in range(8)]
    half = say("네")[: codec.PCM_FRAME * 25]
    for session in sessions:
        for frame in codec.frames(half):
            session.feed(frame)
    doomed, other = pool._supervisors["ko"].workers
    assert (len(doomed.sessions), len(other.sessions)) == (4, 4)
    os.kill(doomed.pid, signal.SIGKILL)
    for session in sessions:
        for frame in codec.frames(say("네")[len(half) :]):
            session.feed(frame)
    heard = await asyncio.gather(*(session.finish(timeout=20) for session in sessions))
    assert [result is None for result in heard].count(True) == 4
    assert {result.hypotheses[0].text for result in heard if result is not None} == {"네"}
    await until(lambda: pool.status()[0].workers == 2)
    await pool.close()


async def test_closing_leaves_no_process(korean_model):
    pool = Recognisers.fork({"ko": korean_model}, workers=2)
    await pool.start()
    await until(lambda: pool.status()[0].workers == 2)
    pids = [template(pool), *(link.pid for link in pool._supervisors["ko"].workers)]
    await pool.close()
    await until(lambda: not any(map(psutil.pid_exists, pids)))


_CRASHING = """
import asyncio, os, sys
from pathlib import Path
from audio.recogniser.pool import Recognisers

async def main(pool):
    await pool.start()
    supervisor = pool._supervisors["ko"]
    print(supervisor._process.pid, supervisor.workers[0].pid, flush=True)
    await asyncio.sleep(60)

import uvloop
uvloop.run(main(Recognisers.fork({"ko": Path(sys.argv[1])}, 1)))
"""


async def test_recognisers_end_when_the_media_process_is_killed(korean_model):
    """Also shows that the pool runs on uvloop, which media uses."""
    command = [sys.executable, "-c", _CRASHING, str(korean_model)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    pids = [int(pid) for pid in (await process.stdout.readline()).split()]
    assert len(pids) == 2
    assert all(map(psutil.pid_exists, pids))
    process.kill()
    await process.wait()
    await until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    """A process nobody waited for (there may be no init here) has ended all the same."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
