"""POST /act and /reset, GET /health, over real sockets to a real process."""

import concurrent.futures
import json
import socket
import time
from typing import Any, Iterator, Tuple

import json_numpy
import numpy as np
import pytest
import requests
from policy_server import BODY_S, CONCURRENCY, HEAD_S, TASKS, make_policy
from running import IMAGE, STATE, Server, detail, observation, post

from robot_bridge.interface import Observation


def _expected(task: str, state: np.ndarray = STATE) -> np.ndarray:
    policy = make_policy()
    policy.reset(task)
    return policy.act(Observation(IMAGE, state, 0.0, 0.0)).vector


def test_answers_autoeval_with_the_bare_array(server: Server) -> None:
    answer = post(server, "/act", observation())
    action = json_numpy.loads(answer.text)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert action.shape == (7,) and action.dtype == np.float64
    assert np.allclose(action, _expected("knife_in_pot"), atol=1e-7)


def test_answers_openvla_in_both_encodings(server: Server) -> None:
    message = observation(proprio=None, unnorm_key="bridge_orig", instruction="Put the cucumber in the bowl!")
    once = post(server, "/act", message)
    twice = post(server, "/act", {"encoded": json_numpy.dumps(message)})
    assert once.headers["x-task"] == "cucumber_in_bowl" and once.headers["x-state"] == "neutral"
    assert isinstance(twice.json(), str)
    assert np.array_equal(json_numpy.loads(once.text), json_numpy.loads(twice.json()))


def test_http_clients_do_not_share_a_task(server: Server) -> None:
    tasks = [TASKS[n % 2] for n in range(20)]
    expected = {task: _expected(task) for task in tasks}
    with concurrent.futures.ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = pool.map(lambda task: post(server, "/act", observation(instruction=task)), tasks)
        for task, answer in zip(tasks, answers):
            assert np.allclose(json_numpy.loads(answer.text), expected[task], atol=1e-7)


def test_a_header_tells_the_task_whatever_its_name_is(server: Server) -> None:
    answer = post(server, "/act", observation(instruction="näher_ran"))
    assert answer.status_code == 200 and answer.headers["x-task"] == "n?her_ran"


def test_reset_and_health(server: Server) -> None:
    assert requests.post(server.url + "/reset", timeout=10).json() == {"status": "reset successful"}
    assert post(server, "/reset", {"instruction": "knife in pot"}).json()["task"] == "knife_in_pot"
    assert "Known: knife_in_pot" in detail(post(server, "/reset", {"instruction": "dance"}))
    assert "not JSON" in detail(post(server, "/reset", b"\n"))
    health = requests.get(server.url + "/health", timeout=10).json()
    assert health["status"] == "healthy" and health["tasks"] == list(TASKS) and health["main_task"] == TASKS[0]
    assert health["latency"]["actions"] > 10 and 0 < health["latency"]["p50_ms"] <= health["latency"]["p99_ms"]
    assert requests.get(server.url + "/healthz", timeout=10).text == "OK\n"


def test_documents_itself_without_the_internet(server: Server, guarded: Server) -> None:
    document = requests.get(server.url + "/openapi.json", timeout=10).json()
    assert set(document["paths"]) == {"/act", "/reset", "/health"} and "security" not in document
    page = requests.get(server.url + "/docs", timeout=10).text
    assert "POST /act" in page and "src=" not in page and "href=" not in page
    told = requests.get(guarded.url + "/openapi.json", timeout=10).json()
    assert told["security"] == [{"token": []}] and "Authorization: Bearer" in told["info"]["description"]


