"""What oculus_reader's app on a Quest writes to Android's log: bytes in, samples out.

Once per rendered frame the app (https://github.com/rail-berkeley/oculus_reader, Apache-2.0) logs one line with the tag
``wE9ryARX``: the matrices of the hands, ``r:`` or ``l:`` and 16 numbers each, joined by ``|``, then ``&``, then the
buttons. Poses are relative to the headset. The line has no time and no tracking status of its own: its stamp here is
the one that logcat writes before it, and a frame that is repeated is for the watchdog to tell.
"""

import re
from collections import Counter
from datetime import datetime
from typing import Dict, FrozenSet, List, Optional, Tuple

import numpy as np

from robot_bridge.teleop.sample import ControllerSample, Hand, rigid_pose

TAG = "wE9ryARX"
LONGEST_LINE = 4096
"""A line that is longer is garbage [bytes]; the app's have about 600."""

_LINE = re.compile(r"(\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\s+\d+\s+\d+\s+[VDIWEF]\s+" + TAG + r"\s*: (.*)")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
_FIXED = re.compile(r"-?\d+\.\d{6}")
"""Values of buttons have six decimals: one with fewer was cut off."""
_YEAR = 2000
"""Logcat writes no year; one with a 29th of February."""

_PRESSED: Dict[str, Dict[str, str]] = {
    "right": {"A": "lower", "B": "upper", "RTr": "trigger", "RG": "grip", "RJ": "stick"},
    "left": {"X": "lower", "Y": "upper", "LTr": "trigger", "LG": "grip", "LJ": "stick"},
}
_SIDES = {"R": "right", "L": "left"}
_RESTING = {"right": "RThU", "left": "LThU"}
"""Says that the thumb is up: no button."""
_AXES = ("JS", "Trig", "Grip")

_Controls = Tuple[FrozenSet[str], Dict[str, Tuple[float, ...]]]


class LogcatParser:
    """Cuts the bytes of ``logcat -v threadtime`` into lines and makes samples of those of the app.

    ``broken`` counts, by what was wrong, the lines of the app of which nothing could be made.
    """

    def __init__(self) -> None:
        self.broken: Dict[str, int] = Counter()
        self._rest = b""
        self._skipping = False
        self._sequence = 0

    def feed(self, data: bytes, received_s: float) -> List[ControllerSample]:
        """The samples that are complete with these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        samples = []
        for line in lines:
            skip, self._skipping = self._skipping, False
            sample = None if skip else self._parse(line, received_s)
            if sample is not None:
                samples.append(sample)
        if len(self._rest) > LONGEST_LINE:
            self.broken["too long"] += not self._skipping
            self._rest, self._skipping = b"", True
        return samples

    def _parse(self, line: bytes, received_s: float) -> Optional[ControllerSample]:
        if TAG.encode() not in line:
            return None
        try:
            stamp_s, payload = _split(line)
            right, left = parse_payload(payload)
        except ValueError as error:
            self.broken[str(error)] += 1
            return None
        self._sequence += 1
        return ControllerSample(
            received_s, self._sequence, stamp_s, client="logcat", frame="head", right=right, left=left
        )


def _split(line: bytes) -> Tuple[float, str]:
    """When a line of the app was logged [s since New Year], and what it says."""
    if len(line) > LONGEST_LINE:
        raise ValueError("too long")
    try:
        text = line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError("no line of logcat -v threadtime")
    try:
        logged = datetime.strptime(f"{_YEAR}-{match.group(1)}", "%Y-%m-%d %H:%M:%S.%f")
    except ValueError as error:
        raise ValueError("no date") from error
    return (logged - datetime(_YEAR, 1, 1)).total_seconds(), match.group(2)


def parse_payload(payload: str) -> Tuple[Optional[Hand], Optional[Hand]]:
    """Right and left hand of what the app logs in a frame; raises ValueError, in a few words, on anything else.

    A matrix that is no rigid transform leaves its hand without a pose.
    """
    poses_text, separator, buttons_text = payload.partition("&")
    if not separator or "&" in buttons_text:
        raise ValueError("poses and buttons are not separated by one &")
    poses = _poses(poses_text)
    controls = _controls(buttons_text)
    right, left = (_hand(poses.get(key), controls.get(side)) for key, side in (("r", "right"), ("l", "left")))
    return right, left


def _hand(pose: Optional[np.ndarray], controls: Optional[_Controls]) -> Optional[Hand]:
    """A hand needs its buttons: without them nobody knows whether the grip is held."""
    if controls is None:
        return None
    pressed, axes = controls
    x, y = axes["JS"]
    return Hand(pose, False, axes["Trig"][0], axes["Grip"][0], (x, y), pressed)


def _poses(text: str) -> Dict[str, Optional[np.ndarray]]:
    poses: Dict[str, Optional[np.ndarray]] = {}
    for part in text.split("|") if text else []:
        key, _, numbers = part.partition(":")
        if key not in ("r", "l") or key in poses:
            raise ValueError("a pose is of neither hand, or there twice")
        values = numbers.split()
        if len(values) != 16:
            raise ValueError("a pose has not 16 numbers")
        poses[key] = _pose(values)
    return poses


def _pose(values: List[str]) -> Optional[np.ndarray]:
    if not all(_NUMBER.fullmatch(value) for value in values):
        if all(_NUMBER.fullmatch(value.replace("nan", "0").replace("inf", "0")) for value in values):
            return None
        raise ValueError("a pose holds what is no number")
    try:
        return rigid_pose([float(value) for value in values])
    except ValueError:
        return None


def _controls(text: str) -> Dict[str, _Controls]:
    """By hand, the buttons that are pressed and the values of its axes."""
    tokens: Dict[str, List[str]] = {}
    side = ""
    for token in text.split(",") if text else []:
        if token in _SIDES:
            side = _SIDES[token]
            if side in tokens:
                raise ValueError("a hand is there twice")
            tokens[side] = []
        elif side:
            tokens[side].append(token)
        else:
            raise ValueError("a button is of neither hand")
    return {side: _hand_controls(side, found) for side, found in tokens.items()}


def _hand_controls(side: str, tokens: List[str]) -> _Controls:
    pressed = [_PRESSED[side][token] for token in tokens if token in _PRESSED[side]]
    values = dict(_axis(token, side) for token in tokens if token not in _PRESSED[side] and token != _RESTING[side])
    if set(values) != set(_AXES):
        raise ValueError("the buttons of a hand are not complete")
    return frozenset(pressed), values


def _axis(token: str, side: str) -> Tuple[str, Tuple[float, ...]]:
    """Name and values of an axis, as in ``rightJS 0.100000 -0.200000``."""
    name, *values = token.split(" ")
    axis = name[len(side) :]
    if not name.startswith(side) or axis not in _AXES or len(values) != (2 if axis == "JS" else 1):
        raise ValueError("a button is unknown")
    if not all(_FIXED.fullmatch(value) for value in values):
        raise ValueError("the value of a button was cut off, or is no number")
    least = -1.0 if axis == "JS" else 0.0
    numbers = tuple(float(value) for value in values)
    if not all(least <= number <= 1.0 for number in numbers):
        raise ValueError("the value of a button is out of range")
    return axis, numbers
