"""The package in an ordinary catkin workspace: builds, installs, and its programs run from devel and install space."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, Set

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = ("robot_bridge", "vptr_policy", "eval_protocol", "vptr_cli")
PARTS = [
    *(
        "CMakeLists.txt",
        "package.xml",
        "setup.py",
        "msg",
        "srv",
        "action",
        "scripts",
        "config",
        "launch",
        "models/v-ptr-sim",
        "pages",
    ),
    *ROOMS,
]

pytestmark = pytest.mark.skipif(shutil.which("catkin_make") is None, reason="needs catkin (./run test sets it up)")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with a copy of the package in src/, built and installed by plain catkin_make."""
    folder = tmp_path_factory.mktemp("workspace")
    package = folder / "src" / "vptr_widowx"
    package.mkdir(parents=True)
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, package / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, package / part)
    command = ["catkin_make", "install", "-DCATKIN_ENABLE_TESTING=OFF", "-DPYTHON_EXECUTABLE=" + sys.executable]
    done = subprocess.run(
        command, cwd=folder, env=bare_environment(), capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    yield folder
    shutil.rmtree(folder)


def bare_environment() -> Dict[str, str]:
    """As in a fresh login shell: nothing of ./run's environment."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": os.environ["HOME"],
        "ROS_LANG_DISABLE": "gencpp:geneus:genlisp:gennodejs",
    }


def start(workspace: Path, space: str, command: str) -> "subprocess.Popen[str]":
    """A command in a shell that sourced the space's setup.bash."""
    return subprocess.Popen(
        ["bash", "-c", f"source {workspace}/{space}/setup.bash && cd / && {command}"],
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> str:
    """The output of a command that is to succeed."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output


def sourced(workspace: Path, space: str, command: str) -> str:
    """Output of a command in a shell that sourced the space's setup.bash."""
    return finish(start(workspace, space, command))


@pytest.mark.parametrize("space", ["devel", "install"])
def test_programs_run_with_rosrun_under_the_interpreter_of_the_build(workspace: Path, space: str) -> None:
    program = workspace / space / "lib" / "vptr_widowx" / "vptr"
    assert program.read_text().splitlines()[0] == "#!" + sys.executable
    tasks = sourced(workspace, space, "rosrun vptr_widowx vptr sim tasks")
    assert "knife_in_pot" in tasks.splitlines()


@pytest.mark.parametrize("space", ["devel", "install"])
def test_each_launch_file_resolves_its_nodes(workspace: Path, space: str) -> None:
    names = [path.name for path in sorted((REPOSITORY / "launch").glob("*.launch"))]
    asked = [start(workspace, space, f"roslaunch --nodes vptr_widowx {name}") for name in names]
    for name, process in zip(names, asked):
        assert finish(process).split(), name


@pytest.mark.parametrize("space", ["devel", "install"])
def test_messages_and_own_files_are_found(workspace: Path, space: str) -> None:
    question = (
        "from vptr_widowx.msg import EndEffectorState; from vptr_widowx.srv import MoveToPose; "
        "from robot_bridge.share import share_path; print(share_path('config/limits.yaml'))"
    )
    limits = Path(sourced(workspace, space, f'{sys.executable} -c "{question}"').strip())
    share = {"devel": "src/vptr_widowx", "install": "install/share/vptr_widowx"}[space]
    assert limits == workspace / share / "config" / "limits.yaml"


def test_every_program_of_the_package_is_installed(workspace: Path) -> None:
    sources = {path.name for path in (REPOSITORY / "scripts").iterdir() if path.suffix != ".sh"}
    for space in ("devel", "install"):
        programs = workspace / space / "lib" / "vptr_widowx"
        assert {path.name for path in programs.iterdir() if os.access(path, os.X_OK)} == sources


def test_every_python_package_is_installed(workspace: Path) -> None:
    def packages(folder: Path) -> Set[str]:
        rooms = ("robot_bridge", "vptr_policy", "eval_protocol", "vptr_cli")
        return {
            str(path.parent.relative_to(folder)) for room in rooms for path in folder.glob(f"{room}/**/__init__.py")
        }

    installed = workspace / "install" / "lib" / "python3" / "dist-packages"
    assert packages(installed) == packages(REPOSITORY)
