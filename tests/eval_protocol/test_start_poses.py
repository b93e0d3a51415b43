import pytest

from eval_protocol.plan import PROTOCOL, PlanError, load_lab
from eval_protocol.start_poses import save_start_pose
from robot_bridge.share import share_path

STATE = [0.2512, -0.0471, 0.1833, 0.01, -0.02, 0.3, 0.9]


@pytest.fixture
def lab_file(tmp_path):
    file = tmp_path / "lab.yaml"
    file.write_text(share_path(PROTOCOL).read_text())
    return file


def test_saving_changes_one_line_and_keeps_the_comments(lab_file):
    before = lab_file.read_text().splitlines()
    save_start_pose("left_rear", lambda: STATE, lab_file)
    after = lab_file.read_text().splitlines()
    assert [new for old, new in zip(before, after) if old != new] == [
        "  left_rear: {x: 0.2512, y: -0.0471, z: 0.1833, roll: 0.0100, pitch: -0.0200, yaw: 0.3000, gripper: 0.9000}"
    ]
    assert len(before) == len(after)
    assert load_lab(lab_file).poses["left_rear"].pose() == STATE[:6]


def test_block_style_is_replaced_too(lab_file):
    old = "  left_rear:   {x: 0.325, y:  0.09, z: 0.20, roll: 0.0, pitch: 0.0, yaw: 0.0, gripper: 1.0}\n"
    block = "".join(f"    {k}: 0.2\n" for k in ("x", "y", "z", "roll", "pitch", "yaw", "gripper"))
    text = lab_file.read_text()
    assert old in text
    lab_file.write_text(text.replace(old, "  left_rear:  # ours\n" + block))
    save_start_pose("left_rear", lambda: STATE, lab_file)
    lab = load_lab(lab_file)
    assert lab.poses["left_rear"].pose() == STATE[:6]
    assert lab.poses["right_rear"].x == 0.325


def test_a_pose_out_of_bounds_leaves_the_file_alone(lab_file):
    before = lab_file.read_text()
    with pytest.raises(PlanError, match=r"poses\.left_rear\.z"):
        save_start_pose("left_rear", lambda: [0.2, 0.0, -0.1, 0, 0, 0, 1], lab_file)
    assert lab_file.read_text() == before
    assert [path.name for path in lab_file.parent.iterdir()] == ["lab.yaml"]


def test_an_unknown_pose_is_refused_before_the_robot_is_asked(lab_file):
    with pytest.raises(PlanError, match="no start pose 'left'"):
        save_start_pose("left", lambda: pytest.fail("the robot was asked"), lab_file)
