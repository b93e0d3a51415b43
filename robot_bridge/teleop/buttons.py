"""Buttons as events: each press once, however it bounces."""

from typing import Dict, List, Optional

from robot_bridge.teleop.sample import ControllerSample, Hand

SUCCESS, FAILURE, REZERO, DISCARD, HOME, ABORT = "success", "failure", "rezero", "discard", "home", "abort"

_MEANING = {
    ("right", "lower"): SUCCESS,
    ("right", "upper"): FAILURE,
    ("right", "stick"): REZERO,
    ("left", "lower"): DISCARD,
    ("left", "upper"): HOME,
}


class _Button:
    """One button, debounced; a press counts only after a release was seen."""

    def __init__(self, debounce_s: float) -> None:
        self._debounce_s = debounce_s
        self._steady: Optional[bool] = None
        self._raw: Optional[bool] = None
        self._since_s = 0.0

    def feed(self, pressed: bool, now_s: float) -> bool:
        """Whether a press has just been confirmed."""
        if pressed != self._raw:
            self._raw, self._since_s = pressed, now_s
        if pressed == self._steady or now_s - self._since_s < self._debounce_s - 1e-9:
            return False
        counts = pressed and self._steady is False
        self._steady = pressed
        return counts

    def forget(self) -> None:
        """A release must be seen anew."""
        self._steady = self._raw = None


class Buttons:
    """The events in a stream of samples, once a press is steady; ``abort`` comes without delay."""

    def __init__(self, debounce_s: float) -> None:
        self._buttons: Dict[object, _Button] = {key: _Button(debounce_s) for key in _MEANING}
        self._abort = _Button(0.0)

    def aborts(self, sample: ControllerSample) -> bool:
        """Whether this sample brings the left grip; asked of each, for a stop needs no right hand and no tracking."""
        if sample.left is None:
            self._abort.forget()
            return False
        return self._abort.feed("grip" in sample.left.pressed, sample.received_s)

    def feed(self, sample: ControllerSample) -> List[str]:
        """The events that this sample brings."""
        events = []
        for (side, name), event in _MEANING.items():
            button, hand = self._buttons[(side, name)], _hand(sample, side)
            if hand is None:
                button.forget()
            elif button.feed(name in hand.pressed, sample.received_s):
                events.append(event)
        return events

    def forget(self) -> None:
        """All buttons but the left grip must be seen released before they count again."""
        for button in self._buttons.values():
            button.forget()


def _hand(sample: ControllerSample, side: str) -> Optional[Hand]:
    return sample.right if side == "right" else sample.left