BAD = [
    (b"", "not JSON"),
    (b"\xff\xfe{", "not JSON"),
    (b"[1, 2]", "a list, expected an object"),
    (b"[" * 100000, "not JSON"),
    (b'{"image": NaN}', "NaN, expected finite"),
    (observation(image=None), "no picture came"),
    (observation(instruction=None), "no instruction came"),
    (observation(instruction=["knife_in_pot"]), "instruction is a list"),
    (observation(instruction="x" * 1001), "at most 1000 characters"),
    (observation(instruction="../../etc/passwd"), "knows no task '../../etc/passwd'"),
    (observation(instruction="\ud800"), "cannot be written as UTF-8"),
    (observation(image=IMAGE.tolist()), "image is a list, expected an RGB uint8 array"),
    (observation(image=IMAGE.astype(np.float32)), "image is float32 (48, 64, 3)"),
    (observation(image=IMAGE[..., 0]), "image is uint8 (48, 64)"),
    (observation(image=IMAGE[:0]), "image is uint8 (0, 64, 3)"),
    (observation(image=np.zeros((1, 5000, 3), np.uint8)), "sides of 1 to 4096"),
    (observation(proprio=STATE[:6]), "expected the Bridge state: 7 numbers"),
    (observation(proprio=np.full(7, np.nan)), "expected metres, radians and an opening, none beyond"),
    (observation(proprio=np.full(7, np.inf)), "expected metres, radians and an opening, none beyond"),
    (observation(proprio=STATE * 1e30), "expected metres, radians and an opening, none beyond"),
    (observation(proprio=np.ones(8)), "a quaternion is not understood"),
    (observation(state=STATE), "both 'proprio' and 'state'"),
    ({"encoded": "{}", "image": 1}, "'encoded' must be the only key"),
    ({"encoded": 7}, "'encoded' must be the only key"),
    (observation(image={"__numpy__": "AAAA", "dtype": "|O", "shape": [3]}), "type of an array is '|O'"),
    (observation(image={"__numpy__": "AAAA", "dtype": [["a", "<f4"]], "shape": [3]}), "numpy type of numbers"),
    (observation(image={"__numpy__": "A", "dtype": "|u1", "shape": [1]}), "not base64"),
    (observation(image={"__numpy__": "AAAA", "dtype": "|u1", "shape": [-3]}), "the shape of an array is [-3]"),
    (observation(image={"__numpy__": "AAAA", "dtype": "|u1", "shape": [2**30, 2**30, 3]}), "has 3 bytes of data"),
    (observation(image={"__numpy__": "", "dtype": "|u1", "shape": [0, *[2**31 - 1] * 3]}), "array is [0, 21"),
    *(
        (observation(image={"__numpy__": "AAAA", "dtype": name, "shape": [3]}), f"type of an array is {name!r}")
        for name in (",", "02|", ",f", "u1,", "1u1", "\0", "f4\n", "object", "datetime64")
    ),
    (observation(image={"__numpy__": 3, "dtype": "|u1", "shape": [3]}), "__numpy__ is a number, expected base64"),
]


@pytest.mark.parametrize(("content", "reason"), BAD, ids=[ascii(reason) for _, reason in BAD])
def test_says_what_is_wrong_with_a_message(server: Server, content: Any, reason: str) -> None:
    answer = post(server, "/act", content)
    assert answer.status_code == 400 and reason in detail(answer)


def test_a_failing_policy_is_an_error_without_a_traceback(server: Server) -> None:
    answer = post(server, "/act", observation(instruction="broken_one"))
    assert answer.status_code == 500 and "log" in detail(answer) and "secret" not in answer.text
    deadline = time.monotonic() + 10.0
    while "a secret of the inside" not in server.output() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "a secret of the inside" in server.output()
    answer = post(server, "/act", observation(instruction="lost_one"))
    assert answer.status_code == 500 and "not finite" in detail(answer)
    assert post(server, "/act", observation()).status_code == 200


def test_a_policy_that_hangs_is_told_in_time(server: Server) -> None:
    began = time.monotonic()
    answer = post(server, "/act", observation(instruction="hanging_one"))
    assert answer.status_code == 504 and "no answer within 1.5 s" in detail(answer)
    assert time.monotonic() - began < 3.5
    time.sleep(0.2)
    hanging = requests.get(server.url + "/health", timeout=10)
    assert hanging.status_code == 503 and hanging.json()["status"] == "hangs"
    time.sleep(2.0)
    assert post(server, "/act", observation()).status_code == 200


def test_more_requests_than_the_limit_are_told_to_come_back(server: Server) -> None:
    message = observation(instruction="slow_one")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(server, "/act", message), range(8)))
    statuses = sorted({answer.status_code for answer in answers})
    assert 503 in statuses and 200 in statuses, statuses
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert "3 requests are in flight" in detail(refused) and refused.headers["retry-after"] == "1"


