"""`vptr analyze` from checkpoints and data to figures and numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from robot_bridge.sim.shards import ShardWriter, Trajectory, encode_jpeg, shard_name, write_index
from robot_bridge.sim.tasks import TASKS
from vptr_cli.analyze_policies import RolloutSource
from vptr_cli.main import main
from vptr_policy.card import Card
from vptr_policy.checkpoint import save_checkpoint
from vptr_policy.data.video.shards import ClipWriter
from vptr_policy.data.video.shards import shard_name as clips_name
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.networks.critic import Critic

CONFIG = NetworkConfig(len(TASKS), width=8, hidden=(16,))


def save(folder: Path, critic: bool) -> str:
    torch.manual_seed(0)
    card = Card({"name": "cql" if critic else "bc"}, CONFIG, tuple(TASKS))
    save_checkpoint(folder, Actor(CONFIG), card, Critic(CONFIG) if critic else None)
    return str(folder)


@pytest.fixture(scope="module")
def cql(tmp_path_factory):
    return save(tmp_path_factory.mktemp("policies") / "cql", True)


@pytest.fixture(scope="module")
def bc(tmp_path_factory):
    return save(tmp_path_factory.mktemp("policies") / "bc", False)


def trajectory(number: int, steps: int, task: str = "knife_in_pot") -> Trajectory:
    random = np.random.default_rng(number)
    pictures = random.integers(0, 256, (steps + 1, 8, 8, 3)).astype(np.uint8)
    jpegs = [encode_jpeg(cv2.resize(picture, (128, 128))) for picture in pictures]
    state, actions = random.normal(size=(steps + 1, 7)), np.zeros((steps, 7))
    info = {"task": task, "success": True}
    return Trajectory(f"t{number:02d}", info, state, actions, actions, actions, jpegs)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    with ShardWriter(folder / shard_name(0)) as shard:
        for number in range(8):
            shard.add(trajectory(number, 5 + number % 3))
    write_index(folder, {"shards": {}, "tasks": {"knife_in_pot": {"trajectories": 8}}})
    return str(folder)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    with ClipWriter(folder / clips_name(0)) as writer:
        for number in range(3):
            writer.add(f"c{number}", trajectory(number, 6 + number).jpegs, {"source": "", "text": ""})
    return str(folder)


def read(path: Path):
    return json.loads(path.read_text())


def written(folder: Path):
    return {path.name for path in folder.iterdir()}


def analyze(*words) -> int:
    return main(["analyze", *map(str, words)])


def test_values_on_simulated_rollouts_without_and_with_distractors(cql, tmp_path, capsys):
    words = ["--policy", f"mine={cql}", "--task", "knife_in_pot", "--episodes", 1, "--steps", 2, "--workers", 1]
    assert analyze("values", *words, "--out", tmp_path) == 0
    assert written(tmp_path) == {"values.png", "values.svg", "values.json"}
    found = read(tmp_path / "values.json")
    conditions = ["without distractors", "with distractors"]
    assert [one["condition"] for one in found["rollouts"]] == conditions
    assert {one["name"] for one in found["rollouts"]} == {"knife_in_pot-000"}
    assert list(found["checkpoints"]) == ["mine", "untrained"]
    curves = found["checkpoints"]["mine"]["curves"]
    assert len(curves) == 2 and all(len(curve) >= 3 for curve in curves) and curves[0] != curves[1]
    assert "mine with distractors: 1 failure: monotonicity" in capsys.readouterr().out


def test_values_on_recorded_rollouts(cql, data, tmp_path):
    words = ["--distractor-data", data, "--episodes", 3, "--no-untrained", "--out", tmp_path]
    assert analyze("values", "--policy", f"a={cql}", f"b={cql}", *words) == 0
    found = read(tmp_path / "values.json")
    assert [one["outcome"] for one in found["rollouts"]] == ["success"] * 3
    assert found["checkpoints"]["a"] == found["checkpoints"]["b"]


def test_sarsa_compares_encoders_and_baselines(cql, data, tmp_path, capsys):
    words = ["--encoder", cql, f"{cql}:actor", "--data", data, "--out", tmp_path / "out", "--cache", tmp_path / "cache"]
    assert analyze("sarsa", *words, "--device", "cpu") == 0
    found = read(tmp_path / "out" / "sarsa.json")
    assert list(found["encoders"]) == ["cql", "cql:actor", "untrained convolutional", "pixels 16x16", "robot state"]
    assert sum(part["trajectories"] for part in found["data"].values()) == 8
    assert found["data"]["test"]["trajectories"] == 2
    assert found["encoders"]["cql:actor"]["sarsa"]["difference"]["units"] == 2
    assert written(tmp_path / "out") == {"sarsa.png", "sarsa.svg", "sarsa.json"}
    assert "cql: error" in capsys.readouterr().out


def test_gradcam_knows_what_the_simulated_pixels_show(bc, tmp_path, capsys):
    words = ["--policy", bc, "--task", "knife_in_pot", "--episodes", 1, "--frames", 2, "--workers", 1]
    assert analyze("gradcam", *words, "--out", tmp_path) == 0
    stems = ("overlays", "concentration")
    assert written(tmp_path) == {f"{stem}.{end}" for stem in stems for end in ("png", "svg")} | {"gradcam.json"}
    found = read(tmp_path / "gradcam.json")
    assert list(found["checkpoints"]) == ["bc", "untrained", "picture edges"]
    edges = found["checkpoints"]["picture edges"]["concentration"]
    assert edges["target or gripper"]["value"] > 1.2 and edges["background"]["value"] < 1.05
    assert len(found["views"]) == 2 and "bc: background" in capsys.readouterr().out


def test_the_shipped_policy_is_looked_at_by_its_name(data, tmp_path, capsys):
    words = ["--data", data, "--told", "knife_in_pot", "--episodes", 1, "--no-untrained", "--out", tmp_path]
    assert analyze("values", "--policy", "shipped", "ours=shipped", *words) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()[:2]} == {"shipped", "ours"}
    assert set(read(tmp_path / "values.json")["origins"]) == {"shipped", "ours"}


def test_gradcam_of_recorded_pictures_has_no_masks(bc, data, tmp_path, capsys):
    words = ["--policy", bc, "--data", data, "--episodes", 1, "--frames", 1, "--rule", "motion", "--out", tmp_path]
    assert analyze("gradcam", *words) == 0
    assert "concentration.png" not in written(tmp_path) and "bc: no masks" in capsys.readouterr().out


def test_embeddings_on_video_and_on_robot_data(cql, data, clips, tmp_path, capsys):
    words = ["--encoder", cql, "--video", f"people={clips}", "--robot", f"arm={data}", "--frames", 7, "--shown", 1]
    assert analyze("embeddings", *words, "--device", "cpu", "--out", tmp_path) == 0
    stems = ("curves", "histogram-people", "histogram-arm")
    assert written(tmp_path) == {f"{stem}.{end}" for stem in stems for end in ("png", "svg")} | {"embeddings.json"}
    found = read(tmp_path / "embeddings.json")["data"]
    assert len(found["people"]["sequences"]) == 3 and len(found["arm"]["sequences"]) == 8
    assert found["people"]["encoders"]["cql"]["curves"][0][-1] == 0.0
    head, first = capsys.readouterr().out.splitlines()[:2]
    assert head.split() == ["people", "arm"] and first.split()[0] == "cql"


def test_wrong_things_are_answered_in_one_line(bc, cql, data, clips, tmp_path, capsys):
    out, other = ["--out", tmp_path / "out"], tmp_path / "other"
    other.mkdir()
    with ShardWriter(other / shard_name(0)) as shard:
        shard.add(trajectory(9, 5, "tea_on_table"))
    write_index(other, {"shards": {}, "tasks": {"tea_on_table": {"trajectories": 1}}})
    cases = [
        (["values", "--policy", bc], "bc: {bc} has no critic"),
        (["values", "--policy", tmp_path], "no checkpoint at"),
        (["gradcam", "--policy"], "no checkpoint is named"),
        (["values", "--policy", f"untrained={cql}"], "--policy has one called 'untrained', as what is added"),
        (["gradcam", "--policy", bc, f"untrained={bc}"], "give it another name, as in mine=PATH"),
        (["gradcam", "--policy", f"picture edges={bc}", "--no-untrained"], "--policy has one called 'picture edges'"),
        (["sarsa", "--encoder", f"robot state={cql}", "--data", data], "--encoder has one called 'robot state'"),
        (["sarsa", "--encoder", f"pixels 16x16={cql}", "--data", data], "--encoder has one called 'pixels 16x16'"),
        (
            ["embeddings", "--encoder", f"pixels 16x16={cql}", "--video", clips],
            "--encoder has one called 'pixels 16x16'",
        ),
        (["sarsa", "--encoder", "--data", data], "no encoder is named"),
        (["values", "--policy", cql, "--task", "tea"], "no simulated task 'tea'"),
        (["values", "--policy", cql, "--data", tmp_path], "no pictures"),
        (["values", "--policy", cql, "--acting", tmp_path], "no checkpoint at"),
        (["values", "--policy", cql, "--variant", "train2"], "no simulated task with a variant 'train2'"),
        (["values", "--policy", cql, "--episodes", 0], "--episodes is 0, expected at least 1"),
        (["gradcam", "--policy", bc, "--rule", "all"], "bc: no rule 'all' of Grad-CAM"),
        (["gradcam", "--policy", bc, "--data", data, "--frames", 60], "expected more than the 60"),
        (["sarsa", "--encoder", cql, "--data", clips], "no shard-*.tar here"),
        (["sarsa", "--encoder", cql, "--data", data, "--task", "tea"], "no trajectory of 'tea'"),
        (["sarsa", "--encoder", cql, "--data", data, "--trajectories", 2], "knife_in_pot has 2 trajectories"),
        (["sarsa", "--encoder", cql, "--data", data, "--held-out", data], "--held-out has demonstrations of --data"),
        (["sarsa", "--encoder", cql, "--data", data, "--held-out", other], "--held-out has tea_on_table, of which"),
        (["embeddings", "--encoder", cql], "nothing to measure on"),
        (["embeddings", "--encoder", cql, "--video", data], "no clips-*.tar here"),
        (["embeddings", "--encoder", cql, "--video", clips], "none of its 3 clips has 50 frames"),
    ]
    for words, expected in cases:
        assert analyze(*words, *out) == 1
        assert expected.format(bc=bc) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_tasks_that_are_shown_have_the_variant_and_are_known_to_all():
    source = RolloutSource((), "distractors", 1, 0)
    assert source.tasks([["pear_in_bin", "knife_in_pot", "cucumber_in_bowl"], ["cucumber_in_bowl", "pear_in_bin"]]) == (
        "cucumber_in_bowl",
    )
    with pytest.raises(ValueError, match="no simulated task with a variant 'distractors' in common"):
        source.tasks([["pear_in_bin"]])


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = ("torch", "mujoco", "cv2", "matplotlib")
    code = f"import sys, vptr_cli.analyze; print([name for name in {heavy} if name in sys.modules])"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
