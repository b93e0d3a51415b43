"""One thread that runs a policy, which is not made for more, and how long it takes."""

import asyncio
import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Deque, Dict, Optional, Tuple, TypeVar, cast

import numpy as np

from robot_bridge.interface import Action, Observation
from vptr_policy.policy import TrainedPolicy
from vptr_policy.server.refusal import Refusal
from vptr_policy.task_words import name_task
from vptr_policy.wire import WireError

REMEMBERED = 1000
"""Actions over which the latencies in /health are."""
COLD, WARM_UP = 10, 40
"""Actions at the start: the first ones are slow and not counted, the others are the first latencies in /health."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer:
    """An action, the task it is for, and how long the policy took."""

    action: Action
    task: str
    seconds: float


class PolicyWorker:
    """Everything that touches the policy runs here, one job after the other, off the event loop."""

    def __init__(self, policy: TrainedPolicy, timeout_s: float) -> None:
        """Jobs that are not done ``timeout_s`` after they were asked for are refused with 504."""
        self.policy = policy
        self._timeout_s = timeout_s
        self._jobs = cast("queue.SimpleQueue[Optional[Tuple[Future[Any], Callable[[], Any]]]]", queue.SimpleQueue())
        self._seconds: Deque[float] = deque(maxlen=REMEMBERED)
        self._began_s: Optional[float] = None
        self._told = ""
        # a daemon: a policy that hangs must not keep a server from ending, as concurrent.futures' threads would
        threading.Thread(target=self._work, name="policy", daemon=True).start()

    async def run(self, job: Callable[[], Result]) -> Result:
        """The result of a job; what is not begun when its client has gone is not begun at all."""
        future = asyncio.wrap_future(self._submit(job))
        try:
            return await asyncio.wait_for(future, self._timeout_s)
        except asyncio.TimeoutError:
            raise Refusal(504, f"the policy gave no answer within {self._timeout_s:g} s", 1) from None

    def act(self, observation: Observation, words: str) -> Answer:
        """Act, told the task where the last action was for another one; raises WireError. To be called in a job."""
        task = self._tell(words, anew=False)
        began = time.perf_counter()
        action = self.policy.act(observation)
        seconds = time.perf_counter() - began
        if not np.isfinite(action.vector).all():
            raise Refusal(500, f"the policy's action is not finite: {action.vector.tolist()}")
        self._seconds.append(seconds)
        return Answer(action, task, seconds)

    def check_task(self, words: str) -> str:
        """The task that ``words`` mean, told to the policy: a new sentence takes long. To be called in a job."""
        return self._tell(words, anew=True)

    def warm_up(self) -> None:
        """Act so often, on the thread that will act, that the first real action is as quick as the others."""
        blank = Observation(np.zeros((480, 640, 3), np.uint8), np.zeros(7), 0.0, 0.0)
        for number in range(COLD + WARM_UP):
            self._submit(lambda: self.act(blank, self.policy.tasks[0])).result()
            if number < COLD:
                self._seconds.clear()

    @property
    def hangs(self) -> bool:
        """Whether a job has been running for longer than any may."""
        began_s = self._began_s
        return began_s is not None and time.monotonic() - began_s > self._timeout_s

    def latency(self) -> Dict[str, Any]:
        """Quantiles of the newest actions [ms]: the picture resized and the network run, no transport."""
        times = np.array(self._seconds) * 1e3
        p50, p99 = np.quantile(times, (0.5, 0.99)) if len(times) else (0.0, 0.0)
        return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3), "actions": len(times)}

    def close(self) -> None:
        """Take no more jobs."""
        self._jobs.put(None)

    def _tell(self, words: str, anew: bool) -> str:
        card = self.policy.card
        try:
            task = words if card.language else name_task(words, card.tasks, card.aliases)
            if anew or task != self._told:
                self._told = ""
                self.policy.begin(task)
                self._told = task
        except ValueError as error:
            raise WireError(str(error)) from error
        return task

    def _submit(self, job: Callable[[], Result]) -> "Future[Result]":
        future = cast("Future[Result]", Future())
        self._jobs.put((future, job))
        return future

    def _work(self) -> None:
        for future, job in iter(self._jobs.get, None):
            if future.set_running_or_notify_cancel():
                self._began_s = time.monotonic()
                try:
                    future.set_result(job())
                except BaseException as error:  # whatever it was, who asked must know
                    future.set_exception(error)
                self._began_s = None
