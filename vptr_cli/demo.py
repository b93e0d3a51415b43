"""`vptr demo`: the whole chain on the simulated robot, in one command."""

import re
import shlex
import signal
import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Dict, Iterable, Iterator, Optional

from eval_protocol.settings import DEFAULT_TASK

FIRST = "session in "
LAST = "report: "
NOISE = re.compile(
    r"\[\S+-\d+\] (killing on exit|process has finished cleanly)|log file: |shutting down |\.\.\. shutting down|"
    r"(REQUIRED process .*)?=*$|Initiating shutdown!|done$|\x1b\]2;"
)
"""What roslaunch says of its own when all goes well."""


def demo(
    task: str = DEFAULT_TASK,
    policy: str = "shipped",
    seed: int = 0,
    speed: float = 0.0,
    protocol: Optional[Path] = None,
    session_dir: Optional[Path] = None,
) -> int:
    """Twelve trials of the trained policy on the simulated WidowX, over real ROS, with a report.

    Starts roslaunch vptr_widowx demo.launch on a master of its own. Exit status 0 only when every trial was run and
    logged.

    Args:
        task: one of `vptr sim tasks`.
        policy: checkpoint folder, run of `vptr train`, or shipped.
        seed: of the plan and the simulated scenes.
        speed: times faster than real time; 0: the highest that this machine keeps up with, measured first.
        protocol: YAML of start poses, trials and times; default the paper's.
        session_dir: folder of the session; an unfinished one is resumed; default a new one under ./sessions.
    """
    from robot_bridge.share import share_path
    from vptr_cli.checkpoints import find_checkpoint
    from vptr_cli.launch import Launch

    name = f"{datetime.now():%Y-%m-%d_%H-%M-%S}-{uuid.uuid4().hex[:6]}"
    folder = (session_dir or Path("sessions") / name).resolve()
    checkpoint = find_checkpoint(policy).resolve()
    protocol = (protocol or share_path("config/protocol/v_ptr.yaml")).resolve()
    if _finished(folder, task, checkpoint, seed, speed, protocol):
        return _report(folder)
    arguments = {
        "task": task,
        "policy": str(checkpoint),
        "seed": str(seed),
        "speed": str(speed),
        "protocol": str(protocol),
        "session_dir": str(folder),
        "output": "log",
    }
    signal.signal(signal.SIGTERM, _interrupt)
    print(f"starting the simulated robot, the camera, the policy and the session; logs in {folder / 'log'}", flush=True)
    try:
        with Launch("demo.launch", arguments, folder / "log") as launch:
            report = _show(_kept(launch.lines(), folder / "log" / "roslaunch.log"))
    except KeyboardInterrupt:
        print(f"interrupted; resume with: {_again(folder, arguments)}", file=sys.stderr)
        return 130
    return _conclude(folder, report, _again(folder, arguments))


def _finished(folder: Path, task: str, policy: Path, seed: int, speed: float, protocol: Path) -> bool:
    """Check the arguments before anything starts; whether the folder holds a finished session of just this plan."""
    from eval_protocol.lab import load_lab
    from eval_protocol.plan import make_plan
    from eval_protocol.store import Store
    from eval_protocol.summary import summarise
    from vptr_policy.checkpoint import read_card

    if not 0.0 <= speed <= 50.0:
        raise ValueError(f"speed is {speed}: expected 0 (measured) to 50 times real time")
    plan = make_plan(task, 1, seed, load_lab(protocol))
    read_card(policy)
    if not (folder / "session.sqlite").exists():
        return False
    store = Store(folder / "session.sqlite", read_only=True)
    try:
        stored = store.session_or_none()
        if stored is not None and stored.plan_hash != plan.hash():
            raise ValueError(
                f"{folder} holds a session with another plan (task {stored.plan['task']}, seed {stored.plan['seed']}): "
                "resume it with the arguments it was started with, or choose another folder"
            )
        return stored is not None and bool(summarise(store)["complete"])
    finally:
        store.close()


def _report(folder: Path) -> int:
    from eval_protocol.report import write_report

    print(f"{folder} holds a finished session of this plan")
    print(f"{LAST}{write_report(folder)}")
    return 0


def _again(folder: Path, arguments: Dict[str, str]) -> str:
    words = ["./run", "demo", "--session-dir", str(folder)]
    for name in ("task", "policy", "seed", "protocol"):
        words += ["--" + name, arguments[name]]
    return " ".join(shlex.quote(word) for word in words)


def _kept(lines: Iterable[str], log: Path) -> Iterator[str]:
    with log.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")
            file.flush()
            yield line


def _show(lines: Iterable[str]) -> str:
    """Print what the session says, without roslaunch's own noise; returns the line that names the report."""
    report = ""
    started = False
    for line in lines:
        started = started or line.startswith((FIRST, "session: "))
        if line.startswith(LAST):
            report = line
        elif started and not report and not NOISE.match(line):
            print(line, flush=True)
    return report


def _conclude(folder: Path, report: str, again: str) -> int:
    """Whether all trials were run and logged; the report's path is the last line."""
    from eval_protocol.store import Store
    from eval_protocol.summary import summarise

    complete = False
    if (folder / "session.sqlite").exists():
        store = Store(folder / "session.sqlite", read_only=True)
        try:
            complete = bool(summarise(store)["complete"])
        finally:
            store.close()
    if not complete or not report:
        print(
            f"the demo did not finish (log: {folder / 'log' / 'roslaunch.log'}); resume with: {again}", file=sys.stderr
        )
        return 1
    print(report, flush=True)
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


RUN = demo
