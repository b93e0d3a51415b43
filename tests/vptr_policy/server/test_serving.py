"""The life of a server: work off the event loop, and its end while somebody waits."""

import concurrent.futures
import signal
import socket
import time
from pathlib import Path

import msgpack
import pytest
import requests
from bare import BareSocket
from policy_server import TASKS, TIMEOUT_S
from running import IMAGE, POLICY_SERVER, STATE, Server, observation, post

from vptr_policy.server.serving import MOST_CONNECTIONS
from vptr_policy.wire import pack


def test_the_server_answers_others_while_the_policy_thinks(server: Server) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        thinking = pool.submit(post, server, "/act", observation(instruction="slow_one"))
        time.sleep(0.1)
        began = time.monotonic()
        assert requests.get(server.url + "/health", timeout=10).json()["in_flight"] == 1
        assert time.monotonic() - began < 0.3 and not thinking.done()
        assert thinking.result().status_code == 200


def test_connections_that_say_nothing_keep_nobody_out(server: Server) -> None:
    silent = [socket.create_connection(server.address) for _ in range(MOST_CONNECTIONS // 2)]
    try:
        assert post(server, "/act", observation()).status_code == 200
    finally:
        for connection in silent:
            connection.close()


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
    assert server.end() == 0 and time.monotonic() - began < TIMEOUT_S + 6.0
