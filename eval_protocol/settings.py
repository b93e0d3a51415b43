"""The settings of a session node: its private parameters, checked, and where its session is stored."""

import os
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, Mapping

DEFAULT_TASK = "sweet_potato_on_plate"
"""What is evaluated where no task is named: by the demo, the launch files, the session node and `vptr eval plan`."""

DEFAULTS: Dict[str, Any] = {
    "robot": "sim",
    "task": DEFAULT_TASK,
    "scenario": 1,
    "seed": 0,
    "protocol": "",
    "plan": "",
    "key": "",
    "policy": "",
    "speed": 0.0,
    "session_dir": "",
    "operator": "",
    "judge": "",
}

JUDGES = {"sim": ("predicate", "console", "terminal"), "interbotix": ("terminal", "console")}
"""Who may set scenes and judge, first the default: the simulation's predicate, or a person at page or terminal."""


def settings_from(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """The node's settings; raises ValueError on an unknown or ill-typed parameter."""
    unknown = sorted(set(parameters) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"unknown parameters ~{', ~'.join(unknown)}; known: {', '.join(DEFAULTS)}")
    settings = dict(DEFAULTS)
    for name, value in parameters.items():
        kind = type(DEFAULTS[name])
        try:
            settings[name] = kind(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"~{name} is {value!r}, expected {kind.__name__}") from error
    if settings["robot"] not in ("sim", "interbotix"):
        raise ValueError(f"~robot is {settings['robot']!r}, expected sim or interbotix")
    judges = JUDGES[settings["robot"]]
    settings["judge"] = settings["judge"] or judges[0]
    if settings["judge"] not in judges:
        raise ValueError(f"~judge is {settings['judge']!r}, expected {' or '.join(judges)}")
    if settings["speed"] < 0:
        raise ValueError(f"~speed is {settings['speed']}, expected 0 (measured) or more")
    return settings


def session_folder(session_dir: str) -> Path:
    """The folder asked for, or a new one under ./sessions of the shell that launched this node."""
    # roslaunch starts nodes in ~/.ros, but leaves them the shell's PWD
    here = Path(os.environ.get("PWD", "") or ".").resolve()
    if session_dir:
        return (here / Path(session_dir).expanduser()).resolve()
    return here / "sessions" / f"{datetime.now():%Y-%m-%d_%H-%M-%S}-{uuid.uuid4().hex[:6]}"
