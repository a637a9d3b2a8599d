"""Log in, the forced change of the first password, lockout, log out, CSRF, headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from admin.app import create_app
from admin.context import ConsoleContext
from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from core.login import create_user
from core.settings import Settings
from core.users import User
from tests.admin.conftest import Visitor
from tests.admin.province import Province

SENTENCE = "bốn con trâu qua sông"


@pytest.fixture
def newcomer(database: Database) -> tuple[str, str]:
    """A user who has never logged in: login and first password."""
    with database.unit() as uow:
        user, password = create_user(uow, login="minh", name="Ngô Minh", roles=["tracer"], area="38.380")
        return user.login, password


def sign_in(visitor: Visitor, login: str, password: str, target: str = "") -> str:
    response = visitor.post("/login", {"login": login, "password": password, "next": target})
    assert response.status_code == 302, response.text
    return response.location


@pytest.mark.capability("C4")
def test_the_first_password_opens_only_the_page_that_changes_it(console: Flask, newcomer: tuple[str, str]) -> None:
    minh = Visitor(console)
    assert sign_in(minh, *newcomer) == "/"
    assert minh.get("/records").location == "/password"
    assert "records" not in minh.page("/password")
    data = {"old": newcomer[1], "new": SENTENCE, "again": SENTENCE}
    assert minh.post("/password", {**data, "again": "something else"}).status_code == 400
    assert minh.post("/password", {**data, "new": "short", "again": "short"}).status_code == 400
    assert minh.post("/password", data).location == "/"
    assert minh.get("/records").status_code == 200


@pytest.mark.capability("C4")
def test_five_wrong_passwords_lock_the_login(console: Flask, newcomer: tuple[str, str]) -> None:
    guesser = Visitor(console)
    for _ in range(5):
        assert guesser.post("/login", {"login": "minh", "password": "wrong"}).status_code == 401
    answer = guesser.post("/login", {"login": newcomer[0], "password": newcomer[1]})
    assert answer.status_code == 401
    assert "15 phút" in answer.text


def test_signing_in_returns_to_the_page_that_was_wanted(console: Flask, newcomer: tuple[str, str]) -> None:
    minh = Visitor(console)
    assert minh.get("/records?flagged=1").location == "/login?next=/records?flagged%3D1"
    assert sign_in(minh, *newcomer, target="/records?flagged=1") == "/records?flagged=1"
    assert Visitor(console).post("/login", {"login": "x", "password": "y", "next": "//evil.example"}).status_code == 401


def test_signing_out_ends_the_session_everywhere_it_was_copied_to(province: Province, console: Flask) -> None:
    son, copy = Visitor(console, "son"), Visitor(console, "son")
    assert copy.get("/").status_code == 200
    assert son.post("/logout").location == "/login"
    assert copy.get("/").status_code == 302


def test_an_open_page_that_refreshes_itself_keeps_nobody_signed_in(
    province: Province, console: Flask, clock: SimulatedClock
) -> None:
    son = Visitor(console, "son")
    for _ in range(7):
        clock.advance(timedelta(minutes=10))
        last = son.get("/queue", headers={"HX-Request": "true"})
    assert (last.status_code, last.headers["HX-Redirect"]) == (401, "/login?next=")
    assert son.get("/queue").location.startswith("/login")


def test_whoever_opens_pages_stays_signed_in(province: Province, console: Flask, clock: SimulatedClock) -> None:
    son = Visitor(console, "son")
    for _ in range(7):
        clock.advance(timedelta(minutes=10))
        assert son.get("/queue").status_code == 200


def test_a_deactivated_user_is_out_at_once(
    province: Province, visitor: Callable[[str], Visitor], database: Database
) -> None:
    thao, hanh = visitor("thao"), visitor("hanh")
    assert thao.get("/").status_code == 200
    hanh.post(f"/users/{province.users['thao']}/active", {"active": "0"})
    assert thao.get("/").status_code == 302
    with database.unit() as uow:
        assert uow.session.get_one(User, province.users["thao"]).active is False


def test_a_form_without_the_pages_token_is_refused(province: Province, visitor: Callable[[str], Visitor]) -> None:
    son = visitor("son")
    response = son.client.post(f"/campaigns/{province.campaign}", data={"action": "pause"})
    assert response.status_code == 400
    assert "expired" in response.text
    assert son.json(f"/campaigns/{province.campaign}")["state"] == "running"


def test_every_answer_carries_the_strict_headers(province: Province, visitor: Callable[[str], Visitor]) -> None:
    for address in ("/", "/login", "/nothing-here", "/static/style.css", "/healthz"):
        with visitor("son").get(address) as response:
            headers = response.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';"), address
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert visitor("son").get("/").headers["Cache-Control"] == "no-store"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(console: Flask, newcomer: tuple[str, str]) -> None:
    minh = Visitor(console)
    response = minh.post("/login", {"login": newcomer[0], "password": newcomer[1]})
    assert "HttpOnly" in response.headers["Set-Cookie"]
    assert "SameSite=Lax" in response.headers["Set-Cookie"]


def test_no_page_holds_anything_inline(province: Province, visitor: Callable[[str], Visitor]) -> None:
    son = visitor("son")
    for address in ("/", "/campaigns", f"/campaigns/{province.campaign}", f"/calls/{province.an.call}", "/health"):
        page = son.page(address)
        assert "<style" not in page
        assert " style=" not in page
        assert "onclick" not in page
        assert page.count("<script") == page.count("<script src=") == 1


def test_health_and_readiness_answer_without_log_in_and_without_details(console: Flask) -> None:
    stranger = console.test_client()
    assert stranger.get("/healthz").json == {"status": "ok"}
    assert stranger.get("/readyz").json == {"status": "ok"}


@pytest.mark.capability("C3")
def test_signing_in_and_out_are_on_the_audit_log(console: Flask, newcomer: tuple[str, str], database: Database) -> None:
    minh = Visitor(console)
    minh.post("/login", {"login": "minh", "password": "wrong"})
    sign_in(minh, *newcomer)
    minh.post("/logout")
    with database.unit() as uow:
        lines = uow.session.execute(select(AuditEntry.action, AuditEntry.address).order_by(AuditEntry.id)).all()
    assert [line.action for line in lines] == ["user.created", "login.failed", "login.succeeded", "logout"]
    assert lines[-1].address == "127.0.0.1"


def test_over_https_the_cookie_stays_on_https(console: Flask, settings: Settings) -> None:
    context: ConsoleContext = console.extensions["traceline"]
    public = settings.model_copy(update={"public_url": "https://traceline.example"})
    app = create_app(replace(context, settings=public))
    response = app.test_client().get("/login", base_url="https://traceline.example")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-traceline=")
    assert "Secure" in cookie
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
