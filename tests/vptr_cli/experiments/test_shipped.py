import json
from dataclasses import replace
from pathlib import Path

import pytest

from eval_protocol.comparison import paired_interval
from vptr_cli.experiments import results
from vptr_cli.experiments.shipped import METHODS, SIZES, VARIANTS, Shipped, read_outcomes, table
from vptr_cli.main import GROUPS
from vptr_policy.training.presets import options_class

TASKS = ("croissant_out_of_colander", "knife_in_pot")


SMALL = replace(SIZES["full"], episodes=10)


@pytest.fixture(autouse=True)
def weights(monkeypatch):
    monkeypatch.setattr(results, "identify", lambda policy: "now")


def record(experiment, variants=VARIANTS):
    """V-PTR solves 9 of 10 scenes of each task, BC 5."""
    experiment.out.mkdir(exist_ok=True)
    lines = []
    for method, count in zip(METHODS, (9, 5)):
        for variant in variants:
            for task in TASKS:
                row = {"policy": str(experiment.run(method) / "checkpoint"), "task": task, "variant": variant}
                row.update(seed=4242, steps=100, successes=count, outcomes=[place < count for place in range(10)])
                row.update(episodes=10, checkpoint="now")
                lines.append(json.dumps(row))
    experiment.results.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("size", SIZES)
def test_the_parts_are_commands_and_stand_in_order(size):
    names = []
    for part in Shipped(Path("there"), SIZES[size]).parts():
        assert part.words[0] in GROUPS and set(part.needs) <= set(names)
        names.append(part.name)
        if part.words[0] == "train":
            flags = {word[2:].replace("-", "_") for word in part.words if word.startswith("--")}
            assert flags <= set(options_class(part.words[1]).__dataclass_fields__)


def test_both_methods_learn_as_long_from_the_same_data():
    words = {part.name: part.words for part in Shipped(Path("there"), SIZES["full"]).parts()}
    for flag in ("--data", "--target", "--target-share", "--steps", "--finetune-at", "--batch", "--width", "--seed"):
        ours, theirs = (words[method][words[method].index(flag) + 1] for method in METHODS)
        assert ours == theirs, flag


def test_the_table_compares_scene_by_scene(tmp_path):
    experiment = Shipped(tmp_path, SMALL)
    record(experiment)
    lines = table(experiment)
    assert lines[2].startswith("| train | v-ptr | 9/10 | 9/10 | 18/20")
    assert lines[3].startswith("| train | bc | 5/10 | 5/10 | 10/20")
    assert "train: V-PTR - BC +0.400" in lines[-3] and "McNemar p = 0.00781" in lines[-3]
    assert "[{:+.3f}, {:+.3f}] (paired)".format(*paired_interval(10, 8, 0, 2)) in lines[-3]


def test_the_order_in_which_conditions_were_done_does_not_matter(tmp_path):
    experiment = Shipped(tmp_path, SMALL)
    record(experiment)
    rows = [json.loads(line) for line in experiment.results.read_text().splitlines()]
    for row in rows:
        if row["task"] == TASKS[0]:  # the tasks differ, so that a mix-up shows
            row.update(successes=10 - row["successes"], outcomes=row["outcomes"][::-1])
    in_order = table(experiment)
    for lines in (rows, rows[::-1], rows[1::2] + rows[::2]):
        experiment.results.write_text("".join(json.dumps(row) + "\n" for row in lines))
        in_order = in_order if lines is not rows else table(experiment)
        assert table(experiment) == in_order
    experiment.results.write_text("".join(json.dumps(row) + "\n" for row in rows[1:]))
    with pytest.raises(ValueError, match="not the same tasks"):
        table(experiment)


def test_results_of_earlier_weights_do_not_count(tmp_path, monkeypatch):
    experiment = Shipped(tmp_path, SMALL)
    record(experiment)
    monkeypatch.setattr(results, "identify", lambda policy: "other")
    with pytest.raises(ValueError, match="no results of v-ptr train"):
        read_outcomes(experiment)


def test_results_that_are_missing_are_named(tmp_path):
    experiment = Shipped(tmp_path, SMALL)
    record(experiment, ("train", "colours"))
    with pytest.raises(ValueError, match="no results of v-ptr distractors, bc distractors"):
        read_outcomes(experiment)
