"""The template process: loads one model, then forks a worker whenever the pool asks. Started as a program of its own.

    python -m audio.recogniser.template CONTROL_FD LANGUAGE MODEL_FOLDER

It never starts a thread, so forking is safe; workers share the model's memory. It ends when the pool's end of the
control connection closes, however the pool died, and each worker when its own connection closes.

The control connection keeps message boundaries. In: a descriptor (fork a worker that serves it). Out: JSON `ready`,
with what a second of sound costs and whether answers can be certain; `forked` and `ended` with the process number.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path

from audio.recogniser.model import MIN_RIVALS, LoadedModel
from audio.recogniser.trial import try_out
from audio.recogniser.worker import serve

_MAX_CONTROL = 4096
_NICENESS = 5
"""Recognition gives way to the process that carries the calls' sound."""
_REAP_SECONDS = 0.5


def main(arguments: list[str]) -> None:
    """Load the model, say `ready`, fork on request until the pool is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the pool decides when we end
    os.nice(_NICENESS)
    with socket.socket(fileno=int(arguments[0])) as control, contextlib.suppress(ConnectionError):
        model = LoadedModel(Path(arguments[2]))
        cost = try_out(model, arguments[1])  # a model that loads and cannot listen ends here, before a call needs it
        gc.freeze()  # keeps the collector from touching, and so copying, memory shared with the workers
        certain = not model.takes_grammar or model.rivals(arguments[1]) >= MIN_RIVALS
        _tell(control, "ready", cost=cost, certain=certain)
        workers: set[int] = set()
        try:
            _obey(control, model, workers)
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGKILL)  # one that hangs would not notice that its connection closed


def _obey(control: socket.socket, model: LoadedModel, workers: set[int]) -> None:
    while True:
        readable, _, _ = select.select([control], [], [], _REAP_SECONDS)
        if readable:
            request, descriptors, _, _ = socket.recv_fds(control, _MAX_CONTROL, 1)
            if not request:
                return
            for descriptor in descriptors:
                workers.add(_fork(control, descriptor, model))
        for worker in tuple(workers):
            pid, status = os.waitpid(worker, os.WNOHANG)
            if pid:
                workers.discard(pid)
                _tell(control, "ended", pid=pid, status=os.waitstatus_to_exitcode(status))


def _fork(control: socket.socket, descriptor: int, model: LoadedModel) -> int:
    with socket.socket(fileno=descriptor) as connection:
        worker = os.fork()
        if worker == 0:
            control.close()
            status = 1
            try:
                serve(connection, model)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)  # never further: it would unwind as the template does, and end the other workers
    _tell(control, "forked", pid=worker)
    return worker


def _tell(control: socket.socket, what: str, **data: float) -> None:
    control.send(json.dumps({"op": what, **data}).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
