"""Service calls that end, whatever the server does."""

import threading
import time
from typing import Any, Callable, List

import rospy

POLL_S = 0.05


class Unanswered(RuntimeError):
    """A service did not answer in time, or failed."""


def ask(
    name: str, service: Any, *arguments: Any, timeout_s: float = 10.0, check: Callable[[], None] = lambda: None
) -> Any:
    """Call a service and return its answer whatever it says; raises Unanswered when there is none in time (wall).

    ``check`` is called while it waits, and once more where the call fails; what it raises takes the place of an answer.
    """
    outcome: List[Any] = []

    def work() -> None:
        try:
            outcome.append(rospy.ServiceProxy(name, service)(*arguments))
        except (rospy.ServiceException, rospy.ROSException, OSError) as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name=f"call {name}", daemon=True)
    thread.start()
    deadline = time.monotonic() + timeout_s
    while thread.is_alive() and time.monotonic() < deadline:
        thread.join(POLL_S)
        check()
    if not outcome or isinstance(outcome[0], Exception):
        check()  # a shutdown fails the call before it is seen here
    if not outcome:
        raise Unanswered(f"{name} did not answer in {timeout_s:g} s")
    if isinstance(outcome[0], Exception):
        raise Unanswered(f"{name} failed: {outcome[0]}")
    return outcome[0]
