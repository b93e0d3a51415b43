"""Watches the ROS master: nodes outlive it, and a new master knows none of them."""

import socket
import threading
import xmlrpc.client
from http.client import HTTPConnection
from typing import Any, Callable, Optional

import rosgraph
import rospy

from robot_bridge.nodes.leaving import leaving

PERIOD_S = 1.0

TIMEOUT_S = 0.3
"""A master that takes longer to answer counts as gone if it takes as long again: a busy machine is no lost master."""


class _Transport(xmlrpc.client.Transport):
    """HTTP that gives up: a master that hangs still takes connections."""

    def make_connection(self, host: Any) -> HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = TIMEOUT_S
        return connection


def knows(name: str) -> bool:
    """Whether the master knows the node ``name``; raises where no master answers as one."""
    with xmlrpc.client.ServerProxy(rosgraph.get_master_uri(), transport=_Transport()) as master:
        answer: Any = master.lookupNode(name, name)
    code, _, _ = answer
    return bool(int(code) == 1)


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
        while not done.wait(self._period_s):
            self._ask()

    def _ask(self) -> None:
        reachable = self._known() is not None
        if self.reachable and not reachable:
            self._on_lost()
            rospy.logerr("the ROS master does not answer; going on over the open connections")
        self.reachable = reachable

    def _known(self) -> Optional[bool]:
        """Whether the master knows this node; None where there is no answer."""
        for attempt in range(2):
            try:
                known = knows(rospy.get_name())
            except socket.timeout:
                continue
            except Exception as error:  # whatever answers like this is no master
                rospy.logdebug("asking the master (attempt %d): %s", attempt, error)
                return None
            if not known and not leaving():  # who leaves takes itself off the master's list
                self.forgotten = "the ROS master was restarted and does not know this node; start the node again"
            return known
        return None
