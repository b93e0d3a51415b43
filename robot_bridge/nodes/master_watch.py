"""Watches the ROS master: nodes outlive it, and a new master knows none of them."""

import socket
import threading
import xmlrpc.client
from typing import Callable, Optional

import rosgraph
import rospy

PERIOD_S = 1.0


class MasterWatch:
    """Asks the master each ``period_s``, in a thread of its own, whether it is there and knows this node.

    ``reachable`` turns false while no master answers (``on_lost`` is called as it does); the node goes on over its
    open connections. When a master answers that does not know the node (it was restarted), ``forgotten`` holds what to
    tell the operator: nothing new can connect to the node any more, so it should exit and be started again.
    """

    def __init__(self, period_s: float = PERIOD_S, on_lost: Callable[[], None] = lambda: None) -> None:
        self._period_s = period_s
        self._on_lost = on_lost
        self.reachable = True
        self.forgotten: Optional[str] = None
        threading.Thread(target=self._watch, name="master watch", daemon=True).start()

    def _watch(self) -> None:
        done = threading.Event()
        rospy.on_shutdown(done.set)
        master = rosgraph.Master(rospy.get_name())
        while not done.wait(self._period_s):
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
            self._on_lost()
            rospy.logerr("the ROS master does not answer; going on over the open connections")
        self.reachable = reachable
