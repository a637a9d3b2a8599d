"""Kamailio (https://www.kamailio.org) as an exchange that knows where each number rings, for calls between several
telephones; or as a trunk that is reached by TLS."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.peers.kamailio import KAMAILIO
from tests.peers.office import until

MODULES = next(Path("/usr/lib").glob("*/kamailio/modules"), Path("/usr/lib/kamailio/modules"))
TLS = (MODULES / "tls.so").exists()
# Whoever registers by TLS is reached through the connection that they opened, and calls for `hotline` go there.
_CONFIG = """\
#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
auto_aliases=no
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
modparam("rr", "enable_full_lr", 1)
modparam("registrar", "received_avp", "$avp(received)")
modparam("nathelper", "received_avp", "$avp(received)")
listen=udp:127.0.0.1:{port}
{secure}

request_route {{
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (proto == TLS) {{ force_rport(); add_contact_alias(); }}
    if (has_totag()) {{
        if (!loose_route() && !t_check_trans()) {{ exit; }}
        handle_ruri_alias();
        t_relay();
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (is_method("REGISTER")) {{
        fix_nated_register();
        save("location");
        exit;
    }}
    record_route();
    t_on_reply("SECURED");
{numbers}
    if (lookup("location")) {{ t_relay(); exit; }}
    sl_send_reply("404", "Not Found");
}}

onreply_route[SECURED] {{
    if (proto == TLS) {{ add_contact_alias(); }}
}}
"""
_NUMBER = '    if ($rU == "{number}") {{ $ru = "sip:phone@127.0.0.1:{port}"; t_relay(); exit; }}\n'
_SECURE = """\
enable_tls=yes
listen=tls:127.0.0.1:{port}
loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{key}")
"""


@contextmanager
def exchange(
    folder: Path,
    *,
    port: int,
    telephones: Mapping[str, int],
    secure: tuple[int, Path, Path] | None = None,
) -> Iterator[None]:
    """Calls for a number go to the port of its telephone, `sip:phone@127.0.0.1:<port>`. `secure`: the port, the
    certificate and its key for those who come by TLS."""
    assert KAMAILIO is not None
    numbers = "".join(_NUMBER.format(number=number, port=port) for number, port in telephones.items())
    by_tls = "disable_tcp=yes"
    if secure is not None:
        by_tls = _SECURE.format(port=secure[0], certificate=secure[1], key=secure[2])
    config, log = folder / "exchange.cfg", folder / "exchange.log"
    config.write_text(_CONFIG.format(port=port, modules=MODULES, numbers=numbers, secure=by_tls))
    files = ["-f", str(config), "-Y", str(folder), "-P", str(folder / "pid")]
    with log.open("wb") as output:
        process = subprocess.Popen([KAMAILIO, "-DD", "-E", *files, "-m", "64", "-M", "8"], stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is None and _answers(port), 15, "the exchange")
        yield
    finally:
        process.terminate()
        process.wait(15)


def _answers(port: int) -> bool:
    """Whether somebody says something to OPTIONS."""
    with socket.socket(type=socket.SOCK_DGRAM) as asker:
        asker.bind(("127.0.0.1", 0))
        asker.settimeout(0.2)
        here = f"127.0.0.1:{asker.getsockname()[1]}"
        question = (
            f"OPTIONS sip:exchange@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK1\r\n"
            f"From: <sip:test@{here}>;tag=1\r\nTo: <sip:exchange@127.0.0.1>\r\nCall-ID: {here}\r\nCSeq: 1 OPTIONS\r\n"
            "Max-Forwards: 5\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            asker.sendto(question.encode(), ("127.0.0.1", port))
            return asker.recv(2048).startswith(b"SIP/2.0 200")
        except OSError:
            return False
