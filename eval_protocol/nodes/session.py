"""The session node: runs the trials of a plan over ROS and logs them. Interface: docs/ros_interface.md.

Private parameters: robot (sim, interbotix), task, scenario, seed, protocol (YAML of start poses), plan (JSON file in
place of these four), key (JSON file: who is who in a plan of several policies), policy (checkpoint folder, run, or
address of a server), speed (simulation; 0: measured), session_dir (empty: a new folder under ./sessions; one that holds
a session is resumed), operator, judge (who sets scenes and judges: predicate, console or terminal; empty: the predicate
of a simulation, a terminal at the real robot).
"""

import json
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import rospy

from eval_protocol.lab import load_lab
from eval_protocol.nodes.calls import check_running, master_answers
from eval_protocol.nodes.console_operator import ConsoleOperator
from eval_protocol.nodes.real_robot import RealRobot
from eval_protocol.nodes.robot import RosRobot
from eval_protocol.nodes.simulated_robot import SimulatedRobot
from eval_protocol.operator import News, Operator, TerminalOperator
from eval_protocol.plan import make_plan
from eval_protocol.prompt import Prompt
from eval_protocol.provenance import provenance, sealed_provenance
from eval_protocol.report import write_report
from eval_protocol.seal import NamedPolicy, read_key
from eval_protocol.session import Aborted, Session, Stopped, finished, open_session
from eval_protocol.settings import session_folder, settings_from
from eval_protocol.store import Store, StoreError
from eval_protocol.study import Schedule, Study, schedule_from_json
from eval_protocol.summary import summarise
from eval_protocol.terminal_table import print_table
from eval_protocol.video import remove_unfinished
from vptr_policy.address import is_address

START_S = 120.0
NODES = ("bridge", "camera", "policy")


def main() -> None:
    """Run the node; exits with status 0 only when every trial of the plan was run and logged."""
    rospy.init_node("session")
    try:
        complete = run(settings_from(rospy.get_param("~", {})))
    except (Stopped, StoreError, ValueError, OSError, Aborted) as error:
        print(f"session: {error}", file=sys.stderr, flush=True)
        complete = False
    sys.exit(0 if complete else 1)


def run(settings: Dict[str, Any]) -> bool:
    """Run or resume the session; returns whether every trial was run and logged."""
    folder = session_folder(settings["session_dir"])
    plan = _plan(settings)
    policies = _policies(plan, settings["key"])
    store = Store(folder / "session.sqlite")
    try:
        configuration = {**settings, "nodes": _parameters_of_nodes()}
        facts = (
            sealed_provenance(plan.commitment, settings["operator"], configuration)
            if isinstance(plan, Study)
            else provenance(_policy(settings), settings["operator"], configuration)
        )
        open_session(store, plan, facts, resume=True)
        remove_unfinished(folder / "videos")
        _say(f"session in {folder}")
        operator: Optional[Operator] = None
        if not finished(store.trials(), plan):
            _check_master()
            operator = _operator(folder, settings["judge"])
            robot = _robot(folder, settings, facts["checkpoint"], operator)
            _run_trials(store, plan, robot, policies, "" if policies else settings["policy"])
        return _finish(store, folder, operator)
    finally:
        store.close()


def _plan(settings: Dict[str, Any]) -> Schedule:
    if settings["plan"]:
        return schedule_from_json(json.loads(Path(settings["plan"]).read_text(encoding="utf-8")))
    lab = load_lab(Path(settings["protocol"]) if settings["protocol"] else None)
    return make_plan(settings["task"], settings["scenario"], settings["seed"], lab)


def _policies(plan: Schedule, key: str) -> Mapping[str, NamedPolicy]:
    """Who acts for each label of a study; none in a session of one policy."""
    if not isinstance(plan, Study):
        return {}
    if not key:
        raise ValueError("~key is empty: this plan is of several policies, give the key file that was written with it")
    return read_key(Path(key), plan.commitment, plan.body_hash()).policies


def _policy(settings: Dict[str, Any]) -> str:
    if not settings["policy"]:
        raise ValueError("~policy is empty: give the checkpoint folder, or the server, of the policy node's policy")
    return str(settings["policy"])


def _parameters_of_nodes() -> Dict[str, Any]:
    parameters = rospy.get_param("/")
    return {node: parameters[node] for node in NODES if node in parameters}


def _run_trials(
    store: Store, plan: Schedule, robot: RosRobot, policies: Mapping[str, NamedPolicy], server: str
) -> None:
    robot.policies = policies
    robot.server = server if is_address(server) else ""
    robot.wait_until_there(START_S)
    if isinstance(robot, SimulatedRobot):
        robot.choose_speed(*plan.at(1))
        store.log("speed", f"simulation at {robot.speed:g} times real time")
    Session(store, robot, _say).run()


def _check_master() -> None:
    if not master_answers():
        raise Stopped("no ROS master: start the robot first (roslaunch vptr_widowx robot.launch)")
    check_running()


def _operator(folder: Path, judge: str) -> Optional[Operator]:
    """The person who judges, None where the predicate does."""
    if judge == "predicate":
        return None
    if judge == "console":
        return ConsoleOperator(folder, check_running)
    return TerminalOperator(Prompt(check=check_running))


def _robot(folder: Path, settings: Dict[str, Any], checkpoint: str, operator: Optional[Operator]) -> RosRobot:
    if settings["robot"] == "sim":
        return SimulatedRobot(folder, _say, checkpoint, settings["speed"], operator)
    assert operator is not None  # by settings.JUDGES
    return RealRobot(folder, _say, checkpoint, operator)


def _finish(store: Store, folder: Path, operator: Optional[Operator]) -> bool:
    """Print the table and write the report; its path is the last line."""
    summary = summarise(store)
    print_table(summary)
    print(summary["shows"])
    report = write_report(folder)
    if operator is not None:
        operator.tell(News("finished", "All trials are logged", f"The report is {report}"))
    print(f"report: {report}", flush=True)
    return bool(summary["complete"])


def _say(line: str) -> None:
    print(line, flush=True)
