"""How right and false acceptance trade against each other, as a picture (SVG, PNG or PDF by the file's name)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from audio.calibration.fit import Heard, Point, false_acceptance, point_of
from audio.decision import Thresholds
from core.errors import UserError


def draw(file: Path, all_heard: Sequence[Heard], candidates: Sequence[Point], chosen: Thresholds, bound: float) -> None:
    """Every set of thresholds as a point, the chosen one marked, the bound as a line. Raises UserError if the file
    cannot be written."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    answers = sum(heard.sample.given is not None for heard in all_heard) or 1
    off_list = len(all_heard) - sum(heard.sample.given is not None for heard in all_heard)

    def at_most(point: Point) -> float:
        return 100 * false_acceptance(point.accepted_wrong, answers, point.off_list_accepted, off_list)

    axes.scatter(
        [at_most(point) for point in candidates],
        [100 * point.accepted / answers for point in candidates],
        s=14,
        alpha=0.5,
        label="thresholds tried",
    )
    star = point_of(all_heard, chosen)
    axes.scatter([at_most(star)], [100 * star.accepted / answers], marker="*", s=180, color="crimson", label="chosen")
    axes.axvline(100 * bound, linestyle="--", color="grey", label=f"bound: {100 * bound:g} %")
    axes.set_xlabel("false acceptance, at most (%, one-sided 95 % bound)")
    axes.set_ylabel("answers accepted rightly (%)")
    axes.set_title(f"{answers} answers, {off_list} off-list")
    axes.legend()
    try:
        figure.savefig(file)
    except (OSError, ValueError) as error:
        raise UserError(f"The plot {file} cannot be written: {error}.") from error
