"""sipp (https://sipp.sourceforge.net), a tester of SIP equipment, as telephones and as a trunk."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIPP = shutil.which("sipp")
# The payload type that sipp gives to its keys; `play_dtmf` knows no other.
_EVENTS = 96
_SDP = f"""v=0
o=phone 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 {_EVENTS}
a=rtpmap:0 PCMU/8000
a=rtpmap:{_EVENTS} telephone-event/8000
a=fmtp:{_EVENTS} 0-16
a=ptime:20
a={{direction}}
"""


def _request(method: str, sequence: int, sdp: str = "", more: str = "", number: str = "[field0]") -> str:
    begins = sequence == 1 and method == "INVITE"
    target = "sip:hotline@[remote_ip]:[remote_port]" if begins else "[next_url]"
    tag, routes = ("", "") if begins else ("[peer_tag_param]", "[routes]\n")
    kind = "Content-Type: application/sdp\n" if sdp else ""
    retrans = "" if method == "ACK" else ' retrans="500"'
    return f"""<send{retrans}><![CDATA[
{method} {target} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{number}@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:hotline@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
{routes}CSeq: {sequence} {method}
Contact: <sip:phone@[local_ip]:[local_port]>
Max-Forwards: 70
{more}{kind}Content-Length: [len]

{sdp}]]></send>
"""


def offer(direction: str = "sendrecv") -> str:
    return _SDP.format(direction=direction)


def invite(sequence: int = 1, direction: str = "sendrecv") -> str:
    """Ring, or change the sound of a call that is up, until we are answered."""
    return (
        _request("INVITE", sequence, offer(direction))
        + '<recv response="100" optional="true"/><recv response="180" optional="true"/>'
        + '<recv response="200" rrs="true"/>'
        + _request("ACK", sequence)
    )


def refused(code: int) -> str:
    """Ring and be refused."""
    before = '<recv response="100" optional="true"/><recv response="180" optional="true"/>'
    return _request("INVITE", 1, offer()) + before + f'<recv response="{code}"/>' + _request("ACK", 1)


def pause(seconds: float) -> str:
    return f'<pause milliseconds="{round(seconds * 1000)}"/>'


def press(keys: str) -> str:
    return f'<nop><action><exec play_dtmf="{keys}"/></action></nop>'


def speak(sound: Path, times: int = -1) -> str:
    """Play a file of G.711 µ-law, 20 ms a packet; without end, or so many times."""
    return f'<nop><action><exec rtp_stream="{sound},{times},0"/></action></nop>'


def refer(sequence: int, to: str) -> str:
    """Ask the other side to call somebody else."""
    return _request("REFER", sequence, more=f"Refer-To: <{to}>\n") + '<recv response="202"/>'


def notified(*of: str) -> str:
    """What becomes of it, told step by step."""
    checks = (f'<ereg regexp="{text}" search_in="msg" check_it="true" assign_to="1"/>' for text in of)
    steps = (f'<recv request="NOTIFY"><action>{check}</action></recv>' + _reply("200 OK") for check in checks)
    return "".join(steps) + '<Reference variables="1"/>'


def hang_up(sequence: int = 9) -> str:
    return _request("BYE", sequence) + '<recv response="200"/>'


def hung_up(seconds: float = 60.0) -> str:
    """The other side hangs up."""
    return f'<recv request="BYE" timeout="{round(seconds * 1000)}"/>' + _reply("200 OK")


def _reply(status: str, sdp: str = "", retransmitted: bool = False) -> str:
    kind = "Content-Type: application/sdp\n" if sdp else ""
    again = ' retrans="500"' if retransmitted else ""
    return f"""<send{again}><![CDATA[
SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]U[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:phone@[local_ip]:[local_port]>
{kind}Content-Length: [len]

{sdp}]]></send>
"""


def rung() -> str:
    """Be rung."""
    return '<recv request="INVITE" rrs="true"/>' + _reply("180 Ringing")


def declines(status: str) -> str:
    return rung() + _reply(status, retransmitted=True) + '<recv request="ACK"/>'


def early_media_then(status: str) -> str:
    """Play something before refusing, as networks do to say why."""
    early = _reply("183 Session Progress", offer())
    return (
        '<recv request="INVITE" rrs="true"/>'
        + early
        + pause(0.5)
        + _reply(status, retransmitted=True)
        + '<recv request="ACK"/>'
    )


def never_answers() -> str:
    """Ring until the caller gives up."""
    cancelled = """<send retrans="500"><![CDATA[
SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
CSeq: 1 INVITE
Content-Length: 0

]]></send>
"""
    return rung() + '<recv request="CANCEL"/>' + _reply("200 OK") + cancelled + '<recv request="ACK"/>'


def answers() -> str:
    """Be rung, and pick up."""
    headers = "".join(
        f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{name.lower()}"/>' for name in ("From", "To")
    )
    taken = f'<recv request="INVITE" rrs="true"><action>{headers}</action></recv>'
    return taken + _reply("180 Ringing") + _reply("200 OK", offer(), retransmitted=True) + '<recv request="ACK"/>'


def hangs_up() -> str:
    """Hang up a call that we were rung for."""
    return """<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From:[$to];tag=[pid]U[call_number]
To:[$from]
Call-ID: [call_id]
[routes]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sipp ended: 0 when every call went as its scenario says."""

    code: int
    told: str


@contextmanager
def sipp(
    folder: Path,
    *steps: str,
    port: int,
    remote: str = "",
    source: str = "127.0.0.1",
    calls: int = 1,
    rate: int = 10,
    numbers: Sequence[str] = ("+84912345678",),
    media_port: int = 40000,
    call_id: str = "%u-%p@%s",
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a scenario in the background: as telephones that ring `remote`, or without it as a trunk that is rung."""
    assert SIPP is not None
    scenario, injected = folder / f"{port}.xml", folder / f"{port}.csv"
    scenario.write_text(f'<?xml version="1.0"?><scenario name="peer">{"".join(steps)}</scenario>')
    injected.write_text("SEQUENTIAL\n" + "\n".join(f"{number};" for number in numbers) + "\n")
    command = [SIPP, "-sf", str(scenario), "-i", source, "-p", str(port), "-m", str(calls), "-nostdin"]
    command += ["-mi", source, "-mp", str(media_port), "-trace_err", "-error_file", str(folder / f"{port}.err")]
    command += ["-cid_str", call_id]
    if remote:
        command += ["-inf", str(injected), "-r", str(rate), "-l", str(calls), remote]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def finish(process: subprocess.Popen[bytes], folder: Path, port: int, seconds: float = 60.0) -> None:
    """Wait for the scenario, and fail with what sipp says if a call went otherwise."""
    code = process.wait(seconds)
    errors = folder / f"{port}.err"
    assert code == 0, f"sipp ended with {code}: {errors.read_text()[-2000:] if errors.exists() else 'it says nothing'}"
