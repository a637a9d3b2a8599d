"""A line in a real browser, with an other end of the test's own: what becomes of it when things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

import admin

pytestmark = pytest.mark.browser

STATIC = Path(admin.__file__).parent / "static"
HERE, MEDIA, OTHER = "http://localhost:9", "ws://media.example/line", "ws://other.example/line"
SOUND_OF_A_FRAME = b"\xff" * 160
# The page of the test: a line whose states are noted. `window.give` is what the next tickets are.
PAGE = """
<!doctype html><button>Call</button><script type="module">
import { openLine } from "/line.js";
window.states = [];
window.tickets = 0;
// The audio thread asks the network, not the test, for what it loads; but it does load a blob.
const code = await (await fetch("/line-sound.js")).text();
window.sound = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
window.give = () => ({ url: "ws://media.example/line", ticket: "t" });
document.querySelector("button").addEventListener("click", () => {
  window.line = openLine({
    sound: window.sound,
    ticket: async () => (window.tickets++, window.give()),
    onState: (what, why) => window.states.push(why ? `${what}: ${why}` : what),
  });
  window.atOnce?.(window.line);
});
</script>
"""


class OtherEnd:
    """What the browser connects to: `connected` says what becomes of each connection, `told` is what came over them."""

    def __init__(self, page: Page) -> None:
        self.told: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        self.connected: Callable[[WebSocketRoute], None] = lambda socket: socket.send(SOUND_OF_A_FRAME)
        page.route_web_socket(lambda address: address.endswith("/line"), self._take)

    def _take(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda message: self._hear(socket, message))

    def _hear(self, socket: WebSocketRoute, message: Any) -> None:
        if isinstance(message, str):
            self.told.append(message)
            if '"start"' in message:
                self.connected(socket)


def _static(route: Route) -> None:
    path = STATIC / route.request.url.rpartition("/")[2]
    if path.exists():
        route.fulfill(path=path)
    else:
        route.fulfill(status=503)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(base_url=HERE)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.route(f"{HERE}/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.route("**/*.js", _static)
    yield page
    context.close()


@pytest.fixture
def other_end(page: Page) -> OtherEnd:
    other_end = OtherEnd(page)
    page.goto("/")
    page.wait_for_function("window.give")
    return other_end


def call(page: Page) -> None:
    page.get_by_role("button", name="Call").click()


def reaches(page: Page, state: str) -> None:
    page.wait_for_function("state => window.states.includes(state)", arg=state)


def states(page: Page) -> list[str]:
    return list(page.evaluate("window.states"))


def test_a_line_is_up_once_something_is_heard_over_it(page: Page, other_end: OtherEnd) -> None:
    other_end.connected = lambda socket: None
    call(page)
    page.wait_for_function("window.tickets === 1")
    page.wait_for_timeout(300)
    assert "talking" not in states(page)
    other_end.sockets[0].send(SOUND_OF_A_FRAME)
    reaches(page, "talking")


@pytest.mark.capability("F2")
def test_a_server_that_takes_a_line_and_throws_it_out_again_is_given_up(page: Page, other_end: OtherEnd) -> None:
    page.clock.install()
    other_end.connected = lambda socket: socket.close(code=1013)
    call(page)
    for _ in range(60):
        page.clock.run_for(1000)
        if "over: lost" in states(page):
            break
    assert states(page)[-1] == "over: lost"
    assert "talking" not in states(page)
    assert page.evaluate("window.tickets") < 15


@pytest.mark.capability("F2")
def test_a_lost_line_comes_back_to_where_its_new_ticket_says(page: Page, other_end: OtherEnd) -> None:
    call(page)
    reaches(page, "talking")
    page.evaluate("other => { window.give = () => ({ url: other, ticket: 'again' }); }", OTHER)
    other_end.sockets[0].close(code=1012)
    page.wait_for_function("window.states.filter((state) => state === 'talking').length === 2")
    assert [socket.url for socket in other_end.sockets] == [MEDIA, OTHER]


def test_a_line_moves_to_another_media_process_without_being_lost(page: Page, other_end: OtherEnd) -> None:
    call(page)
    reaches(page, "talking")
    page.evaluate("other => { window.give = () => ({ url: other, ticket: 'again' }); window.line.move(); }", OTHER)
    page.wait_for_function("window.states.filter((state) => state === 'talking').length === 2")
    assert [socket.url for socket in other_end.sockets] == [MEDIA, OTHER]
    assert "lost" not in states(page)


def test_who_hangs_up_before_the_line_is_open_is_not_connected(page: Page, other_end: OtherEnd) -> None:
    page.evaluate("() => { window.atOnce = (line) => line.hangUp(); }")
    call(page)
    reaches(page, "over: hung_up")
    page.wait_for_timeout(500)
    assert (page.evaluate("window.tickets"), other_end.sockets) == (0, [])


def test_who_hangs_up_while_the_sound_is_lost_is_heard_to_hang_up(page: Page, other_end: OtherEnd) -> None:
    call(page)
    reaches(page, "talking")
    other_end.sockets[0].close(code=1012)
    reaches(page, "lost")
    page.evaluate("window.line.hangUp()")
    page.wait_for_function("window.states.at(-1) === 'over: hung_up'")
    assert other_end.told[-2:] == ['{"type":"start","token":"t"}', '{"type":"hangup"}']


def test_a_line_muted_before_it_is_open_opens_muted(page: Page, other_end: OtherEnd) -> None:
    page.evaluate(
        """() => {
            window.posted = [];
            const post = MessagePort.prototype.postMessage;
            MessagePort.prototype.postMessage = function (...given) {
                window.posted.push(given[0]);
                return post.apply(this, given);
            };
            window.atOnce = (line) => line.mute(true);
        }"""
    )
    call(page)
    reaches(page, "talking")
    assert {"muted": True} in page.evaluate("window.posted.filter((one) => 'muted' in one)")
    assert {"muted": False} not in page.evaluate("window.posted.filter((one) => 'muted' in one)")


@pytest.mark.parametrize(
    "broken",
    ["window.sound = '/nothing.js'", "window.AudioContext = class { constructor() { throw Error('no'); } }"],
    ids=["no code", "no sound"],
)
def test_a_browser_that_can_play_no_sound_says_so_and_lets_go(page: Page, other_end: OtherEnd, broken: str) -> None:
    page.evaluate(f"() => {{ {broken}; }}")
    call(page)
    reaches(page, "over: broken")
    assert page.evaluate("window.tickets") == 0
    expect(page.get_by_role("button", name="Call")).to_be_enabled()
