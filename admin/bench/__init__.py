"""`traceline bench console`: ten years of a province in a scratch database, and what each page of the console takes.

`heap` writes rows by the million, `years` makes them up, `filling` puts both together; `addresses` finds the
pages, `pages` asks for them. Nothing of the product imports this.
"""

from __future__ import annotations

from admin.bench.pages import measure_console
from core.bench import Bench

benches: dict[str, Bench] = {"console": measure_console}
