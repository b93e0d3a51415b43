"""A keyboard as a source, for people without a headset: keys move an imagined right hand."""

import os
import select
import sys
import termios
import time
import tty
from typing import Callable, Dict, FrozenSet, List, Optional, Tuple

import numpy as np

from robot_bridge import kinematics
from robot_bridge.teleop.haptics import Haptic
from robot_bridge.teleop.sample import ControllerSample, Hand, Input, Notice

CLIENT = "keyboard"
PERIOD_S = 0.02
"""Samples are this far apart [s]."""
REPEAT_S = 0.2
"""A key counts as held this long after it was last heard [s]; terminals repeat a held key each 30 to 100 ms."""
SPEED_M_S, SPEED_RAD_S = 0.1, 0.5
TRIGGER_PER_S = 5.0
"""The imagined finger closes the trigger in 0.2 s."""
GRASP_S = 0.1
"""The finger moves only once the grip has been squeezed this long: the clutch closes first, and the gripper follows."""
TAP_S = 0.1
"""How long a key holds a button."""

HELP = """\
w s  away, towards you     i k  tilt forward, back     space  gripper        x  abort
a d  left, right           j l  turn left, right       enter  success        backspace  discard
e q  up, down              u o  roll left, right       n  failure            h  home
The arm moves while a key is held, and a little at a tap."""

_MOVES: Dict[str, Tuple[float, ...]] = {
    "w": (0, 0, -1, 0, 0, 0),
    "s": (0, 0, 1, 0, 0, 0),
    "a": (-1, 0, 0, 0, 0, 0),
    "d": (1, 0, 0, 0, 0, 0),
    "e": (0, 1, 0, 0, 0, 0),
    "q": (0, -1, 0, 0, 0, 0),
    "i": (0, 0, 0, -1, 0, 0),
    "k": (0, 0, 0, 1, 0, 0),
    "j": (0, 0, 0, 0, 1, 0),
    "l": (0, 0, 0, 0, -1, 0),
    "u": (0, 0, 0, 0, 0, 1),
    "o": (0, 0, 0, 0, 0, -1),
}
"""Velocity of the hand, x right, y up, z back, then turns about them, in units of the speeds."""
_TAPS = {
    "\n": ("right", "lower"),
    "\r": ("right", "lower"),
    "n": ("right", "upper"),
    "\x7f": ("left", "lower"),
    "h": ("left", "upper"),
    "x": ("left", "grip"),
}


class ImaginedHand:
    """What the keys make of a hand; time is what it is told.

    A key that moves the hand, or the space that works the gripper, also squeezes the grip for as long as it repeats:
    the deadman ends when the repeats do.
    """

    def __init__(self) -> None:
        self.pose = np.eye(4)
        self._trigger = self._finger = self._squeezed_s = 0.0
        self._heard_s: Dict[str, float] = {}
        self._now_s: Optional[float] = None

    def press(self, key: str, now_s: float) -> None:
        """A key was heard; unknown ones do nothing."""
        if key == " ":
            self._trigger = 1.0 - self._trigger
        if key == " " or key in _MOVES or key in _TAPS:
            self._heard_s[key] = now_s

    def sample(self, now_s: float, sequence: int) -> ControllerSample:
        """Both hands at ``now_s``."""
        elapsed_s = 0.0 if self._now_s is None else min(max(now_s - self._now_s, 0.0), REPEAT_S)
        self._now_s = now_s
        moving = [key for key in _MOVES if self._held(key, REPEAT_S)]
        velocity = np.sum([_MOVES[key] for key in moving], axis=0) if moving else np.zeros(6)
        velocity = velocity * ([SPEED_M_S] * 3 + [SPEED_RAD_S] * 3)
        self.pose = kinematics.displace(self.pose, velocity * elapsed_s)
        squeezed = bool(moving) or self._held(" ", REPEAT_S) or self._finger != self._trigger
        self._squeezed_s = self._squeezed_s + elapsed_s if squeezed else 0.0
        if self._squeezed_s > GRASP_S:
            reach = TRIGGER_PER_S * elapsed_s
            self._finger += min(reach, max(-reach, self._trigger - self._finger))
        right = Hand(self.pose, False, self._finger, float(squeezed), pressed=self._taps("right"))
        left = Hand(pressed=self._taps("left"))
        return ControllerSample(now_s, sequence, client=CLIENT, frame="room", right=right, left=left, synthetic=True)

    def _held(self, key: str, for_s: float) -> bool:
        assert self._now_s is not None
        return self._now_s - self._heard_s.get(key, -1e9) < for_s

    def _taps(self, side: str) -> FrozenSet[str]:
        return frozenset(button for key, (of, button) in _TAPS.items() if of == side and self._held(key, TAP_S))


class Keyboard:
    """A Source on a terminal, which it puts into cbreak mode (keys come at once, unseen) until closed.

    Args:
        terminal: file descriptor; None: standard input.
        clock: monotonic [s].
    """

    def __init__(self, terminal: Optional[int] = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = sys.stdin.fileno() if terminal is None else terminal
        if not os.isatty(self._terminal):
            raise ValueError("the keyboard needs a terminal: run it in one, without a pipe or redirection")
        self._clock = clock
        self._before = termios.tcgetattr(self._terminal)
        tty.setcbreak(self._terminal)
        self._hand = ImaginedHand()
        self._sequence = 0
        self._due_s = clock()
        self._problem = ""

    def read(self, timeout_s: float) -> List[Input]:
        """The samples that are due, waiting up to ``timeout_s`` for one; keys are heard meanwhile."""
        end_s = self._clock() + timeout_s
        while not self._problem:
            now_s = self._clock()
            if now_s >= self._due_s:
                return [self._sample(now_s)]
            if now_s >= end_s:
                return []
            self._listen(min(self._due_s, end_s) - now_s)
        return self._end()

    def pulse(self, haptic: Haptic) -> None:
        """A keyboard cannot let anybody feel anything."""

    def problem(self) -> str:
        """Why no more keys come; empty while they do."""
        return self._problem

    def close(self) -> None:
        """Give the terminal back as it was."""
        if self._before and not self._problem:  # a terminal that is gone needs nothing back
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)
        self._before = []

    def _sample(self, now_s: float) -> ControllerSample:
        self._listen(0.0)
        self._sequence += 1
        self._due_s = max(self._due_s + PERIOD_S, now_s)
        return self._hand.sample(now_s, self._sequence)

    def _listen(self, timeout_s: float) -> None:
        """Take in the keys that come within ``timeout_s``."""
        ready, _, _ = select.select([self._terminal], [], [], timeout_s)
        if not ready:
            return
        try:
            data = os.read(self._terminal, 1024)
        except OSError as error:
            self._problem = f"the terminal is gone ({error.strerror})"
            return
        if not data:
            self._problem = "the terminal was closed"
        for key in data.decode("ascii", errors="ignore"):
            self._hand.press(key, self._clock())

    def _end(self) -> List[Input]:
        if self._due_s == float("inf"):
            return []
        self._due_s = float("inf")
        return [Notice("closed", self._problem, self._clock(), CLIENT)]
