import json
from dataclasses import replace
from pathlib import Path

import pytest

from eval_protocol.comparison import paired_interval
from vptr_cli.experiments import results
from vptr_cli.experiments.parts import choose, describe
from vptr_cli.experiments.shipped import COMPARED, JUDGED, METHODS, SIZES, VARIANTS, Shipped, read_outcomes, ship, table
from vptr_cli.main import GROUPS
from vptr_policy.training.presets import options_class

TASKS = ("croissant_out_of_colander", "knife_in_pot")


SMALL = replace(SIZES["full"], episodes=10)


@pytest.fixture(autouse=True)
def weights(monkeypatch):
    monkeypatch.setattr(results, "identify", lambda policy: "now")


def record(experiment, variants=VARIANTS, methods=METHODS):
    """V-PTR solves 9 of 10 scenes of each task, BC 5, and 7 where it learns from failures too."""
    experiment.out.mkdir(exist_ok=True)
    lines = []
    for method, count in zip(methods, (9, 5, 7)):
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


def test_all_methods_learn_as_long_from_the_same_data():
    words = {part.name: part.words for part in Shipped(Path("there"), SIZES["full"]).parts()}
    for flag in ("--data", "--target", "--target-share", "--steps", "--finetune-at", "--batch", "--width", "--seed"):
        assert len({words[method][words[method].index(flag) + 1] for method in METHODS}) == 1, flag
    more = [word for word in words["bc-failures"] if word not in words["bc"]]
    assert more == ["--failures", "there/runs/bc-failures"]


def test_the_list_tells_which_evaluations_are_done(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "known_to_all", lambda tasks, policies: TASKS)
    experiment = Shipped(tmp_path, SMALL)
    record(experiment, methods=METHODS[:2])
    for method in METHODS:
        folder = experiment.run(method) / "checkpoint"
        folder.mkdir(parents=True)
        (folder / "card.json").write_text("{}")
    rows = [line.split()[:2] for line in describe(experiment.parts()) if line.startswith("evaluate-")]
    assert rows == [["evaluate-v-ptr", "done"], ["evaluate-bc", "done"], ["evaluate-bc-failures", "open"]]


def test_the_table_compares_scene_by_scene(tmp_path):
    experiment = Shipped(tmp_path, SMALL)
    record(experiment)
    lines = table(experiment)
    assert lines[2].startswith("| train | v-ptr | 9/10 | 9/10 | 18/20")
    assert lines[3].startswith("| train | bc | 5/10 | 5/10 | 10/20")
    assert lines[4].startswith("| train | bc-failures | 7/10 | 7/10 | 14/20")
    leads = [line for line in lines if line.startswith("| BC")]
    interval = "[{:+.3f}, {:+.3f}]".format(*paired_interval(10, 8, 0, 2))
    assert leads[0] == f"| BC | train | +0.400 {interval} | 0.00781 | 0.0625 |", "of eight tests"
    assert leads[3].startswith("| BC | all 60 | +0.400 ") and leads[3].endswith("| 0.00781 | 0.0625 |"), (
        "three variants of eight scenes are no 24 scenes"
    )
    assert leads[4].startswith("| BC of failures too | train | +0.200 ") and len(leads) == 8


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
    with pytest.raises(ValueError, match="no results of v-ptr distractors, bc distractors, bc-failures distractors"):
        read_outcomes(experiment)


def test_the_policy_does_not_wait_for_what_it_is_compared_with(tmp_path):
    parts = Shipped(Path("there"), SIZES["full"]).parts()
    chosen = [part.name for part in choose(parts, JUDGED)]
    assert chosen == ["data-video", "data-source", "data-target", "phase1", "v-ptr", JUDGED]
    cloning = ["bc", "evaluate-bc", "bc-failures", COMPARED]
    assert [part.name for part in parts] == [*chosen, *cloning] == [part.name for part in choose(parts, COMPARED)]
    experiment = Shipped(tmp_path, SMALL)
    record(experiment, methods=("v-ptr",))
    assert set(read_outcomes(experiment, ("v-ptr",))) == {("v-ptr", variant) for variant in VARIANTS}
    with pytest.raises(ValueError, match="no results of bc train, bc distractors, bc colours"):
        table(experiment)


def test_every_departure_from_the_paper_is_told_in_the_docs():
    """Section "The shipped policy" of docs/training.md says exactly what is used."""
    text = (Path(__file__).parents[3] / "docs" / "training.md").read_text()
    section = text[text.index("## The shipped policy") : text.index("## Diagnostics")]
    words = {part.name: part.words for part in Shipped(Path("there"), SIZES["full"]).parts()}
    ours = {word for word in words["v-ptr"] if word.startswith("--")} - set(words["bc"])
    assert len(ours) > 6
    assert not [word for word in ours | {"--averaging"} if word not in section and word != "--pretrained"]


def test_a_policy_that_could_not_be_finished_leaves_the_one_before(tmp_path, monkeypatch):
    experiment = Shipped(tmp_path, SMALL)
    record(experiment, methods=("v-ptr",))
    monkeypatch.setattr("vptr_cli.policy.rollout_metrics", lambda rows: {})
    (experiment.run("v-ptr") / "checkpoint").mkdir(parents=True)
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "card.json").write_text("as it was")

    def full(folder, metrics):
        raise OSError("no space left on device")

    monkeypatch.setattr("vptr_policy.checkpoint.record_metrics", full)
    with pytest.raises(OSError, match="no space"):
        ship(experiment)
    assert (tmp_path / "policy" / "card.json").read_text() == "as it was"
