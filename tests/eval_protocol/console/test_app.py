"""The console over real sockets: who is shown what, and whose answers count."""

import contextlib
import http.client
import json
import socket
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from eval_protocol.console.app import make_app
from eval_protocol.console.control import Control, Refused
from eval_protocol.console.desk import Answer
from robot_bridge.web.access import Access, free_port
from robot_bridge.web.guard import MAX_BODY
from robot_bridge.web.server import WebServer, announcement

PICTURE = b"\xff\xd8 a picture \xff\xd9"


class Desk:
    """A desk that remembers what it was told."""

    live = True

    def __init__(self) -> None:
        self.said: List[Tuple[Answer, str]] = []
        self.stops: List[str] = []
        self.shown: Dict[str, Any] = {"stage": "setup"}
        self.home: Optional[Path] = None

    def state(self) -> Dict[str, Any]:
        return self.shown

    def picture(self) -> Tuple[int, bytes]:
        return 1, PICTURE

    def folder(self) -> Optional[Path]:
        return self.home

    def answer(self, answer: Answer, operator: str) -> None:
        if answer.question != 3:
            raise Refused(f"question {answer.question} is over")
        self.said.append((answer, operator))

    def stop(self, who: str) -> str:
        self.stops.append(who)
        return "stopped"


class Console:
    """A console that serves, and browsers that talk to it."""

    def __init__(self, token: str = "") -> None:
        self.desk, self.control = Desk(), Control()
        port = free_port("127.0.0.1")
        self.access = Access("127.0.0.1", port, token)
        self.server = WebServer(make_app(self.desk, self.access, self.control, {"port": 1}), "127.0.0.1", port)
        self.server.start()
        self.host = f"127.0.0.1:{port}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Tuple[int, Dict[str, Any], Any]:
        connection = http.client.HTTPConnection(self.host, timeout=5.0)
        sent = {"Origin": f"http://{self.host}", "Content-Type": "application/json", **headers}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}, answer.headers

    def live(self, cookie: str = "", origin: str = "") -> ClientConnection:
        more = {"Cookie": cookie} if cookie else {}
        return connect(f"ws://{self.host}/live", origin=origin or f"http://{self.host}", additional_headers=more)  # type: ignore[arg-type]


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console()
    yield console
    console.server.close()


@pytest.fixture
def paired() -> Iterator[Console]:
    console = Console("a longer token")
    yield console
    console.server.close()


def say(browser: ClientConnection, **said: Any) -> None:
    browser.send(json.dumps(said))


def hear(browser: ClientConnection, key: str) -> Any:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        message = browser.recv(timeout=5.0)
        if isinstance(message, str) and key in json.loads(message):
            return json.loads(message)[key]
    raise AssertionError(f"nothing about {key}")


CORRECTION = {"attempt": "x", "rater": "Ann", "success": True, "reason": "seen on video"}
ANSWER = {"do": "answer", "word": "success", "question": 3}


def test_state_and_pictures_go_out_as_they_change(console: Console) -> None:
    with console.live() as browser:
        assert hear(browser, "stop") == {"port": 1}
        assert hear(browser, "state") == {"stage": "setup"}
        assert browser.recv(timeout=5.0) == PICTURE
        console.desk.shown = {"stage": "running"}
        assert hear(browser, "state") == {"stage": "running"}


def test_only_who_has_the_controls_answers_and_everybody_stops(console: Console) -> None:
    with console.live() as ann, console.live() as bob:
        say(ann, do="name", name="Ann"), hear(ann, "state")
        say(bob, **ANSWER)
        assert "has the controls" in hear(bob, "refused")
        say(ann, **ANSWER, milestones=["reach", "grasp"], note="slow")
        say(bob, do="stop")
        say(ann, **{**ANSWER, "question": 2})
        assert hear(ann, "refused") == "question 2 is over"
        say(bob, do="ask")
        while not (asking := hear(ann, "control"))["asking"]:
            pass
        say(ann, do="hand_over", to="somebody else")
        assert "look again" in hear(ann, "refused")
        say(ann, do="hand_over", to=asking["asking_id"])
        while not hear(bob, "control")["mine"]:
            pass
        say(bob, **ANSWER)
        say(ann, **ANSWER)
        assert "has the controls" in hear(ann, "refused")
    assert [(answer.word, answer.milestones, who) for answer, who in console.desk.said] == [
        ("success", ["reach", "grasp"], "Ann"),
        ("success", [], "operator"),
    ]
    assert console.desk.stops == ["operator"]


NONSENSE: List[Any] = [
    "", "{", "[]", "1", {"do": "dance"}, {"do": "answer"}, {**ANSWER, "word": "win"}, {**ANSWER, "note": "x" * 501},
    {**ANSWER, "question": 1e400}, {**ANSWER, "more": 1},
]  # fmt: skip


@pytest.mark.parametrize("text", [said if isinstance(said, str) else json.dumps(said) for said in NONSENSE])
def test_what_is_not_understood_is_refused_and_the_connection_stays(console: Console, text: str) -> None:
    with console.live() as browser:
        browser.send(text)
        assert hear(browser, "refused")
        say(browser, **ANSWER)
        say(browser, do="dance")
        assert hear(browser, "refused")
    assert len(console.desk.said) == 1


