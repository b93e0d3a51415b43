"""openpi's websocket protocol, over real sockets to a real process."""

import contextlib
import time
from typing import Any

import msgpack
import numpy as np
import pytest
import requests
from bare import BareSocket
from policy_server import CONCURRENCY, IDLE_S, TASKS
from running import IMAGE, STATE, Server
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from robot_bridge.interface import Observation
from vptr_policy.client import RemotePolicy
from vptr_policy.runtime import PolicyLost
from vptr_policy.wire import pack, unpack


def _connect(server: Server, **options: Any) -> Any:
    url = server.url.replace("http://", "ws://")
    return connect(url, compression=None, max_size=None, close_timeout=0.2, **options)


def _refused(server: Server, **options: Any) -> Any:
    """The answer to a handshake that fails."""
    with pytest.raises(InvalidStatus) as refused, _connect(server, **options):
        pass
    return refused.value.response


def _encoded(array: np.ndarray) -> Any:
    """An array as openpi_client.msgpack_numpy writes it."""
    return {b"__ndarray__": True, b"data": array.tobytes(), b"dtype": array.dtype.str, b"shape": array.shape}


def _decoded(entry: Any) -> np.ndarray:
    return np.ndarray(buffer=entry[b"data"], dtype=np.dtype(entry[b"dtype"]), shape=entry[b"shape"])


def test_speaks_openpi(server: Server) -> None:
    with _connect(server) as socket:
        metadata = msgpack.unpackb(socket.recv())
        assert metadata["tasks"] == list(TASKS) and metadata["checkpoint"] == "sha256 of a test"
        message = {
            "observation/image": _encoded(IMAGE),
            "observation/state": _encoded(STATE),
            "prompt": "put the cucumber in the bowl",
        }
        for number in range(2):
            socket.send(msgpack.packb(message))
            answer = msgpack.unpackb(socket.recv())
            actions = _decoded(answer["actions"])
            assert actions.shape == (1, 7) and np.isfinite(actions).all() and answer["task"] == "cucumber_in_bowl"
            assert 0.0 < answer["server_timing"]["infer_ms"] < 1000.0
            assert ("prev_total_ms" in answer["server_timing"]) == (number > 0)


@pytest.mark.filterwarnings("ignore:connect:DeprecationWarning")
def test_openpis_own_client_is_served(server: Server) -> None:
    client = pytest.importorskip("openpi_client.websocket_client_policy", reason="openpi-client is not installed")
    policy = client.WebsocketClientPolicy(*server.address)
    assert policy.get_server_metadata()["tasks"] == list(TASKS)
    answer = policy.infer({"image": IMAGE, "state": STATE, "prompt": TASKS[0]})
    assert answer["actions"].shape == (1, 7)
    with pytest.raises(RuntimeError, match="image is uint8"):
        policy.infer({"image": IMAGE[0], "prompt": TASKS[0]})
    policy._ws.close()


def test_each_connection_has_its_own_task(server: Server) -> None:
    with _connect(server) as one, _connect(server) as other:
        for socket, task in ((one, TASKS[0]), (other, TASKS[1])):
            socket.recv()
            socket.send(pack({"reset": task}))
            assert unpack(socket.recv())["task"] == task
        answers = []
        for socket in (one, other, one):
            socket.send(pack({"image": IMAGE, "state": STATE}))
            answers.append(unpack(socket.recv()))
    assert [answer["task"] for answer in answers] == [TASKS[0], TASKS[1], TASKS[0]]
    assert np.array_equal(answers[0]["actions"], answers[2]["actions"])
    assert not np.array_equal(answers[0]["actions"], answers[1]["actions"])


@pytest.mark.parametrize(
    ("frame", "reason", "code"),
    [
        (b"\xc1", "not msgpack", 1008),
        (b"", "not msgpack", 1008),
        ("text", "a text frame came", 1008),
        (msgpack.packb([1]), "a list, expected a map", 1008),
        (msgpack.packb({"image": 1, "prompt": TASKS[0]}), "image is a number", 1008),
        (pack({"image": IMAGE, "state": STATE}), "no task was named", 1008),
        (pack({"image": IMAGE, "prompt": "nonsense"}), "knows no task 'nonsense'", 1008),
        (pack({"reset": 3}), "reset is a number", 1008),
        (pack({"image": IMAGE, "prompt": "broken_one"}), "internal error", 1011),
        (pack({"image": IMAGE, "prompt": "hanging_one"}), "no answer within", 1011),
    ],
)
def test_errors_are_a_text_frame_and_a_close(server: Server, frame: Any, reason: str, code: int) -> None:
    with _connect(server) as socket:
        socket.recv()
        socket.send(frame)
        told = socket.recv(timeout=10)
        assert isinstance(told, str) and reason in told and "Traceback" not in told and "\n" not in told
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == code
    if "hanging" in str(frame):
        time.sleep(2.0)


