"""The deadman clutch: closed by a squeeze that a release came before, opened by anything that goes wrong."""

RELEASE_FIRST, READY, ENGAGED = "release first", "ready", "engaged"


class Clutch:
    """Whether the hand is coupled to the arm.

    It starts, and ends after each ``drop``, at ``release first``: the grip must be seen released before a squeeze
    counts, so that a grip that is held while tracking returns moves nothing.
    """

    def __init__(self, squeeze: float, release: float) -> None:
        self._squeeze, self._release = squeeze, release
        self.state = RELEASE_FIRST
        self.reason = "release the grip"

    @property
    def engaged(self) -> bool:
        """Whether the hand drives the arm."""
        return self.state == ENGAGED

    def feed(self, grip: float, obstacle: str) -> bool:
        """Take in how far the grip is squeezed, 0..1; whether it changed between coupled and not.

        ``obstacle`` says why a squeeze must not count now, or is empty.
        """
        before = self.state
        if grip <= self._release:
            self.state, self.reason = READY, "squeeze the right grip to drive"
        elif grip >= self._squeeze and self.state == READY:
            if obstacle:
                self.drop(obstacle)
            else:
                self.state, self.reason = ENGAGED, ""
        return (before == ENGAGED) != self.engaged

    def drop(self, reason: str) -> bool:
        """Open it, whatever the grip does; whether it was closed."""
        was_engaged = self.engaged
        self.state, self.reason = RELEASE_FIRST, f"{reason}; release the grip"
        return was_engaged
