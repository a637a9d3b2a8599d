"""What the console is given by the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Blueprint
from redis import Redis

from core.database import Database
from core.settings import Settings
from flows.catalogue import Library
from ivr.carriers.browser.telephone import BrowserTelephone


@dataclass(frozen=True, slots=True)
class ConsoleContext:
    """`library` holds the scripts a campaign may run, `carriers` the ways to dial, by name, with what a person reads;
    `webhooks` are the carriers' own endpoints, which log in and CSRF do not concern: they verify
    signatures themselves. `telephone` is the one in the browser; without it there is none."""

    settings: Settings
    database: Database
    redis: Redis
    library: Library
    carriers: Mapping[str, str] = field(default_factory=dict)
    webhooks: tuple[Blueprint, ...] = ()
    telephone: BrowserTelephone | None = None
