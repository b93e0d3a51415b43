"""What both protocols share: the worker, the limits, who is being served, and what the server says of itself."""

import contextlib
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Dict, Iterator

import numpy as np

from robot_bridge.interface import IMAGE_SIZE, STEP_S
from vptr_policy.server.refusal import busy, leaving
from vptr_policy.server.seats import Seat, Seats, at_work
from vptr_policy.server.worker import PolicyWorker

PROTOCOL = "vptr-policy-server-1"


@dataclass(frozen=True)
class ServerLimits:
    """What a client may ask of the server."""

    concurrency: int = 16
    """HTTP requests in flight, and websockets in use"""
    timeout_s: float = 10.0
    """for one action, queued and run"""
    body_bytes: int = 16 * 2**20
    """a 1080p picture in json_numpy has 8.3 MB"""
    body_s: float = 10.0
    """for a body to arrive"""
    require_state: bool = False
    """whether an observation without a state is refused, not completed by the neutral one"""
    idle_s: float = 10.0
    """silence after which a websocket is closed when another client needs its place; a robot at work asks at 5 Hz"""


class Service:
    """The one policy that is served."""

    def __init__(self, worker: PolicyWorker, limits: ServerLimits) -> None:
        self.worker = worker
        self.limits = limits
        self.stopping = False
        self._requests = 0
        self._seats = Seats(limits.concurrency, limits.idle_s)
        self._answering = 0
        self._stateless = 0

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """Around an HTTP request in flight; raises Refusal where there are too many."""
        self._refuse_at_end()
        if self._requests >= self.limits.concurrency:
            raise busy(self.limits.concurrency, "requests are in flight")
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    def socket(self, dismiss: Callable[[], None]) -> ContextManager[Seat]:
        """Around a websocket; raises Refusal where too many are in use. ``dismiss`` closes it for another one."""
        self._refuse_at_end()
        return self._seats.take(dismiss)

    @contextlib.contextmanager
    def answering(self, seat: Seat) -> Iterator[None]:
        """Around one message of a websocket, until it is answered; raises Refusal at the end of the server."""
        self._refuse_at_end()
        self._answering += 1
        try:
            with at_work(seat):
                yield
        finally:
            self._answering -= 1

    @property
    def idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return self._requests + self._answering == 0

    def count_stateless(self, stateless: bool) -> None:
        """Remember that an observation came without a state."""
        self._stateless += stateless

    def metadata(self) -> Dict[str, Any]:
        """What a client is told of the policy: the first message on a websocket."""
        policy = self.worker.policy
        return {
            "protocol": PROTOCOL,
            "tasks": list(policy.tasks),
            "main_task": policy.main_task,
            "aliases": dict(policy.card.aliases),
            "language": bool(policy.card.language),
            "checkpoint": policy.checkpoint,
            "algorithm": str(policy.card.algorithm.get("name", "")),
            "gripper": policy.card.gripper,
            "backend": policy.inference.name,
            "actions": policy.card.actions,
            "image_size": IMAGE_SIZE,
            "step_s": STEP_S,
        }

    def health(self) -> Dict[str, Any]:
        """What /health answers."""
        state = "hangs" if self.worker.hangs else "shutting down" if self.stopping else "healthy"
        return {
            "status": state,
            **self.metadata(),
            "latency": self.worker.latency(),
            "in_flight": self._requests + self._answering,
            "websockets": len(self._seats),
            "without_state": self._stateless,
        }

    def _refuse_at_end(self) -> None:
        if self.stopping:
            raise leaving()


def action_rows(vector: np.ndarray) -> np.ndarray:
    """One action as the chunk of one that openpi's clients expect (1, 7)."""
    return np.asarray(vector, dtype=np.float64)[None]
