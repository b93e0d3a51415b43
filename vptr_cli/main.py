"""`vptr`: one command line tool; groups and commands are imported only when they are asked for."""

import importlib
import os
import sys
from difflib import get_close_matches
from opcode import opmap
from typing import Any, Callable, Dict, List, Optional, Sequence

from vptr_cli.errors import one_line, sentence
from vptr_cli.formats import summary

GROUPS: Dict[str, str] = {
    "demo": "twelve trials of the trained policy on the simulated WidowX, with a report",
    "data": "import, inspect and export data",
    "sim": "simulated WidowX: list tasks, generate demonstrations, roll out policies",
    "train": "train a policy",
    "sweep": "train with other values of the options, on all cores or many machines",
    "experiment": "re-run the papers' experiments in simulation",
    "analyze": "values, frozen features, attention and embedding distances of checkpoints",
    "policy": "inspect a policy, run it over recorded frames",
    "serve": "serve a policy to robots on this machine or others",
    "eval": "plan sessions and blind studies, report and compare them, rate videos again",
    "teleop": "certificate, cable and keyboard for driving the arm by hand",
    "tutorial": "the whole loop in simulation: collect, check, train, evaluate, report",
    "check": "check the arguments of robot.launch, evaluate.launch or collect.launch",
}
"""Name -> one line of help. NAME lives in vptr_cli/NAME.py, which has either COMMANDS (name -> function) or, where the
group is itself a command, RUN (one function). Functions return their exit status, or None for 0."""

OURS = ("robot_bridge", "vptr_policy", "eval_protocol", "vptr_cli")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run ``vptr GROUP [COMMAND] [options]``; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(arguments)
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("vptr: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        if os.environ.get("VPTR_DEBUG"):
            raise
        where = "" if sentence(error) or _explained(error) else " (VPTR_DEBUG=1 shows where)"
        print(f"vptr: {one_line(error)}{where}", file=sys.stderr)
        return 1


def _dispatch(arguments: List[str]) -> int:
    if not arguments or _asks_help(arguments[0]):
        print(_overview("vptr", "GROUP", GROUPS))
        return 0
    group, rest = arguments[0], arguments[1:]
    if group not in GROUPS:
        return _unknown("group", group, list(GROUPS), "vptr")
    module = importlib.import_module("vptr_cli." + group)
    if hasattr(module, "RUN"):
        return _run(module.RUN, "vptr " + group, rest)
    commands: Dict[str, Callable[..., Any]] = module.COMMANDS
    if not rest or _asks_help(rest[0]):
        print(_overview("vptr " + group, "COMMAND", {name: summary(run) for name, run in commands.items()}))
        return 0
    name = rest.pop(0)
    if name not in commands:
        return _unknown("command", name, list(commands), "vptr " + group)
    return _run(commands[name], f"vptr {group} {name}", rest)


def _run(command: Any, program: str, arguments: List[str]) -> int:
    """Parse the options of one command with tyro, and run it."""
    import tyro

    from vptr_cli.defaults import tell_defaults

    if hasattr(command, "select"):  # its options depend on its arguments
        command, suffix, arguments = command.select(arguments)
        program += suffix
    tell_defaults(command)
    config = (tyro.conf.OmitArgPrefixes, tyro.conf.DisallowNone, tyro.conf.PositionalMetavarFromFieldName)
    status = tyro.cli(command, prog=program, args=arguments, config=config)
    sys.stdout.flush()
    return status or 0


def _asks_help(argument: str) -> bool:
    return argument in ("-h", "--help", "help")


def _explained(error: BaseException) -> bool:
    """Whether a ``raise`` of ours made the error, in words for the user; what Python or a library raises is no such."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__", "").split(".")[0] not in OURS:
        return False
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == opmap["RAISE_VARARGS"]


def _overview(program: str, noun: str, rows: Dict[str, str]) -> str:
    width = max(len(name) for name in rows)
    lines = [f"usage: {program} {noun} ...", ""]
    lines += [f"  {name.ljust(width)}  {text}" for name, text in rows.items()]
    return "\n".join([*lines, "", f"`{program} {noun} --help` tells more."])


def _unknown(kind: str, name: str, known: List[str], program: str) -> int:
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    print("{}: no {} {!r}.{} Known: {}.".format(program, kind, name, hint, ", ".join(known)), file=sys.stderr)
    return 2
