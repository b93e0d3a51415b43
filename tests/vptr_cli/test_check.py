"""The arguments of the launch files are checked before anything starts, and what is wrong is said in words."""

import shutil
import socket
from pathlib import Path
from typing import Dict, List

import pytest

from robot_bridge.recording.store import EpisodeStore
from tests.eval_protocol.checkpoints import checkpoint
from tests.eval_protocol.studies import single_session
from tests.vptr_cli.test_main import REPOSITORY
from vptr_cli.main import main

POLICY = REPOSITORY / "models" / "v-ptr-sim"


def told(capsys: pytest.CaptureFixture, **arguments: object) -> List[str]:
    """The lines of problems; the exit status agrees with them."""
    status = main(["check", *(f"--{name.replace('_', '-')}={value}" for name, value in arguments.items())])
    lines = capsys.readouterr().err.splitlines()
    assert status == (1 if lines else 0)
    return lines


def test_the_launch_files_own_arguments_are_right(capsys: pytest.CaptureFixture) -> None:
    assert told(capsys, policy=POLICY, task="knife_in_pot", scenario=2, speed=0) == []
    assert told(capsys, page="true", page_port=0, calibration="sim") == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"robot": "sims", "limits": "/nope"}, "robot:=sims: expected one of sim, interbotix; did you mean 'sim'?"),
        ({"robot": "interbotix"}, "robot:=interbotix: the Python package 'interbotix_xs_modules' cannot be imported"),
        ({"camera": "webcan"}, "camera:=webcan: expected one of realsense, webcam, video, sim; did you mean 'webcam'?"),
        ({"camera": "video", "camera_device": "/nope"}, "camera:=video: camera_device:=/nope: no such file or folder"),
        ({"camera": "webcam", "image_width": 640}, "camera:=webcam: give width and height together"),
        ({"limits": "/nope"}, "limits:=/nope: /nope: cannot read the limits (No such file or directory)"),
        ({"limits": "lab.yaml"}, "limits:=lab.yaml: expected a whole path"),
        ({"policy": "/nope"}, "policy:=/nope: no checkpoint at /nope"),
        ({"policy": POLICY, "task": "fly"}, "this policy does not know the task 'fly'"),
        ({"speed": "fast"}, "speed:=fast: expected a number"),
        ({"speed": "nan"}, "speed:=nan: expected 0"),
        ({"task": "knife_in_pan"}, "Did you mean 'knife_in_pot'?"),
        ({"task": "knife_in_pot", "scenario": 9}, "scenario must be one of"),
        ({"task": "knife_in_pot", "seed": "x"}, "~seed is 'x', expected int"),
        ({"task": "knife_in_pot", "protocol": "/nope"}, "protocol:=/nope: no file /nope"),
        ({"task": "knife_in_pot", "judge": "consol"}, "judge:=consol: ~judge is 'consol', expected predicate or"),
        ({"task": "knife_in_pot", "session_dir": __file__}, "this is a file; expected the folder of a session"),
        ({"page": "true", "page_host": "192.0.2.1"}, "host:=192.0.2.1: this machine has no such address"),
        ({"page": "true", "page_port": "65536"}, "port:=65536: expected a number of 0 (any) to 65535"),
        (
            {"page": "true", "calibration": "camera.yaml"},
            "expected a whole path, for nodes run in a folder of their own",
        ),
        ({"page": "true", "calibration": "/nope"}, "calibration:=/nope: /nope cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line(capsys: pytest.CaptureFixture, arguments: Dict[str, object], line: str) -> None:
    lines = told(capsys, **arguments)
    assert line in lines[0]
    assert len(lines) == (2 if "fly" in arguments.values() else 1)  # nor does the protocol know that task


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for given in ({"page": "true", "page_port": port}, {"source": "webxr", "port": port}):
            (line,) = told(capsys, **given)
            assert f"port:={port}: this port is taken: end what listens there" in line


def test_a_session_of_another_plan_is_not_gone_on_with(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    single_session(tmp_path / "s", lambda _, number: True, trials=3)
    (line,) = told(capsys, task="croissant_out_of_colander", session_dir=tmp_path / "s")
    assert "has another plan" in line and "choose another folder" in line


def test_all_that_is_wrong_is_said_at_once(capsys: pytest.CaptureFixture) -> None:
    lines = told(capsys, robot="toaster", camera="eye", policy="/nope")
    assert [line.split(":=")[0] for line in lines] == [f"vptr check: {name}" for name in ("robot", "camera", "policy")]


def test_the_folder_of_a_run_is_a_policy_and_the_path_advised_for_it_is_taken(
    capsys: pytest.CaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(POLICY, tmp_path / "runs" / "bc" / "checkpoint")
    (line,) = told(capsys, policy="runs/bc")
    assert line.endswith("policy:=$PWD/runs/bc")
    assert told(capsys, policy=tmp_path / "runs" / "bc", task="knife_in_pot") == []


def test_weights_that_are_damaged_are_found_before_a_node_fails_over_and_over(
    capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    folder = tmp_path / "policy"
    shutil.copytree(POLICY, folder)
    weights = next(folder.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "does not match its card" in told(capsys, policy=folder)[0]


def test_a_plan_of_several_policies_needs_its_key_and_their_files(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folders = [checkpoint(tmp_path / name) for name in ("ours", "base")]
    plan = tmp_path / "plan.json"
    policies = [f"{folder.name}={folder}" for folder in folders]
    assert main(["eval", "plan", "--task", "knife_in_pot", "--policy", *policies, "--out", str(plan)]) == 0
    capsys.readouterr()
    key = tmp_path / "plan.key.json"
    assert told(capsys, plan=plan, key=key) == []
    assert "give key:= the .key.json" in told(capsys, plan=plan)[0]
    assert "cannot read the key" in told(capsys, plan=plan, key=tmp_path / "none.json")[0]
    assert "expected a whole path" in told(capsys, plan="plan.json", key=key)[0]
    (folders[0] / "weights.safetensors").write_bytes(b"other")
    assert "have changed since the plan was made" in told(capsys, plan=plan, key=key)[0]
    plan.write_text("{")
    assert told(capsys, plan=plan, key=key)[0].startswith(f"vptr check: plan:={plan}: ")


PROTOCOL = REPOSITORY / "config" / "protocol" / "v_ptr.yaml"


def test_a_collection_needs_a_folder_that_nobody_records_to(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    asked = {"demonstrate": "knife_in_pot", "out": tmp_path / "episodes", "protocol": PROTOCOL, "cameras": "/camera"}
    asked = {**asked, "source": "webxr"}
    assert told(capsys, **asked) == []
    assert "expected a whole path" in told(capsys, **{**asked, "out": "episodes"})[0]
    assert "between is 'away'" in told(capsys, **{**asked, "between": "away"})[0]
    assert "recorder parameter goal" in told(capsys, **{**asked, "goal": 0})[0]
    assert "no camera is named" in told(capsys, **{**asked, "cameras": ""})[0]
    assert "/nope" in told(capsys, **{**asked, "protocol": "/nope"})[0]
    (tmp_path / "file").write_text("")
    assert told(capsys, **{**asked, "out": tmp_path / "file" / "episodes"})[0].startswith("vptr check: out:=")
    with EpisodeStore(tmp_path / "episodes"):
        assert "another recorder writes there" in told(capsys, **asked)[0]
