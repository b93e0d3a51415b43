"""What the fingers do: postures, and how far they close around something of a given width."""

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import mujoco
import numpy as np

from robot_bridge.sim.hand.anatomy import DIGIT_JOINTS

SAMPLES = 15
TOUCH_M = 0.006
"""A pad's site lies this deep below the skin that touches."""


def _posture(fingers: Sequence[Tuple[float, float, float]], thumb: Tuple[float, float, float, float]) -> np.ndarray:
    rows = list(fingers) * 4 if len(fingers) == 1 else list(fingers)
    return np.array([angle for row in rows for angle in row] + list(thumb))


RELAXED = _posture(
    [(0.30, 0.40, 0.25), (0.36, 0.46, 0.28), (0.42, 0.52, 0.30), (0.48, 0.58, 0.32)], (0.6, 0.1, 0.2, 0.2)
)
FLAT = _posture([(0.02, 0.06, 0.04)], (0.25, 0.30, 0.10, 0.10))
POINT = _posture([(0.15, 0.12, 0.06), *[(1.40, 1.55, 0.90)] * 3], (1.20, 0.55, 0.60, 0.50))
PADS = _posture(
    [(0.45, 0.35, 0.10), (0.42, 0.35, 0.10), (0.45, 0.35, 0.10), (0.55, 0.40, 0.12)], (0.55, 0.10, 0.1, 0.1)
)
"""Finger tips down on something flat."""

CLAW = (
    _posture([(0.20, 0.22, 0.12)], (1.38, -0.50, -0.05, 0.00)),
    _posture([(1.05, 0.88, 0.42)], (1.45, 0.14, 0.06, 0.10)),
)
"""Open and closed hand around a thing from above: four fingers beyond it, the thumb before it."""

PINCH = (
    _posture(
        [(0.35, 0.45, 0.22), (0.42, 0.50, 0.25), (0.80, 0.90, 0.50), (0.95, 1.05, 0.60)], (1.36, -0.30, 0.00, 0.05)
    ),
    _posture(
        [(1.06, 0.86, 0.38), (1.06, 0.92, 0.45), (1.22, 1.20, 0.70), (1.32, 1.30, 0.80)], (1.42, 0.12, 0.06, 0.10)
    ),
)
"""Open and closed pinch between thumb, index and middle finger."""

WRAP = (
    _posture([(0.15, 0.25, 0.15)], (1.25, -0.45, -0.10, 0.00)),
    _posture([(0.95, 1.10, 0.65)], (1.35, 0.30, 0.35, 0.35)),
)
"""Open and closed hand around an upright cylinder."""

FAMILIES: Dict[str, Tuple[np.ndarray, np.ndarray]] = {"claw": CLAW, "pinch": PINCH, "wrap": WRAP}


def between(family: str, share: float) -> np.ndarray:
    """The posture a share of the way from open (0) to closed (1)."""
    opened, closed = FAMILIES[family]
    return opened + share * (closed - opened)


@dataclass(frozen=True)
class Closure:
    """How one hand closes: at each share of the way the gap between thumb and fingers, and its middle in the hand.

    At the pitches of ``levels_rad`` thumb and finger tips are at one height.
    """

    shares: np.ndarray
    gaps_m: np.ndarray
    middles_m: np.ndarray
    levels_rad: np.ndarray

    def share_at(self, width_m: float) -> float:
        """How far the hand is closed when the gap is ``width_m``."""
        return float(np.interp(-width_m, -self.gaps_m, self.shares))

    def middle_at(self, width_m: float) -> np.ndarray:
        """(3,) the middle of the gap [m] when it is ``width_m`` wide."""
        share = self.share_at(width_m)
        return np.array([np.interp(share, self.shares, self.middles_m[:, axis]) for axis in range(3)])

    def level_at(self, width_m: float) -> float:
        """The pitch [rad] at which thumb and fingers close at one height on something ``width_m`` wide."""
        return float(np.interp(self.share_at(width_m), self.shares, self.levels_rad))


def closures(model: mujoco.MjModel) -> Dict[str, Closure]:
    """How the model's hand closes in each family of postures."""
    return {family: _closure(model, family) for family in FAMILIES}


def tip_in_hand(model: mujoco.MjModel, posture: np.ndarray, site: str) -> np.ndarray:
    """(3,) where a site of the hand is in the hand's frame [m] in a posture."""
    return _sites_in_hand(model, posture, [site])[0]


def _closure(model: mujoco.MjModel, family: str) -> Closure:
    shares = np.linspace(0.0, 1.0, SAMPLES)
    gaps, middles, levels = [], [], []
    for share in shares.tolist():
        index, middle, thumb = _sites_in_hand(model, between(family, share), ["index_tip", "middle_tip", "thumb_tip"])
        fingers = (index + middle) / 2
        gaps.append(np.linalg.norm(fingers - thumb) - TOUCH_M if thumb[0] < fingers[0] else -TOUCH_M)
        middles.append((fingers + thumb) / 2)
        levels.append(np.arctan2(fingers[2] - thumb[2], max(fingers[0] - thumb[0], 0.005)))
    falling = np.minimum.accumulate(np.array(gaps))
    return Closure(shares, falling, np.array(middles), np.array(levels))


def _sites_in_hand(model: mujoco.MjModel, posture: np.ndarray, names: List[str]) -> List[np.ndarray]:
    data = mujoco.MjData(model)
    for name, angle in zip(DIGIT_JOINTS, posture.tolist()):
        data.qpos[model.joint(name).qposadr[0]] = angle
    mujoco.mj_kinematics(model, data)
    body = model.body("hand").id
    rotation = data.xmat[body].reshape(3, 3)
    return [rotation.T @ (data.site(name).xpos - data.xpos[body]) for name in names]
