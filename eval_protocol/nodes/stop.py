"""The stop node: a process that does nothing but answer POST /stop, so that nothing else that hangs can hold it up.

Private parameters: host, port (0: any), token (empty: made up); the node sets what it chose, for the console to read
and to be the same after a respawn.
"""

import sys

import rospy
from std_srvs.srv import Trigger

from eval_protocol.console.stop import make_server, serve
from eval_protocol.nodes.calls import ask
from eval_protocol.session import Aborted
from robot_bridge.web.access import free_port, new_token

STOP_S = 3.0


def main() -> None:
    """Run the node."""
    rospy.init_node("stop")
    try:
        host = str(rospy.get_param("~host", "127.0.0.1"))
        port = int(rospy.get_param("~port", 0)) or free_port(host)
        token = str(rospy.get_param("~token", "")) or new_token()
        server = make_server(host, port, token, stop)
    except (ValueError, OSError) as error:
        print(f"stop: cannot serve: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    serve(server)
    rospy.set_param("~port", port)
    rospy.set_param("~token", token)
    rospy.spin()
    server.shutdown()


def stop() -> str:
    """Stop the arm; raises RuntimeError where the bridge did not say that it did."""
    rospy.logwarn("stop: STOP by the console's page")
    try:
        return str(ask("/widowx/stop", Trigger, timeout_s=STOP_S).message)
    except Aborted as error:
        raise RuntimeError(str(error)) from error
