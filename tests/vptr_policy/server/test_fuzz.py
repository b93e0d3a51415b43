"""Ten thousand bad messages on each binary protocol: each is answered in words, and the server goes on serving."""

import base64
import concurrent.futures
import itertools
import json
import time
from typing import Any, Dict, Iterator, List, Tuple

import msgpack
import pytest
from bare import BINARY, CLOSE, TEXT, BareSocket, post_all
from mutations import Mutations
from running import Server, observation, post

COUNT = 10_000
BATCH = 200
PIXELS = bytes(range(192))
STATE = bytes(28)
LANES = 2
"""Websockets at a time; the server allows three."""


@pytest.fixture
def unharmed(server: Server) -> Iterator[Server]:
    """The server, which after the test still serves, in time, and has logged no traceback."""
    logged = len(server.output())
    yield server
    began = time.monotonic()
    assert post(server, "/act", observation()).status_code == 200 and time.monotonic() - began < 1.0
    assert "Traceback" not in server.output()[logged:]


def _json_array(data: Any, dtype: Any, shape: Any) -> Dict[str, Any]:
    return {"__numpy__": data, "dtype": dtype, "shape": shape}


def _good_json() -> Dict[str, Any]:
    image = _json_array(base64.b64encode(PIXELS).decode(), "|u1", [8, 8, 3])
    proprio = _json_array(base64.b64encode(STATE).decode(), "<f4", [7])
    return {"image": image, "instruction": "knife_in_pot", "proprio": proprio}


@pytest.mark.timeout(170)
def test_json_numpy_is_answered_whatever_comes(unharmed: Server) -> None:
    data = [base64.b64encode(PIXELS).decode(), "", "A", "====", "é", 3, None, [1, 2], "A" * 20_000]
    messages = Mutations(_good_json, _json_array, data, lambda message: json.dumps(message).encode()).stream(COUNT)
    statuses = {200: 0, 400: 0}
    for batch in iter(lambda: list(itertools.islice(messages, BATCH)), []):
        for message, (status, answer) in zip(batch, post_all(unharmed.address, "/act", batch)):
            told = json.loads(answer)
            assert status in statuses, (status, told, message[:500])
            statuses[status] += 1
            assert status == 200 or (isinstance(told["detail"], str) and len(told["detail"]) < 2000)
    assert sum(statuses.values()) == COUNT and min(statuses.values()) > COUNT // 100, statuses


def _packed_array(data: Any, dtype: Any, shape: Any) -> Dict[bytes, Any]:
    return {b"__ndarray__": True, b"data": data, b"dtype": dtype, b"shape": shape}


def _good_packed() -> Dict[Any, Any]:
    state = _packed_array(STATE, "<f4", [7])
    return {"image": _packed_array(PIXELS, "|u1", [8, 8, 3]), "prompt": "knife_in_pot", "observation/state": state}


@pytest.mark.timeout(170)
def test_openpi_is_answered_whatever_comes(unharmed: Server) -> None:
    data = [PIXELS, b"", b"A", STATE, "text", 3, None, [1, 2], bytes(20_000)]
    messages = list(Mutations(_good_packed, _packed_array, data, msgpack.packb).stream(COUNT))
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        counts = list(pool.map(lambda lane: _drive(unharmed.address, messages[lane::LANES]), range(LANES)))
    answered, refused = (sum(count) for count in zip(*counts))
    assert answered + refused == COUNT and min(answered, refused) > COUNT // 100, counts


def _drive(address: Tuple[str, int], messages: List[bytes]) -> Tuple[int, int]:
    """Send messages, over a new connection where the server has closed one; how many were answered and refused."""
    left, answered, refused = iter(messages), 0, 0
    for first in left:
        with BareSocket(address) as bare:
            assert "tasks" in msgpack.unpackb(bare.receive()[1])
            for message in itertools.chain([first], left):
                bare.send(message)
                kind, answer = bare.receive()
                if kind == TEXT:
                    refused += 1
                    assert len(answer) < 2000 and b"internal" not in answer and b"Traceback" not in answer, answer
                    kind, close = bare.receive()
                    assert kind == CLOSE and int.from_bytes(close[:2], "big") == 1008
                    break
                answered += 1
                assert kind == BINARY and {"actions", "task"} & set(msgpack.unpackb(answer)), answer
    return answered, refused