def _chunks() -> Iterator[bytes]:
    for _ in range(100):
        yield b" " * 10**6


def test_a_huge_body_is_refused_declared_or_not(server: Server) -> None:
    for content in (b" " * 10**8, _chunks()):
        answer = requests.post(server.url + "/act", data=content, timeout=60)
        assert answer.status_code == 413 and "larger than 4194304 bytes" in detail(answer)
    assert _memory_mb(server) < 2500


def _memory_mb(server: Server) -> float:
    with open(f"/proc/{server.process.pid}/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _drip(server: Server, begin: bytes, drop: bytes, seconds: float) -> Tuple[bytes, float]:
    """Send a beginning, then a byte now and then; what came back, and after how long the server hung up."""
    began, received = time.monotonic(), b""
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(begin)
        client.settimeout(0.1)
        while time.monotonic() - began < seconds:
            try:
                client.sendall(drop)
                data = client.recv(4096)
                received += data
                if not data:
                    break
            except socket.timeout:
                continue
            except OSError:
                break
    return received, time.monotonic() - began


@pytest.mark.parametrize("begin", [b"", b"POST /act HTT", b"POST /act HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_a_head_that_drips_is_cut_off(server: Server, begin: bytes) -> None:
    received, seconds = _drip(server, begin, b"x", 8.0)
    assert HEAD_S - 0.1 < seconds < HEAD_S + 3.0
    assert received.startswith(b"HTTP/1.1 408") and b"no whole request head" in received


def test_a_body_that_drips_is_cut_off(server: Server) -> None:
    head = b"POST /act HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
    received, seconds = _drip(server, head, b" ", 8.0)
    assert received.startswith(b"HTTP/1.1 408") and b"did not arrive within 0.7 s" in received
    assert BODY_S - 0.1 < seconds < BODY_S + HEAD_S + 3.0


def test_connections_stay_open_between_requests(server: Server) -> None:
    with requests.Session() as session:
        for _ in range(2):
            assert session.get(server.url + "/health", timeout=10).status_code == 200
            time.sleep(HEAD_S + 0.4)
        assert session.post(server.url + "/act", data=json.dumps({}), timeout=10).status_code == 400


def test_nonsense_in_place_of_http_is_refused(server: Server) -> None:
    received, _ = _drip(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"", 3.0)
    assert received.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic a secret token"}, 401),
        ({"Authorization": "Bearer a secret token"}, 200),
        ({"Authorization": "Api-Key a secret token"}, 200),
        ({"Authorization": "Bearer a secret token", "Origin": "http://evil.example"}, 403),
    ],
)
def test_a_token_is_asked_of_everybody(guarded: Server, headers: Any, status: int) -> None:
    answers = [requests.get(guarded.url + "/health", headers=headers, timeout=10)]
    answers.append(post(guarded, "/act", observation(), headers=headers))
    assert [answer.status_code for answer in answers] == [status, status]
    if status == 401:
        assert "Authorization: Bearer TOKEN" in detail(answers[0])
        assert answers[0].headers["www-authenticate"] == "Bearer"


def test_without_a_token_no_web_page_reaches_the_server(server: Server) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Host": "127.evil.example"}):
        assert requests.get(server.url + "/health", headers=headers, timeout=10).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://[", "http://]", "http://[::1", "null", "", "http://[v1.]", "//\xff[", "http://\u2100"]
)
def test_an_origin_that_is_none_is_refused_like_others(server: Server, guarded: Server, origin: str) -> None:
    for asked in (server, guarded):
        answer = requests.get(asked.url + "/healthz", headers={"Origin": origin.encode()}, timeout=10)
        assert answer.status_code == 403 and "another origin" in detail(answer)


def test_a_page_of_the_server_itself_may_ask(server: Server) -> None:
    answer = requests.get(server.url + "/health", headers={"Origin": server.url.replace("http", "HTTP")}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name", ["localhost", "LocalHost:9", "127.0.0.2", "127.255.0.1:80", "[::1]", "[::ffff:7f00:1]"]
)
def test_every_name_of_the_loopback_interface_is_this_machines(server: Server, name: str) -> None:
    assert requests.get(server.url + "/health", headers={"Host": name}, timeout=10).status_code == 200
