"""The simulated WidowX as a Gymnasium environment, for algorithms that expect one.

* Observation: ``image`` (128, 128, 3) uint8 RGB, ``state`` (7,) Bridge state, ``task`` one-hot over ``TASKS``.
* Action: [-1, 1]^7, mapped linearly to the Bridge action box of one 0.2 s step (gripper: -1 closed, 1 open).
* Reward 1 and the end of the episode when the task's success predicate holds, 0 before. ``make`` with the registered
  name limits an episode to ``MAX_STEPS`` steps.
"""

from typing import Any, Dict, Optional, Tuple

import gymnasium
import numpy as np

from robot_bridge.interface import ACTION_HIGH, ACTION_LOW, IMAGE_SIZE, Action, Observation
from robot_bridge.sim.environment import SimEnvironment
from robot_bridge.sim.scene import sample_scene
from robot_bridge.sim.tasks import TASKS

ENVIRONMENT_ID = "vptr/WidowX-v0"
MAX_STEPS = 100
STATE_LOW = np.array([-1.0, -1.0, -1.0, -np.pi, -np.pi, -np.pi, 0.0], dtype=np.float32)
STATE_HIGH = np.array([1.0, 1.0, 1.0, np.pi, np.pi, np.pi, 1.0], dtype=np.float32)

Observed = Dict[str, np.ndarray]


def register() -> str:
    """Register the environment with Gymnasium (once) and return its name for ``gymnasium.make``."""
    if ENVIRONMENT_ID not in gymnasium.registry:
        gymnasium.register(ENVIRONMENT_ID, entry_point="robot_bridge.sim.gym:WidowXEnv", max_episode_steps=MAX_STEPS)
    return ENVIRONMENT_ID


def to_bridge(action: np.ndarray) -> np.ndarray:
    """The Bridge action (7,) for an action in [-1, 1]^7; outside it is clipped."""
    unit = (np.clip(np.asarray(action, dtype=np.float64), -1.0, 1.0) + 1.0) / 2.0
    return ACTION_LOW + unit * (ACTION_HIGH - ACTION_LOW)


def from_bridge(action: np.ndarray) -> np.ndarray:
    """The action in [-1, 1]^7 for a Bridge action (7,); the inverse of ``to_bridge``."""
    return 2.0 * (np.asarray(action, dtype=np.float64) - ACTION_LOW) / (ACTION_HIGH - ACTION_LOW) - 1.0


def _check_task(name: str) -> str:
    """That name; raises ValueError where it has no place in the one-hot vector."""
    if name not in TASKS:
        raise ValueError(f"no task {name!r} in this environment; known: {', '.join(TASKS)}")
    return name


class WidowXEnv(gymnasium.Env[Any, np.ndarray]):
    """Pick-and-place with the simulated WidowX; a new scene at each reset, drawn from the seed."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012 - Gymnasium's own declaration

    def __init__(self, task: Optional[str] = None, variant: str = "train", render_mode: Optional[str] = None) -> None:
        """``task``: one of ``TASKS``, or None to draw one at each reset."""
        if task is not None:
            _check_task(task)
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is {render_mode!r}, expected 'rgb_array' or None")
        self.render_mode = render_mode
        self._task, self._variant = task, variant
        self._one_hot = np.zeros(len(TASKS), dtype=np.float32)
        self._simulation = SimEnvironment()
        self._image: Optional[np.ndarray] = None
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (7,), np.float32)
        self.observation_space = gymnasium.spaces.Dict(
            {
                "image": gymnasium.spaces.Box(0, 255, (IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8),
                "state": gymnasium.spaces.Box(STATE_LOW, STATE_HIGH, dtype=np.float32),
                "task": gymnasium.spaces.Box(0.0, 1.0, (len(TASKS),), np.float32),
            }
        )

    def reset(
        self, *, seed: Optional[int] = None, options: Optional[Dict[str, Any]] = None
    ) -> Tuple[Observed, Dict[str, Any]]:
        """Build a scene; ``options`` may name another ``task`` and ``variant`` for this episode."""
        super().reset(seed=seed)
        options = options or {}
        drawn = list(TASKS)[int(self.np_random.integers(len(TASKS)))]
        task = _check_task(options.get("task", self._task or drawn))
        spec = sample_scene(task, int(self.np_random.integers(2**31)), options.get("variant", self._variant))
        self._one_hot = np.array([float(name == task) for name in TASKS], dtype=np.float32)
        return self._observed(self._simulation.reset(spec)), {"task": task, "seed": spec.seed}

    def step(self, action: np.ndarray) -> Tuple[Observed, float, bool, bool, Dict[str, Any]]:
        """Execute one action over 0.2 s; ``info`` tells what was really executed, the limits and the milestones."""
        executed = self._simulation.apply(Action(to_bridge(action)))
        success = self._simulation.finished() == "success"
        info = {"success": success, "executed": executed.vector, "limits": executed.limits}
        return self._observed(self._simulation.observe()), float(success), success, False, info

    def render(self) -> Optional[np.ndarray]:
        """The picture of the last observation, (128, 128, 3) RGB, in mode ``rgb_array``."""
        if self.render_mode is None:
            return None
        if self._image is None:
            raise RuntimeError("render before reset: call reset() first")
        return self._image.copy()

    def close(self) -> None:
        """Release the simulator and its renderer."""
        self._simulation.close()

    def _observed(self, observation: Observation) -> Observed:
        self._image = observation.image
        state = np.clip(observation.state, STATE_LOW, STATE_HIGH).astype(np.float32)
        return {"image": observation.image, "state": state, "task": self._one_hot.copy()}
