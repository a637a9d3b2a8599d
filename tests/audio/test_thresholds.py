"""What was measured for a model counts for this model only, and a file of nonsense is refused by name."""

import json

import pytest

from audio.decision import Thresholds
from audio.thresholds import fingerprint, read_thresholds, thresholds_file, write_thresholds
from core.errors import UserError

MEASURED = Thresholds(accept_confidence=0.8, stretch=2.0)


@pytest.fixture
def model(tmp_path):
    (tmp_path / "model/am").mkdir(parents=True)
    (tmp_path / "model/am/final.mdl").write_bytes(b"sound" * 50_000)
    return tmp_path / "model"


def test_thresholds_are_kept_beside_the_models_and_read_again(tmp_path, model):
    assert read_thresholds(tmp_path / "models", "ko", model) is None
    file = write_thresholds(tmp_path / "models", "ko", model, MEASURED, {"recordings": 400})
    assert file == thresholds_file(tmp_path / "models", "ko")
    assert read_thresholds(tmp_path / "models", "ko", model) == MEASURED
    assert read_thresholds(tmp_path / "models", "vi", model) is None
    assert [path.name for path in file.parent.iterdir()] == ["thresholds.ko.json"]


def test_another_model_is_not_judged_by_them(tmp_path, model):
    write_thresholds(tmp_path, "ko", model, MEASURED, {})
    before = fingerprint(model)
    (model / "am/final.mdl").write_bytes(b"sound" * 49_999 + b"other")
    assert fingerprint(model) != before
    assert read_thresholds(tmp_path, "ko", model) is None


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", *(json.dumps({"thresholds": t}) for t in ({"accept": 1}, {"stretch": "2"}, {"stretch": True}))],
)
def test_wrong_thresholds_are_refused_by_name(tmp_path, model, content):
    thresholds_file(tmp_path, "ko").write_text(content)
    with pytest.raises(UserError, match=r"thresholds\.ko\.json"):
        read_thresholds(tmp_path, "ko", model)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, model):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(UserError, match="cannot be written"):
        write_thresholds(tmp_path / "models", "ko", model, MEASURED, {})
