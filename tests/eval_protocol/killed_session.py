"""For each line on stdin, runs or resumes the session in the folder argv[1] in a fork of its own, meant to be killed.

Says ``pid N`` when a fork begins and ``ended STATUS`` when it is over; the fork announces each verdict once the store
has it. Forking saves the imports, so that a test can kill often.
"""

import os
import sys
import time
from pathlib import Path

from eval_protocol.plan import make_plan
from eval_protocol.session import Aborted, Episode, Session, Verdict, open_session
from eval_protocol.store import Store

FOLDER = Path(sys.argv[1])
PLAN = make_plan("knife_in_pot")
TRIAL_S = 0.03


class Robot:
    """Succeeds on odd trials; trial 5 aborts once in three attempts, by the clock."""

    def prepare(self, plan, trial):
        if trial.number == 5 and time.monotonic_ns() % 3 == 0:
            raise Aborted("the camera is stale")

    def check_ready(self, plan, trial):
        pass

    def run_policy(self, plan, trial, attempt):
        time.sleep(TRIAL_S)
        return Episode(duration_s=TRIAL_S, steps=1, ended="time_limit")

    def verdict(self, plan, trial, episode):
        return Verdict(trial.number % 2 == 1)

    def recover(self, reason):
        pass


def say(line):
    os.write(1, (line + "\n").encode())


def run():
    store = Store(FOLDER / "session.sqlite")
    open_session(store, PLAN, {"operator": "test"}, resume=True)
    Session(store, Robot(), say, max_attempts=50).run()
    say("finished")


for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(0)
    say(f"pid {child}")
    say(f"ended {os.waitpid(child, 0)[1]}")
