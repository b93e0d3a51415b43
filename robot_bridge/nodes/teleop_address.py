"""Where the page of the running teleoperation node is, as the ROS master knows it."""

from typing import Tuple

import rosgraph

NAME = "/teleop"


def running_page(name: str = NAME) -> Tuple[int, str]:
    """Port and token of the page; raises RuntimeError where no node tells them."""
    master = rosgraph.Master("/vptr_teleop")
    try:
        return int(master.getParam(f"{name}/port")), str(master.getParam(f"{name}/token"))
    except (rosgraph.MasterException, OSError) as error:
        raise RuntimeError(
            f"no teleoperation node tells its address ({error}): start collect.launch first, or give --port and --token"
        ) from error
