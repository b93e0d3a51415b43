"""`vptr check`: can the nodes of a launch file start with these arguments? The launch files ask first."""

import os
import socket
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Sequence, Set, Tuple

from vptr_cli.launch_arguments import Demonstrations, Hand, Robot, Sitting
from vptr_cli.launch_words import unknown_words
from vptr_cli.running import check_nothing_runs
from vptr_policy.address import is_address
from vptr_policy.meant import meant

if TYPE_CHECKING:
    from eval_protocol.plan import Plan
    from eval_protocol.study import Schedule

ROBOTS = ("sim", "interbotix")
PACKAGES = {"realsense": "pyrealsense2", "webcam": "cv2"}
"""What a camera cannot do without."""
NEEDS = {
    "limits": {"robot"}, "task": {"protocol"}, "judge": {"robot"}, "port": {"host"},
    "session_dir": {"protocol", "task", "plan", "judge"},
}  # fmt: skip
"""What can be checked only where these are right."""
Checks = Dict[str, Tuple[str, Callable[[], object]]]
"""Name of an argument -> its value, and what raises where that cannot be."""


def check(robot: Robot, sitting: Sitting, hand: Hand, demonstrations: Demonstrations) -> int:
    """Check the arguments of robot.launch, evaluate.launch or collect.launch, as these do before they start anything.

    Prints one line for each argument with which a node could only fail again and again, or that the launch file does
    not have, and ends with status 1 then; so it does where nodes of the same names run already.
    """
    checks = {
        **_checks_of_robot(robot),
        **_checks_of_sitting(sitting, robot),
        **_checks_of_hand(hand),
        **_checks_of_demonstrations(demonstrations, robot.protocol),
    }
    problems = [*unknown_words(), *_problems(checks)]
    try:
        check_nothing_runs()
    except RuntimeError as error:
        problems.append(str(error))
    for line in problems:
        print(f"vptr check: {line}", file=sys.stderr)
    if not problems:
        print("checked: " + ", ".join(f"{name} {value}" for name, (value, _) in checks.items() if value))
    return 1 if problems else 0


def _checks_of_robot(given: Robot) -> Checks:
    checks: Checks = {
        "robot": (given.robot, lambda: _check_robot(given.robot)),
        "camera": (given.camera, lambda: _check_camera(given)),
        "limits": (given.limits, lambda: _check_limits(given.robot, given.limits)),
        "policy": (given.policy, lambda: _check_policy(given.policy, given.task)),
        "speed": (given.speed, lambda: _check_speed(given.speed)),
    }
    if given.task:
        checks["protocol"] = (given.protocol, lambda: _check_protocol(given.protocol))
        checks["task"] = (given.task, lambda: _check_plan(given))
    if given.plan:
        checks["plan"] = (given.plan, lambda: _check_stored_plan(given.plan, given.key))
    return checks


def _checks_of_sitting(given: Sitting, robot: Robot) -> Checks:
    checks: Checks = {}
    if robot.task or robot.plan:
        checks["judge"] = (given.judge, lambda: _check_judge(robot.robot, given.judge))
        checks["session_dir"] = (given.session_dir, lambda: _check_session(given.session_dir, robot))
    if given.page.lower() == "true":
        checks["host"] = (given.page_host, lambda: _check_host(given.page_host))
        checks["port"] = (given.page_port, lambda: _check_port(given.page_host, given.page_port))
        checks["calibration"] = (given.calibration, lambda: _check_calibration(given.calibration))
    return checks


def _checks_of_hand(given: Hand) -> Checks:
    if given.source in ("", "none"):
        return {}
    raw = asdict(given)
    checks: Checks = {"source": (given.source, lambda: _check_teleop(raw))}
    if given.source == "webxr":
        checks["host"] = (given.host, lambda: _check_host(given.host))
        checks["port"] = (given.port, lambda: _check_port(given.host, given.port))
    return checks


