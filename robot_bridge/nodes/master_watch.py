"""Watches the ROS master: nodes outlive it, and a new master knows none of them."""

import socket
import threading
import xmlrpc.client
from typing import Optional

import rosgraph
import rospy

_PERIOD_S = 1.0


class MasterWatch:
    """Asks the master each second, in a thread of its own, whether it is there and knows this node.

    ``reachable`` turns false while no master answers; the node goes on over its open connections. When a master
    answers that does not know the node (it was restarted), ``forgotten`` holds what to tell the operator: nothing
    new can connect to the node any more, so it should exit and be started again.
    """

    def __init__(self) -> None:
        self.reachable = True
        self.forgotten: Optional[str] = None
        threading.Thread(target=self._watch, name="master watch", daemon=True).start()

    def _watch(self) -> None:
        done = threading.Event()
        rospy.on_shutdown(done.set)
        master = rosgraph.Master(rospy.get_name())
        while not done.wait(_PERIOD_S):
            self._ask(master)

    def _ask(self, master: rosgraph.Master) -> None:
        try:
            master.lookupNode(rospy.get_name())
            reachable = True
        except (OSError, socket.timeout, xmlrpc.client.Error):
            reachable = False
        except rosgraph.MasterError:
            reachable = True
            self.forgotten = "the ROS master was restarted and does not know this node; start the node again"
        if self.reachable and not reachable:
            rospy.logerr("the ROS master does not answer; going on over the open connections")
        self.reachable = reachable
