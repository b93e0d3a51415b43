"""A policy behind a server as the control loop sees it: the same actions, or PolicyLost in time."""

import socket
import threading
import time
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest
from policy_server import TASKS, TIMEOUT_S, make_policy
from running import IMAGE, POLICY_SERVER, STATE, Restartable, Server

from robot_bridge.interface import Observation
from vptr_policy.client import RemotePolicy, answers
from vptr_policy.runtime import PolicyLost

SEEN = Observation(IMAGE, STATE, 0.0, 0.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restartable]:
    started = Restartable(tmp_path_factory.mktemp("server"))
    yield started
    started.kill()


@pytest.fixture
def policy(server: Restartable) -> Iterator[RemotePolicy]:
    connected = RemotePolicy(server.url)
    yield connected
    connected.close()


def test_acts_as_the_policy_itself_does(policy: RemotePolicy) -> None:
    local = make_policy()
    assert list(policy.tasks) == list(TASKS) and policy.checkpoint == local.checkpoint
    for task in TASKS[:2]:
        policy.reset(task)
        local.reset(task)
        ours, expected = policy.act(SEEN), local.act(SEEN)
        assert np.allclose(ours.vector, expected.vector, atol=1e-7)
        assert ours.info == pytest.approx(expected.info, abs=1e-6)
    assert 0.0 < policy.timing["infer_ms"] < 1000.0


def test_an_unknown_task_is_the_askers_mistake(policy: RemotePolicy) -> None:
    with pytest.raises(ValueError, match="Known: knife_in_pot"):
        policy.reset("juggle")
    policy.reset(TASKS[0])
    assert policy.act(SEEN).vector.shape == (7,)


@pytest.mark.parametrize("task", ["hanging_one", "broken_one", "lost_one"])
def test_a_policy_without_an_answer_is_lost_in_time(server: Restartable, task: str) -> None:
    policy = RemotePolicy(server.url, answer_s=0.5)
    policy.reset(task)
    began = time.monotonic()
    with pytest.raises(PolicyLost, match=r"gave no answer within 0\.5 s|internal error|not finite"):
        policy.act(SEEN)
    assert time.monotonic() - began < 1.5
    with pytest.raises(PolicyLost, match="begin another episode"):
        policy.act(SEEN)
    time.sleep(2 * TIMEOUT_S if task == "hanging_one" else 0.0)
    policy.reset(TASKS[0])
    assert policy.act(SEEN).vector.shape == (7,)
    policy.close()


def test_a_server_that_is_killed_is_lost_at_once_and_found_again(server: Restartable, policy: RemotePolicy) -> None:
    policy.reset(TASKS[0])
    before = policy.act(SEEN).vector
    assert answers(server.url)
    server.kill()
    began = time.monotonic()
    assert not answers(server.url)
    with pytest.raises(PolicyLost, match=r"the connection to the policy at .* was lost"):
        policy.act(SEEN)
    with pytest.raises(PolicyLost, match="no policy server at http://"):
        policy.reset(TASKS[0])
    assert time.monotonic() - began < 1.5
    server.start()
    policy.reset(TASKS[0])
    assert np.array_equal(policy.act(SEEN).vector, before)


def test_a_server_started_again_between_episodes_is_not_noticed(server: Restartable, policy: RemotePolicy) -> None:
    policy.reset(TASKS[0])
    server.kill()
    server.start()
    policy.reset(TASKS[0])
    assert policy.act(SEEN).vector.shape == (7,)


def test_another_checkpoint_at_the_same_address_does_not_act(server: Restartable, policy: RemotePolicy) -> None:
    server.kill()
    server.start("sha256 of another")
    with pytest.raises(PolicyLost, match="serves another checkpoint than before"):
        policy.reset(TASKS[0])
    server.kill()
    server.start()


def test_a_token_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = Server(tmp_path / "log", POLICY_SERVER, "open sesame").wait()
    try:
        monkeypatch.delenv("VPTR_TOKEN", raising=False)
        with pytest.raises(PolicyLost, match="asks for a token in VPTR_TOKEN: set that"):
            RemotePolicy(guarded.url)
        monkeypatch.setenv("VPTR_TOKEN", "open says me")
        with pytest.raises(PolicyLost, match="refuses the token in VPTR_TOKEN"):
            RemotePolicy(guarded.url)
        monkeypatch.setenv("VPTR_TOKEN", "open sesame")
        policy = RemotePolicy(guarded.url)
        policy.reset(TASKS[0])
        assert policy.act(SEEN).vector.shape == (7,)
        policy.close()
    finally:
        guarded.kill()


@pytest.fixture
def stranger() -> Iterator[Any]:
    """Listens, and answers each connection with some bytes, or not at all."""
    listening = socket.create_server(("127.0.0.1", 0))
    answers = [b""]

    def answer() -> None:
        kept = []
        while True:
            try:
                connection = listening.accept()[0]
            except OSError:
                break
            if answers[0].startswith(b"HTTP"):
                connection.recv(4096)
            connection.sendall(answers[0])
            kept.append(connection)
        for connection in kept:
            connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    yield answers, f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "timed out"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", "it answered 404"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no policy server at"),
    ],
)
def test_what_is_no_policy_server_is_said_to_be_none(stranger: Any, answer: bytes, told: str) -> None:
    answers, url = stranger
    answers[0] = answer
    began = time.monotonic()
    with pytest.raises(PolicyLost, match=told):
        RemotePolicy(url, connect_s=0.5)
    assert time.monotonic() - began < 2.0
