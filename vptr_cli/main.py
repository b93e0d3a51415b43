"""`vptr`: one command line tool; groups and commands are imported only when they are asked for."""
import importlib
import sys
from difflib import get_close_matches
from typing import Dict, List, Optional, Sequence

GROUPS: Dict[str, str] = {
    "sim": "simulated WidowX: list tasks, generate demonstrations, roll out policies",
    "train": "train a policy",
    "policy": "inspect a policy, run it over recorded frames",
    "eval": "plan, report evaluation sessions",
}
"""Group name -> one line of help. Group NAME lives in vptr_cli/NAME.py, which has COMMANDS: name -> function."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run ``vptr GROUP COMMAND [options]``; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview("vptr", "GROUP", GROUPS))
        return 0
    group = arguments.pop(0)
    if group not in GROUPS:
        return _unknown("group", group, list(GROUPS))
    commands = importlib.import_module("vptr_cli." + group).COMMANDS
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview("vptr " + group, "COMMAND", {name: _summary(run) for name, run in commands.items()}))
        return 0
    name = arguments.pop(0)
    if name not in commands:
        return _unknown("command", name, list(commands), group)
    import tyro

    return tyro.cli(commands[name], prog="vptr {} {}".format(group, name), args=arguments) or 0


def _summary(run: object) -> str:
    return (run.__doc__ or "").strip().split("\n")[0]


def _overview(prog: str, noun: str, rows: Dict[str, str]) -> str:
    width = max(len(name) for name in rows)
    lines = ["usage: {} {} ...".format(prog, noun), ""]
    lines += ["  {}  {}".format(name.ljust(width), text) for name, text in rows.items()]
    return "\n".join(lines + ["", "`{} {} --help` tells more.".format(prog, noun)])


def _unknown(kind: str, name: str, known: List[str], group: str = "") -> int:
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    hint = " Did you mean {!r}?".format(near[0]) if near else ""
    where = "vptr " + group if group else "vptr"
    print("{}: no {} {!r}.{} Known: {}.".format(where, kind, name, hint, ", ".join(known)), file=sys.stderr)
    return 2
