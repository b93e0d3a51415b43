"""`vptr demo`: the whole chain on the simulated robot, in one command."""

import re
import signal
import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Iterable, Iterator, Optional

FIRST = "session in "
LAST = "report: "
NOISE = re.compile(
    r"\[\S+-\d+\] (killing on exit|process has finished cleanly)|log file: |shutting down |\.\.\. shutting down|"
    r"(REQUIRED process .*)?=*$|Initiating shutdown!|done$|\x1b\]2;"
)
"""What roslaunch says of its own when all goes well."""


def demo(
    task: str = "sweet_potato_on_plate",
    policy: Optional[Path] = None,
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
        policy: checkpoint folder; default the shipped one.
        seed: of the plan and the simulated scenes.
        speed: times faster than real time; 0: the highest that this machine keeps up with, measured first.
        protocol: YAML of start poses, trials and times; default the paper's.
        session_dir: folder of the session; an unfinished one is resumed; default a new one under ./sessions.
    """
    from robot_bridge.share import share_path
    from vptr_cli.launch import Launch

    name = f"{datetime.now():%Y-%m-%d_%H-%M-%S}-{uuid.uuid4().hex[:6]}"
    folder = (session_dir or Path("sessions") / name).resolve()
    arguments = {
        "task": task,
        "policy": str((policy or share_path("models/bc-sim")).resolve()),
        "seed": str(seed),
        "speed": str(speed),
        "protocol": str((protocol or share_path("config/protocol/v_ptr.yaml")).resolve()),
        "session_dir": str(folder),
        "output": "log",
    }
    signal.signal(signal.SIGTERM, _interrupt)
    print(f"starting the simulated robot, the camera, the policy and the session; logs in {folder / 'log'}", flush=True)
    with Launch("demo.launch", arguments, folder / "log") as launch:
        report = _show(_kept(launch.lines(), folder / "log" / "roslaunch.log"))
    return _conclude(folder, report)


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


def _conclude(folder: Path, report: str) -> int:
    """Whether all trials were run and logged; the report's path is the last line."""
    from eval_protocol.report import summarise
    from eval_protocol.store import Store, StoreError, session_file

    try:
        store = Store(session_file(folder), read_only=True)
    except StoreError as error:
        print(f"the demo did not begin: {error}; see {folder / 'log' / 'roslaunch.log'}", file=sys.stderr)
        return 1
    try:
        complete = bool(summarise(store)["complete"])
    finally:
        store.close()
    if not complete or not report:
        print(f"the demo did not finish; resume it with --session-dir {folder}", file=sys.stderr)
        return 1
    print(report, flush=True)
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


RUN = demo
