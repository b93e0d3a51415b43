"""Service calls that end: a dead or hung server is an abort with a reason, not a hung session."""

import socket
from typing import Any, Iterable, List

import rosgraph
import rosgraph.network
import rospy

from eval_protocol.session import Aborted, Stopped
from robot_bridge.nodes import calls
from robot_bridge.nodes.calls import POLL_S as POLL_S
from robot_bridge.nodes.leaving import leaving

CONNECT_S = 1.0


def call(name: str, service: Any, *arguments: Any, timeout_s: float = 10.0) -> Any:
    """Call a service; raises Aborted when it fails, refuses (``success`` false), or takes over ``timeout_s`` (wall).

    Services without ``success`` in their answer, or whose ``success`` is a measurement, are asked by ``ask``.
    """
    answer = ask(name, service, *arguments, timeout_s=timeout_s)
    if not answer.success:
        raise Aborted(f"{name} refused: {answer.message}")
    return answer


def ask(name: str, service: Any, *arguments: Any, timeout_s: float = 10.0) -> Any:
    """Call a service and return its answer whatever it says; raises Aborted when there is none in time."""
    try:
        return calls.ask(name, service, *arguments, timeout_s=timeout_s, check=check_running)
    except calls.Unanswered as error:
        raise Aborted(str(error)) from error


def check_running() -> None:
    """Raise Stopped when this node is being shut down."""
    if leaving():
        raise Stopped("the session node was shut down")


def missing_services(names: Iterable[str]) -> List[str]:
    """Those of the services that no living node offers."""
    return [name for name in names if not _offered(name)]


def _offered(name: str) -> bool:
    """Whether the service's node takes a connection; rospy.wait_for_service would log a warning at each trial."""
    try:
        address = rospy.core.parse_rosrpc_uri(rosgraph.Master(rospy.get_name()).lookupService(name))
        with socket.create_connection(address, timeout=CONNECT_S) as connection:
            header = {"probe": "1", "md5sum": "*", "callerid": rospy.get_name(), "service": name}
            rosgraph.network.write_ros_handshake_header(connection, header)
    except (rosgraph.MasterError, OSError):
        return False
    return True


def master_answers() -> bool:
    """Whether the ROS master is there."""
    return bool(rosgraph.is_master_online())
