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
    processes, missing = queries.list_processes(uow())
    models = find_models(context().settings.models_folder)
    workers = context().settings.recogniser_workers
    speech = {
        language: language in models and models[language].supports_grammar and workers > 0 for language in LANGUAGES
    }
    if wants_json():
        return {
            "processes": [
                {"kind": p.beat.kind, "process": p.beat.process, "alive": p.alive, "status": p.beat.status}
                for p in processes
            ],
            "missing": missing,
            "speech": speech,
        }
    return render_template(
        "health_live.html" if wants_fragment() else "health.html",
        processes=processes,
        missing=missing,
        models=models,
        speech=speech,
        workers=workers,
        carriers=queries.list_carriers(uow(), list(context().carriers)),
        outbox=queries.outbox_health(uow()),
    )
