"""What the page shows, and what it can ask for beside samples."""

from typing import Any, Dict, List, Protocol, Tuple


class View(Protocol):
    """The robot's side of the page; its methods are called from many threads."""

    def state(self) -> Dict[str, Any]:
        """What to show, as plain data."""

    def pictures(self) -> List[Tuple[int, bytes]]:
        """The newest picture of each camera, and of the film, as JPEG, and its number; (0, b"") where there is none."""

    def stop(self) -> str:
        """Stop the robot; returns what it said, raises RuntimeError where it could not be told."""

    def home(self, stops: int) -> None:
        """Arm the robot and let it go home; raises RuntimeError where it must not now.

        ``stops`` is the number of STOPs in the state that the page saw: there must have been no other since.
        """

    def record(self, word: str) -> str:
        """Ask the recorder for one of its words; returns what was done, raises RuntimeError where it refuses."""
