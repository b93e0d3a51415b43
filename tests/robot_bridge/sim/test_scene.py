"""Scenes as data: sampling, placement, JSON."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from robot_bridge import kinematics
from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.objects import THINGS
from robot_bridge.sim.scene import (
    START_LOWER,
    START_UPPER,
    TABLE_LOWER_M,
    TABLE_UPPER_M,
    Placement,
    SceneSpec,
    clearance,
    drop_point,
    sample_scene,
)
from robot_bridge.sim.tasks import (
    AXIS_TASKS,
    GROUPS,
    NOVEL_CONTAINERS,
    NOVEL_DISTRACTORS,
    NOVEL_TARGETS,
    SOURCE_CONTAINER,
    SOURCE_DISTRACTORS,
    SOURCE_TARGETS,
    SOURCE_TASKS,
    TASKS,
    TRAIN_DISTRACTORS,
    VARIANTS,
)
from robot_bridge.sim.world import start_joints

SEEDS = range(60)


def distance(one: Placement, other: Placement) -> float:
    return float(np.hypot(one.x_m - other.x_m, one.y_m - other.y_m))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("task", TASKS)
def test_json_keeps_every_scene(task: str, variant: str) -> None:
    spec = sample_scene(task, 5, variant)
    assert SceneSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"task": "knife_in_pot"}', '{"start": 3}'])
def test_what_is_no_scene_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"scene description|Expecting value"):
        SceneSpec.from_json(text)


@pytest.mark.parametrize(
    "changes",
    [{"task": "knife"}, {"variant": "new"}, {"kitchen": 2}, {"start": (0.0,)}, {"target": Placement("x", 0, 0)}],
)
def test_wrong_fields_are_refused(changes: dict) -> None:
    with pytest.raises(ValueError):
        replace(sample_scene("knife_in_pot", 0), **changes)


@pytest.mark.parametrize("task", TASKS)
def test_what_moves_is_clear_of_everything(task: str) -> None:
    for seed in SEEDS:
        spec = sample_scene(task, seed)
        if TASKS[task].takes_out:
            assert distance(spec.target, spec.container) < 0.02
            drop = Placement("", *drop_point(spec.container))
            assert distance(drop, spec.container) > CONTAINERS[spec.container.kind].outer_m + 0.03
            assert drop.y_m > -0.245
        else:
            assert distance(spec.target, spec.container) > clearance(spec.container.kind) - 0.021
        for item in spec.distractors:
            assert distance(item, spec.target) > 0.09
            assert distance(item, spec.container) > CONTAINERS[spec.container.kind].outer_m + 0.04


def test_the_training_scenes_cover_the_protocols_placements() -> None:
    specs = [sample_scene("sweet_potato_on_plate", seed) for seed in range(400)]
    starts = np.array([spec.start[:3] for spec in specs])
    below = np.array([np.hypot(s.target.x_m - s.start[0], s.target.y_m - s.start[1]) for s in specs])
    for x in (0.235, 0.325):
        for y in (0.09, -0.09):
            near = np.hypot(starts[:, 0] - x, starts[:, 1] - y) < 0.05
            assert near.sum() >= 20, (x, y)
            assert (near & (below < 0.055)).sum() >= 5, (x, y)
    assert START_LOWER[2] < 0.20 < START_UPPER[2]


def test_every_start_and_placement_is_within_reach() -> None:
    for seed in range(20):
        spec = sample_scene("cucumber_in_bowl", seed)
        pose = kinematics.forward(start_joints(spec))
        np.testing.assert_allclose(kinematics.pose_to_state(pose), spec.start[:6], atol=1e-5)
    for x in (TABLE_LOWER_M[0], TABLE_UPPER_M[0]):
        for y in (TABLE_LOWER_M[1], TABLE_UPPER_M[1]):
            assert start_joints(replace(spec, start=(x, y, 0.02, 0, 0, 0, 1))) is not None


def test_explicit_placements_are_kept() -> None:
    spots = [Placement("lemon", 0.2, 0.2)]
    spec = sample_scene(
        "knife_in_pot", 3, target_xy=(0.235, 0.09), container_xy=(0.3, -0.09), distractors=spots, kitchen=1
    )
    assert (spec.target.x_m, spec.target.y_m) == (0.235, 0.09)
    assert (spec.container.x_m, spec.container.y_m) == (0.3, -0.09)
    assert spec.distractors == tuple(spots) and spec.kitchen == 1


@pytest.mark.parametrize("task", TASKS)
def test_variants_use_unseen_kinds_only_where_they_say(task: str) -> None:
    for seed in SEEDS:
        known = sample_scene(task, seed)
        assert (known.target.kind, known.container.kind) == (TASKS[task].target, TASKS[task].container)
        assert {item.kind for item in known.distractors} <= set(TRAIN_DISTRACTORS)
    assert {sample_scene(task, seed, "targets").target.kind for seed in SEEDS} == set(NOVEL_TARGETS)
    assert {sample_scene(task, seed, "containers").container.kind for seed in SEEDS} == set(NOVEL_CONTAINERS)
    novel = [sample_scene(task, seed, "distractors").distractors for seed in SEEDS]
    assert {item.kind for items in novel for item in items} == set(NOVEL_DISTRACTORS)
    assert all(len(items) == 2 for items in novel)


def test_novel_kinds_never_occur_in_training() -> None:
    trained = set(TRAIN_DISTRACTORS) | {task.target for task in TASKS.values()}
    assert not trained & (set(NOVEL_TARGETS) | set(NOVEL_DISTRACTORS))
    assert not {task.container for task in TASKS.values()} & set(NOVEL_CONTAINERS)
    assert all(len(novel) >= 5 for novel in (NOVEL_TARGETS, NOVEL_CONTAINERS, NOVEL_DISTRACTORS))


def test_the_source_tasks_share_nothing_with_the_four_tasks() -> None:
    shown = {kind for task in TASKS.values() for kinds in task.kinds.values() for kind in kinds.targets}
    shown |= {kind for task in TASKS.values() for kinds in task.kinds.values() for kind in kinds.distractors}
    assert len(SOURCE_TASKS) == len(set(SOURCE_TARGETS)) == 6
    assert not set(SOURCE_TARGETS) & set(SOURCE_DISTRACTORS)
    assert not (set(SOURCE_TARGETS) | set(SOURCE_DISTRACTORS)) & shown
    vessels = {kind for task in TASKS.values() for kinds in task.kinds.values() for kind in kinds.containers}
    assert SOURCE_CONTAINER not in vessels
    for name in SOURCE_TASKS:
        for spec in (sample_scene(name, seed) for seed in SEEDS):
            assert f"{spec.target.kind}_in_bin" == name and spec.container.kind == "bin"
            assert len(spec.distractors) == 1 and spec.distractors[0].kind in SOURCE_DISTRACTORS


@pytest.mark.parametrize("axis", ["targets", "containers", "distractors"])
def test_an_axis_varies_five_kinds_and_five_unseen_ones(axis: str) -> None:
    task = AXIS_TASKS[f"axis_{axis}"]
    train, unseen = task.kinds_of("train"), task.kinds_of("unseen")
    seen, new = set(getattr(train, axis)), set(getattr(unseen, axis))
    source = {*SOURCE_TARGETS, *SOURCE_DISTRACTORS, SOURCE_CONTAINER}
    assert len(seen) == len(new) == 5 and not new & (seen | source) and not seen & source
    for rest in {"targets", "containers", "distractors"} - {axis}:
        assert getattr(train, rest) == getattr(unseen, rest)
        assert not new & set(getattr(train, rest))


@pytest.mark.parametrize("variant", ["train", "unseen"])
@pytest.mark.parametrize("task", AXIS_TASKS)
def test_the_kinds_of_an_axis_take_turns(task: str, variant: str) -> None:
    found = AXIS_TASKS[task]
    drawn = {kind_on_axis(sample_scene(task, seed, variant), found.axis) for seed in SEEDS}
    turns = [kind_on_axis(sample_scene(task, seed, variant, turn=seed), found.axis) for seed in range(10)]
    assert drawn == set(turns) and turns == list(getattr(found.kinds_of(variant), found.axis)) * 2


def kind_on_axis(spec: SceneSpec, axis: str) -> str:
    return {"targets": spec.target, "containers": spec.container, "distractors": spec.distractors[0]}[axis].kind


def test_scenes_of_an_axis_differ_between_variants_in_their_kinds_alone() -> None:
    for seed in range(10):
        seen, unseen = (sample_scene("axis_targets", seed, variant, turn=seed) for variant in ("train", "unseen"))
        assert seen.target.kind != unseen.target.kind
        moved = replace(unseen, variant="train", target=replace(unseen.target, kind=seen.target.kind))
        assert moved == seen


def test_every_kind_belongs_to_a_task() -> None:
    kinds = [kinds for task in GROUPS["all"].values() for kinds in task.kinds.values()]
    assert {kind for pool in kinds for kind in (*pool.targets, *pool.distractors)} == set(THINGS)
    assert {kind for pool in kinds for kind in pool.containers} == set(CONTAINERS)


@pytest.mark.parametrize(("task", "variant"), [("pear_in_bin", "colours"), ("knife_in_pot", "unseen")])
def test_a_variant_of_other_tasks_is_refused_with_the_tasks_own(task: str, variant: str) -> None:
    with pytest.raises(ValueError, match=f"{task} has no variant '{variant}'; known: train"):
        sample_scene(task, 0, variant)


def test_clutter_lets_more_distractors_lie_about_and_leaves_the_rest_as_it_was():
    bare, crowded = ([sample_scene("knife_in_pot", seed, clutter=n) for seed in range(60)] for n in (0, 4))
    assert {len(spec.distractors) for spec in bare} == {0, 1, 2}
    counts = [len(spec.distractors) for spec in crowded]
    assert set(counts) == {0, 1, 2, 3, 4} and 1.5 < np.mean(counts) < 2.3
    assert [replace(spec, distractors=()) for spec in bare] == [replace(spec, distractors=()) for spec in crowded]
    for spec in crowded:
        assert len({item.kind for item in spec.distractors}) == len(spec.distractors)
        assert {item.kind for item in spec.distractors} <= set(TRAIN_DISTRACTORS)


@pytest.mark.parametrize("task", TASKS)
def test_the_scenes_of_the_variant_colours_differ_from_training_in_the_tint_alone(task: str) -> None:
    for seed in range(20):
        train, colours = sample_scene(task, seed), sample_scene(task, seed, "colours")
        assert train.tint is None and colours.tint is not None
        assert replace(colours, variant="train", tint=None) == train
    wide = sample_scene(task, 3, colour_spread=1.0)
    assert wide.tint is not None and replace(wide, tint=None) == sample_scene(task, 3)
    assert SceneSpec.from_json(wide.to_json()) == wide and "tint" not in train.to_json()


# Digests of the scenes that the shipped policies' training data and measured figures were made in.
KNOWN_SCENES = {
    "train": "d4e45d0f554c7988",
    "distractors": "b463119f50df7609",
    "targets": "00acb8d9c19b3b28",
    "containers": "feb376a1a7bdbfeb",
}


@pytest.mark.parametrize("variant", KNOWN_SCENES)
def test_seeds_give_the_scenes_they_always_gave(variant: str) -> None:
    text = "".join(sample_scene(task, seed, variant).to_json() for task in TASKS for seed in range(0, 10**6, 49999))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == KNOWN_SCENES[variant]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9, -1.5, "here", None])
@pytest.mark.parametrize("field", ["x_m", "y_m", "yaw_rad"])
def test_placements_of_absurd_numbers_are_refused_by_name(field: str, value: object) -> None:
    if (field, value) == ("yaw_rad", -1.5):
        return
    with pytest.raises(ValueError, match=f"{field} of the placement of the lemon"):
        replace(Placement("lemon", 0.2, 0.1), **{field: value})


@pytest.mark.parametrize(
    ("index", "value", "name"),
    [(0, float("nan"), "x"), (2, 30.0, "z"), (3, float("inf"), "roll"), (6, 1.5, "gripper"), (6, -0.1, "gripper")],
)
def test_starts_of_absurd_numbers_are_refused_by_name(index: int, value: float, name: str) -> None:
    spec = sample_scene("knife_in_pot", 0)
    start = list(spec.start)
    start[index] = value
    with pytest.raises(ValueError, match=f"^{name} of the start state is"):
        replace(spec, start=tuple(start))
    with pytest.raises(ValueError, match="of the start state"):
        SceneSpec.from_json(spec.to_json().replace(repr(spec.start[0]), "NaN", 1))
