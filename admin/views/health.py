"""The health of the system: processes, carriers, speech models."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from admin.current import context, uow, wants_fragment, wants_json
from admin.policy import needs
from admin.queries import health as queries
from audio.models.registry import LANGUAGES, find_models
from core.rights import Right

pages = Blueprint("health", __name__)


@pages.get("/health")
@needs(Right.HEALTH_SEE)
def health() -> ResponseReturnValue:
    settings = context().settings
    processes, missing = queries.list_processes(uow(), bool(settings.sip_bind))
    full = queries.full_gateways(processes)
    models = find_models(settings.models_folder)
    speech = [queries.speech_of(code, processes, models, settings.recogniser_workers) for code in LANGUAGES]
    if wants_json():
        return {
            "processes": [
                {"kind": p.beat.kind, "process": p.beat.process, "alive": p.alive, "status": p.beat.status}
                for p in processes
            ],
            "missing": missing,
            "full": [p.beat.process for p in full],
            "speech": {one.language: one.state for one in speech},
        }
    return render_template(
        "health_live.html" if wants_fragment() else "health.html",
        processes=processes,
        missing=missing,
        full=full,
        speech=speech,
        carriers=queries.list_carriers(uow(), list(context().carriers)),
        outbox=queries.outbox_health(uow()),
    )
