"""The gripper from the trigger, with a hold: what was grasped stays grasped whatever the clutch does."""

from typing import Optional

NEAR = 0.1
"""The trigger takes over where it meets the held opening this closely."""


class TriggerGrip:
    """Gripper opening ``1 - trigger`` while the clutch is closed, held while it is open.

    After the clutch closes, the trigger takes over only once it meets (or passes) the opening that is held: a hand that
    lets go of everything and squeezes the grip again does not drop the object. Where nothing is held yet the opening is
    the measured one, which an object may keep the fingers at: a trigger that wants less takes over at once, for to
    command what is measured would let go.
    """

    def __init__(self) -> None:
        self.held: Optional[float] = None
        self._in_charge = self._measured = False
        self._last: Optional[float] = None

    def engage(self, opening: float) -> None:
        """The clutch closed; ``opening`` 0..1 is what the gripper has, and counts where nothing is held yet."""
        self._measured = self.held is None
        self.held = opening if self.held is None else self.held
        self._in_charge, self._last = False, None

    def follow(self, trigger: float) -> float:
        """The opening 0..1 for a trigger of 0..1 while the clutch is closed."""
        assert self.held is not None, "engage comes first"
        wanted = min(1.0, max(0.0, 1.0 - trigger))
        last, self._last = self._last, wanted
        met = abs(wanted - self.held) <= NEAR or (last is not None and (last - self.held) * (wanted - self.held) < 0.0)
        met |= self._measured and wanted < self.held
        self._in_charge = self._in_charge or met
        if self._in_charge:
            self.held = wanted
        return self.held

    def forget(self) -> None:
        """Hold nothing: somebody else has moved the gripper."""
        self.held = None
        self._in_charge = False
