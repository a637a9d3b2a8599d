"""The web process: `gunicorn wsgi:app`. Console, turn webhooks, status callbacks and prompt audio."""

from traceline import web_app

app = web_app()
