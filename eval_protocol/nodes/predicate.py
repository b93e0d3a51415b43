"""The success predicate of a simulated scene as the operator of a session."""

import time
from typing import Any, Callable, Optional

import rospy

from eval_protocol.criterion import Criterion
from eval_protocol.nodes.calls import POLL_S
from eval_protocol.operator import News
from eval_protocol.plan import Plan, Trial
from eval_protocol.session import Aborted, Verdict

ASK_EVERY_S = 0.1
SETTLE_S = 15.0
"""Wall clock: for one simulated second."""


class Predicate:
    """An operator that asks nobody: the bridge builds the scenes and says whether the task is done.

    ``status`` asks the bridge, ``look`` is called while time has to pass; both may raise Aborted.
    """

    def __init__(self, status: Callable[[], Any], look: Callable[[], None]) -> None:
        self._status, self._look = status, look
        self._criterion = Criterion(0.0)
        self._asked_s = 0.0

    def tell(self, news: News) -> None:
        """Nobody is there."""

    def confirm_scene(self, plan: Plan, trial: Trial) -> None:
        """The scene is as it was built."""

    def begin(self, plan: Plan, trial: Trial) -> None:
        """The predicate counts from now until the time limit."""
        del trial
        self._criterion = Criterion(rospy.Time.now().to_sec() + plan.time_limit_s)
        self._asked_s = 0.0

    def enough(self) -> bool:
        """Whether the predicate has held for long enough."""
        if time.monotonic() - self._asked_s < ASK_EVERY_S:
            return False
        self._asked_s = time.monotonic()
        status = self._status()
        return self._criterion.met(_since_s(status), status.held_s)

    def verdict(self, plan: Plan, trial: Trial) -> Verdict:
        """Success by the criterion; a predicate that began to hold in time may still be holding when time is over."""
        del plan, trial
        success = self._settled()
        return Verdict(success, "the predicate held" if success else "the predicate did not hold")

    def wait(self, reason: str) -> None:
        """Nobody has to look."""

    def _settled(self) -> bool:
        """Whether the criterion is met, waiting while it may still come to be."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            self._look()
            status = self._status()
            if self._criterion.met(_since_s(status), status.held_s):
                return True
            if not self._criterion.open(_since_s(status)):
                return False
            if time.monotonic() > deadline:
                raise Aborted(f"the simulation did not go on by a second in {SETTLE_S:g} s")
            time.sleep(POLL_S)


def _since_s(status: Any) -> Optional[float]:
    """When the predicate began to hold, None where it does not."""
    return float(status.since.to_sec()) if status.success else None
