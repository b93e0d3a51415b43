"""Nodes that are told to end while they publish: ROS closes their topics before it says that it shuts down.

That moment is stretched here, so that every loop meets it; in life a busy machine stretches it.
"""

import contextlib
import http.client
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest

from tests.ros.conftest import REPO, Master, Nodes, wait_for

STRETCHED_S = 1.5
"""Longer than the period of everything that a node does."""
STRETCHING = """
import runpy, time
import rospy

init_node = rospy.init_node

def stretched(*arguments, **more):
    init_node(*arguments, **more)
    rospy.core.add_preshutdown_hook(lambda reason: time.sleep({seconds}))  # after the one that closes the topics

rospy.init_node = stretched
runpy.run_path({script!r}, run_name="__main__")
"""
PARAMETERS: Dict[str, Dict[str, Any]] = {
    "bridge": {"robot": "sim"},
    "camera": {"camera": "sim", "rate": 10, "width": 64, "height": 48},
    "recorder": {"task": "knife_in_pot", "cameras": "/camera/color/image_raw"},
    "bag": {"cameras": "/camera/color/image_raw"},
    "teleop": {"source": "webxr"},
    "policy": {"policy": REPO / "models" / "v-ptr-sim"},
    "stop": {},
    "console": {"calibration": "sim"},
}


@pytest.fixture
def graph(private_master: Master, tmp_path: Path) -> Iterator[Nodes]:
    private_master.use_sim_time()
    nodes = Nodes(private_master, tmp_path)
    yield nodes
    nodes.kill_all()


def tell_to_end(found: Any) -> None:
    """As `rosnode kill` does; a node that ended may owe the answer."""
    with contextlib.suppress(OSError, http.client.HTTPException), xmlrpc.client.ServerProxy(found[2]) as node:
        node.shutdown("/tests", "to see how it ends")


def test_every_node_that_is_told_to_end_does_so_without_a_complaint(
    private_master: Master, graph: Nodes, tmp_path: Path
) -> None:
    started = {}
    for name, parameters in PARAMETERS.items():
        script = tmp_path / f"{name}_node"
        script.write_text(STRETCHING.format(seconds=STRETCHED_S, script=str(REPO / "scripts" / f"{name}_node")))
        if name == "recorder":
            parameters = {**parameters, "out": tmp_path / "episodes"}
        started[name] = graph.start(script, name_=name, **parameters)
    master = xmlrpc.client.ServerProxy(private_master.environment["ROS_MASTER_URI"])

    def there(name: str) -> bool:
        topics: Any = master.getSystemState("/tests")
        heard_or_said = [nodes for kind in topics[2][:2] for topic, nodes in kind if topic not in ("/rosout", "/clock")]
        found: Any = master.hasParam("/tests", f"/{name}/token")
        return bool(found[2]) or any(f"/{name}" in nodes for nodes in heard_or_said)

    def ended() -> Dict[str, Optional[int]]:
        return {name: node.process.poll() for name, node in started.items()}

    def any_ended() -> bool:
        return any(status is not None for status in ended().values())

    def complaints() -> List[str]:
        return [
            f"{name}:\n{node.output()}"
            for name, node in started.items()
            if "[FATAL]" in node.output() or "Error" in node.output()
        ]

    wait_for(lambda: all(map(there, started)) or any_ended(), 60.0, "all nodes", 0.2)
    time.sleep(1.0)  # the last of them begins its work
    assert not any_ended(), complaints()
    addresses = [master.lookupNode("/tests", f"/{name}") for name in started]
    with ThreadPoolExecutor(len(addresses)) as pool:
        list(pool.map(tell_to_end, addresses))
    wait_for(lambda: None not in ended().values(), 20.0, "the end of all nodes")
    assert (ended(), complaints()) == (dict.fromkeys(started, 0), [])
