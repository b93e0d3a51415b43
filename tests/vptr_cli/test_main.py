"""The `vptr` dispatcher, by real subprocesses, with a group of this test's own beside the real ones."""

import importlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

from vptr_cli.main import GROUPS

REPOSITORY = Path(__file__).resolve().parents[2]

EXAMPLE = '''
"""A group of the test."""
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple


@dataclass
class Settings:
    episodes: int = 3
    """how many"""
    json: bool = False
    """as JSON"""
    out: Optional[Path] = None
    """where to; default nowhere"""
    names: Tuple[str, ...] = ()
    """all by default"""
    note: str = ""
    """to add"""


def rollout(settings: Settings) -> int:
    """Roll out."""
    print(settings)
    return 7


def fail(kind: str) -> None:
    """Fail in the way that is asked for."""
    if kind == "file":
        open("x.pt")
    if kind == "number":
        int("x")
    if kind == "library":
        json.loads("")
    raise {
        "value": ValueError("limits.yaml: expected\\n a number"),
        "bug": TypeError("a bug"),
        "interrupt": KeyboardInterrupt(),
    }[kind]


def shout() -> None:
    """Print more than a pipe holds."""
    for _ in range(100000):
        print("a line of output")


COMMANDS = {"rollout": rollout, "fail": fail, "shout": shout}
'''

START = """
import importlib.util, sys
import vptr_cli.main as program
spec = importlib.util.spec_from_file_location("vptr_cli.example", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["vptr_cli.example"] = module
spec.loader.exec_module(module)
program.GROUPS["example"] = "of the test"
sys.exit(program.main(sys.argv[2:]))
"""


def vptr(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return call([str(REPOSITORY / "scripts" / "vptr"), *arguments], **variables)


def call(arguments: List[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "100", **variables}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture()
def example(tmp_path: Path) -> List[str]:
    """Arguments that start `vptr` with one more group, `example`."""
    (tmp_path / "example.py").write_text(EXAMPLE)
    (tmp_path / "start.py").write_text(START)
    return [str(tmp_path / "start.py"), str(tmp_path / "example.py")]


def test_overview_lists_the_groups() -> None:
    done = vptr("--help")
    assert done.returncode == 0
    assert set(GROUPS) <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_each_group_exists_and_its_commands_say_what_they_do(group: str) -> None:
    module = importlib.import_module("vptr_cli." + group)
    commands = {"": module.RUN} if hasattr(module, "RUN") else module.COMMANDS
    assert commands
    assert all(command.__doc__ for command in commands.values())


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["polici"], "vptr: no group 'polici'. Did you mean 'policy'?"),
        (["eval", "reprot"], "vptr eval: no command 'reprot'. Did you mean 'report'?"),
    ],
)
def test_wrong_names_are_answered_with_the_nearest_right_one(arguments: List[str], hint: str) -> None:
    done = vptr(*arguments)
    assert done.returncode == 2
    assert hint in done.stderr


def test_a_wrong_option_is_answered_with_the_nearest_right_one() -> None:
    done = vptr("sim", "rollout", "--episods", "3")
    assert done.returncode == 2
    assert "Perhaps you meant" in done.stderr
    assert "--episodes" in done.stderr


def test_a_wrong_type_names_the_option() -> None:
    done = vptr("sim", "rollout", "--episodes", "many")
    assert done.returncode == 2
    assert "Error parsing --episodes" in done.stderr


def test_a_dataclass_gives_flat_options_and_the_status_is_passed_on(example: List[str]) -> None:
    done = call([*example, "example", "rollout", "--episodes", "12", "--json"])
    assert done.stdout == "Settings(episodes=12, json=True, out=None, names=(), note='')\n"
    assert done.returncode == 7


@pytest.mark.parametrize("command", [["example", "rollout"], ["example", "shout"]])
def test_help_tells_no_default_that_is_no_value(example: List[str], command: List[str]) -> None:
    done = call([*example, *command, "--help"])
    assert done.returncode == 0
    assert not [odd for odd in ("None", "default: )", "''") if odd in done.stdout]
    if "rollout" in command:
        assert "--out PATH" in done.stdout and "(default: 3)" in done.stdout


def test_explained_errors_are_one_line(example: List[str]) -> None:
    done = call([*example, "example", "fail", "--kind", "value"])
    assert (done.returncode, done.stderr) == (1, "vptr: limits.yaml: expected a number\n")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("file", "[Errno 2] No such file or directory: 'x.pt'"),
        ("number", "invalid literal for int() with base 10: 'x'"),
        ("library", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_what_nobody_explained_says_how_to_see_where(example: List[str], kind: str, words: str) -> None:
    done = call([*example, "example", "fail", "--kind", kind])
    assert (done.returncode, done.stderr) == (1, f"vptr: {words} (VPTR_DEBUG=1 shows where)\n")


def test_debugging_shows_the_traceback(example: List[str]) -> None:
    assert "Traceback" in call([*example, "example", "fail", "--kind", "value"], VPTR_DEBUG="1").stderr


def test_a_bug_is_not_hidden(example: List[str]) -> None:
    assert "TypeError: a bug" in call([*example, "example", "fail", "--kind", "bug"]).stderr


def test_an_interrupt_is_no_traceback(example: List[str]) -> None:
    done = call([*example, "example", "fail", "--kind", "interrupt"])
    assert (done.returncode, done.stderr) == (130, "vptr: interrupted\n")


def test_a_reader_that_goes_away_is_no_traceback(example: List[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, *example, "example", "shout"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=20) == 1
    process.stderr.close()


@pytest.mark.parametrize("words", ["", "sim", "sim rollout", "train", "eval report"])
def test_help_takes_less_than_half_a_second(words: str) -> None:
    """Seconds of one core, so that other work on this machine does not count; a first try warms the disk."""
    seconds = []
    for _ in range(3):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        assert vptr(*words.split(), "--help").returncode == 0
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - started
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        seconds.append(min(spent, wall))
    assert min(seconds) < 0.5


def test_help_imports_nothing_heavy() -> None:
    question = (
        "import sys; sys.argv = ['vptr', 'sim', 'rollout', '--help']\n"
        "from vptr_cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('HEAVY', sorted({'torch', 'mujoco', 'rospy', 'cv2', 'scipy'} & set(sys.modules)))"
    )
    assert call(["-c", question]).stdout.endswith("HEAVY []\n")
