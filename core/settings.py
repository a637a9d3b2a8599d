"""The settings, read once from the environment (`TRACELINE_…`, and the usual `DATABASE_URL`, `REDIS_URL`).

Nothing else in the project reads the environment. A wrong value ends the start with a sentence that names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.errors import UserError
from core.phones import normalise_phone

_HIGHEST_PORT = 65535
_DATABASES = ("postgresql://", "postgres://", "postgresql+psycopg://")
_REDISES = ("redis://", "rediss://", "unix://")
_MOST_NETWORKS = 1000
_MOST_MEDIA_NETWORKS = 15  # the kernel's filter has room for so many more
_TRUNK = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[1-9][0-9]{0,4})?")
# What the SIP stack's own notation can carry.
_SIP_USER = re.compile(r"[\w.+-]*", re.ASCII)
_SIP_PASSWORD = re.compile(r'[^"\\\x00-\x1f\x7f]*')
_VARIABLES = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}


class Settings(BaseSettings):
    """Every setting, its default and its meaning."""

    model_config = SettingsConfigDict(env_prefix="TRACELINE_", frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Field(Path("var"), description="where data, keys, logs, prompts and models are kept")
    database_url: str = Field("", validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    redis_url: str = Field("", validation_alias=AliasChoices("REDIS_URL", "redis_url"))
    public_url: str = Field("http://127.0.0.1:8000", description="the address under which carriers reach the web")
    public_media_url: str = Field("ws://127.0.0.1:8001", description="the address under which carriers reach media")
    web_bind: str = "127.0.0.1:8000"
    media_bind: str = "127.0.0.1:8001"
    trusted_proxies: int = Field(0, ge=0, le=5, description="how many reverse proxies of ours stand before the web")
    zone: str = Field("Asia/Ho_Chi_Minh", description="the department's time zone")
    province: str = Field("38", description="official code, since July 2025, of the province the department works for")
    disease: str = Field("covid-19", description="what lists are about unless they say otherwise; as in the rulebook")
    language: Literal["vi", "en"] = Field(
        "vi", description="the language of the console and of callers of whom we know none"
    )
    hotline: str = Field("+842373850115", description="our own number, shown to the people we call")
    department: str = Field("CDC Thanh Hóa", description="whose console this is, as shown")
    spoken_name_vi: str = Field("Trung tâm Kiểm soát bệnh tật tỉnh Thanh Hóa", description="who calls, in Vietnamese")
    spoken_name_en: str = Field("the Thanh Hoa Center for Disease Control", description="who calls, in English")
    spoken_name_ko: str = Field("베트남 타인호아성 질병통제센터", description="who calls, in Korean")

    twilio_account_sid: str = ""
    twilio_auth_token: str = Field("", repr=False)
    twilio_api_url: str = Field("https://api.twilio.com", description="Twilio, or the simulated telephone network")

    sip_bind: str = Field("127.0.0.1:5060", description="where telephones and the trunk reach us by SIP; empty: no SIP")
    sip_allow: str = Field("127.0.0.0/8", description="comma-separated networks whose telephones may call us by SIP")
    sip_media: str = Field("", description="comma-separated networks of the trunk's that send us sound, not SIP")
    sip_calls: int = Field(100, ge=1, le=500, description="calls by SIP at once, on each gateway")
    sip_for_callers: int | None = Field(
        None, ge=0, le=500, description="of these, how many are kept for people who ring us; default: a fifth"
    )
    sip_leave_seconds: int = Field(
        5, ge=0, le=3600, description="how long calls may go on when a gateway is told to end"
    )
    sip_trunk: str = Field("", description="host, or host:port, of the telephone company's SIP trunk")
    sip_user: str = Field("", description="our name at the trunk; empty: it knows us by our address")
    sip_password: str = Field("", repr=False, description="the password at the trunk")
    sip_transport: Literal["udp", "tcp", "tls"] = Field("udp", description="how the trunk is reached")

    lines: int | None = Field(
        None, ge=1, description="telephone lines that all campaigns share; default: as many as their caps allow"
    )

    call_back_carrier: str = Field("twilio", description="the carrier that makes the calls we owe to single people")
    missed_call_numbers: str = Field(
        "", description="our numbers that are never answered but called back, such as +842373850116, comma-separated"
    )
    call_back_countries: str = Field("VN", description="countries whose missed calls are called back, comma-separated")
    missed_calls_per_hour: int = Field(
        120, ge=1, le=10_000, description="missed calls that are called back in an hour, of all numbers together"
    )

    models: Path | None = Field(None, description="folder of Vosk models; default: <home>/models")
    recordings: Path | None = Field(None, description="folder of recorded prompts; default: <home>/recordings")
    recogniser_workers: int = Field(2, ge=0, le=64, description="recogniser processes per language; 0: keys only")
    messages_days: int = Field(90, ge=1, le=3650, description="days until a caller's voice message is deleted")
    answers_days: int = Field(
        0, ge=0, le=3650, description="days until the sound of a spoken answer is deleted; 0: no answer's sound is kept"
    )
    secret_keys: str = Field("", repr=False, description="comma-separated keys, newest first; default: <home>/keys")

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # the last two: a name that leads out of the list
            raise ValueError("there is no such time zone; write it as Asia/Ho_Chi_Minh") from error
        return value

    @field_validator("web_bind", "media_bind", "sip_bind")
    @classmethod
    def _is_a_bind(cls, value: str, field: ValidationInfo) -> str:
        if field.field_name == "sip_bind" and not value:
            return value
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > _HIGHEST_PORT:
            raise ValueError("write host and port, as 127.0.0.1:8000")
        return value

    @field_validator("sip_bind")
    @classmethod
    def _is_an_ipv4_address(cls, value: str) -> str:
        try:
            ip_address(value.rpartition(":")[0] or "0.0.0.0")  # noqa: S104
        except ValueError as error:
            raise ValueError("write the IPv4 address of this machine and a port, as 192.168.1.5:5060") from error
        return value

    @field_validator("sip_allow", "sip_media")
    @classmethod
    def _are_networks(cls, value: str, field: ValidationInfo) -> str:
        if field.field_name == "sip_media" and not value:
            return value
        try:
            networks = [IPv4Network(part.strip()) for part in value.split(",")]
        except ValueError as error:
            raise ValueError("write IPv4 addresses or networks, as 127.0.0.0/8,192.168.1.20") from error
        most = _MOST_NETWORKS if field.field_name == "sip_allow" else _MOST_MEDIA_NETWORKS
        if len(networks) > most:
            raise ValueError(f"name at most {most} networks")
        return value

    @field_validator("sip_trunk")
    @classmethod
    def _is_a_trunk(cls, value: str) -> str:
        if value and _TRUNK.fullmatch(value) is None:
            raise ValueError("write host or host:port, as sip.example.vn:5060")
        return value

    @field_validator("sip_user")
    @classmethod
    def _is_a_sip_user(cls, value: str) -> str:
        if _SIP_USER.fullmatch(value) is None:
            raise ValueError("write the name alone, without @ and domain")
        return value

    @field_validator("sip_password")
    @classmethod
    def _is_a_sip_password(cls, value: str) -> str:
        if _SIP_PASSWORD.fullmatch(value) is None:
            raise ValueError("it may hold neither quotation marks nor backslashes")
        return value

    @field_validator("missed_call_numbers")
    @classmethod
    def _are_numbers(cls, value: str) -> str:
        try:
            return ",".join(normalise_phone(number) for number in _parts(value))
        except UserError as error:
            raise ValueError(f"{error.message} {error.hint}") from error

    @field_validator("public_url", "public_media_url", "twilio_api_url")
    @classmethod
    def _is_reachable(cls, value: str, field: ValidationInfo) -> str:
        schemes = ("ws", "wss") if field.field_name == "public_media_url" else ("http", "https")
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and parts.hostname and parts.port != 0
        except ValueError:  # the port is no number
            usable = False
        if not usable:
            raise ValueError(f"write {schemes[0]}:// or {schemes[1]}:// and a host")
        return value

    @field_validator("database_url", "redis_url")
    @classmethod
    def _is_a_service(cls, value: str, field: ValidationInfo) -> str:
        begins = _DATABASES if field.field_name == "database_url" else _REDISES
        if value and not value.startswith(begins):
            raise ValueError(f"write an address that begins with {begins[0]}")
        return value

    @property
    def public_origin(self) -> str:
        """Where the console's pages come from, as browsers tell it (RFC 6454): scheme and host, a port that is not the
        scheme's own, no path."""
        parts = urlsplit(self.public_url)
        port = parts.port if parts.port != {"http": 80, "https": 443}[parts.scheme] else None
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    @property
    def sip_networks(self) -> tuple[IPv4Network, ...]:
        """Who may speak SIP to us, beside the trunk."""
        return tuple(IPv4Network(part.strip()) for part in self.sip_allow.split(","))

    @property
    def sip_media_networks(self) -> tuple[IPv4Network, ...]:
        """Whose sound we take, beside theirs."""
        return tuple(IPv4Network(part) for part in _parts(self.sip_media))

    @property
    def sip_kept_free(self) -> int:
        """How many of a gateway's calls are kept for people who ring us."""
        return self.sip_calls // 5 if self.sip_for_callers is None else self.sip_for_callers

    @property
    def missed_numbers(self) -> frozenset[str]:
        return frozenset(_parts(self.missed_call_numbers))

    @property
    def call_back_regions(self) -> frozenset[str]:
        return frozenset(part.upper() for part in _parts(self.call_back_countries))

    @property
    def models_folder(self) -> Path:
        return self.models or self.home / "models"

    @property
    def recordings_folder(self) -> Path:
        return self.recordings or self.home / "recordings"

    @property
    def prompts_folder(self) -> Path:
        return self.home / "prompts"

    @property
    def spoken_name(self) -> dict[str, str]:
        """Who calls, by language."""
        return {"vi": self.spoken_name_vi, "en": self.spoken_name_en, "ko": self.spoken_name_ko}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


def read_settings(**overrides: object) -> Settings:
    """The settings of this process. Raises UserError that names each wrong variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(
            f"{_variable(str(e['loc'][0]))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise UserError(
            f"The settings cannot be used: {wrong}.", "Correct the environment variable and start again."
        ) from error


def environment(settings: Settings) -> Mapping[str, str]:
    """The variables that give a child process the same settings."""
    return {_variable(name): str(value) for name, value in settings.model_dump().items() if value is not None}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _variable(field: str) -> str:
    return _VARIABLES.get(field.lower(), f"TRACELINE_{field.upper()}")
