"""The teleoperation page over real sockets: who is admitted, what is taken, what is told."""

import contextlib
import http.client
import json
import threading
import time
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from teleop_person import pose, sample
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from robot_bridge.teleop import wire
from robot_bridge.teleop.haptics import LOSS, PULSES
from robot_bridge.teleop.sample import ControllerSample, Notice
from robot_bridge.teleop.webxr.app import MOST_PAGES, make_app
from robot_bridge.teleop.webxr.connection import MOST_PER_S
from robot_bridge.teleop.webxr.source import WebXR
from robot_bridge.web.access import Access, free_port
from robot_bridge.web.server import WebServer

TOKEN, PICTURE = "a token for tests", b"\xff\xd8 a picture \xff\xd9"
ANN, BOB = "a" * 32, "b" * 32


class View:
    """A view that remembers what it was asked for."""

    def __init__(self) -> None:
        self.shown: Dict[str, Any] = {"problem": ""}
        self.taken = [(1, PICTURE), (0, b"")]
        self.asked: List[str] = []
        self.engaged = False
        self.hanging = threading.Event()
        self.hanging.set()

    def state(self) -> Dict[str, Any]:
        return self.shown

    def pictures(self) -> List[Tuple[int, bytes]]:
        return self.taken

    def stop(self) -> str:
        self.asked.append("stop")
        return "stopped"

    def home(self, stops: int) -> None:
        if self.engaged:
            raise RuntimeError("release the grip first")
        self.asked.append(f"home after {stops} stops")

    def record(self, word: str) -> str:
        if word == "stop":
            raise RuntimeError("stop is not asked for while waiting: start or prepare is")
        self.asked.append(word)
        self.hanging.wait(20.0)
        return f"did {word}"


class Site:
    """The page as served, and browsers that are paired."""

    def __init__(self) -> None:
        port = free_port("127.0.0.1")
        self.view, self.source, self.host = View(), WebXR(), f"127.0.0.1:{port}"
        access = Access("127.0.0.1", port, TOKEN, "teleop")
        self.server = WebServer(make_app(self.view, access, self.source), "127.0.0.1", port)
        self.server.start()
        self.cookie = f"{access.cookie}={access.pair(TOKEN)}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Tuple[int, Any, Any]:
        connection = http.client.HTTPConnection(self.host, timeout=10.0)
        sent = {"Origin": f"http://{self.host}", "Content-Type": "application/json", **headers}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}, answer.headers

    def live(self, page: str = ANN, cookie: str = "", **more: Any) -> ClientConnection:
        headers = {"Cookie": cookie or self.cookie, **more.pop("headers", {})}
        origin = more.pop("origin", f"http://{self.host}")
        return connect(f"ws://{self.host}/live?page={page}", origin=origin, additional_headers=headers)

    def items(self, count: int) -> List[Any]:
        found: List[Any] = []
        deadline = time.monotonic() + 10.0
        while len(found) < count and time.monotonic() < deadline:
            found += self.source.read(0.1)
        assert len(found) == count, found
        return found


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.close()


def text(sequence: int) -> str:
    return wire.encode(sample(0.0, sequence, pose(0.001 * sequence)))


def hear(browser: ClientConnection, key: str) -> Any:
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        message = browser.recv(timeout=10.0)
        if isinstance(message, str) and key in json.loads(message):
            return json.loads(message)[key]
    raise AssertionError(f"nothing about {key}")


