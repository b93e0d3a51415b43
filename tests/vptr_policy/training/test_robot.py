"""Runs of policies on robot data, and what their checkpoints say of them."""

import json
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
import torch
from runs import bc_run, metrics, options, preset_run, tiny_cache
from safetensors.torch import load_file

from robot_bridge.interface import Observation
from vptr_policy.checkpoint import load_checkpoint, load_critic
from vptr_policy.data.batches import Mixture
from vptr_policy.data.demonstrations import Cache
from vptr_policy.policy import load_policy
from vptr_policy.task_words import name_task
from vptr_policy.training.loop import TrainingDiverged
from vptr_policy.training.provenance import git_sha
from vptr_policy.training.robot import RobotData, mixture

SEEN = Observation(np.full((128, 128, 3), 90, np.uint8), np.zeros(7), 0.0, 0.0)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return tiny_cache(tmp_path_factory.mktemp("cache"))


def test_the_card_says_how_it_was_made(cache: Cache, tmp_path: Path) -> None:
    run = bc_run(tmp_path / "run", cache, provenance={"folder": "data"}, loss="likelihood", seed=3)
    actor, card = load_checkpoint(run.run())
    settings = {"loss": "likelihood", "learning_rate": 1e-3, "averaging": 0.999}
    assert card.algorithm == {"name": "bc", **settings} and card.tasks == cache.tasks
    expected = f"vptr train bc --data data --out {tmp_path / 'run'} --steps 6 --batch 4 --warm-up 2"
    assert card.training["command"].startswith(expected)
    assert card.training["git_sha"] == git_sha() and len(git_sha().split("+")[0]) in (40, len("unknown"))
    assert card.training["steps"] == 6 and card.data["transitions"] == 20 and card.data["folder"] == "data"
    assert np.allclose(actor.state_mean.numpy(), run.transitions.state_statistics()[0], atol=1e-6)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["seed"] == 3
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_reinforcement_learns_from_failures_and_the_target_and_keeps_its_critic(
    data: RobotData, tmp_path: Path
) -> None:
    run = preset_run("ptr", tmp_path, data, target_share=0.5, finetune_at=3)
    target = run.transitions.tasks.index("target")
    assert [float(run.source[step].tasks[:, target].sum()) for step in range(5)] == [0, 0, 0, 2, 2]
    folder = run.run()
    policy = load_policy(folder)
    assert load_critic(folder, policy.card) is not None
    assert policy.tasks == ("cucumber_in_bowl", "knife_in_pot", "target")
    assert policy.card.main_task == "target"
    assert policy.card.data["trajectories"] == 8 and policy.card.data["successful_trajectories"] == 6
    assert policy.card.data["target_trajectories"] == 2 and policy.card.data["made"] == "here"
    assert policy.card.algorithm["name"] == "cql" and policy.card.algorithm["alpha"] == 10.0
    actions: List[Any] = []
    for told in ("target", "tea_on_table", "knife_in_pot"):
        policy.reset(told)
        actions.append(policy.act(SEEN))
    assert np.array_equal(actions[0].vector, actions[1].vector), "the target's own name is that of the new task"
    assert not np.array_equal(actions[0].vector, actions[2].vector)
    assert np.isfinite(actions[0].info["value"])


@pytest.mark.parametrize(("kind", "task"), [("one", "target"), ("each", "target/tea_on_table")])
def test_a_name_that_source_and_target_share_is_that_of_what_was_fine_tuned(
    data: RobotData, tmp_path: Path, kind: str, task: str
) -> None:
    both = RobotData((*data.sources, *data.targets), data.targets)
    policy = load_policy(preset_run("ptr", tmp_path, both, target_tasks=kind).run())
    assert policy.tasks == ("cucumber_in_bowl", "knife_in_pot", "tea_on_table", task)
    vectors = torch.cat(policy.task_vectors())
    assert torch.equal(vectors, torch.eye(4)), "each of its tasks has an id of its own"

    def action(told: str) -> List[float]:
        policy.reset(told)
        return policy.act(SEEN).vector.tolist()

    assert action("tea_on_table") == action(task) != action("source/tea_on_table")
    assert action("source/tea_on_table") != action("knife_in_pot")
    names = ("tea_on_table", "put the tea on the table", "source/tea_on_table")
    assert [name_task(words, policy.tasks, policy.card.aliases) for words in names] == [task, task, "tea_on_table"]
    assert policy.card.main_task == task


