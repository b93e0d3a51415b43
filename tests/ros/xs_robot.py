"""The real bridge node over the recording stand-in of Interbotix's package, as a process of its own.

The stand-in's joints and finger go where they are sent; every joint target and every PWM is a line of JSON in the file
that the first argument names, with the monotonic time at which it came.
"""

import json
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import Any, List, Tuple

import rospy

from robot_bridge.nodes import bridge
from tests.robot_bridge import xs_standin

TRAVEL_M = 0.0015
"""What the finger moves by in a period under PWM."""


class Record(List[Tuple[Any, ...]]):
    """A list whose commands are written to a file as they come."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = open(path, "w", buffering=1)  # noqa: SIM115 - until the process ends

    def append(self, entry: Tuple[Any, ...]) -> None:
        super().append(entry)
        if entry[0] in ("positions", "single"):
            self._file.write(json.dumps({"t": time.monotonic(), "call": entry}) + "\n")


class Manipulator(xs_standin.Manipulator):
    """The stand-in with a record in a file and an arm that follows."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.record = self.arm.record = self.dxl.record = Record(sys.argv[1])
        self.dxl.robot_get_joint_states = self.follow

    def follow(self) -> SimpleNamespace:
        core = self.dxl
        core.positions[:6] = self.arm.joint_commands
        core.efforts = [0.0] * 9
        core.stamp_s = rospy.Time.now().to_sec()
        driven = [entry[2] for entry in core.record[-50:] if entry[0] == "single"]
        if driven and driven[-1]:
            finger = core.positions[7] + (TRAVEL_M if driven[-1] > 0 else -TRAVEL_M)
            core.positions[7] = min(0.037, max(0.010, finger))
        return xs_standin.Core.robot_get_joint_states(core)


package, module = ModuleType("interbotix_xs_modules"), ModuleType("interbotix_xs_modules.arm")
module.InterbotixManipulatorXS = Manipulator
sys.modules["interbotix_xs_modules"], sys.modules["interbotix_xs_modules.arm"] = package, module
bridge.main()