def test_a_message_that_is_too_long_ends_the_connection_alone(console: Console) -> None:
    with console.live() as browser:
        browser.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            while True:
                browser.recv(timeout=5.0)
    with console.live() as browser:
        assert hear(browser, "state")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://["])
def test_a_foreign_page_cannot_drive_the_robot(console: Console, origin: str) -> None:
    with console.live(origin=origin) as browser, pytest.raises(ConnectionClosed, match="is not this console's"):
        browser.recv(timeout=5.0)
    status, answer, _ = console.ask("POST", "/stop", {}, Origin=origin)
    assert status == 403 and "is not this console's" in answer["detail"] and not console.desk.stops


def test_another_name_of_this_machine_reaches_nothing(console: Console) -> None:
    for method, path in (("GET", "/"), ("POST", "/stop"), ("GET", "/static/console.js")):
        status, answer, _ = console.ask(method, path, {}, Host="rebound.example")
        assert status == 403 and "rebound.example" in answer["detail"]
        assert console.ask(method, path, {}, Host="[")[0] == 403


def test_those_who_say_nothing_keep_nobody_out(console: Console) -> None:
    port = int(console.host.split(":")[1])
    with contextlib.ExitStack() as silent:
        for _ in range(600):
            silent.enter_context(socket.create_connection(("127.0.0.1", port)))
        deadline = time.monotonic() + 15.0
        while console.ask("GET", "/")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert console.ask("GET", "/")[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/review/labels", {"success": float("nan")}, "body.success"),
        ("/review/labels", {**CORRECTION, "rater": "\ud800"}, "body.rater"),
        ("/rate/labels", {"attempt": "x", "rater": "\ud800", "success": True}, "body.rater"),
        ("/pair", {"token": ["x"]}, "body.token"),
        ("/review/labels", [1], "body"),
    ],
)
def test_what_is_misunderstood_is_told_in_words(console: Console, path: str, body: Any, told: str) -> None:
    status, answer, _ = console.ask("POST", path, body)
    assert status == 422 and told in answer["detail"]


def test_beyond_this_machine_nothing_is_shown_before_pairing(paired: Console) -> None:
    for path in ("/", "/static/console.js", "/openapi.json", "/docs", "/videos/x.mp4"):
        assert paired.ask("GET", path)[0] == 403, path
    assert paired.ask("POST", "/stop", {})[0] == 403
    with paired.live() as browser, pytest.raises(ConnectionClosed, match="this browser is not paired"):
        browser.recv(timeout=5.0)
    assert paired.ask("GET", "/pair")[0] == 200
    assert paired.ask("POST", "/pair", {"token": "guess"})[0] == 403
    status, _, headers = paired.ask("POST", "/pair", {"token": "a longer token"})
    cookie = headers["Set-Cookie"]
    assert status == 200 and "HttpOnly" in cookie and "SameSite=strict" in cookie and "a longer token" not in cookie
    assert paired.ask("GET", "/", Cookie=cookie.split(";")[0])[0] == 200
    with paired.live(cookie.split(";")[0]) as browser:
        assert hear(browser, "state")
    assert announcement(paired.access) == [f"console: http://{paired.host}/pair#a longer token"]


def test_bodies_are_limited_and_headers_keep_pages_apart(console: Console) -> None:
    assert console.ask("POST", "/stop", {"x": "y" * MAX_BODY})[0] == 413
    connection = http.client.HTTPConnection(console.host, timeout=5.0)
    connection.request("POST", "/stop", iter([b"{}"]), {"Origin": f"http://{console.host}"}, encode_chunked=True)
    assert connection.getresponse().status in (411, 413)
    headers = console.ask("GET", "/")[2]
    assert (
        "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        and headers["X-Content-Type-Options"] == "nosniff"
    )
    assert console.ask("GET", "/static/../app.py")[0] == 404 and console.ask("GET", "/static/%2e%2e/app.py")[0] == 404


def test_only_the_sessions_own_files_are_served(console: Console, tmp_path: Path) -> None:
    assert console.ask("GET", "/session/videos/trial-01.mp4")[0] == 404
    assert console.ask("GET", "/review/attempts")[0] == 404
    console.desk.home = tmp_path
    for folder in ("videos", "starts"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "trial-01.mp4").write_bytes(b"film")
    (tmp_path / "videos" / "secret.txt").write_text("secret")
    (tmp_path / "trial-01.mp4").write_bytes(b"film")
    (tmp_path / "session.sqlite").write_bytes(b"database")
    assert console.ask("GET", "/session/videos/trial-01.mp4")[0] == 200
    status, _, headers = console.ask("GET", "/session/videos/trial-01.mp4", Range="bytes=1-2")
    assert status == 206 and headers["Content-Length"] == "2"
    tricks = [
        "videos/secret.txt",
        "videos/..%2fsession.sqlite",
        "%2e%2e/trial-01.mp4",
        "videos/%2e%2e%2ftrial-01.mp4",
        "other/x.mp4",
    ]
    for path in tricks:
        assert console.ask("GET", f"/session/{path}")[0] == 404, path
    assert console.ask("GET", "/review/attempts")[0] == 409, "a damaged file is told, not hidden"