def test_a_run_that_never_learned_from_its_target_says_so(data: RobotData, tmp_path: Path, capsys: Any) -> None:
    short = preset_run("bc", tmp_path / "hours", data, steps=10**6, finetune_at=900_000, hours=0.5 / 3600)
    told = load_checkpoint(short.run())[1].training
    assert told["target_updates"] == 0 and 0 < told["steps"] < 900_000
    line = f"nothing was learned from --target: it ended at update {told['steps']}, --finetune-at is 900000"
    assert line in capsys.readouterr().err
    whole = preset_run("bc", tmp_path / "steps", data, steps=4, finetune_at=3)
    assert load_checkpoint(whole.run())[1].training["target_updates"] == 1
    assert "nothing was learned" not in capsys.readouterr().err


def test_reinforcement_resumes_to_the_very_same_weights(data: RobotData, tmp_path: Path) -> None:
    changes = {"target_share": 0.5, "finetune_at": 5, "save_every": 3, "log_every": 1, "averaging": 0.9, "steps": 8}
    preset_run("ptr", tmp_path / "whole", data, **changes).run()
    broken = preset_run("ptr", tmp_path / "broken", data, **changes)
    broken.source = Broken(broken.source, 7)  # type: ignore[assignment]
    with pytest.raises(TrainingDiverged):
        broken.run()
    assert len(metrics(tmp_path / "broken")) == 7
    preset_run("ptr", tmp_path / "broken", data, **changes).run()
    for name in ("state.safetensors", "checkpoint/actor.safetensors", "checkpoint/critic.safetensors"):
        whole, resumed = (load_file(str(tmp_path / run / name)) for run in ("whole", "broken"))
        assert whole.keys() == resumed.keys() and all(torch.equal(whole[key], resumed[key]) for key in whole), name
    losses = [[line["loss"] for line in metrics(tmp_path / run)] for run in ("whole", "broken")]
    assert losses[0] == losses[1] and len(losses[0]) == 8


class Broken:
    """Batches of which one has a reward that is no number."""

    def __init__(self, source: Any, at: int) -> None:
        self._source, self._at = source, at

    def __getitem__(self, step: int) -> Any:
        batch = self._source[step]
        if step == self._at:
            batch.rewards.fill_(float("nan"))
        return batch


def test_shares_of_successes_are_those_of_the_data_they_are_named_after(data: RobotData, tmp_path: Path) -> None:
    of_target = {"target_share": 0.5, "finetune_at": 3, "failures": True}
    shares = {"success_share": 0.25, "target_success_share": 0.75}
    mixed = mixture(options(tmp_path, **of_target, **shares), True)
    assert mixed == Mixture(0.5, 3, success_share=0.25, target_success_share=0.75)
    both = RobotData(data.sources, data.sources)  # with failures among both
    run = preset_run("ptr", tmp_path, both, batch=16, target_tasks="each", **of_target, **shares)
    rows = run.source._rows(5)
    target, success = run.transitions.target[rows], run.transitions.success[rows]
    assert (int(success[~target].sum()), int(success[target].sum())) == (2, 6)


def test_without_the_source_the_target_is_all_there_is(data: RobotData, tmp_path: Path) -> None:
    run = preset_run("v-ptr-no-phase-2", tmp_path, data)
    assert run.transitions.tasks == ("tea_on_table",) and len(run.transitions) == 10
    assert load_checkpoint(run.run())[1].tasks == ("tea_on_table",)


def test_told_in_words_the_policy_keeps_the_sentences(data: RobotData, tmp_path: Path) -> None:
    policy = load_policy(preset_run("ptr-language", tmp_path, data, steps=2).run())
    texts = ["cucumber in bowl", "knife in pot", "tea on table"]
    assert policy.card.language["texts"] == texts
    assert policy.card.language["tasks"] == dict(zip(policy.tasks, texts))
    vectors = []
    for told in ("tea_on_table", "tea on table", "target", "knife in pot", "pour some tea"):
        policy.reset(told)
        vectors.append(policy.act(SEEN).vector)
    assert np.array_equal(vectors[0], vectors[1]) and np.array_equal(vectors[0], vectors[2])
    assert not np.array_equal(vectors[0], vectors[3]) and not np.array_equal(vectors[0], vectors[4])


def test_cql_decays_as_its_config_says(data: RobotData, tmp_path: Path) -> None:
    for changes, expected in (({}, 0.0), ({"weight_decay": 0.3}, 0.3)):
        run = preset_run("ptr", tmp_path / str(expected), data, steps=1, **changes)
        groups = {group["name"]: group["weight_decay"] for group in run.loop.state.optimizer.param_groups}
        assert groups == {"critic": expected, "actor": expected, "temperature": 0.0}
        run.run()
        assert json.loads((tmp_path / str(expected) / "config.json").read_text())["weight_decay"] == expected


def test_rewards_on_every_step_are_refused(data: RobotData, tmp_path: Path) -> None:
    preset_run("ptr", tmp_path, data, final_steps=4)
    with pytest.raises(ValueError, match="--final-steps is 5, expected less than the steps of the longest successful"):
        preset_run("ptr", tmp_path, data, final_steps=5)
