"""How a node ends: ROS leaves the master and closes the topics a while before ``rospy.is_shutdown()`` is true."""

import contextlib
from typing import Iterator

import rospy


def leaving() -> bool:
    """Whether this node was told to end; true before ROS undoes anything."""
    return bool(rospy.core.is_shutdown_requested())


@contextlib.contextmanager
def ends_quietly() -> Iterator[None]:
    """What is published to closed topics meanwhile ends the block, without an error."""
    try:
        yield
    except rospy.ROSException:
        if not leaving():
            raise
