"""Since when a task has been done: the success predicate is looked at after each servo period, never more rarely."""

from typing import Optional


class SuccessWatch:
    """Since when the predicate has held without a break, on the clock of whoever looks; one for each scene.

    The rig of the bridge and the environment of rollouts in process both look through this, so that a break of a single
    period counts in both.
    """

    def __init__(self) -> None:
        self.since_s: Optional[float] = None

    def look(self, success: bool, now_s: float) -> None:
        """Take what the predicate says at the end of a period."""
        if not success:
            self.since_s = None
        elif self.since_s is None:
            self.since_s = now_s
