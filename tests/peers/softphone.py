"""baresip as Debian packages it (https://github.com/baresip/baresip): a softphone whose microphone is a file, and that
records what it hears."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audio.codec import wav_to_pcm

BARESIP = shutil.which("baresip")
_CONFIG = """\
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
audio_source aufile,{microphone}
audio_player aubridge,nobody
audio_alert aubridge,nobody
snd_path {folder}
rtp_ports {media_port}-{last_port}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
"""
_ACCOUNT = "<sip:{user}@127.0.0.1:{port}>;regint=0;answermode=auto;audio_codecs=pcmu\n"


@contextmanager
def softphone(
    folder: Path, *, user: str, port: int, microphone: Path, media_port: int, dials: str = "", seconds: int = 60
) -> Iterator[None]:
    """A telephone that dials, or that picks up when it is rung. Afterwards `heard` has what it has heard."""
    assert BARESIP is not None
    told = {"port": port, "microphone": microphone, "folder": folder, "media_port": media_port}
    (folder / "config").write_text(_CONFIG.format(last_port=media_port + 100, **told))
    (folder / "accounts").write_text(_ACCOUNT.format(user=user, port=port))
    command = [BARESIP, "-f", str(folder), "-t", str(seconds)] + (["-e", f"/dial {dials}"] if dials else [])
    with (folder / "softphone.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def heard(folder: Path) -> bytes:
    """What the softphone of this folder has heard, in 16-bit samples at 8 kHz."""
    (recording,) = folder.glob("*-dec.wav")
    return wav_to_pcm(recording.read_bytes())
