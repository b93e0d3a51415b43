"""`vptr check`: can the nodes of a launch file start with these arguments? The launch files ask first."""

import sys
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

from vptr_cli.running import check_nothing_runs
from vptr_policy.address import is_address

ROBOTS = ("sim", "interbotix")
PACKAGES = {"realsense": "pyrealsense2", "webcam": "cv2"}
"""What a camera cannot do without."""


def check(
    robot: str = "sim",
    camera: str = "sim",
    camera_device: str = "",
    image_width: str = "0",
    image_height: str = "0",
    limits: str = "",
    policy: str = "",
    speed: str = "1",
    task: str = "",
    scenario: str = "1",
    seed: str = "0",
    protocol: str = "",
    plan: str = "",
    key: str = "",
) -> int:
    """Check the arguments of robot.launch or evaluate.launch, as these do before they start anything.

    Prints one line for each argument with which a node could only fail again and again, and ends with status 1 then;
    so it does where nodes of the same names run already.

    Args:
        robot: sim or interbotix.
        camera: sim, realsense, webcam or video.
        camera_device: webcam: index or path; realsense: serial number; video: file or folder of frames.
        image_width: width of the picture [px]; 0 takes the camera's own.
        image_height: height of the picture [px]; 0 takes the camera's own.
        limits: YAML of limits; empty takes config/limits.yaml.
        policy: checkpoint folder, or address of a policy server; none or empty: not checked.
        speed: of the simulation, times real time; 0: measured.
        task: of a session; empty: there is none.
        scenario: of the session, 1 to 3.
        seed: of the session's plan.
        protocol: YAML of the session's start poses; empty takes config/protocol/v_ptr.yaml.
        plan: JSON of a plan that is run in place of these; empty: none.
        key: JSON of the key to a plan of several policies.
    """
    checks: Dict[str, Tuple[str, Callable[[], None]]] = {
        "robot": (robot, lambda: _check_robot(robot)),
        "camera": (camera, lambda: _check_camera(camera, camera_device, image_width, image_height)),
        "limits": (limits, lambda: _check_limits(robot, limits)),
        "policy": (policy, lambda: _check_policy(policy, task)),
        "speed": (speed, lambda: _check_speed(speed)),
    }
    if task:
        checks["protocol"] = (protocol, lambda: _check_protocol(protocol))
        checks["task"] = (task, lambda: _check_plan(task, scenario, seed, protocol))
    if plan:
        checks["plan"] = (plan, lambda: _check_stored_plan(plan, key))
    problems = _problems(checks)
    try:
        check_nothing_runs()
    except RuntimeError as error:
        problems.append(str(error))
    for line in problems:
        print(f"vptr check: {line}", file=sys.stderr)
    if not problems:
        print("checked: " + ", ".join(f"{name} {value}" for name, (value, _) in checks.items() if value))
    return 1 if problems else 0


def _problems(checks: Dict[str, Tuple[str, Callable[[], None]]]) -> List[str]:
    """What is wrong, an argument a line; what depends on an argument that is wrong is not asked."""
    problems, wrong = [], set()
    for name, (value, ask) in checks.items():
        if {"limits": "robot", "task": "protocol"}.get(name) in wrong:
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


def _check_camera(camera: str, device: str, width: str, height: str) -> None:
    from robot_bridge.camera_settings import CAMERAS, settings_from

    _expect_one_of(camera, CAMERAS)
    package = PACKAGES.get(camera)
    if package is not None and find_spec(package) is None:
        raise ValueError(f"this camera needs the Python package {package}, which is not installed: `./run setup`")
    settings = settings_from({"camera": camera, "device": device, "width": width, "height": height})
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
            f"this policy does not know the task {task!r}{_hint(task, known)}; it knows {', '.join(known)}"
        )


def _tasks_of(folder: Path) -> List[str]:
    """The tasks of a checkpoint, whose files are verified."""
    from vptr_policy.card import read_card
    from vptr_policy.weights import verify

    card = read_card(folder)
    verify(folder, card.files)
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


def _check_plan(task: str, scenario: str, seed: str, protocol: str) -> None:
    from eval_protocol.lab import load_lab
    from eval_protocol.plan import make_plan
    from eval_protocol.settings import settings_from

    numbers = settings_from({"scenario": scenario, "seed": seed})
    make_plan(task, numbers["scenario"], numbers["seed"], load_lab(Path(protocol) if protocol else None))


def _check_stored_plan(plan: str, key: str) -> None:
    """A plan file is whole, and where it is of several policies, its key opens it and their files are as they were."""
    import json

    from eval_protocol.provenance import checkpoint_hash
    from eval_protocol.seal import read_key
    from eval_protocol.study import Study, schedule_from_json

    schedule = schedule_from_json(json.loads(_absolute("plan", plan).read_text(encoding="utf-8")))
    if not isinstance(schedule, Study):
        return
    if not key:
        raise ValueError("this plan is of several policies: give key:= the .key.json that was written with it")
    for policy in read_key(_absolute("key", key), schedule.commitment, schedule.body_hash()).policies.values():
        if checkpoint_hash(Path(policy.folder)) != policy.checkpoint:
            raise ValueError(f"the files in {policy.folder} have changed since the plan was made: put them back")


def _absolute(name: str, value: str) -> Path:
    """The path of an argument; roslaunch starts nodes in another folder than the shell's, so it must be whole."""
    if not Path(value).is_absolute():
        raise ValueError(f"expected a whole path, for nodes run in a folder of their own: {name}:=$PWD/{value}")
    return Path(value)


def _expect_one_of(value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"expected one of {', '.join(known)}{_hint(value, known)}")


def _hint(value: str, known: Sequence[str]) -> str:
    near = get_close_matches(value, known, n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else ""


RUN = check
