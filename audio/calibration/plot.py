"""How right and false acceptance trade against each other, as a picture (SVG, PNG or PDF by the file's name)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from audio.calibration.fit import Heard, Point, judge, upper_bound
from audio.decision import Thresholds
from core.errors import UserError


def draw(file: Path, all_heard: Sequence[Heard], candidates: Sequence[Point], chosen: Thresholds, bound: float) -> None:
    """Every set of thresholds as a point, the chosen one marked, the bound as a line. Raises UserError if the file
    cannot be written."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    answers = sum(heard.sample.given is not None for heard in all_heard) or 1
    whole = len(all_heard)
    axes.scatter(
        [100 * upper_bound(point.falsely, whole) for point in candidates],
        [100 * point.accepted / answers for point in candidates],
        s=14,
        alpha=0.5,
        label="thresholds tried",
    )
    verdicts = [judge(heard, chosen) for heard in all_heard]
    accepted = [verdict for verdict in verdicts if verdict.decision == "accept"]
    right = sum(verdict.right for verdict in accepted)
    at = 100 * upper_bound(len(accepted) - right, whole)
    axes.scatter([at], [100 * right / answers], marker="*", s=180, color="crimson", label="chosen")
    axes.axvline(100 * bound, linestyle="--", color="grey", label=f"bound: {100 * bound:g} %")
    axes.set_xlabel("false acceptance, at most (%, one-sided 95 % bound)")
    axes.set_ylabel("answers accepted rightly (%)")
    axes.set_title(f"{answers} answers, {whole - answers} off-list")
    axes.legend()
    try:
        figure.savefig(file)
    except (OSError, ValueError) as error:
        raise UserError(f"The plot {file} cannot be written: {error}.") from error
