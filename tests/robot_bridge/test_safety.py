from dataclasses import fields, replace

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge import kinematics, safety
from robot_bridge.command import Command
from robot_bridge.safety import Limits, load_limits
from robot_bridge.share import share_path

LIMITS = Limits()
NOW = 50.0


def command(**changes):
    values = {"sequence": 5, "twist": np.full(6, 0.1), "gripper": 0.5, "stamp_s": NOW - 0.01, **changes}
    return Command(**values)


def refusal(**changes):
    return safety.refusal(command(**changes), NOW, 4, LIMITS)


def test_an_ordinary_command_is_not_refused():
    assert refusal() == ""
    assert safety.refusal(command(sequence=1), NOW, None, LIMITS) == ""


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [*range(6), "gripper", "duration_s", "stamp_s"])
def test_what_is_no_number_is_refused(value, place):
    if isinstance(place, int):
        twist = np.zeros(6)
        twist[place] = value
        assert "not finite" in refusal(twist=twist)
    else:
        assert "not finite" in refusal(**{place: value})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"twist": np.zeros(5)}, "shape"),
        ({"stamp_s": NOW - 0.31}, "stale: 0.310 s old"),
        ({"stamp_s": NOW + 0.02}, "from the future: stamped 0.020 s ahead"),
        ({"sequence": 4}, "repeated"),
        ({"sequence": 3}, "backwards"),
        ({"duration_s": 0.0}, "duration"),
        ({"duration_s": -0.2}, "duration"),
        ({"duration_s": 0.5}, "duration 0.500 s"),
        ({"twist": np.array([0, 0, 2.2, 0, 0, 0])}, "jump: 2.20 m/s"),
        ({"twist": np.array([0, 0, 0, 0, 11.0, 0])}, "jump: 11.00 rad/s"),
    ],
)
def test_each_refusal_says_what_is_wrong(changes, words):
    assert words in refusal(**changes)


@pytest.mark.parametrize("changes", [{"stamp_s": NOW - 0.29}, {"stamp_s": NOW}, {"duration_s": 0.3}, {"sequence": 400}])
def test_just_inside_is_not_refused(changes):
    assert refusal(**changes) == ""


def test_every_corner_of_the_bridge_action_box_passes_uncapped():
    for signs in np.ndindex(*[2] * 6):
        twist = np.array([0.25] * 3 + [1.25] * 3) * (2 * np.array(signs) - 1)
        capped, names = safety.cap_twist(twist, LIMITS)
        np.testing.assert_array_equal(capped, twist)
        assert names == ()


def test_caps_keep_the_direction():
    twist = np.array([0.6, 0.0, 0.8, 0.0, 3.0, 4.0])
    capped, names = safety.cap_twist(twist, LIMITS)
    assert names == ("twist_linear", "twist_angular")
    np.testing.assert_allclose(capped[:3], 0.434 * twist[:3], rtol=1e-12)
    np.testing.assert_allclose(capped[3:], 2.17 / 5.0 * twist[3:], rtol=1e-12)
    assert safety.cap_twist(np.array([1.0, 0, 0, 0.1, 0, 0]), LIMITS)[1] == ("twist_linear",)


def test_gripper_is_clamped_and_named():
    assert safety.clamp_gripper(0.3) == (0.3, ())
    assert safety.clamp_gripper(1.2) == (1.0, ("gripper",))
    assert safety.clamp_gripper(-0.2) == (0.0, ("gripper",))


def test_workspace_clamps_each_axis():
    inside = np.array([0.3, 0.0, 0.1])
    assert not safety.clamp_to_workspace(inside + 0.01, inside, LIMITS)[1]
    clamped, touched = safety.clamp_to_workspace(np.array([0.5, 0.1, -0.2]), inside, LIMITS)
    assert touched
    np.testing.assert_allclose(clamped, [0.45, 0.1, -0.01])


def test_from_outside_the_workspace_only_the_way_in_is_open():
    outside = np.array([0.05, 0.0, 0.1])
    further, _ = safety.clamp_to_workspace(outside - [0.01, 0, 0], outside, LIMITS)
    assert further[0] == pytest.approx(0.05)
    back, touched = safety.clamp_to_workspace(outside + [0.01, 0, 0], outside, LIMITS)
    assert back[0] == pytest.approx(0.06) and not touched
    assert "x = 0.050 m" in safety.outside_workspace(outside, LIMITS)
    assert safety.outside_workspace(np.array([0.3, 0, 0.1]), LIMITS) == ""


numbers = st.floats(-1, 1)