def _checks_of_demonstrations(given: Demonstrations, protocol: str) -> Checks:
    if not given.demonstrate:
        return {}
    raw = asdict(given)
    raw["task"] = raw.pop("demonstrate")
    return {"out": (given.out, lambda: _check_recorder({**raw, "protocol": protocol}))}


def _problems(checks: Checks) -> List[str]:
    """What is wrong, an argument a line; what depends on an argument that is wrong is not asked."""
    problems: List[str] = []
    wrong: Set[str] = set()
    for name, (value, ask) in checks.items():
        if wrong & NEEDS.get(name, set()):
            continue
        try:
            ask()
        except (ValueError, OSError, RuntimeError) as error:
            wrong.add(name)
            problems.append(f"{name}:={value}: {' '.join(str(error).split())}")
    return problems


def _check_robot(robot: str) -> None:
    _expect_one_of(robot, ROBOTS)
    if robot == "interbotix":
        from robot_bridge.interbotix import find_driver

        find_driver()


def _check_camera(given: Robot) -> None:
    from robot_bridge.camera_settings import CAMERAS, settings_from

    camera, device = given.camera, given.camera_device
    _expect_one_of(camera, CAMERAS)
    package = PACKAGES.get(camera)
    if package is not None and find_spec(package) is None:
        raise ValueError(f"this camera needs the Python package {package}, which is not installed: `./run setup`")
    settings = settings_from(
        {"camera": camera, "device": device, "width": given.image_width, "height": given.image_height}
    )
    if camera == "video":
        _absolute("camera_device", settings.frames)
        if not Path(settings.frames).expanduser().exists():
            raise ValueError(
                f"camera_device:={device}: no such file or folder; expected frames im_0.jpg ... or a video"
            )


def _check_limits(robot: str, limits: str) -> None:
    from robot_bridge.safety import load_limits

    load_limits(robot, _absolute("limits", limits) if limits else None)


def _check_policy(policy: str, task: str) -> None:
    if policy in ("", "none"):
        return
    known = _served_tasks(policy) if is_address(policy) else _tasks_of(_absolute("policy", policy))
    if task and task not in known:
        raise ValueError(
            f"this policy does not know the task {task!r}{meant(task, known)}; it knows {', '.join(known)}"
        )


def _tasks_of(folder: Path) -> List[str]:
    """The tasks of a checkpoint or a run, whose files are verified."""
    from vptr_policy.card import read_card
    from vptr_policy.checkpoint_folder import checkpoint_folder
    from vptr_policy.weights import verify

    checkpoint = checkpoint_folder(folder)
    card = read_card(checkpoint)
    verify(checkpoint, card.files)
    return [*card.tasks, *card.aliases]


def _served_tasks(address: str) -> List[str]:
    """The tasks of the policy behind an address, which must answer."""
    from vptr_policy.client import RemotePolicy

    policy = RemotePolicy(address)
    policy.close()
    return [*policy.tasks, *policy.metadata.get("aliases", {})]


def _check_speed(speed: str) -> None:
    try:
        value = float(speed)
    except ValueError as error:
        raise ValueError("expected a number of times real time; 0: measured (evaluate.launch)") from error
    if not 0.0 <= value <= 50.0:
        raise ValueError("expected 0 (measured, evaluate.launch) to 50 times real time")


def _check_protocol(protocol: str) -> None:
    from eval_protocol.lab import load_lab

    load_lab(_absolute("protocol", protocol) if protocol else None)


def _check_plan(given: Robot) -> "Plan":
    from eval_protocol.lab import load_lab
    from eval_protocol.plan import make_plan
    from eval_protocol.settings import settings_from

    numbers = settings_from({"scenario": given.scenario, "seed": given.seed})
    lab = load_lab(Path(given.protocol) if given.protocol else None)
    return make_plan(given.task, numbers["scenario"], numbers["seed"], lab)


