import logging
import os
import signal
import time
from contextlib import nullcontext
from typing import List

import pytest

from eval_protocol import cluster
from eval_protocol.cluster import ClusterError, _result, _run, evaluate, gather, ray_session
from eval_protocol.rollout import RolloutPlan, rollout
from robot_bridge.share import share_path

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)


@pytest.fixture(scope="module")
def ray_here():
    """One Ray for the tests of this file: it takes seconds to start and to end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{share_path('.')}:{os.environ.get('PYTHONPATH', '')}")
        patch.delenv("RAY_AUTH_MODE", raising=False)
        heard: List[logging.LogRecord] = []
        ear = logging.Handler(logging.WARNING)
        ear.emit = heard.append
        patch.setattr(logging, "lastResort", ear)
        with ray_session(2, None) as ray:
            assert not heard, "it starts without a word"
            yield ray
    assert not ray.is_initialized(), "a Ray that was started here ends with its block"


def test_the_episodes_are_those_of_one_process(ray_here, monkeypatch):
    begun = []
    monkeypatch.setattr(cluster, "ray_session", lambda *asked: begun.append(asked) or nullcontext(ray_here))
    plans = [
        RolloutPlan("expert", "sweet_potato_on_plate", episodes=2, seed=5),
        RolloutPlan(str(share_path("models/v-ptr-sim")), "cucumber_in_bowl", "distractors", episodes=2, seed=5),
    ]
    seen = []
    found = gather(plans, 2, on_episode=lambda index, episode: seen.append((index, episode.number)))
    assert found == [list(rollout(plan)) for plan in plans]
    assert sorted(seen) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert begun == [(2, None)]


def test_one_worker_needs_no_cluster(monkeypatch):
    monkeypatch.setattr(cluster, "ray_session", lambda *asked: pytest.fail("Ray was started"))
    plan = RolloutPlan("expert", "knife_in_pot", episodes=1, seed=5)
    assert gather([plan], 1) == [list(rollout(plan))]


@pytest.mark.parametrize(("address", "why"), [("127.0.0.1:1", "refused"), ("somewhere", "expected auto, HOST:PORT")])
def test_an_unreachable_cluster_is_told_at_once(address, why):
    start = time.monotonic()
    with pytest.raises(ClusterError, match=f"could not be reached at '{address}': .*{why}"):
        next(evaluate([RolloutPlan("expert", "knife_in_pot", episodes=1)], 1, address))
    assert time.monotonic() - start < 10.0


def _die_once(mark):
    with open(mark, "a") as tries:
        tries.write("try\n")
    with open(mark) as tries:
        if len(tries.readlines()) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_an_episode_whose_process_is_killed_is_run_again_and_a_failure_is_told(ray_here, tmp_path):
    remote = ray_here.remote(num_cpus=1, max_retries=3)(_die_once)
    assert ray_here.get(remote.remote(str(tmp_path / "tries"))) == "done"
    assert (tmp_path / "tries").read_text() == "try\ntry\n"
    failing = ray_here.remote(num_cpus=1)(_run).remote(0, RolloutPlan("/nowhere", "knife_in_pot", episodes=1), 0)
    with pytest.raises(ValueError, match="no checkpoint"):
        _result(ray_here, failing)
