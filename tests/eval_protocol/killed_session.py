"""Runs or resumes a session in the folder argv[1], announcing each verdict once the store has it; meant to be killed.

argv[2]: seconds a trial lasts.
"""

import sys
import time
from pathlib import Path

from eval_protocol.plan import make_plan
from eval_protocol.session import Aborted, Episode, Session, Verdict, open_session
from eval_protocol.store import Store

FOLDER, TRIAL_S = Path(sys.argv[1]), float(sys.argv[2])


class Robot:
    """Succeeds on odd trials; trial 5 aborts once in three attempts, by the clock."""

    def prepare(self, plan, trial):
        if trial.number == 5 and time.monotonic_ns() % 3 == 0:
            raise Aborted("the camera is stale")

    def check_ready(self, plan, trial):
        pass

    def run_policy(self, plan, trial, episode_id):
        time.sleep(TRIAL_S)
        return Episode(duration_s=TRIAL_S, steps=1, ended="time_limit")

    def verdict(self, plan, trial, episode):
        return Verdict(trial.number % 2 == 1)

    def recover(self, reason):
        pass


store = Store(FOLDER / "session.sqlite")
open_session(store, make_plan("knife_in_pot"), {"operator": "test"}, resume=True)
Session(store, Robot(), say=lambda line: print(line, flush=True), max_attempts=50).run()
print("finished", flush=True)
