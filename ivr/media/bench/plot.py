"""The two modes side by side: how long people wait with more and more calls, and how the waits are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from core.errors import UserError
from ivr.media.bench.ramped import Ramped

BUDGET_MS = 700
_BIN_MS = 20
_COLOURS = {"gated": "tab:blue", "always_on": "tab:orange"}


def draw(file: Path, ran: Mapping[str, Sequence[Ramped]]) -> None:
    """By mode, its steps. The file's name says which kind of picture. Raises UserError if it cannot be written."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    waits, spread = figure.subplots(1, 2)
    for mode, steps in ran.items():
        heard = [step for step in steps if step.waits]
        calls = [step.calls for step in heard]
        p95 = [step.figures["p95_ms"] for step in heard]
        waits.plot(calls, p95, marker="o", color=_COLOURS[mode], label=f"{mode}: p95")
        inside = [step for step in heard if step.inside]
        shown = inside[-1] if inside else None
        if shown is not None:
            milliseconds = [1000 * wait for wait in shown.waits]
            bins = [edge * _BIN_MS for edge in range(int(max(*milliseconds, BUDGET_MS)) // _BIN_MS + 2)]
            label = f"{mode}: {shown.calls} calls"
            spread.hist(milliseconds, bins, alpha=0.6, color=_COLOURS[mode], label=label, density=True)
    waits.axhline(BUDGET_MS, linestyle="--", color="grey", label="budget")
    waits.set_xlabel("simultaneous calls")
    waits.set_ylabel("end of speech to first frame (ms)")
    waits.legend()
    spread.axvline(BUDGET_MS, linestyle="--", color="grey")
    spread.set_xlabel("wait at the most calls inside the budget (ms)")
    spread.set_ylabel("share")
    spread.legend()
    try:
        figure.savefig(file)
    except (OSError, ValueError) as error:
        raise UserError(f"The plot {file} cannot be written: {error}.") from error