def _check_judge(robot: str, judge: str) -> None:
    from eval_protocol.settings import settings_from

    settings_from({"robot": robot, "judge": judge})


def _check_calibration(calibration: str) -> None:
    from eval_protocol.console.overlay import load_calibration

    if calibration not in ("", "sim"):
        load_calibration(_absolute("calibration", calibration))


def _check_session(session_dir: str, given: Robot) -> None:
    """A session that is there can be gone on with."""
    from eval_protocol.session import check_same_plan
    from eval_protocol.settings import session_folder
    from eval_protocol.store import Store

    folder = session_folder(session_dir)
    if folder.exists() and not folder.is_dir():
        raise ValueError("this is a file; expected the folder of a session, or one that does not exist yet")
    if not (folder / "session.sqlite").exists():
        return
    store = Store(folder / "session.sqlite", read_only=True)
    try:
        check_same_plan(store, _stored_plan(given.plan) if given.plan else _check_plan(given))
    finally:
        store.close()


def _check_host(host: str) -> None:
    _listen(host, 0, "this machine has no such address: give one of its own, or 0.0.0.0 for all")


def _check_port(host: str, port: str) -> None:
    if not port.isdigit() or int(port) >= 2**16:
        raise ValueError(f"expected a number of 0 (any) to {2**16 - 1}")
    _listen(host, int(port), "this port is taken: end what listens there (another console?), or choose another port:=")


def _listen(host: str, port: int, problem: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ValueError(f"{problem} ({error.strerror or error})") from error


def _check_stored_plan(plan: str, key: str) -> None:
    """A plan file is whole, and where it is of several policies, its key opens it and their files are as they were."""
    from eval_protocol.provenance import checkpoint_hash
    from eval_protocol.seal import read_key
    from eval_protocol.study import Study

    schedule = _stored_plan(plan)
    if not isinstance(schedule, Study):
        return
    if not key:
        raise ValueError("this plan is of several policies: give key:= the .key.json that was written with it")
    for policy in read_key(_absolute("key", key), schedule.commitment, schedule.body_hash()).policies.values():
        if checkpoint_hash(Path(policy.folder)) != policy.checkpoint:
            raise ValueError(f"the files in {policy.folder} have changed since the plan was made: put them back")


def _stored_plan(plan: str) -> "Schedule":
    import json

    from eval_protocol.study import schedule_from_json

    return schedule_from_json(json.loads(_absolute("plan", plan).read_text(encoding="utf-8")))


def _check_teleop(raw: Dict[str, str]) -> None:
    from robot_bridge.teleop.options import options_from

    for name in ("certificate", "stream"):
        if raw[name]:
            _absolute(name, raw[name])
    options_from(raw)
    if raw["source"] == "adb" and find_spec("adbutils") is None:
        raise ValueError("this source needs the Python package adbutils, which is not installed: `./run setup`")


def _check_recorder(raw: Dict[str, str]) -> None:
    """The recorder's parameters, and the folder of episodes: no recorder writes there, it has room."""
    import yaml

    from robot_bridge.recording.options import options_from
    from robot_bridge.recording.store import EpisodeStore

    lab = _absolute("protocol", raw["protocol"]).read_text(encoding="utf-8") if raw["protocol"] else "{}"
    options = options_from({**raw, "protocol": yaml.safe_load(lab)})
    if options.folder().exists():
        with EpisodeStore(options.folder()) as store:
            store.check_room()
        return
    parent = next(parent for parent in options.folder().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise ValueError(f"{parent} is no folder that can be written to: choose another one")


def _absolute(name: str, value: str) -> Path:
    """The path of an argument; roslaunch starts nodes in another folder than the shell's, so it must be whole."""
    if not Path(value).is_absolute():
        raise ValueError(f"expected a whole path, for nodes run in a folder of their own: {name}:=$PWD/{value}")
    return Path(value)


def _expect_one_of(value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"expected one of {', '.join(known)}{meant(value, known)}")


RUN = check
