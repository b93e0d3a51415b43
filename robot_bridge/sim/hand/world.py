"""The physics of a stage: the hand driven by its actuators, what it holds, where everything is."""

from typing import Dict, List, Optional, Sequence, Tuple, Union

import mujoco
import numpy as np

from robot_bridge.sim.hand.anatomy import BASE_JOINTS, DIGIT_JOINTS
from robot_bridge.sim.hand.fixture import lamp_name
from robot_bridge.sim.hand.items import FixtureItem
from robot_bridge.sim.hand.stage import PHYSICS_STEP_S, Stage

TICK_S = 0.02
"""Between two commands to the hand."""

STEPS = round(TICK_S / PHYSICS_STEP_S)
SETTLE_STEPS = 60
LIT = (1.0, 0.90, 0.30, 1.0)
"""Colour of a lamp that is on."""

HIDDEN_WRIST_M = (-0.62, -0.25, 0.16)
"""Where a right wrist is before it comes into view."""


class PhysicsDiverged(RuntimeError):
    """MuJoCo met numbers it cannot integrate: draw another clip."""


class HandWorld:
    """Physics of one stage; the hand is commanded by 22 numbers: BASE_JOINTS, then DIGIT_JOINTS."""

    def __init__(self, stage: Stage, starts: Optional[Dict[str, float]] = None) -> None:
        self.stage, self.person = stage, stage.person
        self.model = mujoco.MjModel.from_xml_string(stage.mjcf(), assets=stage.files())
        self.data = mujoco.MjData(self.model)
        self._base = np.array([self.model.joint(name).qposadr[0] for name in BASE_JOINTS])
        self._digits = np.array([self.model.joint(name).qposadr[0] for name in DIGIT_JOINTS])
        self._digit_of = self._digits_of_bodies()
        self.held = ""
        self._lamps = self._find_lamps()
        for name, position in (starts or {}).items():
            self.data.qpos[self.model.joint(name).qposadr[0]] = position
        self._settle()

    def _digits_of_bodies(self) -> Dict[int, str]:
        """Which digit (or ``palm``) a body of the hand belongs to."""
        found = {int(self.model.body("hand").id): "palm"}
        for finger in ("index", "middle", "ring", "little", "thumb"):
            for bone in range(3):
                found[int(self.model.body(f"{finger}{bone}").id)] = finger
        return found

    def _find_lamps(self) -> List[Tuple[str, float, int, np.ndarray]]:
        """Of each lamp the fixture, the joint position that lights it, its geom and its colour when dark."""
        found = []
        for item in self.stage.items.values():
            if isinstance(item, FixtureItem) and item.fixture.lamp is not None:
                geom = int(self.model.geom(lamp_name(item.name)).id)
                found.append((item.name, item.fixture.limits[1] / 2, geom, self.model.geom_rgba[geom].copy()))
        return found

    def _settle(self) -> None:
        """Hide the hand and let the things come to rest before time begins."""
        x, y, z = HIDDEN_WRIST_M
        hidden = np.array([x, y * self.person.side, z, 0.0, 0.0, 0.0])
        self.data.qpos[self._base] = self.data.ctrl[:6] = hidden
        self._step(SETTLE_STEPS)
        self.data.qvel[:] = 0.0
        self.data.time = 0.0
        mujoco.mj_forward(self.model, self.data)

    def command(self, base: np.ndarray, digits: np.ndarray) -> None:
        """Set the targets of wrist (6,) [m, rad] and digits (16,) [rad]."""
        self.data.ctrl[:6] = base
        self.data.ctrl[6:] = digits

    def tick(self) -> None:
        """Run the physics for one tick."""
        self._step(STEPS)
        for name, lit, geom, dark in self._lamps:
            self.model.geom_rgba[geom] = LIT if self.joint(name) > lit else dark

    def _step(self, count: int) -> None:
        expected = self.data.time + count * PHYSICS_STEP_S
        mujoco.mj_step(self.model, self.data, nstep=count)
        if not self.data.time > expected - PHYSICS_STEP_S / 2:
            raise PhysicsDiverged(
                f"the physics of a hand clip diverged at {expected:.3f} s: things overlap or a target jumped"
            )

    def position(self, name: str) -> np.ndarray:
        """(3,) where a body is [m]."""
        return self.data.body(name).xpos.copy()

    def rotation(self, name: str) -> np.ndarray:
        """(3, 3) how a body is turned."""
        return self.data.body(name).xmat.reshape(3, 3).copy()

    def point(self, name: str, local: Union[Sequence[float], np.ndarray]) -> np.ndarray:
        """(3,) where a point of a body is [m]."""
        return self.position(name) + self.rotation(name) @ np.array(local)

    def site(self, name: str) -> np.ndarray:
        """(3,) where a site of the hand is [m]."""
        return self.data.site(name).xpos.copy()

    def joint(self, name: str) -> float:
        """The position of a fixture's joint [rad or m]."""
        return float(self.data.qpos[self.model.joint(name).qposadr[0]])

    @property
    def base(self) -> np.ndarray:
        """(6,) the measured BASE_JOINTS."""
        return self.data.qpos[self._base].copy()

    def touching(self, name: str) -> Tuple[str, ...]:
        """The digits (and ``palm``) that touch a body."""
        body = int(self.model.body(name).id)
        found = []
        for contact in self.data.contact:
            pair = [int(self.model.geom_bodyid[geom]) for geom in (contact.geom1, contact.geom2)]
            if body in pair:
                other = pair[1 - pair.index(body)]
                if other in self._digit_of:
                    found.append(self._digit_of[other])
        return tuple(sorted(set(found)))

    def hold(self, name: str, at: Union[Sequence[float], np.ndarray] = (0.0, 0.0, 0.0)) -> None:
        """Fasten a body to the hand as it is now: whole, or a fixture's part by its point ``at``."""
        index = self.model.equality(name).id
        hand, body = self.data.body("hand"), self.data.body(name)
        frame = hand.xmat.reshape(3, 3)
        row = self.model.eq_data[index]
        row[:] = 0.0
        if self.model.eq_type[index] == mujoco.mjtEq.mjEQ_CONNECT:
            grip = self.point(name, at)
            row[0:3] = frame.T @ (grip - hand.xpos)
            row[3:6] = at
        else:
            turn = np.zeros(4)
            mujoco.mju_mat2Quat(turn, (frame.T @ body.xmat.reshape(3, 3)).ravel())
            row[3:6] = frame.T @ (body.xpos - hand.xpos)
            row[6:10] = turn
            row[10] = 1.0
        self.data.eq_active[index] = 1
        self.held = name

    def let_go(self) -> None:
        """Hold nothing."""
        if self.held:
            self.data.eq_active[self.model.equality(self.held).id] = 0
        self.held = ""
