"""The commands of `vptr sim`, in process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from robot_bridge.sim.shards import read_folder
from robot_bridge.sim.tasks import TASKS
from vptr_cli import sim
from vptr_cli.main import main
from vptr_policy.checkpoint import Card, save_checkpoint
from vptr_policy.networks.actor import Actor, NetworkConfig

REPO = Path(__file__).resolve().parents[2]
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(REPO), MUJOCO_GL=os.environ.get("MUJOCO_GL", "osmesa"))


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    torch.manual_seed(0)
    config = NetworkConfig(len(TASKS))
    folder = tmp_path_factory.mktemp("policy") / "untrained"
    save_checkpoint(folder, Actor(config), Card({"name": "none"}, config, tuple(TASKS)))
    return str(folder)


def test_the_command_ends_with_one_json_object(capsys, untrained):
    assert sim.rollout(untrained, ("knife_in_pot", "cucumber_in_bowl"), episodes=1, steps=2, workers=1, json=True) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["task"], last["episodes"], last["successes"]) == ("all", 2, 0)
    assert [row["task"] for row in last["tasks"]] == ["knife_in_pot", "cucumber_in_bowl"]
    sim.rollout(untrained, ("knife_in_pot",), "targets", episodes=1, seed=9, steps=2, workers=1, json=True)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["task"], last["variant"], last["episodes"], last["seed"]) == ("knife_in_pot", "targets", 1, 9)
    assert last["successes"] == 0 and last["seconds"] > 0


def test_the_tasks_are_listed_one_a_line(capsys):
    sim.tasks()
    assert capsys.readouterr().out.split("\n") == [*TASKS, ""]


def test_the_tasks_of_a_group_are_listed(capsys):
    sim.tasks("source")
    sim.tasks("axes")
    lines = capsys.readouterr().out.split()
    assert lines[0] == "pear_in_bin" and len(lines) == 6 + 3
    with pytest.raises(ValueError, match=r"'others'.*target, source, axes, all"):
        sim.tasks("others")


def test_the_expert_is_rolled_out_in_unseen_variants(capsys):
    sim.rollout("expert", ("axis_containers",), "unseen", episodes=2, steps=45, workers=1, json=True)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["task"], last["variant"], last["successes"]) == ("axis_containers", "unseen", 2)


def test_scenes_and_film_strips_are_rendered_to_one_picture(tmp_path, capsys):
    scenes, strip = tmp_path / "scenes.png", tmp_path / "strip.png"
    sim.render(scenes, ("knife_in_pot",), count=2, width=64, height=48)
    sim.render(strip, ("knife_in_pot", "cucumber_in_bowl"), count=3, width=64, height=48, policy="expert", steps=4)
    assert cv2.imread(str(scenes)).shape == (26 + 48, 2 * 64 + 4, 3)
    assert cv2.imread(str(strip)).shape == (2 * (26 + 48), 3 * 64 + 8, 3)
    assert capsys.readouterr().out.split() == [str(scenes), str(strip)]


def test_demonstrations_are_generated_and_told(tmp_path, capsys):
    out = tmp_path / "new" / "data"
    sim.generate(out, ("knife_in_pot", "cucumber_in_bowl"), episodes=1, max_steps=2, workers=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("knife_in_pot: 1 trajectories, 0 successes, 2 steps")
    assert lines[-1].startswith(f"1 shard in {out}")
    assert [t.info["task"] for t in read_folder(out)] == ["knife_in_pot", "cucumber_in_bowl"]


def test_workers_start_from_the_installed_script(tmp_path):
    """Spawned workers import the script again; it must not run its command a second time."""
    command = [sys.executable, str(REPO / "scripts" / "vptr"), "sim", "generate", "--out", str(tmp_path / "data")]
    options = ["--task", "knife_in_pot", "--episodes", "2", "--max-steps", "1", "--workers", "2", "--shard-size", "1"]
    done = subprocess.run([*command, *options], cwd=REPO, env=ENVIRONMENT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "data").glob("shard-*.tar"))) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["generate", "--out", "x", "--workers", "0"], "--workers is 0, expected at least 1"),
        (["generate", "--out", "x", "--noise", "-1"], "noise is -1.0 and seed 0, expected finite numbers of 0 or more"),
        (["generate", "--out", "x", "--noise", "nan"], "noise is nan"),
        (["generate", "--out", "x", "--seed", "-1"], "seed -1, expected"),
        (["generate", "--out", "x", "--task", *["knife_in_pot"] * 2], "--task has knife_in_pot twice"),
        (["generate", "--out", "x", "--task", "knife_in_pot", "--group", "axes"], "--group axes is of no use with"),
        (["generate", "--out", "x", "--group", "foo"], "no group of tasks 'foo'; known: target"),
        (["videos", "--out", "x", "--workers", "0"], "--workers is 0, expected at least 1"),
        (["rollout", "--policy", "expert", "--workers", "0"], "--workers is 0, expected at least 1"),
        (["rollout", "--policy", "expert", "--task", *["knife_in_pot"] * 2], "--task has knife_in_pot twice"),
        (["evaluate", "--policy", "expert", "--workers", "0"], "--workers is 0, expected at least 1"),
        (["evaluate", "--policy", "expert", "--task", *["knife_in_pot"] * 2], "--task has knife_in_pot twice"),
        (["render", "--out", "x.png", "--task", "knife_in_pot", "--group", "foo"], "--group foo is of no use with"),
        (["render", "--out", "x.png", "--count", "0"], "--count is 0, expected at least 1"),
    ],
)
def test_wrong_options_are_answered_and_nothing_is_made(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert main(["sim", *words]) == 1
    last = capsys.readouterr().err.strip().splitlines()
    assert len(last) == 1 and said in last[0]
    assert not list(tmp_path.iterdir())


def test_an_unknown_task_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"make_tea.*cucumber_in_bowl"):
        sim.generate(tmp_path, ("make_tea",))


@pytest.mark.parametrize(("variant", "caption"), [("train", "put the knife in the pot"), ("targets", "(targets)")])
def test_captions_name_only_variants_that_are_not_the_plain_scenes(tmp_path, monkeypatch, variant, caption):
    captions = []

    def note(rows):
        captions.extend(text for text, _ in rows)
        return np.zeros((8, 8, 3), dtype=np.uint8)

    monkeypatch.setattr("robot_bridge.sim.sheet.contact_sheet", note)
    task = "knife_in_pot" if variant == "train" else "croissant_out_of_colander"
    sim.render(tmp_path / "scenes.png", (task,), variant, count=1, width=32, height=24)
    assert len(captions) == 1 and captions[0].endswith(caption) and "(train)" not in captions[0]
