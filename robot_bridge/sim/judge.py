"""Success and milestones of a task, from what happens in the physics (criteria of the paper's appendix C.1).

Taking out: the gripper must have carried the object out, i.e. held it clear above the rim and beyond it, and the object
must now lie at rest on the counter, released, without touching the container. An object that fell out of a container
that was knocked over was never carried: once it has left the container in any other way than held, from inside to
beyond the rim, the trial has failed, even if the gripper lifts it from the counter later. Putting in: the object lies
at rest inside (on) the container, released, and the container stands upright on the counter.
"""

from math import dist, hypot
from typing import Dict, List, Set

import mujoco
import numpy as np

from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.objects import THINGS
from robot_bridge.sim.scene import SceneSpec
from robot_bridge.sim.tasks import MILESTONES, find_task

REACH_M = 0.04
REST_M_S, REST_RAD_S = 0.03, 0.6
REST_UPDATES = 5
"""At rest means slow for this many updates of 20 ms in a row."""

SLIP_UPDATES = 3
"""A grasp that a pad loses for so many updates of 20 ms is still the same grasp."""

UPRIGHT = float(np.cos(np.radians(15.0)))
LIFT_M = 0.02
"""Height of the object's lowest point above the rim (or counter) that counts as lifted into the air."""

OPEN = 0.6
"""Gripper opening from which on it has let go."""


class Judge:
    """Watches one world and remembers what happened in it."""

    def __init__(self, spec: SceneSpec, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._data = data
        self._task = find_task(spec.task)
        self._vessel = CONTAINERS[spec.container.kind]
        self._thing = THINGS[spec.target.kind]
        self._target, self._container = model.body("target").id, model.body("container").id
        self._owner = _owners(model)
        self._site = model.site("ee_gripper").id
        self._speed_at = int(model.joint("target").dofadr[0])
        self._finger_at = int(model.joint("left_finger").qposadr[0])
        self._open_m = float(model.joint("left_finger").range[1])
        self._start_z = float(data.xpos[self._container][2])
        self._reached: Set[str] = set()
        self._calm = 0
        self._touching: Set[str] = set()
        self.carried = False
        self.fell_out = False
        """The object left the container in another way than carried: a task of taking out cannot succeed any more."""
        self._held_inside = False
        self._loose = SLIP_UPDATES + 1
        self.update()

    @property
    def held(self) -> bool:
        """Whether both finger pads touch the object."""
        return {"left_pad", "right_pad"} <= self._touching

    @property
    def released(self) -> bool:
        """Whether no part of the gripper touches the object and the gripper is open."""
        opening = self._data.qpos[self._finger_at] / self._open_m
        return not self._touching & {"left_pad", "right_pad", "hand"} and bool(opening >= OPEN)

    @property
    def resting(self) -> bool:
        """Whether the object has been still for a tenth of a second."""
        return self._calm >= REST_UPDATES

    def offset(self) -> np.ndarray:
        """(3,) centre of mass of the object from the container's centre [m], in the container's frame."""
        frame = self._data.xmat[self._container].reshape(3, 3)
        offset: np.ndarray = frame.T @ (self._data.xipos[self._target] - self._data.xpos[self._container])
        return offset

    def inside(self) -> bool:
        """Whether the object's centre lies within the walls and below a little over the rim."""
        x, y, z = self.offset().tolist()
        reach = max(abs(x), abs(y)) if self._vessel.square else hypot(x, y)
        return reach < self._vessel.radius_m and 0.0 < z < self._vessel.rim_m + self._thing.rest_m

    def beyond_rim(self) -> bool:
        """Whether the object's centre lies outside the container's footprint."""
        x, y, _ = self.offset().tolist()
        return hypot(x, y) > self._vessel.radius_m

    def upright(self) -> bool:
        """Whether the container stands upright on the counter."""
        tilt = self._data.xmat[self._container][8]
        return bool(tilt > UPRIGHT and abs(self._data.xpos[self._container][2] - self._start_z) < 0.01)

    def update(self) -> None:
        """Look at the world after a step."""
        self._touching = self._touched()
        vx, vy, vz, wx, wy, wz = self._data.qvel[self._speed_at : self._speed_at + 6].tolist()
        still = hypot(vx, vy, vz) < REST_M_S and hypot(wx, wy, wz) < REST_RAD_S
        self._calm = self._calm + 1 if still else 0
        self._follow_carrying()
        self._note_milestones()

    def _touched(self) -> Set[str]:
        """What the object touches: left_pad, right_pad, hand, container, counter, other."""
        owner, touched = self._owner, set()
        for first, second in self._data.contact.geom.tolist():
            if owner[first] == "target":
                touched.add(owner[second])
            elif owner[second] == "target":
                touched.add(owner[first])
        return touched

    def _follow_carrying(self) -> None:
        """Remember that the gripper carried the object over the rim; forget it when the object is back inside.

        ``_held_inside``: the present grasp began inside, or the object still is there. Leaving without it is falling.
        """
        if not self._task.takes_out:
            return
        self._loose = 0 if self.held else self._loose + 1
        if self.inside():
            self._held_inside = self._loose <= SLIP_UPDATES
        elif not self.carried:
            self._held_inside = self._held_inside and self._loose <= SLIP_UPDATES
            self.fell_out = self.fell_out or (self.beyond_rim() and not self._held_inside)
        low = self._data.xpos[self._target][2] - self._thing.rest_m
        clear = not self.fell_out and self._held_inside
        if clear and self.held and self.beyond_rim() and low > LIFT_M and "counter" not in self._touching:
            self.carried = True
        elif not self.held and self.inside():
            self.carried = False

    def _note_milestones(self) -> None:
        if "reach" not in self._reached:
            hand, thing = self._data.site_xpos[self._site], self._data.xpos[self._target]
            if dist(hand.tolist(), thing.tolist()) < REACH_M:
                self._reached.add("reach")
        if self.held:
            self._reached.add("grasp")
            if self.carried or (not self._task.takes_out and self._over_container()):
                self._reached.add("transport")
        if self.success():
            self._reached.add("place")

    def _over_container(self) -> bool:
        return not self.beyond_rim() and bool(self._data.xpos[self._target][2] > self._vessel.floor_m)

    def success(self) -> bool:
        """Whether the task's criterion holds now."""
        if not (self.released and self.resting):
            return False
        if self._task.takes_out:
            on_counter = "counter" in self._touching and "container" not in self._touching
            return self.carried and not self.fell_out and self.beyond_rim() and on_counter
        return self.inside() and "container" in self._touching and self.upright()

    def milestones(self) -> List[str]:
        """Milestones reached so far, in their order."""
        return [name for name in MILESTONES if name in self._reached]


def _owners(model: mujoco.MjModel) -> List[str]:
    """For each geom the name of what it belongs to, as the judge calls it."""
    names: Dict[str, str] = {"target": "target", "container": "container", "world": "counter"}
    hand = {"gripper", "left_finger", "right_finger", "wrist"}
    owners = []
    for geom in range(model.ngeom):
        body = model.body(int(model.geom_bodyid[geom])).name
        pad = model.geom(geom).name
        owner = pad if pad in ("left_pad", "right_pad") else "hand" if body in hand else names.get(body, "other")
        owners.append(owner)
    return owners
