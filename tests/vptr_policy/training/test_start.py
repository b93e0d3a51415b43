"""Runs that go on from the state of another one, and what the cloning term of CQL imitates."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from demonstrations import make
from runs import metrics, options, preset_run
from safetensors.torch import load_file

from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.data.demonstrations import open_cache
from vptr_policy.training.chain import check_start
from vptr_policy.training.robot import RobotData
from vptr_policy.weights import fingerprint

PHASES: Dict[str, Any] = {
    "target": (Path("target"),),
    "finetune_at": 4,
    "target_share": 0.5,
    "log_every": 1,
    "bc_weight": 2.0,
}


def test_fine_tuning_from_a_finished_phase_2_is_one_uninterrupted_run(data: RobotData, tmp_path: Path) -> None:
    preset_run("ptr", tmp_path / "whole", data, steps=8, **PHASES).run()
    preset_run("ptr", tmp_path / "phase2", data, steps=4, **PHASES).run()
    preset_run("ptr", tmp_path / "phase3", data, steps=8, start=tmp_path / "phase2", **PHASES).run()
    whole, later = (metrics(tmp_path / name) for name in ("whole", "phase3"))
    assert [row["loss"] for row in later] == [row["loss"] for row in whole if row["step"] > 4]
    ours, theirs = (load_file(str(tmp_path / n / "checkpoint" / "actor.safetensors")) for n in ("whole", "phase3"))
    assert all(ours[name].equal(theirs[name]) for name in ours)


@pytest.fixture(scope="module")
def phase_2(data: RobotData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "phase2"
    preset_run("ptr", out, data, steps=4, **PHASES).run()
    return out


def test_the_card_tells_the_state_it_went_on_from(data: RobotData, phase_2: Path, tmp_path: Path) -> None:
    changes = {**PHASES, "target_share": 0.75, "alpha": 1.0, "save_every": 5}
    for steps in (6, 6):  # the second time it resumes
        chosen = preset_run("ptr", tmp_path, data, steps=steps, start=phase_2, **changes).run()
    told = load_checkpoint(chosen)[1].training["start"]
    assert (told["folder"], told["step"]) == (str(phase_2), 4)
    assert told["sha256"] == fingerprint(phase_2 / "state.safetensors")["sha256"]
    assert told["changed"] == {"alpha": [10.0, 1.0], "steps": [4, 6], "target_share": [0.5, 0.75]}


def test_the_time_of_the_run_that_is_gone_on_from_is_its_own(data: RobotData, tmp_path: Path) -> None:
    before = preset_run("ptr", tmp_path / "phase2", data, steps=4, **PHASES)
    before.run()
    before.loop.state.elapsed_s = 7200.0
    before.loop.state.save(tmp_path / "phase2")
    changes = {**PHASES, "steps": 6, "start": tmp_path / "phase2", "hours": 1.0}
    run = preset_run("ptr", tmp_path / "run", data, **changes)
    training = load_checkpoint(run.run())[1].training
    assert training["steps"] == 6 and training["seconds"] < 3600.0 and training["start"]["seconds"] == 7200.0
    run.loop.state.elapsed_s = 1800.0
    run.loop.state.save(tmp_path / "run")
    resumed = preset_run("ptr", tmp_path / "run", data, **changes)
    resumed.run()
    assert resumed.loop.state.elapsed_s == 1800.0, "of a run that is resumed all its time counts"


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("ptr", {"seed": 1}, "seed was 0, is 1"),
        ("ptr", {"discount": 0.9}, "discount was 0.96, is 0.9"),
        ("ptr", {"reward_scale": 1.0, "reward_shift": 0.0}, "reward_scale was 11.0, is 1.0, reward_shift was -1.0"),
        ("ptr", {"action": "executed"}, "action was action, is executed"),
        ("ptr", {"target_tasks": "each"}, r"tasks was .*'target'\], is .*'tea_on_table'\]"),
        ("ptr", {"hidden": (8,)}, r"hidden was \[16, 16\], is \[8\]"),
        ("ptr", {"averaging": 0.9}, "averaging was None, is 0.9"),
        ("bc", {"bc_weight": None}, "algorithm was cql, is bc"),
        ("ptr", {"steps": 4}, "is at update 4 already, expected fewer than --steps 4"),
        ("ptr", {"finetune_at": 1}, "is at update 4, expected at most --finetune-at 1"),
    ],
)
def test_a_state_that_means_something_else_is_refused(
    preset: str, changes: Dict[str, Any], message: str, data: RobotData, phase_2: Path, tmp_path: Path
) -> None:
    given = {name: value for name, value in {"steps": 8, **PHASES, **changes}.items() if value is not None}
    with pytest.raises(ValueError, match=message) as raised:
        preset_run(preset, tmp_path / "run", data, start=phase_2, **given).run()
    assert len(str(raised.value)) < 600 and not (tmp_path / "run").exists()


def test_the_encoder_is_that_of_the_run_that_is_gone_on_from(tmp_path: Path) -> None:
    given = options(tmp_path / "run", "v-ptr", start=tmp_path / "phase2")
    with pytest.raises(ValueError, match="v-ptr pre-trains its encoder on video"):
        check_start(given)
    (tmp_path / "phase2" / "video").mkdir(parents=True)
    check_start(given)


def test_other_source_data_are_refused_and_other_target_data_are_not(
    data: RobotData, phase_2: Path, tmp_path: Path
) -> None:
    made = [make(number, 6, ("knife_in_pot", "cucumber_in_bowl")[number % 2]) for number in range(4)]
    other = open_cache(tmp_path / "cache", made, "other")
    with pytest.raises(ValueError, match=r"source_data was \['source'\], is \['other'\]"):
        preset_run("ptr", tmp_path / "a", replace(data, sources=(other,)), steps=8, start=phase_2, **PHASES).run()
    preset_run("ptr", tmp_path / "b", replace(data, targets=(other,)), steps=5, start=phase_2, **PHASES).run()


def test_a_run_without_a_state_or_with_fine_tuning_behind_it_is_refused(
    data: RobotData, phase_2: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"has no config\.json to go on from"):
        preset_run("ptr", tmp_path / "run", data, start=tmp_path / "nowhere").run()
    with pytest.raises(ValueError, match="the state of their training is in the folder of its run"):
        preset_run("ptr", tmp_path / "run", data, start=phase_2 / "checkpoint").run()
    shutil.copytree(str(phase_2), str(tmp_path / "tuned"))
    config = json.loads((phase_2 / "config.json").read_text())
    (tmp_path / "tuned" / "config.json").write_text(json.dumps({**config, "finetune_at": 2}))
    with pytest.raises(ValueError, match="at update 4 and has learned from its target's data since 2"):
        preset_run("ptr", tmp_path / "run", data, steps=8, start=tmp_path / "tuned", **PHASES).run()
    (tmp_path / "tuned" / "state.safetensors").unlink()
    with pytest.raises(ValueError, match=r"has no state\.safetensors to go on from"):
        preset_run("ptr", tmp_path / "run", data, steps=8, start=tmp_path / "tuned", **PHASES).run()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"preset": "ptr", "st', "is not JSON"),
        ('{"preset": "icvf", "steps": 4}', "lacks finetune_at, target, source: expected an object with preset, steps"),
        (
            '{"preset": "p", "steps": 4, "finetune_at": 2, "target": [], "source": true}',
            "is of the preset p: expected that of a policy",
        ),
    ],
)
def test_a_config_that_cannot_be_judged_is_named(
    content: str, message: str, data: RobotData, phase_2: Path, tmp_path: Path
) -> None:
    before = tmp_path / "phase2"
    shutil.copytree(str(phase_2), str(before))
    (before / "config.json").write_text(content)
    with pytest.raises(ValueError, match=rf"phase2/config\.json {message}.*; take another --start"):
        preset_run("ptr", tmp_path / "run", data, steps=8, start=before, **PHASES).run()


def test_the_critic_judges_what_was_done_and_the_actor_imitates_what_was_meant(data: RobotData, tmp_path: Path) -> None:
    run = preset_run("ptr", tmp_path, data, bc_weight=1.0, imitate="label")
    batch = run.source[0]
    rows = [np.flatnonzero((run.transitions.actions == a.numpy()).all(1)) for a in batch.actions]
    assert batch.labels is not None and not batch.labels.equal(batch.actions)
    for row, label in zip(rows, batch.labels.numpy()):
        assert any(np.array_equal(run.transitions.labels[r], label) for r in row)
    assert run.source[0].imitated is not None
    assert preset_run("ptr", tmp_path / "b", data).source[0].labels is None


def test_failed_demonstrations_are_learned_from_but_not_imitated(data: RobotData, tmp_path: Path) -> None:
    run = preset_run("ptr", tmp_path, data, bc_weight=1.0, batch=16)
    batch = run.source[0]
    assert batch.imitated is not None
    successes = {bytes(a) for a, good in zip(run.transitions.actions, run.transitions.success) if good}
    told = [bytes(action.numpy()) in successes for action in batch.actions]
    assert np.flatnonzero(told).tolist() == batch.imitated.tolist() and not all(told)
