"""Starts Interbotix's own driver for the arm, or says in one line that it is not installed and where to get it."""

import os
import sys
from typing import List

import rospkg

PACKAGE = "interbotix_xsarm_control"
MISSING = (
    f"the ROS package '{PACKAGE}' is not installed. The real arm needs Interbotix's X-series software for ROS noetic: "
    "run its install script, xsarm_amd64_install.sh -d noetic, from "
    "https://github.com/Interbotix/interbotix_ros_manipulators, source its workspace and try again; "
    "or choose robot:=sim."
)


def main() -> None:
    """Become ``roslaunch interbotix_xsarm_control xsarm_control.launch`` with the arguments given (``name:=value``)."""
    try:
        rospkg.RosPack().get_path(PACKAGE)
    except rospkg.ResourceNotFound:
        print(MISSING, file=sys.stderr)
        sys.exit(1)
    os.execvp("roslaunch", command(sys.argv[1:]))


def command(arguments: List[str]) -> List[str]:
    """The roslaunch command; what a launching roslaunch adds for nodes (``__name:=...``) is left out."""
    given = [argument for argument in arguments if not argument.startswith("__")]
    return ["roslaunch", PACKAGE, "xsarm_control.launch", "robot_model:=wx250s", "use_rviz:=false", *given]
