"""The line of oculus_reader's app: what it says, and that nothing else is taken for it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quest_lines import controls, line, payload
from scipy.spatial.transform import Rotation
from teleop_person import START, pose

from robot_bridge.teleop.logcat import LONGEST_LINE, LogcatParser, parse_payload
from robot_bridge.teleop.settings import SMOOTH
from robot_bridge.teleop.teleoperator import RobotView, Teleoperator

RIGHT, LEFT = pose(0.1, -0.2, -0.3), pose(-0.15, -0.25, -0.35)
BOTH = payload(RIGHT, LEFT)
REAL = (
    b"02-29 13:37:05.123  4711  4742 I wE9ryARX: "
    b"l:0.98 -0.199 0 -0.1 0.199 0.98 0 -0.2 0 0 1 -0.3 0 0 0 1 |r:1 0 0 0.1 0 1 0 -0.2 0 0 1 -3e-05 0 0 0 1 "
    b"&R,A,RTr,RG,RThU,rightJS -0.250000 0.500000,rightTrig 0.750000,rightGrip 1.000000,"
    b"L,X,Y,LJ,leftJS 0.000000 0.000000,leftTrig 0.000000,leftGrip 0.250000\n"
)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def one(data: bytes):
    parser = LogcatParser()
    (found,) = parser.feed(data, 7.0)
    return found


def test_a_whole_line() -> None:
    sample = one(REAL)
    assert (sample.received_s, sample.sequence, sample.frame, sample.client) == (7.0, 1, "head", "logcat")
    assert sample.stamp_s == pytest.approx((59 * 24 + 13) * 3600 + 37 * 60 + 5.123)
    np.testing.assert_array_equal(sample.right.pose[:3, 3], (0.1, -0.2, -3e-05))
    np.testing.assert_array_equal(sample.left.pose[0], (0.98, -0.199, 0, -0.1))
    right, left = sample.right, sample.left
    assert right.pressed == {"lower", "trigger", "grip"} and left.pressed == {"lower", "upper", "stick"}
    assert (right.stick, right.trigger, right.grip) == ((-0.25, 0.5), 0.75, 1.0)
    assert (left.stick, left.trigger, left.grip) == ((0.0, 0.0), 0.0, 0.25)


def test_buttons_are_there_only_while_pressed() -> None:
    parser = LogcatParser()
    lines = b"".join(line(payload(RIGHT, None, controls("R", held)), k) for k, held in enumerate([[], ["B"], []]))
    assert [sample.right.pressed for sample in parser.feed(lines, 0.0)] == [set(), {"upper"}, set()]


def test_hands_that_are_not_there_are_none() -> None:
    nobody = one(line("&"))
    assert nobody.right is None and nobody.left is None
    only_left = one(line(payload(None, LEFT)))
    assert only_left.right is None and only_left.left is not None
    no_pose = one(line("&" + controls("R")))
    assert no_pose.right.pose is None
    no_buttons = one(line(payload(RIGHT, None, "")))
    assert no_buttons.right is None


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4)),
        2 * np.eye(4),
        np.diag([1.0, 1.0, -1.0, 1.0]),
        np.full((4, 4), np.nan),
        pose(1e3),
        np.ones((4, 4)),
    ],
)
def test_a_matrix_that_is_no_rigid_transform_is_no_pose(wrong: np.ndarray) -> None:
    sample = one(line(payload(wrong, LEFT)))
    assert sample.right.pose is None and sample.left.pose is not None


BROKEN = {
    "not UTF-8": line(BOTH).replace(b"rightTrig", b"right\xff\xfeTrig"),
    "no line of logcat -v threadtime": b"I/wE9ryARX( 4711): " + BOTH.encode() + b"\n",
    "no date": line(BOTH).replace(b"02-29", b"02-30"),
    "poses and buttons are not separated by one &": line(BOTH.replace("&", "")),
    "a pose has not 16 numbers": line(BOTH.replace("0 0 0 1 &", "0 0 0 &")),
    "a pose holds what is no number": line(BOTH.replace("0 0 0 1 &", "0 0 0 x &")),
    "a pose is of neither hand, or there twice": line(BOTH.replace("l:", "r:")),
    "a button is unknown": line(BOTH.replace("rightTrig", "rightTri")),
    "a button is of neither hand": line(BOTH.replace("&R,", "&")),
    "a hand is there twice": line(BOTH.replace(",L,", ",R,")),
    "the value of a button was cut off, or is no number": line(BOTH)[:-3] + b"\n",
    "the value of a button is out of range": line(BOTH.replace("rightTrig 0.0", "rightTrig 7.0")),
    "the buttons of a hand are not complete": line(BOTH.replace("rightGrip 0.000000,", "")),
    "too long": line(BOTH + LONGEST_LINE * " "),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_line_is_left_out_and_counted_by_what_is_wrong(what: str) -> None:
    parser = LogcatParser()
    assert len(parser.feed(line(BOTH) + BROKEN[what] + line(BOTH), 0.0)) == 2
    assert parser.broken == {what: 1}


def test_no_truncated_line_passes_for_a_whole_one() -> None:
    for cut in range(1, len(line(BOTH)) - 45):
        found = LogcatParser().feed(line(BOTH)[:-1][:-cut] + b"\n", 0.0)
        assert all(sample.left is None for sample in found), cut  # cut between the hands it is a line of one hand


@quick
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 700), max_size=8))
def test_true_poses_come_through_however_the_bytes_are_cut(seed: int, cuts: list) -> None:
    rng = np.random.default_rng(seed)
    truth, data = [], b""
    for k in range(3):
        right, left = (pose(*rng.uniform(-2, 2, 3), turn=Rotation.random(rng=rng).as_matrix()) for _ in range(2))
        truth.append((right, left))
        data += line(payload(right, left), k)
    parser, found = LogcatParser(), []
    for size in [*cuts, len(data)]:
        found += parser.feed(data[:size], 0.0)
        data = data[size:]
    assert parser.broken == {} and len(found) == 3
    for sample, (right, left) in zip(found, truth):
        np.testing.assert_allclose(sample.right.pose, right, atol=1e-5)
        np.testing.assert_allclose(sample.left.pose, left, atol=1e-5)


@quick
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 60))
def test_damage_never_raises_and_never_makes_what_is_no_pose(garbage: bytes, at: int, replaced: int) -> None:
    whole = line(BOTH)
    damaged = whole[:at] + garbage + whole[at + replaced :]
    parser = LogcatParser()
    found = parser.feed(damaged + b"\n" + whole, 0.0)
    assert len(found) >= 1 and found[-1].right is not None
    for sample in found:
        for hand in (sample.right, sample.left):
            if hand is not None:
                assert 0.0 <= hand.trigger <= 1.0 and 0.0 <= hand.grip <= 1.0
                rotation = np.eye(3) if hand.pose is None else hand.pose[:3, :3]
                np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=2e-3)


@quick
@given(st.text(alphabet="rlRL:|&,. 0123456789-einfaJSTgThUGXYAB", max_size=400))
def test_a_payload_is_understood_or_refused(text: str) -> None:
    try:
        parse_payload(text)
    except ValueError as error:
        assert str(error)


def test_endless_garbage_without_a_line_takes_no_memory() -> None:
    parser = LogcatParser()
    for _ in range(50):
        assert parser.feed(b"x" * 1000, 0.0) == []
    assert len(parser._rest) <= LONGEST_LINE + 1000 and parser.broken == {"too long": 1}
    assert len(parser.feed(b"\n" + line(BOTH), 0.0)) == 1


def test_the_last_frame_repeated_forever_does_not_keep_the_clutch_closed() -> None:
    teleop, parser, robot = Teleoperator(SMOOTH), LogcatParser(), RobotView(START, 1.0)

    def show(k: int, where: np.ndarray, grip: float) -> None:
        now_s = k / 72
        for sample in parser.feed(line(payload(where, None, controls("R", [], 0.0, grip)), now_s), now_s):
            teleop.feed(replace(sample))

    for k in range(40):
        show(k, pose(0.0001 * k), float(k > 20))
        step = teleop.tick(k / 72, robot)
    assert step.state == "engaged"
    states = []
    for k in range(40, 80):
        show(k, pose(0.0001 * 39), 1.0)
        states.append(teleop.tick(k / 72, robot).state)
    assert states.index("holding") <= 8 and states[-1] == "release first"
