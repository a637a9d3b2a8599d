"""Kamailio (https://www.kamailio.org) as a telephone company: a registrar, and a trunk that asks for a password."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.office import until

KAMAILIO = shutil.which("kamailio")
# Calls for a registered name go there, all others to the telephones behind it. Only who knows the password may call
# out.
_CONFIG = """\
#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
disable_tcp=yes
listen=udp:127.0.0.1:{port}
auto_aliases=no
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "xlog.so"
modparam("rr", "enable_full_lr", 1)

request_route {{
    if (has_totag()) {{
        if (!loose_route() && !t_check_trans()) {{ exit; }}
        t_relay();
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("trunk", "{password}", "0")) {{ www_challenge("trunk", "0"); exit; }}
        save("location");
        exit;
    }}
    if (is_method("INVITE")) {{
        record_route();
        if (src_port != {outside}) {{
            if (!pv_proxy_authenticate("trunk", "{password}", "0")) {{ proxy_challenge("trunk", "0"); exit; }}
            consume_credentials();
            $du = "sip:127.0.0.1:{outside}";
            t_relay();
            exit;
        }}
        append_hf("P-Asserted-Identity: <sip:+84912340000@trunk.example.vn>\\r\\n");
        if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
        t_relay();
    }}
}}
"""


@contextmanager
def kamailio(folder: Path, *, port: int, outside: int, password: str) -> Iterator[Path]:
    """A trunk at the port; telephones are behind the port `outside`. Gives its log."""
    assert KAMAILIO is not None
    modules = next(Path("/usr/lib").glob("*/kamailio/modules"), Path("/usr/lib/kamailio/modules"))
    config, log = folder / "kamailio.cfg", folder / "kamailio.log"
    config.write_text(_CONFIG.format(port=port, outside=outside, password=password, modules=modules))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                KAMAILIO,
                "-DD",
                "-E",
                "-f",
                str(config),
                "-Y",
                str(folder),
                "-P",
                str(folder / "pid"),
                "-m",
                "32",
                "-M",
                "4",
            ],
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: process.poll() is None and _listens(port), 15, "Kamailio")
        yield log
    finally:
        process.terminate()
        process.wait(15)


def _listens(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
