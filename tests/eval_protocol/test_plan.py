import math
from itertools import combinations

import pytest
import yaml

from eval_protocol.lab import PROTOCOL, START_POSES, Lab, Spot, load_lab, load_task
from eval_protocol.plan import instructions, make_plan, placement_name, plan_from_json
from eval_protocol.yaml_source import PlanError
from robot_bridge.share import share_path

NAMES = ["croissant_out_of_colander", "sweet_potato_on_plate", "knife_in_pot", "cucumber_in_bowl"]


@pytest.fixture
def lab_text():
    return share_path(PROTOCOL).read_text()


@pytest.mark.parametrize("task", NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_each_start_pose_has_one_trial_under_the_gripper_and_two_shifted(task, seed):
    plan, lab = make_plan(task, 1, seed), load_lab()
    assert [trial.number for trial in plan.trials] == list(range(1, 13))
    assert [trial.start_pose for trial in plan.trials] == [pose for pose in START_POSES for _ in range(3)]
    for trial in plan.trials:
        pose, spot = plan.start_poses[trial.start_pose], trial.target.spot
        away = math.hypot(spot.x - pose.x, spot.y - pose.y)
        if trial.placement == 1:
            assert away == pytest.approx(0, abs=1e-9)
        else:
            assert 0.03 - 1e-9 <= away <= 0.05 + 1e-9
        assert lab.table.holds(spot)
        assert plan.time_limit_s == 60


@pytest.mark.parametrize("seed", range(5))
def test_the_two_shifts_go_different_ways(seed):
    trials = make_plan("knife_in_pot", 1, seed).trials
    for first, second in zip(trials[1::3], trials[2::3]):
        assert first.shift.x * second.shift.x + first.shift.y * second.shift.y <= 1e-12


@pytest.mark.parametrize("task", NAMES)
def test_scenario_2_moves_the_distractors_each_trial_and_switches_them_each_pose(task):
    plan = make_plan(task, 2)
    pairs = [tuple(d.name for d in trial.distractors) for trial in plan.trials]
    assert [len(pair) for pair in pairs] == [2] * 12
    assert len({frozenset(pairs[i]) for i in (0, 3, 6, 9)}) == 4
    for start in (0, 3, 6, 9):
        three = plan.trials[start : start + 3]
        assert len(set(pairs[start : start + 3])) == 1
        for one, other in combinations(three, 2):
            assert all(a.spot != b.spot for a, b in zip(one.distractors, other.distractors))


@pytest.mark.parametrize("task", NAMES)
@pytest.mark.parametrize("scenario", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_things_on_the_table_do_not_touch(task, scenario, seed):
    plan, lab = make_plan(task, scenario, seed), load_lab()
    for trial in plan.trials:
        objects = [trial.target.spot] + [d.spot for d in trial.distractors]
        assert all(a.distance(b) >= lab.clearance - 1e-9 for a, b in combinations(objects, 2))
        beside = objects[1:] if plan.starts_inside else objects
        assert all(spot.distance(trial.container.spot) >= lab.container_clearance - 1e-9 for spot in beside)
        assert all(lab.surroundings.holds(spot) for spot in objects)


def test_where_the_object_is_set_down_stays_clear():
    for trial in make_plan("croissant_out_of_colander", 2).trials:
        down = Spot(x=trial.container.spot.x, y=trial.container.spot.y - 0.13)
        assert all(d.spot.distance(down) >= 0.10 - 1e-9 for d in trial.distractors)


def test_scenario_3_switches_the_target_with_each_pose():
    plan = make_plan("croissant_out_of_colander", 3)
    names = [trial.target.name for trial in plan.trials]
    assert "croissant" not in names
    assert len(set(names)) == 4
    assert all(len(set(names[i : i + 3])) == 1 for i in (0, 3, 6, 9))


def test_the_same_arguments_give_the_same_plan_and_others_another():
    assert make_plan("knife_in_pot", 2, 7).hash() == make_plan("knife_in_pot", 2, 7).hash()
    assert make_plan("knife_in_pot", 2, 7).hash() != make_plan("knife_in_pot", 2, 8).hash()


def test_a_plan_survives_json():
    plan = make_plan("cucumber_in_bowl", 2, 3)
    assert plan_from_json(plan.to_json()) == plan
    assert plan_from_json(plan.to_json()).hash() == plan.hash()


def test_the_operator_is_told_the_shift_in_centimetres_and_direction():
    plan = make_plan("sweet_potato_on_plate")
    trial = plan.trials[1].model_copy(update={"shift": Spot(x=-0.03, y=0.015)})
    assert instructions(plan, trial)[0] == (
        "Place the sweet potato 3.0 cm towards the robot and 1.5 cm to the robot's left "
        "from the point under the gripper."
    )
    assert instructions(plan, plan.trials[0])[0] == "Place the sweet potato directly under the gripper."
    assert instructions(plan, trial)[1].startswith("Stand the plate 30.0 cm in front of the robot's base, 11.0 cm to")


def test_taking_out_puts_the_container_under_the_gripper_too():
    plan = make_plan("croissant_out_of_colander")
    assert (
        instructions(plan, plan.trials[0])[0]
        == "Place the colander with the croissant in it directly under the gripper."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("x: 0.235", "x: 2.35"), "lab.yaml:12: poses.left_front.x: .*, got 2.35"),
        (("roll: 0.0", "rol: 0.0"), "rol: no such key; did you mean .roll."),
        (("gripper: 1.0", "gripper: .nan"), "gripper"),
        (("  left_rear:   {x: 0.325", "  left_back:   {x: 0.325"), "must name exactly"),
        (("table: {x_min: 0.19, x_max: 0.375", "table: {x_min: 0.39, x_max: 0.375"), "x_min must be below"),
        (("poses:", "poses"), "not YAML"),
    ],
)
def test_a_wrong_start_pose_file_is_refused_by_name(tmp_path, lab_text, change, message):
    assert change[0] in lab_text
    file = tmp_path / "lab.yaml"
    file.write_text(lab_text.replace(*change, 1))
    with pytest.raises(PlanError, match=message) as error:
        load_lab(file)
    assert str(file) in str(error.value)


