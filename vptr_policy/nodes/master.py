"""Asks the ROS master whether it is there and knows this node, never for longer than a moment."""

import xmlrpc.client
from enum import Enum
from typing import Any

import rosgraph
import rospy

PATIENCE_S = 0.3
"""How long the master may take for an answer."""
_SUCCESS, _ERROR = 1, -1


class MasterState(Enum):
    """What became of the master."""

    WELL = "knows this node"
    LOST = "does not answer"
    FORGOT = "was restarted and does not know this node"


class Master:
    """The ROS master as this node sees it; each question has a time-out."""

    def __init__(self, uri: str = "", name: str = "") -> None:
        self._name = name or rospy.get_name()
        self._uri = uri or rosgraph.get_master_uri()
        self._proxy = xmlrpc.client.ServerProxy(self._uri, transport=_Impatient())
        self._state = MasterState.WELL

    def ask(self) -> MasterState:
        """Ask now; whatever is not an answer of a ROS master counts as lost, and is logged once."""
        try:
            state, detail = _understood(self._proxy.lookupNode(self._name, self._name))
        except Exception as error:  # a time-out, a closed port, another server on the port, rubbish: no master
            state, detail = MasterState.LOST, f"{type(error).__name__}: {error}"
        if state is not MasterState.WELL and state is not self._state:
            rospy.logerr("policy: the ROS master at %s %s (%s)", self._uri, state.value, detail)
        self._state = state
        return state


class _Impatient(xmlrpc.client.Transport):
    def make_connection(self, host: Any) -> Any:
        """A connection that waits ``PATIENCE_S`` for each part of an answer."""
        connection = super().make_connection(host)
        connection.timeout = PATIENCE_S
        return connection


def _understood(answer: Any) -> Any:
    code, detail, _ = answer
    if code == _SUCCESS:
        return MasterState.WELL, detail
    return (MasterState.FORGOT if code == _ERROR else MasterState.LOST), detail
