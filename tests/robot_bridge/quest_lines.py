"""Lines as the oculus_reader app's process writes them."""

from typing import Iterable, Optional

import numpy as np


def matrix(pose: np.ndarray) -> str:
    return "".join(f"{value:g} " for value in np.asarray(pose).ravel())


def controls(side: str, pressed: Iterable[str] = (), trigger: float = 0.0, grip: float = 0.0) -> str:
    """The buttons of one hand, as its ``current_to_string`` joins them."""
    long = {"R": "right", "L": "left"}[side]
    tokens = [side, *pressed, f"{long}JS {0.0:f} {0.0:f}", f"{long}Trig {trigger:f}", f"{long}Grip {grip:f}"]
    return ",".join(tokens)


def payload(right: Optional[np.ndarray], left: Optional[np.ndarray] = None, buttons: Optional[str] = None) -> str:
    poses = [f"{key}:{matrix(pose)}" for key, pose in (("l", left), ("r", right)) if pose is not None]
    if buttons is None:
        buttons = ",".join(controls(side) for side, pose in (("R", right), ("L", left)) if pose is not None)
    return "|".join(poses) + "&" + buttons


def line(text: str, second: float = 0.0) -> bytes:
    minutes, seconds = divmod(second, 60.0)
    return f"02-29 13:{int(minutes):02d}:{seconds:06.3f}  4711  4742 I wE9ryARX: {text}\n".encode()