@settings(max_examples=150, deadline=None)
@given(st.lists(numbers, min_size=18, max_size=18))
def test_the_leash_is_never_left(values):
    measured = kinematics.forward(kinematics.HOME_JOINTS)
    values = np.array(values)
    target = kinematics.displace(measured, values[:6] * [0.014, 0.014, 0.014, 0.08, 0.08, 0.08])
    step = values[6:12] * [0.05, 0.05, 0.05, 0.3, 0.3, 0.3]
    fraction = safety.leash_fraction(target, kinematics.displace(target, step), measured, LIMITS)
    assert 0.0 <= fraction <= 1.0
    lead = kinematics.pose_error(kinematics.displace(target, fraction * step), measured)
    assert np.linalg.norm(lead[:3]) <= LIMITS.leash_m + 1e-9
    assert np.linalg.norm(lead[3:]) <= LIMITS.leash_rad + 1e-4


def test_a_target_beyond_the_leash_may_only_come_back():
    measured = kinematics.forward(kinematics.HOME_JOINTS)
    target = kinematics.displace(measured, np.array([0.04, 0, 0, 0, 0, 0.3]))
    away, back = np.array([0.01, 0, 0, 0, 0, 0]), np.array([-0.01, 0, 0, 0, 0, -0.1])
    assert safety.leash_fraction(target, kinematics.displace(target, away), measured, LIMITS) == 0.0
    assert safety.leash_fraction(target, kinematics.displace(target, back), measured, LIMITS) == 1.0


def test_joint_bounds_keep_the_margin_and_let_joints_beyond_it_stay():
    joints = kinematics.HOME_JOINTS.copy()
    lower, upper = safety.joint_bounds(joints, LIMITS)
    np.testing.assert_allclose(lower, kinematics.JOINT_LOWER + 0.05)
    np.testing.assert_allclose(upper, kinematics.JOINT_UPPER - 0.05)
    joints[4] = 2.12
    assert safety.joint_bounds(joints, LIMITS)[1][4] == pytest.approx(2.12)
    joints[4] = 2.5
    assert safety.joint_bounds(joints, LIMITS)[1][4] == pytest.approx(kinematics.JOINT_UPPER[4])


def test_joint_speed_is_limited_along_the_way():
    start, wanted = np.zeros(6), np.array([0.1, -0.2, 0.05, 0, 0, 0])
    limited, touched = safety.limit_joint_speed(start, wanted, 0.1)
    assert touched
    np.testing.assert_allclose(limited, wanted / 2)
    assert safety.limit_joint_speed(start, wanted, 0.2)[1] is False


def test_effort_names_the_joint():
    limits = replace(LIMITS, efforts=(800, 1000, 700, 600, 600, 700))
    assert safety.excessive_effort(np.array([800.0, -1000, 0, 0, 0, 0]), limits) == ""
    assert "shoulder is -1001" in safety.excessive_effort(np.array([0.0, -1001, 0, 0, 0, 0]), limits)
    assert "waist is nan" in safety.excessive_effort(np.array([np.nan, 0, 0, 0, 0, 0]), limits)
    assert safety.excessive_effort(None, limits) == ""
    assert safety.excessive_effort(np.full(6, 1e9), LIMITS) == ""


def test_the_shipped_file_states_every_limit_and_agrees_with_the_defaults():
    content = yaml.safe_load(share_path(safety.LIMITS).read_text(encoding="utf-8"))
    assert set(content["all"]) == {field.name for field in fields(Limits)} - {"efforts"}
    assert load_limits("sim") == Limits()
    assert load_limits("interbotix") == replace(Limits(), efforts=(800, 1000, 700, 600, 600, 700))


def test_a_wrong_limits_file_is_refused_in_words(tmp_path):
    path = tmp_path / "limits.yaml"
    path.write_text("all: {leash: 0.02}\nsim: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="did you mean 'leash_"):
        load_limits("sim", path)
    path.write_text("all: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="'sim'"):
        load_limits("sim", path)
    path.write_text("all: {leash_m: 2 cm}\nsim: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"limits.yaml: limit leash_m: expected finite"):
        load_limits("sim", path)
    path.write_text("all: {leash_m: 0.02}\nsim: {leash_m: 0.01}\n", encoding="utf-8")
    assert load_limits("sim", path).leash_m == 0.01


@pytest.mark.parametrize(("content", "words"), [(None, "No such file"), ("all: {", "is not YAML")])
def test_a_limits_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path, content, words):
    path = tmp_path / "limits.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=words) as told:
        load_limits("sim", path)
    assert str(path) in str(told.value) and "copy config/limits.yaml" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"leash_m": float("nan")},
        {"leash_m": "2 cm"},
        {"leash_m": None},
        {"leash_m": -0.1},
        {"workspace_lower_m": (0.1, 0.0)},
        {"workspace_lower_m": (0.5, -0.2, 0.0)},
        {"efforts": (1.0, 2.0)},
        {"joint_speed_rad_s": 4.0},
    ],
)
def test_limits_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes)).split("_")[0]):
        replace(Limits(), **changes)
