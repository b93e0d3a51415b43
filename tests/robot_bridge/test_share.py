"""Paths of the package's own files in a checkout, and in an install space made by hand."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest

from robot_bridge.share import share_path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_in_a_checkout_it_is_the_checkout() -> None:
    assert share_path("config/limits.yaml") == REPOSITORY / "config" / "limits.yaml"


def test_an_unknown_file_is_refused_with_the_places_looked_in() -> None:
    with pytest.raises(FileNotFoundError, match=r"config/nothing\.yaml of vptr_widowx is neither in .*setup\.bash"):
        share_path("config/nothing.yaml")


@pytest.mark.parametrize("variables", [{}, {"CMAKE_PREFIX_PATH": "/nowhere"}])
def test_in_an_install_space_it_is_its_share_folder(tmp_path: Path, variables: Dict[str, str]) -> None:
    done = ask(install_space(tmp_path, tmp_path / "lib" / "python3" / "dist-packages"), variables)
    assert Path(done) == tmp_path / "share" / "vptr_widowx" / "config" / "limits.yaml"


def test_elsewhere_it_is_found_by_the_environment_of_the_workspace(tmp_path: Path) -> None:
    packages = install_space(tmp_path, tmp_path / "elsewhere")
    expected = tmp_path / "share" / "vptr_widowx" / "config" / "limits.yaml"
    assert Path(ask(packages, {"CMAKE_PREFIX_PATH": str(tmp_path)})) == expected
    assert Path(ask(packages, {"ROS_PACKAGE_PATH": str(tmp_path / "share")})) == expected


def install_space(prefix: Path, packages: Path) -> Path:
    (packages / "robot_bridge").mkdir(parents=True)
    (packages / "robot_bridge" / "__init__.py").touch()
    shutil.copy(REPOSITORY / "robot_bridge" / "share.py", packages / "robot_bridge")
    share = prefix / "share" / "vptr_widowx"
    (share / "config").mkdir(parents=True)
    (share / "config" / "limits.yaml").touch()
    shutil.copy(REPOSITORY / "package.xml", share)
    return packages


def ask(packages: Path, variables: Dict[str, str]) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), **variables}
    question = "from robot_bridge.share import share_path; print(share_path('config/limits.yaml'))"
    done = subprocess.run(
        [sys.executable, "-c", question], env=environment, cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
