"""How several workers share the tests (`./run test` starts two), and what they inherit."""

import os
import signal
from typing import Any, List

import pytest

PACED = ("tests/end_to_end/", "tests/ros/")
UNPACED = tuple(f"tests/ros/test_{name}.py" for name in (
    "console", "recorder", "remote_policy", "study_node", "tutorial", "workspace"
))  # fmt: skip
"""Need ROS, but measure no time that a busy machine would stretch: the other worker may begin with them."""
NICE = 10
"""Of a worker whose tests keep no time: it takes what the one with the others leaves of two cores."""


def pytest_configure() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would all that the tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def together(test: str) -> str:
    """What a test shares a worker with: its file; nodes keep time, so that all of their tests are in one worker."""
    path = test.split("::")[0]
    return "paced" if path.startswith(PACED) and path not in UNPACED else path


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A worker stands back for good when it begins with tests that keep no time."""
    if "PYTEST_XDIST_WORKER" in os.environ and together(item.nodeid) != "paced":
        os.nice(max(NICE - os.getpriority(os.PRIO_PROCESS, 0), 0))


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """What takes long comes first, so that no worker waits for the other at the end."""
    items.sort(key=lambda item: (together(item.nodeid) != "paced", not item.nodeid.startswith(UNPACED)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """As `--dist loadscope`, by what belongs together, in order (`--dist loadgroup` does not group with pytest 9.2)."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False  # the long group is among the first
    return Scheduling(config, log)
