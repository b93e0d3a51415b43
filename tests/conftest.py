"""How several workers share the tests (`./run test` starts two), and what they inherit."""

import signal
from typing import Any

import pytest

PACED = ("tests/end_to_end/", "tests/ros/")
UNPACED = "tests/ros/test_workspace.py"
"""Needs ROS, but no clock."""


def pytest_configure() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would all that the tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def together(test: str) -> str:
    """What a test shares a worker with: its file; nodes keep time, so that all of their tests are in one worker."""
    path = test.split("::")[0]
    return "paced" if path.startswith(PACED) and path != UNPACED else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """As `--dist loadscope`, by what belongs together, in order (`--dist loadgroup` does not group with pytest 9.2)."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False  # the long group is among the first
    return Scheduling(config, log)
