"""What the policy server adds to an action on loopback, by protocol, and how many actions eight clients get.

The server is `vptr serve` with the shipped policy in a process of its own. What it adds is the time of a request less
that of the action, as the server tells it; the baseline is the same bytes sent to and fro over a bare TCP socket.
"""

import base64
import http.client
import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
from websockets.sync.client import connect

from benchmarks.measure import Measure, quantiles
from robot_bridge.interface import Observation
from vptr_policy.address import websocket_url
from vptr_policy.client import RemotePolicy
from vptr_policy.wire import pack, unpack

PICTURE = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
"""Of the size that OpenVLA's and AutoEval's clients send."""
STATE = np.array([0.3, 0.0, 0.15, 0.0, 0.0, 0.0, 1.0], dtype=np.float32)
CLIENTS = 8
TOLD = re.compile(r"serving on http://([\d.]+):(\d+)")
ECHO = """
import socket, struct
listening = socket.create_server(("127.0.0.1", 0))
print("serving on http://127.0.0.1:%d" % listening.getsockname()[1], flush=True)
connection = listening.accept()[0]
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
stream = connection.makefile("rwb")
while True:
    head = stream.read(8)
    if not head:
        break
    size, wanted = struct.unpack("!II", head)
    stream.read(size)
    stream.write(bytes(wanted))
    stream.flush()
"""

Ask = Callable[[], float]
"""Sends a request, and returns how long the action in it took [ms]."""


def serving(rounds: int = 200, seconds: float = 4.0) -> List[Measure]:
    """Overhead of each protocol, and throughput."""
    with _process("-m", "vptr_cli", "serve", "--port", "0", "--threads", "1") as address, _process("-c", ECHO) as echo:
        return [*_overheads(address, echo, rounds), *_throughput(address, seconds)]


def _overheads(address: Tuple[str, int], echo: Tuple[str, int], rounds: int) -> List[Measure]:
    with ExitStack() as closing:
        asks = _asks(address, closing)
        added = _added(asks, _Echo(echo, closing), rounds)
    base = "the same bytes over a bare socket"
    return [row for name in asks for row in quantiles("server overhead", name, "ms", *added[name], base)]


def _asks(address: Tuple[str, int], closing: ExitStack) -> Dict[str, Tuple[Ask, int, int]]:
    """How to ask by each protocol, and about how many bytes go to and fro."""
    policy = RemotePolicy("http://{}:{}".format(*address))
    closing.callback(policy.close)
    task = policy.tasks[0]
    policy.reset(task)
    web = http.client.HTTPConnection(*address, timeout=30)
    closing.callback(web.close)
    once = json.dumps({"image": _json_array(PICTURE), "instruction": task, "proprio": _json_array(STATE)}).encode()
    twice = json.dumps({"encoded": once.decode()}).encode()
    packed = pack({"image": PICTURE, "state": STATE, "prompt": task})
    return {
        "json_numpy": (lambda: _post(web, once), len(once), 130),
        "json_numpy, encoded twice": (lambda: _post(web, twice), len(twice), 140),
        "openpi, msgpack": (_websocket(policy.address, packed, closing), len(packed), 300),
        "our client (128x128)": (_remote(policy), 128 * 128 * 3 + 200, 300),
    }


def _added(
    asks: Dict[str, Tuple[Ask, int, int]], echo: "_Echo", rounds: int
) -> Dict[str, Tuple[List[float], List[float]]]:
    """Milliseconds that each protocol adds, and of the bare socket, all in turn."""
    added: Dict[str, Tuple[List[float], List[float]]] = {name: ([], []) for name in asks}
    for number in range(rounds + 3):
        for name, (ask, sent, received) in asks.items():
            began = time.perf_counter()
            acted_ms = ask()
            took_ms = 1e3 * (time.perf_counter() - began) - acted_ms
            began = time.perf_counter()
            echo.exchange(sent, received)
            if number >= 3:  # the first ones warm up
                added[name][0].append(took_ms)
                added[name][1].append(1e3 * (time.perf_counter() - began))
    return added


def _throughput(address: Tuple[str, int], seconds: float) -> List[Measure]:
    url = "http://{}:{}".format(*address)
    rates = {count: _rate(url, count, seconds) for count in (1, CLIENTS)}
    name = f"{CLIENTS} clients"
    return [Measure("server throughput", name, "actions/s", rates[CLIENTS], rates[1], "one client", True)]


def _rate(url: str, clients: int, seconds: float) -> float:
    """Actions a second of so many clients together."""
    policies = [RemotePolicy(url) for _ in range(clients)]
    counts = [0] * clients
    over = threading.Event()

    def act(number: int) -> None:
        policies[number].reset(policies[number].tasks[0])
        while not over.is_set():
            policies[number].act(Observation(PICTURE, STATE, 0.0, 0.0))
            counts[number] += 1

    threads = [threading.Thread(target=act, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)  # until all act
    before, began = sum(counts), time.monotonic()
    time.sleep(seconds)
    rate = (sum(counts) - before) / (time.monotonic() - began)
    over.set()
    for thread in threads:
        thread.join()
    for policy in policies:
        policy.close()
    return rate


class _Echo:
    """A bare socket whose other end takes and gives as many bytes as it is told."""

    def __init__(self, address: Tuple[str, int], closing: ExitStack) -> None:
        connection = closing.enter_context(socket.create_connection(address))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream: Any = closing.enter_context(connection.makefile("rwb"))

    def exchange(self, sent: int, received: int) -> None:
        self._stream.write(struct.pack("!II", sent, received) + bytes(sent))
        self._stream.flush()
        self._stream.read(received)


@contextmanager
def _process(*words: str) -> Iterator[Tuple[str, int]]:
    """A server that says where it is; the address."""
    server = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = next(filter(None, map(TOLD.search, server.stdout)), None)
        if found is None:
            raise RuntimeError(f"serving: the server ended with status {server.wait()}")
        yield found.group(1), int(found.group(2))
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _post(web: http.client.HTTPConnection, body: bytes) -> float:
    web.request("POST", "/act", body, {"Content-Type": "application/json"})
    answer = web.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"serving: the server answered {answer.status}: {told!r}")
    return float(answer.headers["X-Infer-Ms"])


def _websocket(address: str, message: bytes, closing: ExitStack) -> Ask:
    stream = closing.enter_context(connect(websocket_url(address), compression=None))
    stream.recv()

    def ask() -> float:
        stream.send(message)
        answer = stream.recv()
        assert isinstance(answer, bytes)
        return float(unpack(answer)["server_timing"]["infer_ms"])

    return ask


def _remote(policy: RemotePolicy) -> Ask:
    def ask() -> float:
        policy.act(Observation(PICTURE, STATE, 0.0, 0.0))
        return float(policy.timing["infer_ms"])

    return ask


def _json_array(array: np.ndarray) -> Dict[str, Any]:
    data = base64.b64encode(array.tobytes()).decode()
    return {"__numpy__": data, "dtype": array.dtype.str, "shape": list(array.shape)}
