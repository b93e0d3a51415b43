"""The control loop with a scripted environment on a clock of its own."""

import threading
from typing import Any, List, Optional

import numpy as np
import pytest

from robot_bridge.interface import Action, Executed, Observation, StaleData
from vptr_policy.runtime import EpisodeResult, Runtime, Step, Stepped, Unready


class World:
    """Each action takes 0.2 s; pictures are 0.08 s old."""

    def __init__(self) -> None:
        self.time_s = 100.0
        self.applied: List[np.ndarray] = []
        self.stale_after: Optional[int] = None
        self.done_after: Optional[int] = None
        self.unready = ""

    def observe(self) -> Observation:
        if self.stale_after is not None and len(self.applied) >= self.stale_after:
            raise StaleData("the picture is 0.70 s old")
        return Observation(np.zeros((2, 2, 3), np.uint8), np.zeros(7), self.time_s - 0.08, self.time_s)

    def apply(self, action: Action) -> Executed:
        self.applied.append(action.vector)
        self.time_s += 0.2
        return Executed(action.vector, ("workspace",))

    def finished(self) -> Optional[str]:
        if self.unready:
            raise Unready(self.unready)
        return "success" if self.done_after is not None and len(self.applied) >= self.done_after else None


class Counting:
    """A policy whose n-th action has n in its first place."""

    def __init__(self) -> None:
        self.count = 0
        self.bad_at: Optional[int] = None

    def reset(self, task: str) -> None:
        if task != "known":
            raise ValueError("the policy knows no task " + task)
        self.count = 0

    def act(self, observation: Observation) -> Action:
        self.count += 1
        return Action(np.full(7, np.nan if self.count == self.bad_at else self.count))


class Log:
    def __init__(self) -> None:
        self.events: List[object] = []

    def on_start(self, task: str) -> None:
        self.events.append(task)

    def on_step(self, step: Step) -> None:
        self.events.append(step)

    def on_end(self, result: EpisodeResult) -> None:
        self.events.append(result)


def _runtime(world: World, log: Optional[Log] = None, policy: Optional[Counting] = None) -> Runtime:
    return Runtime(world, policy or Counting(), Stepped(lambda: world.time_s), [log] if log else [])


def test_runs_to_the_time_limit_and_tells_its_subscribers() -> None:
    world, log = World(), Log()
    result = _runtime(world, log).run("known", 2.0)
    assert (result.reason, result.fault, result.steps) == ("time_limit", False, 10)
    assert [vector[0] for vector in world.applied] == list(range(1, 11))
    assert result.duration_s == pytest.approx(2.0) and result.rate_hz == pytest.approx(5.0)
    assert np.allclose(result.latencies_s, 0.08) and result.latency_quantile(0.99) == pytest.approx(0.08)
    assert log.events[0] == "known" and log.events[-1] is result
    steps = [event for event in log.events if isinstance(event, Step)]
    assert [step.index for step in steps] == list(range(10))
    assert steps[3].elapsed_s == pytest.approx(0.6) and steps[3].executed.limits == ("workspace",)


def test_ends_when_the_environment_is_finished() -> None:
    world = World()
    world.done_after = 4
    result = _runtime(world).run("known", 60.0)
    assert (result.reason, result.fault, result.steps) == ("success", False, 4)


def test_stale_data_end_the_episode_as_a_fault_and_nothing_more_is_applied() -> None:
    world, log = World(), Log()
    world.stale_after = 3
    result = _runtime(world, log).run("known", 60.0)
    assert (result.reason, result.fault, result.steps) == ("the picture is 0.70 s old", True, 3)
    assert len(world.applied) == 3 and log.events[-1] is result


def test_an_environment_that_cannot_act_is_a_fault_before_the_first_step() -> None:
    world = World()
    world.unready = "the bridge is not armed"
    result = _runtime(world).run("known", 60.0)
    assert (result.reason, result.fault, result.steps) == ("the bridge is not armed", True, 0)
    assert np.isnan(result.latency_quantile(0.5)) and result.rate_hz == 0.0


def test_an_action_that_is_not_finite_is_never_applied() -> None:
    world, policy = World(), Counting()
    policy.bad_at = 3
    result = _runtime(world, policy=policy).run("known", 60.0)
    assert result.fault and "not finite" in result.reason and len(world.applied) == 2


def test_stop_preempts() -> None:
    world, stop = World(), threading.Event()

    class Stopper(Log):
        def on_step(self, step: Step) -> None:
            if step.index == 4:
                stop.set()

    result = _runtime(world, Stopper()).run("known", 60.0, stop)
    assert (result.reason, result.fault, result.steps) == ("preempted", False, 5)


@pytest.mark.parametrize("during", ["observe", "act"])
def test_nothing_is_applied_after_a_stop_while_it_looked_or_thought(during: str) -> None:
    world, policy, stop = World(), Counting(), threading.Event()
    part = world if during == "observe" else policy
    original = getattr(part, during)

    def interrupted(*given: Any) -> Any:
        if len(world.applied) == 2:
            stop.set()
        return original(*given)

    setattr(part, during, interrupted)
    result = _runtime(world, policy=policy).run("known", 60.0, stop)
    assert (result.reason, result.steps, len(world.applied)) == ("preempted", 2, 2)
    assert result.rate_hz == pytest.approx(5.0)


def test_nothing_is_applied_when_the_bridge_stopped_while_it_looked() -> None:
    world = World()
    original = world.observe

    def stopped() -> Observation:
        world.unready = "stopped: by hand" if len(world.applied) == 2 else ""
        return original()

    setattr(world, "observe", stopped)  # noqa: B010
    result = _runtime(world).run("known", 60.0)
    assert (result.reason, result.fault, len(world.applied)) == ("stopped: by hand", True, 2)


def test_what_cannot_be_run_raises_before_anything_moves() -> None:
    world, log = World(), Log()
    with pytest.raises(ValueError, match="knows no task other"):
        _runtime(world, log).run("other", 60.0)
    for limit in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="expected more than 0"):
            _runtime(world, log).run("known", limit)
    assert not world.applied and not log.events
