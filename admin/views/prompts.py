"""The prompt studio: what is recorded of each script, and a place to record the rest."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import prompt_list
from admin.current import audit, uow, viewer
from admin.errors import user_message
from admin.policy import needs
from admin.waveform import HEIGHT, STROKES, waveform
from audio import codec, studio
from audio.bulk import check_archive, file_name
from audio.speech import speak, voice_of
from audio.studio import Take
from core.errors import UserError
from core.rights import Right

pages = Blueprint("studio", __name__)  # `prompts` are the sounds that carriers fetch
BOX = f"0 0 {2 * STROKES} {HEIGHT}"


@pages.get("/prompts")
@needs(Right.PROMPTS_RUN)
def prompts() -> ResponseReturnValue:
    return render_template("prompts.html", scripts=prompt_list.coverage())


@pages.get("/prompts/<script_id>/<spoken>")
@needs(Right.PROMPTS_RUN)
def script(script_id: str, spoken: str) -> ResponseReturnValue:
    return _script_page(script_id, spoken)


@pages.post("/prompts/<script_id>/<spoken>")
@needs(Right.PROMPTS_RUN)
def upload_many(script_id: str, spoken: str) -> ResponseReturnValue:
    """All files of a ZIP file, or none of them."""
    rows = prompt_list.rows_of(script_id, spoken)
    file, voice = request.files.get("file"), request.form.get("voice", "")
    try:
        takes, faults = check_archive(file.read() if file else b"", [row.words for row in rows])
        if faults:
            told = [(name, *user_message(error)) for name, error in faults]
            return _script_page(script_id, spoken, faults=told, good=len(takes)), 400
        for take in takes:
            _publish(take, voice)
    except UserError as error:
        return _script_page(script_id, spoken, problem=user_message(error)), 400
    flash(gettext("%(n)s recordings are played from now on.", n=len(takes)))
    return redirect(url_for("studio.script", script_id=script_id, spoken=spoken))


@pages.get("/prompts/<script_id>/<spoken>/sheet.csv")
@needs(Right.PROMPTS_RUN)
def sheet(script_id: str, spoken: str) -> ResponseReturnValue:
    """What the speaker reads: file name and words, in order."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([gettext("File"), gettext("Words"), gettext("State")])
    for row in prompt_list.rows_of(script_id, spoken):
        writer.writerow([f"{file_name(row.words)}.wav", row.words.shown, row.state])
    name = f"attachment; filename={script_id}-{spoken}.csv"
    # Excel takes a file without the mark for Latin letters.
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers={"Content-Disposition": name})


@pages.get("/prompts/<script_id>/<spoken>/clip/<path:clip>")
@needs(Right.PROMPTS_RUN)
def prompt(script_id: str, spoken: str, clip: str) -> ResponseReturnValue:
    return _prompt_page(script_id, spoken, clip)


@pages.post("/prompts/<script_id>/<spoken>/clip/<path:clip>")
@needs(Right.PROMPTS_RUN)
def upload(script_id: str, spoken: str, clip: str) -> ResponseReturnValue:
    row = prompt_list.row_of(script_id, spoken, clip)
    file = request.files.get("file")
    try:
        _publish(studio.check(row.words, file.read() if file else b""), request.form.get("voice", ""))
    except UserError as error:
        return _prompt_page(script_id, spoken, clip, problem=user_message(error)), 400
    flash(gettext("The recording is played from now on."))
    return _back(script_id, spoken, clip)


@pages.post("/prompts/<script_id>/<spoken>/withdraw/<path:clip>")
@needs(Right.PROMPTS_RUN)
def withdraw(script_id: str, spoken: str, clip: str) -> ResponseReturnValue:
    row = prompt_list.row_of(script_id, spoken, clip)
    for recording in filter(None, (row.recording, row.outdated)):
        studio.withdraw(uow(), recording.id, viewer().login)
        audit("prompt.withdrawn", f"recording:{recording.id}", {"language": spoken, "clip": clip})
    flash(gettext("The machine's voice says these words from now on."))
    return _back(script_id, spoken, clip)


@pages.post("/prompts/<script_id>/<spoken>/put-back/<path:clip>")
@needs(Right.PROMPTS_RUN)
def put_back(script_id: str, spoken: str, clip: str) -> ResponseReturnValue:
    row = prompt_list.row_of(script_id, spoken, clip)
    try:
        earlier = UUID(request.form.get("recording", ""))
        recording = studio.put_back(uow(), earlier, row.words, viewer().login)
    except ValueError:
        return _prompt_page(script_id, spoken, clip, problem=(gettext("There is no such recording."), "")), 400
    except UserError as error:
        return _prompt_page(script_id, spoken, clip, problem=user_message(error)), 400
    audit("prompt.published", f"recording:{recording}", {"language": spoken, "clip": clip, "again": str(earlier)})
    flash(gettext("The recording is played from now on."))
    return _back(script_id, spoken, clip)


@pages.get("/prompts/<script_id>/<spoken>/machine/<path:clip>")
@needs(Right.PROMPTS_RUN)
def machine(script_id: str, spoken: str, clip: str) -> ResponseReturnValue:
    """The words as text to speech says them, at telephone quality."""
    return _as_heard(_spoken_by_machine(prompt_list.row_of(script_id, spoken, clip)))


@pages.get("/prompts/recording/<uuid:recording_id>.wav")
@needs(Right.PROMPTS_RUN)
def recording(recording_id: UUID) -> ResponseReturnValue:
    """A recording as the person on the telephone hears it."""
    return _as_heard(studio.sound_of(uow(), recording_id))


def _as_heard(pcm: bytes) -> Response:
    """Through the telephone's own coding (µ-law, 8 kHz), so that nobody judges what no caller hears."""
    return Response(codec.pcm_to_wav(codec.ulaw_to_pcm(codec.pcm_to_ulaw(pcm))), mimetype="audio/wav")


def _spoken_by_machine(row: prompt_list.PromptRow) -> bytes:
    return speak(row.words.spoken, voice_of(row.words.language))


def _publish(take: Take, voice: str) -> None:
    published = studio.publish(uow(), take, voice=voice, login=viewer().login)
    detail = {"language": take.words.language, "clip": take.words.clip, "seconds": round(take.seconds, 1)}
    audit("prompt.published", f"recording:{published}", detail)


def _script_page(
    script_id: str,
    spoken: str,
    *,
    problem: tuple[str, str] | None = None,
    faults: list[tuple[str, str, str]] | None = None,
    good: int = 0,
) -> str:
    rows = prompt_list.rows_of(script_id, spoken)
    voices = sorted({row.recording.voice for row in rows if row.recording is not None})
    return render_template(
        "prompts_script.html",
        script_id=script_id,
        spoken=spoken,
        rows=rows,
        voices=voices,
        problem=problem,
        faults=faults or [],
        good=good,
    )


def _prompt_page(script_id: str, spoken: str, clip: str, problem: tuple[str, str] | None = None) -> str:
    row = prompt_list.row_of(script_id, spoken, clip)
    shown = row.recording or row.outdated
    return render_template(
        "prompt.html",
        script_id=script_id,
        spoken=spoken,
        row=row,
        history=list(studio.history(uow(), spoken, clip)),
        box=BOX,
        machine_wave=waveform(_spoken_by_machine(row)),
        recording_wave=waveform(studio.sound_of(uow(), shown.id)) if shown else "",
        problem=problem,
    )


def _back(script_id: str, spoken: str, clip: str) -> ResponseReturnValue:
    return redirect(url_for("studio.prompt", script_id=script_id, spoken=spoken, clip=clip))
