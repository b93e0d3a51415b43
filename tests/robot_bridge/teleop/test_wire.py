"""Samples as JSON: a round trip, and everything else refused in words."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teleop_person import pose

from robot_bridge.teleop.sample import ControllerSample, Hand, Notice
from robot_bridge.teleop.wire import LONGEST_BYTES, WireError, decode, encode

HAND = Hand(pose(0.1, 1.2, -0.3), False, 0.25, 1.0, (0.5, -0.5), frozenset(["grip", "upper"]))
SAMPLE = ControllerSample(3.5, 17, 12.25, "page", "room", True, HAND, Hand(None, True), pose(0, 1.6, 0))


def message(**changes) -> str:
    content = json.loads(encode(SAMPLE))
    for path, value in changes.items():
        target = content
        *parents, last = path.split("__")
        for key in parents:
            target = target[key]
        if value is KeyError:
            del target[last]
        else:
            target[last] = value
    return json.dumps(content)


def test_a_sample_comes_through_unchanged() -> None:
    got = decode(encode(SAMPLE), 3.5, "page")
    assert (got.received_s, got.sequence, got.stamp_s, got.client) == (3.5, 17, 12.25, "page")
    assert (got.frame, got.visible, got.synthetic) == ("room", True, False)
    np.testing.assert_array_equal(got.right.pose, HAND.pose)
    np.testing.assert_array_equal(got.head, SAMPLE.head)
    assert (got.right.trigger, got.right.grip, got.right.stick, got.right.pressed) == (
        0.25,
        1,
        (0.5, -0.5),
        HAND.pressed,
    )
    assert got.left.pose is None and got.left.emulated
    assert len(encode(SAMPLE)) < LONGEST_BYTES / 2


def test_a_page_may_say_whole_numbers_and_no_hands() -> None:
    got = decode(message(right=None, left=None, head=None, stamp_s=3), 0.0)
    assert isinstance(got, ControllerSample) and got.right is None and got.stamp_s == 3.0


def test_a_notice() -> None:
    got = decode('{"v": 1, "kind": "reset", "detail": "recentred"}', 2.0, "page")
    assert got == Notice("reset", "recentred", 2.0, "page")


WRONG = {
    "no JSON": ("{", "JSON"),
    "an array": ("[1]", "message"),
    "too long": ("x" * (LONGEST_BYTES + 1), "8193 bytes"),
    "another version": (message(v=2), "v:"),
    "another kind": (message(kind="shutdown"), "kind"),
    "a key too many": (message(extra=1), "extra"),
    "synthetic": (message(synthetic=True), "synthetic"),
    "a key too few": (message(right__grip=KeyError), "right.grip"),
    "a text for a number": (message(sequence="17"), "sequence"),
    "a number for a truth": (message(visible=1), "visible"),
    "a negative sequence": (message(sequence=-1), "sequence"),
    "a stamp from nowhere": (message(stamp_s=1e11), "stamp_s"),
    "a trigger over 1": (message(right__trigger=1.01), "right.trigger"),
    "a stick of three": (message(right__stick=[0, 0, 0]), "right.stick"),
    "an unknown button": (message(right__pressed=["fire"]), "right.pressed.0"),
    "a short pose": (message(right__pose=[0.0] * 15), "right.pose"),
    "a scaled pose": (message(right__pose=(2 * np.eye(4)).ravel().tolist()), "pose"),
    "a mirrored pose": (message(head=np.diag([1.0, 1.0, -1.0, 1.0]).ravel().tolist()), "no rotation"),
    "a pose in the next street": (message(right__pose=pose(40.0).ravel().tolist()), "10 m"),
    "NaN": (message(right__trigger=float("nan")), "right.trigger"),
    "NaN in a pose": (message(right__pose=[float("nan")] * 16), "right.pose"),
    "Infinity": (message(stamp_s=float("inf")), "stamp_s"),
    "a huge exponent": (message().replace("12.25", "1e999"), "stamp_s"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_none_of_ours_is_refused_in_words(what: str) -> None:
    text, why = WRONG[what]
    with pytest.raises(WireError, match=why.replace(".", r"\.")):
        decode(text, 0.0)


def test_bad_utf8_is_refused() -> None:
    with pytest.raises(WireError):
        decode(b'{"v": 1, "kind": "reset", "detail": "\xff"}', 0.0)


@settings(max_examples=25, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4)
    )
)
def test_no_value_of_any_key_gets_through_as_it_should_not(value) -> None:
    for key in ("sequence", "right", "head", "kind", "right__pose", "right__pressed"):
        try:
            got = decode(message(**{key: value}), 0.0)
        except WireError as error:
            assert str(error)
        else:
            assert isinstance(got, ControllerSample) and (value in (None, []))
