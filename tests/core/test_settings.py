"""A setting that cannot work ends the start with a sentence that names its variable and says what is expected."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.settings import read_settings


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TRACELINE_ZONE", "Asia/Hanoi", "Asia/Ho_Chi_Minh"),
        ("TRACELINE_ZONE", "", "Asia/Ho_Chi_Minh"),
        ("TRACELINE_ZONE", "../etc/passwd", "Asia/Ho_Chi_Minh"),
        ("TRACELINE_LANGUAGE", "vn", "'vi' or 'en'"),
        ("TRACELINE_PUBLIC_URL", "calls.example.vn", "http:// or https://"),
        ("TRACELINE_PUBLIC_URL", "https://", "http:// or https://"),
        ("TRACELINE_PUBLIC_URL", "https://calls.example.vn:https", "http:// or https://"),
        ("TRACELINE_PUBLIC_MEDIA_URL", "https://calls.example.vn", "ws:// or wss://"),
        ("TRACELINE_TWILIO_API_URL", "api.twilio.com", "http:// or https://"),
        ("TRACELINE_WEB_BIND", "8000", "127.0.0.1:8000"),
        ("TRACELINE_MEDIA_BIND", "127.0.0.1:http", "127.0.0.1:8000"),
        ("TRACELINE_MEDIA_BIND", "127.0.0.1:80001", "127.0.0.1:8000"),
        ("TRACELINE_RECOGNISER_WORKERS", "many", "valid integer"),
        ("TRACELINE_SIP_BIND", "5060", "127.0.0.1:8000"),
        ("TRACELINE_SIP_BIND", "sip.example.vn:5060", "192.168.1.5:5060"),
        ("TRACELINE_SIP_ALLOW", "", "127.0.0.0/8,192.168.1.20"),
        ("TRACELINE_SIP_ALLOW", "192.168.1.20/24", "127.0.0.0/8,192.168.1.20"),
        ("TRACELINE_SIP_ALLOW", ",".join(["10.0.0.1"] * 1001), "at most 1000"),
        ("TRACELINE_SIP_MEDIA", "media.example.vn", "127.0.0.0/8,192.168.1.20"),
        ("TRACELINE_SIP_MEDIA", ",".join(["10.0.0.1"] * 16), "at most 15"),
        ("TRACELINE_SIP_TRUNK", "sip:trunk.example.vn", "host:port"),
        ("TRACELINE_SIP_USER", "hotline@trunk", "without @"),
        ("TRACELINE_SIP_PASSWORD", 'a"b', "quotation marks"),
        ("TRACELINE_SIP_TRANSPORT", "ws", "'udp', 'tcp' or 'tls'"),
        ("DATABASE_URL", "mysql://traceline@db.internal/traceline", "postgresql://"),
        ("REDIS_URL", "redis.internal:6379", "redis://"),
    ],
)
def test_a_wrong_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError) as refused:
        read_settings()
    assert f"{variable}: " in refused.value.message
    assert expected in refused.value.message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRACELINE_ZONE", "UTC"),
        ("TRACELINE_LANGUAGE", "en"),
        ("TRACELINE_PUBLIC_URL", "https://calls.example.vn/"),
        ("TRACELINE_PUBLIC_MEDIA_URL", "wss://calls.example.vn:8443"),
        ("TRACELINE_WEB_BIND", "0.0.0.0:80"),
        ("DATABASE_URL", "postgresql://postgres:@/traceline?host=/run/x"),
        ("TRACELINE_SIP_BIND", ""),
        ("TRACELINE_SIP_ALLOW", "127.0.0.0/8, 192.168.1.20"),
        ("TRACELINE_SIP_TRUNK", "10.0.0.5:5080"),
        ("DATABASE_URL", ""),
        ("REDIS_URL", "unix:///run/redis.sock"),
    ],
)
def test_a_right_value_is_taken(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(read_settings(), variable.removeprefix("TRACELINE_").lower()) == value
