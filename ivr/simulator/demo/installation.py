"""The installation that the demo runs: fresh, beside a real one, with the simulated network as its carrier."""

from __future__ import annotations

import secrets
import shutil

from core.installation import free_bind, is_free
from core.settings import Settings


def demo_settings(settings: Settings) -> Settings:
    """Settings of an installation of its own, emptied at each start. Prompts that were made before are kept."""
    home = settings.home / "demo"
    for folder in ("postgres", "redis", "logs"):
        shutil.rmtree(home / folder, ignore_errors=True)
    web, media, simulator = (settings.web_bind if is_free(settings.web_bind) else free_bind()), free_bind(), free_bind()
    return settings.model_copy(
        update={
            "home": home.resolve(),
            "database_url": "",
            "redis_url": "",
            "web_bind": web,
            "media_bind": media,
            "sip_bind": "",  # its telephones are simulated
            "public_url": f"http://{web}",
            "public_media_url": f"ws://{media}",
            "twilio_api_url": f"http://{simulator}",
            "twilio_account_sid": f"AC{secrets.token_hex(16)}",
            "twilio_auth_token": secrets.token_hex(16),
        }
    )