def test_a_table_without_room_is_said(tmp_path, lab_text):
    file = tmp_path / "lab.yaml"
    config = yaml.safe_load(lab_text)
    config["table"] = {"x_min": 0.23, "x_max": 0.24, "y_min": -0.1, "y_max": 0.1}
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(PlanError, match="no room for two shifted placements at left_front"):
        make_plan("knife_in_pot", lab=load_lab(file))


@pytest.fixture
def own_lab(lab_text):
    """A lab with two start poses of its own besides one of the paper's, and three shifted placements at each."""
    config = yaml.safe_load(lab_text)
    names = {"near": "left_front", "right_front": "right_front", "far": "right_rear"}
    for part in ("poses", "containers"):
        config[part] = {name: config[part][like] for name, like in names.items()}
    return Lab.model_validate({**config, "shifted": 3, "time_limit_s": 30})


def test_a_lab_may_have_a_protocol_of_its_own(own_lab):
    plan = make_plan("knife_in_pot", lab=own_lab)
    assert plan.pose_names() == ["right_front", "near", "far"]
    assert [trial.placement for trial in plan.trials] == [1, 2, 3, 4] * 3
    assert plan.trials[3].placement_words(short=True).count("cm") in (1, 2)
    assert (plan.time_limit_s, placement_name(4)) == (30, "shifted, no. 3")
    for pose in plan.pose_names():
        spots = [trial.target.spot for trial in plan.trials if trial.start_pose == pose]
        assert all(a.distance(b) > 0.01 for a, b in combinations(spots, 2))
    with pytest.raises(PlanError, match="needs `distractors` for near, far"):
        make_plan("knife_in_pot", 2, lab=own_lab)


def test_an_unknown_task_is_answered_with_the_nearest():
    with pytest.raises(PlanError, match="Did you mean 'knife_in_pot'"):
        load_task("knife_in_pan")


def test_a_scenario_without_objects_is_refused():
    with pytest.raises(PlanError, match=r"scenario 3 .* needs `targets` for left_front"):
        make_plan("knife_in_pot", 3)
    with pytest.raises(PlanError, match="scenario must be"):
        make_plan("knife_in_pot", 4)
