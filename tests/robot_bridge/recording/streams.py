"""The streams of a robot, for tests of what records them."""

from typing import List, Optional

import numpy as np
import recordings

from robot_bridge.recording.inbox import Measured
from robot_bridge.recording.recorder import Recorder
from robot_bridge.recording.step import Done


class Robot:
    """Plays the streams of a robot: measurements at 50 Hz, pictures at ``picture_hz``, commands at 5 Hz."""

    def __init__(self, recorder: Recorder, picture_hz: float = 10.0, command_ticks: int = 10) -> None:
        self._command_ticks = command_ticks
        self.recorder, self.now_s, self.sequence = recorder, 50.0, 0
        self._picture_period = round(50 / picture_hz)
        self._tick = self._pictures = 0

    def run(self, seconds: float, commanding: bool, lost: Optional[List[int]] = None) -> None:
        for _ in range(round(seconds * 50)):
            if self._tick % self._picture_period == 0:
                self.recorder.picture(0, recordings.jpeg(self._pictures, 640, 480), self.now_s - 0.03)
                self._pictures += 1
            state = recordings.state(self._tick)
            self.recorder.measured(Measured(state, self.now_s, state, np.ones(6), np.zeros(6)))
            if self._tick % self._command_ticks == 0:
                self._step(commanding, lost or [])
            self.recorder.advance(self.now_s)
            self._tick += 1
            self.now_s = 50.0 + 0.02 * self._tick

    def _step(self, commanding: bool, lost: List[int]) -> None:
        if self.sequence and self.sequence not in lost:
            action = np.append(np.full(6, 0.001 * self.sequence), 0.0)
            self.recorder.report(self.sequence, Done(action, 0.5 * action, action, clamps=("leash",)))
        if commanding:
            self.sequence += 1
            self.recorder.command(self.sequence, self.now_s, 0.02 * self._command_ticks)
