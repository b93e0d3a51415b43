"""Which nodes of ours run already: a second one of a name makes the ROS master end the first, in mid-trial."""

import http.client
import os
import xmlrpc.client
from typing import Any, List, Sequence

NODES = ("/session", "/bridge", "/camera", "/policy", "/teleop", "/recorder")
PATIENCE_S = 1.0


class _Impatient(xmlrpc.client.Transport):
    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = PATIENCE_S
        return connection


def check_nothing_runs() -> None:
    """Raise RuntimeError where nodes of ours answer at this shell's ROS master; what has died is no hindrance."""
    master = os.environ.get("ROS_MASTER_URI", "http://localhost:11311")
    found = alive(master, NODES)
    if found:
        raise RuntimeError(
            f"{', '.join(found)} at the ROS master {master} would be ended by a second one of the same name: end the "
            f"first launch (Ctrl-C there, or `./run rosnode kill {' '.join(found)}`), or start your own master beside "
            "it with another port in ROS_MASTER_URI"
        )


def alive(master: str, names: Sequence[str]) -> List[str]:
    """The nodes of these names that the master knows and that answer; none where there is no master."""
    found = []
    for name in names:
        try:
            code, _, address = _ask(master, "lookupNode", name)
            if code == 1 and _ask(address, "getPid")[0] == 1:
                found.append(name)
        except (OSError, xmlrpc.client.Error, http.client.HTTPException, TypeError, ValueError):
            continue  # nobody there, or nobody who speaks as a master or a node does
    return found


def _ask(address: str, question: str, *words: str) -> Any:
    with xmlrpc.client.ServerProxy(address, transport=_Impatient()) as proxy:
        return getattr(proxy, question)("/vptr_check", *words)
