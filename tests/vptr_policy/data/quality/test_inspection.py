"""Every fault is caused in a sound demonstration, and named; sound ones have no findings."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Set

import cv2
import numpy as np
import pytest

from vptr_policy.data.pictures import encode_png
from vptr_policy.data.quality.findings import (
    DAMAGED,
    DROPPED,
    DUPLICATE,
    FROZEN,
    LABEL,
    MOTION,
    PICTURE,
    TIME,
    Finding,
)
from vptr_policy.data.quality.inspection import inspect
from vptr_policy.data.robot.trajectory import Trajectory

SAMPLE = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "bridge_v2_sample"
STEPS = 40


@dataclass(frozen=True)
class Item:
    trajectory: Trajectory

    @property
    def name(self) -> str:
        return self.trajectory.key

    @property
    def info(self) -> Dict[str, Any]:
        return self.trajectory.info

    def read(self) -> Trajectory:
        return self.trajectory

    def measured(self) -> Set[str]:
        return set(self.trajectory.extras)


def sound(number: int = 0, task: str = "knife_in_pot", language: str = "put the knife in the pot") -> Trajectory:
    """An arm that follows its commands one step late by nine tenths, closes its gripper and opens it again."""
    random = np.random.default_rng(number)
    action = np.zeros((STEPS, 7), np.float32)
    knots = random.uniform(-0.03, 0.03, (8, 3))
    action[:, :3] = np.repeat(knots, 5, axis=0)
    action[:, 6] = np.where((np.arange(STEPS) >= 12) & (np.arange(STEPS) < 30), 0.0, 1.0)
    state = np.zeros((STEPS + 1, 7), np.float32)
    state[:, :3] = [0.25, 0.0, 0.15]
    late = np.concatenate([np.zeros((1, 3)), action[:-1, :3]])
    state[1:, :3] += np.cumsum(0.3 * action[:, :3] + 0.6 * late, axis=0)
    state[:, 6] = 1.0
    for t in range(STEPS):
        state[t + 1, 6] = state[t, 6] + np.clip(max(action[t, 6], 0.4) - state[t, 6], -0.3, 0.3)
    stamps = 1.7e9 + 0.2 * np.arange(STEPS + 1) + random.uniform(-0.01, 0.01, STEPS + 1)
    extras = {"stamp_s": stamps, "image_stamps_s": stamps - 0.04}
    info = {"task": task, "success": True, "language": language, "steps": STEPS}
    pictures = [encode_png(random.integers(0, 255, (24, 32, 3), np.uint8)) for _ in range(STEPS + 1)]
    return Trajectory(f"{task}-{number}", info, state, action, action, action, pictures, extras)


def found(*trajectories: Trajectory) -> List[Finding]:
    return list(inspect(map(Item, trajectories)))


def one_finding(trajectory: Trajectory, kind: str) -> Finding:
    (finding,) = found(trajectory)
    assert finding.kind == kind and finding.name == trajectory.key
    assert json.loads(json.dumps(finding.row()))["text"] == finding.text and finding.text in finding.line()
    return finding


def with_state(trajectory: Trajectory, state: np.ndarray) -> Trajectory:
    return replace(trajectory, state=state.astype(np.float32))


def test_sound_demonstrations_have_no_findings() -> None:
    assert found(*map(sound, range(30))) == []


def test_a_frozen_camera() -> None:
    one = sound()
    pictures = [*one.jpegs[:10], *[one.jpegs[10]] * 6, *one.jpegs[16:]]
    finding = one_finding(replace(one, jpegs=pictures), FROZEN)
    assert finding.steps == (10, 15) and "6 pictures in a row are the same while the arm moves" in finding.text


def test_the_same_picture_of_an_arm_that_stands_is_no_fault() -> None:
    one = sound()
    state, action = one.state.copy(), one.action.copy()
    state[20:, :6] = state[20, :6]
    action[18:, :6] = 0.0
    still = replace(one, state=state, action=action, executed=action, jpegs=[*one.jpegs[:20], *[one.jpegs[20]] * 21])
    assert found(still) == []


def test_dropped_frames() -> None:
    one = sound()
    taken = one.extras["image_stamps_s"].copy()
    taken[20:24] = taken[19]
    pictures = [*one.jpegs[:20], *one.jpegs[17:20], *one.jpegs[23:]]
    finding = one_finding(replace(one, jpegs=pictures, extras={**one.extras, "image_stamps_s": taken}), DROPPED)
    assert finding.steps == (21, 23) and "up to 0.8" in finding.text


def test_pictures_in_the_wrong_order() -> None:
    one = sound()
    taken = one.extras["image_stamps_s"].copy()
    taken[[20, 21]] = taken[[20, 21]][::-1]
    kinds = {
        (finding.kind, finding.steps) for finding in found(replace(one, extras={**one.extras, "image_stamps_s": taken}))
    }
    assert (DROPPED, (21, 21)) in kinds and {kind for kind, _ in kinds} == {DROPPED}


@pytest.mark.parametrize(("jump", "said"), [(3.0, "a step took 3.2"), (-1.0, "the clock went back by 0.8")])
def test_a_time_jump(jump: float, said: str) -> None:
    one = sound()
    extras = {name: np.where(np.arange(STEPS + 1) > 15, rows + jump, rows) for name, rows in one.extras.items()}
    finding = [each for each in found(replace(one, extras=extras)) if each.kind == TIME]
    assert len(finding) == 1 and finding[0].steps == (15, 15) and said in finding[0].text


def test_states_of_another_episode() -> None:
    finding = one_finding(with_state(sound(0), np.append(sound(1).state[:, :6], sound(0).state[:, 6:], axis=1)), MOTION)
    assert "axes, units or episodes were mixed up" in finding.text


def test_swapped_axes() -> None:
    one = sound(3)
    assert "mixed up" in one_finding(with_state(one, one.state[:, [1, 2, 0, 3, 4, 5, 6]]), MOTION).text


def test_states_three_steps_late() -> None:
    one = sound(5)
    late = np.concatenate([np.repeat(one.state[:1], 2, axis=0), one.state[:-2]])
    assert "the states follow the actions 3 steps late" in one_finding(with_state(one, late), MOTION).text


def test_a_jump_of_the_state() -> None:
    one = sound()
    state = one.state.copy()
    state[25:, 1] += 0.3
    assert any(each.kind == MOTION and each.steps == (24, 24) and "jumps by 0." in each.text
               for each in found(with_state(one, state)))  # fmt: skip


def test_a_gripper_that_does_not_follow() -> None:
    one = sound()
    state = one.state.copy()
    state[:, 6] = 1.0
    finding = one_finding(with_state(one, state), MOTION)
    assert finding.steps == (12, 20) and "told to close and did not move" in finding.text


def test_a_gripper_that_closed_while_its_step_began() -> None:
    """A command that came late in a step shows in the state before its label: that is no fault."""
    one = sound()
    state = one.state.copy()
    state[:, 6] = np.where((np.arange(STEPS + 1) >= 12) & (np.arange(STEPS + 1) < 30), 0.4, 1.0)
    assert not found(with_state(one, state))


def turning(number: int = 0) -> Trajectory:
    """A sound demonstration in which the arm turns as it is told, too."""
    one = sound(number)
    turn = np.repeat(np.random.default_rng(number + 99).uniform(-0.1, 0.1, (8, 3)), 5, axis=0).astype(np.float32)
    action, state = one.action.copy(), one.state.copy()
    action[:, 3:6] = turn
    state[1:, 3:6] = np.cumsum(0.9 * turn, axis=0)
    return with_actions(with_state(one, state), action)


def with_actions(trajectory: Trajectory, action: np.ndarray) -> Trajectory:
    return replace(trajectory, action=action, executed=action, label=action)


def test_arms_that_turn_as_they_are_told_have_no_findings() -> None:
    assert found(*map(turning, range(30))) == []


def test_turns_that_the_states_do_not_follow() -> None:
    one = turning()
    action = one.action.copy()
    action[:, 3:6] = np.random.default_rng(1).uniform(-0.25, 0.25, (STEPS, 3))
    assert "the turning of the states has a correlation" in one_finding(with_actions(one, action), MOTION).text
    still = sound()
    assert "angles, units or episodes" in one_finding(with_actions(still, action), MOTION).text
    assert "the labels turn by 0.2" in one_finding(replace(still, label=action), MOTION).text
    action[:, 3:6] = 0.0
    assert "the actions turn by 0.000 rad a step, the arm by" in one_finding(with_actions(one, action), MOTION).text


def test_labels_of_nothing_and_labels_of_another_episode() -> None:
    one = sound()
    finding = one_finding(replace(one, label=np.zeros_like(one.label)), MOTION)
    assert finding.text == "the labels say to stand still while the arm moves"
    other = np.append(sound(1).label[:, :6], one.label[:, 6:], axis=1)
    assert "with that of the labels at best" in one_finding(replace(one, label=other), MOTION).text


def test_labels_without_the_noise_of_the_demonstrator_are_sound() -> None:
    one = turning()
    noisy = one.action + np.random.default_rng(2).normal(0.0, 0.1, one.action.shape) * [0, 0, 0, 1, 1, 1, 0]
    state = one.state.copy()
    state[1:, 3:6] = np.cumsum(0.9 * noisy[:, 3:6], axis=0)
    noisy = noisy.astype(np.float32)
    assert found(replace(with_state(one, state), action=noisy, executed=noisy)) == []


def test_an_action_outside_of_the_box() -> None:
    one = sound()
    action = one.action.copy()
    action[9, 1] = -0.13
    finding = one_finding(replace(one, action=action, label=action), MOTION)
    assert finding.steps == (9, 9) and "the commands ask for 0.130 m along an axis" in finding.text
    action[9, 1] = -0.055
    assert found(replace(one, action=action, label=action)) == []


def test_an_inverted_gripper() -> None:
    one = sound()
    action = one.action.copy()
    action[:, 6] = 1.0 - action[:, 6]
    assert any(
        "the commands open the gripper where it closes" in each.text and each.kind == MOTION
        for each in found(replace(one, action=action))
    )
    assert "the labels open the gripper where it closes" in one_finding(replace(one, label=action), MOTION).text


def test_stamps_that_are_no_numbers() -> None:
    one = sound()
    stamps = one.extras["stamp_s"].copy()
    stamps[7] = np.nan
    finding = one_finding(replace(one, extras={**one.extras, "stamp_s": stamps}), TIME)
    assert "1 of 41 stamps of the states are no numbers" in finding.text


@pytest.mark.parametrize(("every", "repeated"), [(3, 13), (2, 20)])
def test_a_camera_slower_than_the_steps(every: int, repeated: int) -> None:
    """Every third picture is the one before, or every second."""
    one = sound()
    pictures = [one.jpegs[place - 1 if place % every == every - 1 else place] for place in range(STEPS + 1)]
    finding = one_finding(replace(one, jpegs=pictures), FROZEN)
    assert f"{repeated} of 40 pictures are the one before while the arm moves" in finding.text


def test_a_picture_repeated_now_and_then_is_no_fault() -> None:
    one = sound()
    assert found(replace(one, jpegs=[one.jpegs[place - (place % 8 == 7)] for place in range(STEPS + 1)])) == []


def test_a_copy_that_differs_by_a_tenth_of_a_millimetre() -> None:
    one, noise = sound(), np.random.default_rng(3)
    state = one.state + noise.uniform(-1e-4, 1e-4, one.state.shape)
    copied = with_state(with_actions(replace(sound(9), key="copy"), one.action + np.float32(1e-4)), state)
    (finding,) = found(*map(sound, range(5)), copied)
    assert (finding.kind, finding.name) == (DUPLICATE, "copy")
    assert f"its arm goes the way of {one.key} to 1 mm" in finding.text


def test_duplicates() -> None:
    one = sound()
    copied = replace(one, key="copy")
    again = replace(sound(1), key="pictures", jpegs=one.jpegs)
    findings = found(one, sound(2), copied, again)
    assert [(each.kind, each.name) for each in findings] == [(DUPLICATE, "copy"), (DUPLICATE, "pictures")]
    assert f"has the actions of {one.key}" in findings[0].text and f"has the pictures of {one.key}" in findings[1].text


def test_a_success_in_which_nothing_happened() -> None:
    one = sound()
    still = with_state(one, np.tile(one.state[:1], (STEPS + 1, 1)))
    still = replace(still, action=np.zeros_like(one.action), executed=np.zeros_like(one.action))
    assert "the arm moved by 0.000 m only" in one_finding(still, LABEL).text
    assert found(replace(still, info={**one.info, "success": False})) == []
    opened = replace(one, action=one.action.copy())
    opened.action[:, 6] = 1.0
    state = one.state.copy()
    state[:, 6] = 1.0
    assert "the gripper never opened or closed" in one_finding(with_state(opened, state), LABEL).text


def test_a_misspelt_task_and_a_foreign_instruction() -> None:
    usual = [sound(number) for number in range(12)]
    others = [sound(number, "sponge_to_sink", "wipe") for number in range(20, 32)]
    slip = sound(50, "knife_in_pto")
    foreign = sound(51, "sponge_to_sink", "Put the knife  in the pot.")
    named = {(each.name, each.kind): each.text for each in found(*usual, *others, slip, foreign)}
    assert "12 demonstrations are of 'knife_in_pot': is it misspelt?" in named["knife_in_pto-50", LABEL]
    assert "its task is 'sponge_to_sink'" in named["sponge_to_sink-51", LABEL]
    assert set(named) == {("knife_in_pto-50", LABEL), ("sponge_to_sink-51", LABEL)}


def test_five_of_44_with_the_name_of_another_task() -> None:
    """The words or the folder tell; a folder that is named after no task tells nothing."""
    wrong = set(range(7, 44, 8))
    words = [sound(number, "lid_on_pot" if number in wrong else "knife_in_pot") for number in range(44)]
    findings = found(*words)
    assert {each.name for each in findings} == {f"lid_on_pot-{number}" for number in wrong} and len(findings) == 5
    assert all(each.kind == LABEL and "39 demonstrations of 'knife_in_pot'" in each.text for each in findings)

    def lying(folder: str) -> List[Trajectory]:
        silent = [replace(one, info={**one.info, "language": ""}) for one in words]
        return [replace(one, key=f"{folder}/{one.key}") for one in silent]

    findings = found(*lying("knife_in_pot"))
    assert len(findings) == 5 and "lies with 39 demonstrations of 'knife_in_pot'" in findings[0].text
    assert found(*lying("monday")) == []


def test_damaged_and_black_pictures() -> None:
    one = sound()
    noisy = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    cut = bytes(cv2.imencode(".jpg", noisy)[1])[:-60]
    assert (
        "picture 7: a JPEG cut off"
        in one_finding(replace(one, jpegs=[*one.jpegs[:7], cut, *one.jpegs[8:]]), DAMAGED).text
    )
    black = encode_png(np.zeros((24, 32, 3), np.uint8))
    assert one_finding(replace(one, jpegs=[black, *one.jpegs[1:]]), PICTURE).steps == (0, 0)
    larger = encode_png(np.full((48, 64, 3), 99, np.uint8))
    assert "sizes" in one_finding(replace(one, jpegs=[*one.jpegs[:5], larger, *one.jpegs[6:]]), PICTURE).text
    assert one_finding(replace(one, state=np.full_like(one.state, np.nan)), DAMAGED).text.startswith(
        "state has the shape"
    )


def test_real_bridge_data_have_no_findings_but_what_is_in_them() -> None:
    if not SAMPLE.is_dir():
        pytest.skip(f"the real Bridge sample is not at {SAMPLE}")
    real = []
    for folder in sorted(SAMPLE.iterdir()):
        about = json.loads((folder / "episode.json").read_text())
        state, action = np.float32(about["state"]), np.float32(about["action"])[:-1]
        pictures = [(folder / f"im_{number}.jpg").read_bytes() for number in range(10)]
        info = {"task": "real", "success": False, "language": about["language"]}
        real.append(Trajectory(folder.name, info, state, action, action, action, pictures))
    assert len(real) == 25 and found(*real) == []
