"""scripts/setup.sh and ./run: stamps, failures, the lock and interruptions, with real shells in a scratch checkout."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Iterator, List

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = [
    "run", "scripts", "requirements", "CMakeLists.txt", "package.xml", "setup.py", "msg", "srv", "action",
    "robot_bridge", "vptr_policy", "eval_protocol", "vptr_cli",
]  # fmt: skip
Processes = List["subprocess.Popen[str]"]


@pytest.fixture()
def checkout(tmp_path: Path) -> Path:
    """A copy of what set-up reads, without .venv and .catkin."""
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tmp_path / part)
    return tmp_path


def shell(checkout: Path, text: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(shell_command(checkout, text), capture_output=True, text=True, timeout=60, check=False)


def shell_command(checkout: Path, text: str) -> List[str]:
    head = f'set -euo pipefail; root="{checkout}"; source "{checkout}/scripts/setup.sh"; '
    return ["bash", "-c", head + text]


@pytest.fixture()
def started() -> Iterator[Processes]:
    processes: Processes = []
    yield processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_without_a_command_it_tells_its_usage(checkout: Path) -> None:
    done = subprocess.run([str(checkout / "run")], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "./run roslaunch vptr_widowx robot.launch" in done.stdout


def test_keys_change_with_what_they_stand_for(checkout: Path) -> None:
    keys = "choose_platform; venv_key; catkin_key"
    before = shell(checkout, keys).stdout
    assert shell(checkout, keys).stdout == before
    with (checkout / "requirements" / "python311.txt").open("a") as requirements:
        requirements.write("# one more line\n")
    with_requirement = shell(checkout, keys).stdout.splitlines()
    (checkout / "robot_bridge" / "new_room").mkdir()
    with_package = shell(checkout, keys).stdout.splitlines()
    old = before.splitlines()
    assert [a == b for a, b in zip(with_requirement, old)] == [True, False, True, True]
    assert [a == b for a, b in zip(with_package, with_requirement)] == [True, True, True, False]


def test_a_moved_checkout_has_other_keys(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    moved = tmp_path_factory.mktemp("moved") / "checkout"
    shutil.copytree(checkout, moved)
    first_lines = [shell(place, "choose_platform; venv_key | head -n 1").stdout for place in (checkout, moved)]
    assert first_lines[0] != first_lines[1]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("E: Could not open lock file - open (13: Permission denied)", "rights are missing"),
        ("Temporary failure in name resolution", "check the network"),
        ("ERROR: No matching distribution found for torch==2.13.0", "check the network"),
        ("make: *** Error 1", "make: *** Error 1"),
    ],
)
def test_a_failed_stage_tells_its_cause_in_one_line(checkout: Path, output: str, expected: str) -> None:
    done = shell(checkout, f"breaks() {{ echo '{output}'; false; echo not reached; }}; stage 'the stage' breaks")
    assert done.returncode == 1
    assert done.stderr.startswith("run: the stage failed: ")
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "not reached" not in (checkout / ".setup.log").read_text()


def test_a_failed_stage_leaves_no_half_made_environment(checkout: Path) -> None:
    done = shell(checkout, 'breaks() { mkdir -p "$root/.venv/bin"; false; }; stage "the stage" breaks')
    assert done.returncode == 1
    assert not (checkout / ".venv").exists()


def test_a_failed_update_keeps_the_environment_that_was_complete(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".complete").write_text("key\n")
    assert shell(checkout, 'stage "the stage" false').returncode == 1
    assert (checkout / ".venv" / ".complete").read_text() == "key\n"


def test_an_interrupt_stops_at_once_and_leaves_nothing(checkout: Path, started: Processes) -> None:
    slow = 'slow() { mkdir -p "$root/.venv"; sleep 30; }; trap interrupted INT TERM; stage "the stage" slow'
    process = subprocess.Popen(shell_command(checkout, slow), stderr=subprocess.PIPE, text=True, start_new_session=True)
    started.append(process)
    deadline = time.monotonic() + 10
    while not (checkout / ".venv").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert time.monotonic() - asked < 5
    assert errors == "run: set-up was interrupted; the same command starts it again\n"
    assert not (checkout / ".venv").exists()


def test_a_second_set_up_waits_for_the_first(checkout: Path, started: Processes) -> None:
    perform = (
        'is_set_up() { [ -e "$root/done" ]; }; '
        'perform_set_up() { echo performed; sleep 1; touch "$root/done"; }; set_up'
    )
    for _ in range(2):
        process = subprocess.Popen(
            shell_command(checkout, perform),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
    outputs = [process.communicate(timeout=20) for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert sorted(output for output, _ in outputs) == ["", "performed\n"]
    assert "".join(errors for _, errors in outputs).count("waiting for it") == 1


def test_missing_packages_are_found(checkout: Path) -> None:
    with (checkout / "requirements" / "debian12.txt").open("a") as packages:
        packages.write("a-package-that-does-not-exist\n")
    done = shell(checkout, 'packages_file=debian12.txt; find_missing_packages; echo "${missing_packages[@]}"')
    assert "a-package-that-does-not-exist" in done.stdout.split()
    assert "bash" not in done.stdout.split()


def test_packages_of_tests_alone_are_wanted_by_tests_alone(checkout: Path) -> None:
    (checkout / "requirements" / "debian12-test.txt").write_text("# why\na-package-for-tests\n")
    for for_tests in ("no", "yes"):
        script = (
            f'for_tests={for_tests} packages_file=debian12.txt; find_missing_packages; echo "${{missing_packages[@]}}"'
        )
        assert ("a-package-for-tests" in shell(checkout, script).stdout.split()) == (for_tests == "yes")


def test_without_root_and_sudo_the_packages_are_named(checkout: Path) -> None:
    done = shell(
        checkout,
        "id() { echo 1000; }; missing_packages=(cmake catkin); PATH=/nowhere; become_root",
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install --no-install-recommends cmake catkin" in done.stderr
