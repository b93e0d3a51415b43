"""The first signal is noted, the second acts; by real signals to real processes."""

import os
import signal
import subprocess
import sys
import threading
from typing import List

import pytest

from vptr_policy.training.interruption import SIGNALS, Interruption

PATIENT = """
import time
from vptr_policy.training.interruption import Interruption
with Interruption() as interruption:
    print("ready", flush=True)
    while interruption.came is None:
        time.sleep(0.01)
    print("noted", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_ends_it_at_once(number: int) -> None:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", PATIENT], env=environment, text=True, **streams)
    assert process.stdout is not None
    for line in ("ready\n", "noted\n"):
        assert process.stdout.readline() == line
        process.send_signal(number)
    process.stdout.close()
    assert process.wait(timeout=20) == -number


def test_what_acted_before_acts_again_afterwards() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.came == signal.SIGTERM
    assert [signal.getsignal(number) for number in SIGNALS] == before
    with pytest.raises(SystemExit) as raised, interruption.at_once():
        pytest.fail("it has come already")
    assert raised.value.code == 143


def test_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGINT)
        assert interruption.came is None and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_leave_signals_alone() -> None:
    found: List[bool] = []

    def enter() -> None:
        with Interruption():
            found.append(signal.getsignal(signal.SIGINT) is before)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [True]
