"""`traceline models calibrate`: measures thresholds on recordings, says what they do, and sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from audio.calibration import fit
from audio.calibration.hearing import Hearing
from audio.calibration.report import Figures, figures
from audio.calibration.samples import Sample, find_samples, read_sound
from audio.models.commands import models
from audio.models.registry import LANGUAGES, find_models
from audio.thresholds import write_thresholds
from core.errors import UserError
from core.settings import read_settings


@models.command()
@click.argument("recordings", type=click.Path(exists=True, path_type=Path), metavar="FOLDER|LIST.csv")
@click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True)
@click.option(
    "--false-acceptance", default=fit.MAX_FALSE_ACCEPTANCE, type=click.FloatRange(0.001, 0.2), show_default=True
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the trade-off into this file.")
@click.option("--dry-run", is_flag=True, help="Only measure; set nothing.")
def calibrate(recordings: Path, language: str, false_acceptance: float, plot: Path | None, dry_run: bool) -> None:
    """Measure a language's thresholds on labelled recordings, and set them.

    docs/speech.md says how recordings are laid out, and how many it takes.
    """
    folder = read_settings().models_folder
    model = find_models(folder).get(language)
    if model is None:
        raise UserError(f"No model is installed for {language}.", f"traceline models install {language}")
    all_heard = _hear(find_samples(recordings), language, model.path)
    candidates = fit.points(all_heard)
    thresholds, accepts = fit.choose(all_heard, candidates, false_acceptance)
    measured = figures(all_heard, thresholds)
    _show(measured)
    if plot is not None:
        from audio.calibration.plot import draw  # matplotlib takes a second to load

        draw(plot, all_heard, candidates, thresholds, false_acceptance)
        click.echo(f"Drew {plot}")
    _check_enough(all_heard, false_acceptance)
    if not accepts:
        click.echo("No answer is accepted by voice within the bound: all are read back, and confirmed by keys.")
    if dry_run:
        return
    rests_on = {"false_acceptance": false_acceptance, **asdict(measured[-1])}
    click.echo(f"Set {write_thresholds(folder, language, model.path, thresholds, rests_on)}")
    click.echo("Restart the media process to use them.")


def _hear(samples: Sequence[Sample], language: str, model: Path) -> list[fit.Heard]:
    """Bad recordings are all named at once, before the model is loaded."""
    sounds, faults = [], []
    for sample in samples:
        try:
            sounds.append((sample, read_sound(sample.file)))
        except UserError as error:
            faults.append(error.message)
    if faults:
        raise UserError("\n".join(faults), "Mend these recordings, or take them out.")
    console = Console(stderr=True)
    with console.status("Loading the model"):
        hearing = Hearing(language, model)
    return [
        fit.Heard(sample, hearing.hear(sound, sample.phrases))
        for sample, sound in track(sounds, "Listening", console=console)
    ]


def _check_enough(all_heard: Sequence[fit.Heard], bound: float) -> None:
    answers = sum(heard.sample.given is not None for heard in all_heard)
    off_list, wanted = len(all_heard) - answers, fit.needed(bound)
    if off_list < wanted or answers < wanted:
        raise UserError(
            f"Too few recordings to set thresholds: {answers} answers and {off_list} off-list.",
            f"It takes {wanted} answers and {wanted} off-list to hold false acceptance below {bound:.1%}.",
        )


def _show(measured: Sequence[Figures]) -> None:
    table = Table("question", "answers", "understood", "accepted", "read back", "rejected", "accepted wrong", "at most")
    for heading in ("off-list", "read back", "accepted", "at most", "by one recogniser"):
        table.add_column(heading)
    for line in measured:
        shares = (f"{share:.0%}" for share in (line.understood, line.accepted, line.read_back, line.rejected))
        wrong = (str(line.accepted_wrong), f"{line.accepted_wrong_at_most:.1%}")
        accepted = (str(line.off_list_accepted), f"{line.off_list_accepted_at_most:.1%}")
        off_list = (str(line.off_list), str(line.off_list_read_back), *accepted, str(line.off_list_accepted_by_one))
        table.add_row(line.kind, str(line.answers), *shares, *wrong, *off_list)
    Console().print(table)


commands: list[click.Command] = [models]
"""What the composition root adds to `traceline`: `traceline models`, with this command in it."""