def test_a_message_that_is_too_large_closes_the_connection(server: Server) -> None:
    with _connect(server) as socket:
        socket.recv()
        with pytest.raises(ConnectionClosedError) as closed:
            socket.send(b"\0" * (5 * 2**20))
            socket.recv(timeout=10)
    told = closed.value.rcvd  # lost, where the rest of the message that was still under way resets the connection
    assert told is None or told.code == 1009
    with _connect(server) as socket:
        assert unpack(socket.recv())["tasks"] == list(TASKS)


def test_more_connections_than_the_limit_are_refused(server: Server) -> None:
    with contextlib.ExitStack() as open_ones:
        for _ in range(CONCURRENCY):
            open_ones.enter_context(_connect(server))
        response = _refused(server)
    assert response.status_code == 503 and response.headers["Retry-After"] == "1"
    assert b"3 websockets are in use" in (response.body or b"")


def _ask(socket: Any, task: str = TASKS[0]) -> Any:
    socket.send(pack({"image": IMAGE, "state": STATE, "prompt": task}))
    return unpack(socket.recv(timeout=10))


def test_an_idle_websocket_gives_its_place_to_who_comes(server: Server) -> None:
    with contextlib.ExitStack() as open_ones:
        silent, longest, at_work = (open_ones.enter_context(_connect(server)) for _ in range(CONCURRENCY))
        for socket in (silent, longest, at_work):
            socket.recv()
        for socket in (longest, silent, at_work):
            _ask(socket)
        for _ in range(int(IDLE_S / 0.2) + 2):
            time.sleep(0.2)
            _ask(at_work)
        robot = open_ones.enter_context(_connect(server))
        assert unpack(robot.recv())["tasks"] == list(TASKS)
        told = longest.recv(timeout=10)
        assert "nothing came for 1.5 s" in told and "connect again" in told
        with pytest.raises(ConnectionClosedError) as closed:
            longest.recv(timeout=10)
        assert closed.value.rcvd is not None and (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, told)
        for socket in (silent, at_work, robot):
            assert _ask(socket)["task"] == TASKS[0]
        assert _refused(server).status_code == 503


def test_a_client_whose_place_was_taken_begins_its_next_episode(server: Server) -> None:
    remote = RemotePolicy(server.url)
    remote.reset(TASKS[0])
    time.sleep(IDLE_S + 0.2)
    with contextlib.ExitStack() as others:
        for _ in range(CONCURRENCY):
            others.enter_context(_connect(server))
        with pytest.raises(PolicyLost, match="another client needs the place"):
            remote.act(Observation(IMAGE, STATE, 0.0, 0.0))
    remote.reset(TASKS[1])
    assert np.isfinite(remote.act(Observation(IMAGE, STATE, 0.0, 0.0)).vector).all()
    remote.close()


def test_a_websocket_that_takes_no_answers_keeps_no_place(server: Server) -> None:
    message = pack({"image": IMAGE, "state": STATE, "prompt": TASKS[0]})
    with contextlib.ExitStack() as deaf_ones:
        for _ in range(CONCURRENCY):
            deaf = deaf_ones.enter_context(BareSocket(server.address, receive_buffer=2048))
            deaf.ping(40_000)
            deaf.send(message)
        deadline = time.monotonic() + 20.0
        while requests.get(server.url + "/health", timeout=10).json()["websockets"] > 0:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_token_and_an_origin_are_checked_at_the_handshake(guarded: Server) -> None:
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer a secret token", "Origin": "http://evil.example"}, 403),
        ({"Authorization": "Bearer a secret token", "Origin": "http://["}, 403),
    ):
        assert _refused(guarded, additional_headers=headers).status_code == status
    with _connect(guarded, additional_headers={"Authorization": "Api-Key a secret token"}) as socket:
        assert unpack(socket.recv())["tasks"] == list(TASKS)
