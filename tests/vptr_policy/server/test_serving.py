"""The life of a server: work off the event loop, and its end while somebody waits."""

import concurrent.futures
import contextlib
import signal
import socket
import time
from pathlib import Path

import msgpack
import pytest
import requests
from bare import BareSocket
from policy_server import HEAD_S, TASKS, TIMEOUT_S
from running import IMAGE, POLICY_SERVER, STATE, Server, observation, post

from robot_bridge.web.connection import MOST_WAITING
from vptr_policy.wire import pack


def test_the_server_answers_others_while_the_policy_thinks(server: Server) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        thinking = pool.submit(post, server, "/act", observation(instruction="slow_one"))
        time.sleep(0.1)
        began = time.monotonic()
        assert requests.get(server.url + "/health", timeout=10).json()["in_flight"] == 1
        assert time.monotonic() - began < 0.3 and not thinking.done()
        assert thinking.result().status_code == 200


GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
DOCS = GET.replace(b"healthz", b"docs")


def _is_answered(connection: socket.socket) -> bool:
    connection.sendall(GET)
    told = b""
    while not told.endswith(b"OK\n"):
        received = connection.recv(1000)
        if not received:
            return False
        told += received
    return told.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("begin", [b"", GET, GET[:20]], ids=["silent", "idle", "in its head"])
def test_connections_that_wait_keep_nobody_out(server: Server, begin: bytes) -> None:
    with contextlib.ExitStack() as closing:
        for _ in range(MOST_WAITING + 20):
            waiting = closing.enter_context(socket.create_connection(server.address, timeout=10))
            if begin == GET:
                assert _is_answered(waiting)
            else:
                waiting.sendall(begin)
        for _ in range(3):
            assert post(server, "/act", observation()).status_code == 200
        with BareSocket(server.address) as robot:
            assert "tasks" in msgpack.unpackb(robot.receive()[1])


def test_the_connection_that_has_waited_longest_makes_room(server: Server) -> None:
    with contextlib.ExitStack() as closing, requests.Session() as at_work:
        opened = []
        for number in range(MOST_WAITING + 1):
            opened.append(closing.enter_context(socket.create_connection(server.address, timeout=10)))
            assert _is_answered(opened[-1])
            if number % 50 == 0:
                assert at_work.get(server.url + "/healthz", timeout=10).status_code == 200
        assert opened[0].recv(1000) == b""
        assert _is_answered(opened[-1])


def test_who_takes_no_answers_is_hung_up_on(server: Server) -> None:
    with socket.create_connection(server.address, timeout=0.2) as deaf:
        with contextlib.suppress(socket.timeout):
            while True:
                deaf.sendall(DOCS * 100)
        deadline = time.monotonic() + HEAD_S + 5.0
        with pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                with contextlib.suppress(socket.timeout):
                    deaf.sendall(DOCS)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_answers_first(tmp_path: Path, sig: signal.Signals) -> None:
    server = Server(tmp_path / "log", POLICY_SERVER).wait()
    message = pack({"image": IMAGE, "state": STATE, "prompt": "slow_one"})
    with concurrent.futures.ThreadPoolExecutor(1) as pool, BareSocket(server.address) as waiting:
        waiting.receive()
        waiting.send(message)
        asked = pool.submit(post, server, "/act", observation(instruction="slow_one"))
        time.sleep(0.3)
        server.process.send_signal(sig)
        time.sleep(0.1)
        with pytest.raises((requests.ConnectionError, AssertionError)):
            assert post(server, "/act", observation()).status_code != 503
        assert msgpack.unpackb(waiting.receive()[1])["task"] == "slow_one"
        answer = asked.result()
    assert answer.status_code == 200 and answer.headers["x-task"] == "slow_one"
    assert server.process.wait(timeout=10) == 0
    assert "Traceback" not in server.output(), server.output()


def test_a_policy_that_never_answers_does_not_keep_the_server_alive(tmp_path: Path) -> None:
    server = Server(tmp_path / "log", POLICY_SERVER).wait()
    assert post(server, "/act", observation(instruction="stuck_one")).status_code == 504
    assert post(server, "/act", observation(instruction=TASKS[0])).status_code == 504
    assert requests.get(server.url + "/health", timeout=10).json()["status"] == "hangs"
    began = time.monotonic()
    assert server.end() == 0 and time.monotonic() - began < TIMEOUT_S + 15.0
