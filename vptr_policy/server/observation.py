"""From a client's message to what the policy is given: names of keys, shapes, types and ranges are checked here."""

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

import numpy as np
from scipy.spatial.transform import Rotation

from robot_bridge.interface import Observation
from vptr_policy.data.recorded import NEUTRAL_STATE
from vptr_policy.wire import WireError, kind, short

PICTURE_KEYS = ("image", "observation/image")
STATE_KEYS = ("proprio", "state", "observation/state")
TASK_KEYS = ("instruction", "prompt")
LONGEST_SIDE = 4096
LARGEST_STATE = 20.0
"""Metres and radians: what lies beyond is no pose of a table-top arm."""
LONGEST_TASK = 1000

R_DEFAULT = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
"""The orientation that the Bridge state calls zero: the gripper points down (bridge_data_robot)."""
GYM_GRIPPER = 0.39
"""manipulator_gym's opening of an open gripper (AutoEval divides by it too)."""


@dataclass(frozen=True)
class Asked:
    """One request to act; ``task`` None: that of before. ``stateless``: no state came, the neutral one stands in."""

    observation: Observation
    task: Optional[str]
    stateless: bool


def read_request(message: Dict[str, Any], require_state: bool) -> Asked:
    """What a message asks for; raises WireError."""
    picture = check_picture(_find(message, PICTURE_KEYS))
    given = _find(message, STATE_KEYS)
    if given is None and require_state:
        raise WireError(f"no state came: send {STATE_KEYS[0]!r}, the Bridge state (7,) as float32")
    state = NEUTRAL_STATE if given is None else check_state(given)
    return Asked(Observation(picture, state, 0.0, 0.0), read_task(message), given is None)


def read_task(message: Dict[str, Any]) -> Optional[str]:
    """The task that a message names in words, None where it names none; raises WireError."""
    task = _find(message, TASK_KEYS)
    if task is not None and (not isinstance(task, str) or len(task) > LONGEST_TASK):
        raise WireError(f"{TASK_KEYS[0]} is {kind(task)}, expected a text of at most {LONGEST_TASK} characters")
    return None if task is None else check_text(task)


def check_text(text: str) -> str:
    """A text that can be written down; raises WireError for one with half a character in it, as JSON allows."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WireError(f"a text cannot be written as UTF-8: {error.reason}") from error
    return text


def check_picture(value: Any) -> np.ndarray:
    """The picture, RGB uint8 (H, W, 3); raises WireError."""
    if value is None:
        raise WireError(f"no picture came: send {PICTURE_KEYS[0]!r}, an RGB uint8 array (height, width, 3)")
    good = isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3
    if not good or not 1 <= min(value.shape) <= max(value.shape) <= LONGEST_SIDE:
        raise WireError(
            f"{PICTURE_KEYS[0]} is {kind(value)}, expected an RGB uint8 array (height, width, 3) "
            f"with sides of 1 to {LONGEST_SIDE}"
        )
    return np.asarray(value)


def check_state(value: Any) -> np.ndarray:
    """The Bridge state (7,), from one or from the eight numbers of manipulator_gym; raises WireError."""
    state = _numbers(value)
    if state is None or state.shape not in ((7,), (8,)):
        raise WireError(f"{STATE_KEYS[0]} is {kind(value)}, expected the Bridge state: 7 numbers")
    if not np.isfinite(state).all() or np.abs(state).max() > LARGEST_STATE:
        raise WireError(
            f"{STATE_KEYS[0]} is {short(state.tolist())}, expected metres, radians and an opening, none beyond "
            f"{LARGEST_STATE:g}"
        )
    return _from_gym(state) if len(state) == 8 else state


def _from_gym(state: np.ndarray) -> np.ndarray:
    """The Bridge state of manipulator_gym's x y z, roll pitch yaw in base_link, a zero, and an opening 0..0.39."""
    if state[6] != 0.0:
        raise WireError(
            f"{STATE_KEYS[0]} has 8 numbers and the seventh is {state[6]:g}: expected the Bridge state of 7, or "
            "manipulator_gym's x y z, roll pitch yaw, 0, opening; a quaternion is not understood"
        )
    turned = Rotation.from_euler("xyz", state[3:6]).as_matrix() @ R_DEFAULT.T
    angles = Rotation.from_matrix(turned).as_euler("xyz")
    return np.concatenate([state[:3], angles, [np.clip(state[7] / GYM_GRIPPER, 0.0, 1.0)]])


def _numbers(value: Any) -> Optional[np.ndarray]:
    if isinstance(value, list) and len(value) <= 8 and all(type(entry) in (int, float) for entry in value):
        try:
            return np.array(value, dtype=np.float64)
        except OverflowError:
            return None
    return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" else None


def _find(message: Dict[str, Any], names: Tuple[str, ...]) -> Any:
    found = [name for name in names if message.get(name) is not None]
    if len(found) > 1:
        raise WireError(f"the message has both {found[0]!r} and {found[1]!r}: send one of them")
    return message[found[0]] if found else None