def closed(browser: ClientConnection) -> str:
    """Why the connection is closed; it must be."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            browser.recv(timeout=10.0)
    return ended.value.rcvd.reason if ended.value.rcvd is not None else ""


def test_samples_come_in_and_are_acknowledged(site: Site) -> None:
    with site.live() as browser:
        for sequence in range(1, 18):
            browser.send(text(sequence))
        assert [hear(browser, "ack") for _ in range(2)] == [8, 16]
        items = site.items(17)
    assert [item.sequence for item in items] == list(range(1, 18)) and {item.client for item in items} == {ANN}
    ended = site.items(1)[0]
    assert isinstance(ended, Notice) and ended.kind == "closed" and "was closed" in ended.detail


def test_state_pictures_and_pulses_go_out(site: Site) -> None:
    with site.live() as browser:
        assert hear(browser, "state") == {"problem": ""}
        assert browser.recv(timeout=5.0) == b"\x00" + PICTURE
        site.view.taken[1] = (1, b"second")
        assert browser.recv(timeout=5.0) == b"\x01second"
        site.view.shown = {"problem": "none"}
        assert hear(browser, "state") == {"problem": "none"}
        begun = time.monotonic()
        assert [hear(browser, "state") for _ in range(2)] and time.monotonic() - begun > 0.5, "alive, and not too often"
        browser.send(text(1))
        site.items(1)
        site.source.pulse(PULSES[LOSS])
        assert hear(browser, "haptic") == {"kind": "tracking loss", "strength": 1.0, "duration_s": 0.3}


def test_a_second_headset_is_refused_with_a_reason_and_the_watchdog_hears_of_it(site: Site) -> None:
    with site.live(ANN) as ann, site.live(BOB) as bob:
        ann.send(text(1))
        site.items(1)
        bob.send(text(1))
        assert "another headset drives" in closed(bob)
        assert [item.client for item in site.items(1)] == [BOB]
        ann.send(text(2))
        assert site.items(1)[0].sequence == 2


BAD = [
    "", "{", "[]", '{"v": 1}', '{"v": 2, "kind": "hidden"}', '{"v": 1, "kind": "second"}', "x" * 9000, b"\x00",
    text(1).replace("0.0", "NaN", 1), text(1).replace('"v":1', '"v":1,"more":1'),
]  # fmt: skip


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
def test_a_driver_that_sends_nonsense_is_closed_and_let_go(site: Site, message: Any) -> None:
    with site.live() as browser:
        browser.send(text(1))
        browser.send(message)
        closed(browser)
    items = site.items(2)
    assert isinstance(items[0], ControllerSample) and isinstance(items[1], Notice) and items[1].kind == "closed"


def test_a_flood_is_ended(site: Site) -> None:
    message = '{"v": 1, "kind": "hidden", "detail": ""}'
    with site.live() as browser:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20 * MOST_PER_S):
                browser.send(message)
        assert "messages a second" in closed(browser)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"origin": "http://evil.example"}, "is not this teleop's"),
        ({"origin": "http://127.0.0.1:1"}, "is not this teleop's"),
        ({"cookie": "vptr_teleop=guess"}, "not paired"),
        ({"cookie": "vptr_console=x"}, "not paired"),
        ({"page": "me"}, "load the page again"),
        ({"page": ""}, "load the page again"),
    ],
)
def test_a_foreign_or_unpaired_page_drives_nothing(site: Site, more: Dict[str, Any], why: str) -> None:
    with site.live(**more) as browser:
        assert why in closed(browser)
    assert site.source.read(0.0) == [] and site.source.driver == ""


def test_other_names_of_this_machine_are_not_answered_to(site: Site) -> None:
    status, answer, _ = site.ask("GET", "/", Host="rebound.example", Cookie=site.cookie)
    assert status == 403 and "rebound.example" in answer["detail"]


def test_only_so_many_pages_are_open(site: Site) -> None:
    with contextlib.ExitStack() as pages:
        for number in range(MOST_PAGES):
            hear(pages.enter_context(site.live(f"{number:032x}")), "state")
        with site.live(ANN) as late:
            assert "too many pages" in closed(late)
    with site.live(ANN) as later:
        assert hear(later, "state")


def test_a_page_that_comes_back_is_not_one_more(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(2 * MOST_PAGES):  # connections that are dead, and of which nobody told us
            browser = stack.enter_context(site.live())
        browser.send(text(1))
        assert isinstance(site.items(1)[0], ControllerSample)
        assert hear(stack.enter_context(site.live(BOB)), "state")


def test_a_recorder_that_hangs_holds_no_stop_up(site: Site) -> None:
    site.view.hanging.clear()
    asking = [threading.Thread(target=site.ask, args=("POST", "/record/start"), kwargs={"Cookie": site.cookie})
              for _ in range(2)]  # fmt: skip
    for thread in asking:
        thread.start()
    while len(site.view.asked) < 2:
        time.sleep(0.01)
    began = time.monotonic()
    busy = [site.ask("POST", "/record/start", Cookie=site.cookie)[0] for _ in range(50)]
    assert set(busy) == {409} and site.ask("POST", "/stop", Cookie=site.cookie)[0] == 200
    assert time.monotonic() - began < 5.0
    site.view.hanging.set()
    for thread in asking:
        thread.join()


def test_nothing_is_shown_before_pairing_on_loopback_too(site: Site) -> None:
    assert site.ask("GET", "/")[0] == 303 and site.ask("GET", "/")[2]["Location"] == "/pair"
    for path in ("/static/teleop.js", "/static/teleop.css", "/docs", "/openapi.json"):
        assert site.ask("GET", path)[0] == 403, path
    for path in ("/stop", "/home", "/record/start"):
        assert site.ask("POST", path, {})[0] == 403
    assert site.ask("GET", "/pair")[0] == 200 and site.ask("GET", "/static/pair.js")[0] == 200
    assert site.ask("POST", "/pair", {"token": "guess"})[0] == 403
    status, _, headers = site.ask("POST", "/pair", {"token": TOKEN})
    cookie = headers["Set-Cookie"]
    assert status == 200 and "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
    status, _, headers = site.ask("GET", "/", Cookie=cookie.split(";")[0])
    assert status == 200 and "default-src 'self'" in headers["Content-Security-Policy"]
    assert not site.view.asked


def test_the_windows_buttons_stop_and_go_home(site: Site) -> None:
    assert site.ask("POST", "/stop", {}, Cookie=site.cookie)[1] == {"said": "stopped"}
    assert site.ask("POST", "/home", {"stops": 1}, Cookie=site.cookie)[0] == 200
    for told in ({}, {"stops": -1}, {"stops": "1"}, {"stops": 1, "force": True}):
        assert site.ask("POST", "/home", told, Cookie=site.cookie)[0] == 422
    site.view.engaged = True
    answer = site.ask("POST", "/home", {"stops": 1}, Cookie=site.cookie)
    assert answer[:2] == (502, {"detail": "release the grip first"})
    assert site.ask("POST", "/stop", {}, Cookie=site.cookie, Origin="http://evil.example")[0] == 403
    assert site.view.asked == ["stop", "home after 1 stops"]


def test_the_windows_buttons_ask_the_recorder(site: Site) -> None:
    assert site.ask("POST", "/record/start", {}, Cookie=site.cookie)[:2] == (200, {"said": "did start"})
    status, said, _ = site.ask("POST", "/record/stop", {}, Cookie=site.cookie)
    assert status == 502 and said["detail"].startswith("stop is not asked for while waiting")
    for word in ("format", "..%2Fwidowx%2Fstop", "start/"):
        assert site.ask("POST", f"/record/{word}", {}, Cookie=site.cookie)[0] in (404, 307)
    assert site.ask("POST", "/record/start", {})[0] == 403
    assert site.view.asked == ["start"]
