"""A fresh process that takes the first turns of several calls in as many threads at once; prints what it answered.

`python -m tests.ivr.calls.first_turns HOME LIBRARY CALL_ID…`, the address of the database in DATABASE_URL.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from core import encryption
from core.clock import SystemClock
from core.database import Database
from flows.catalogue import load_library
from tests.ivr.world import World, service, started


def main() -> None:
    # Threads take turns as often as they can, so that whatever is made on first use is made by several at once.
    sys.setswitchinterval(1e-6)
    home, folder, *ids = sys.argv[1:]
    encryption.use_keys(encryption.load_keys("", Path(home)))
    calls = service(load_library(Path(folder)), World())
    database = Database(os.environ["DATABASE_URL"], SystemClock(), len(ids))
    together = threading.Barrier(len(ids))

    def first_turn(call_id: UUID) -> str:
        together.wait()
        with database.unit() as uow:
            turn = calls.take_turn(uow, call_id, 0, started(), lambda call, actions, next_turn: b"%d" % next_turn)
        return f"{type(turn).__name__} {turn.fresh}"

    with ThreadPoolExecutor(len(ids)) as pool:
        for answer in pool.map(first_turn, map(UUID, ids)):
            print(answer)
    database.close()


if __name__ == "__main__":
    main()
