"""A Quest 3 in headless Chromium: the real page, and the emulator iwer in place of the hardware."""

import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.ros.conftest import REPO, wait_for
from tests.ros.teleop_graph import Graph

IWER = REPO / ".npm" / "node_modules" / "iwer" / "build" / "iwer.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader",
]  # fmt: skip
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium (./run test sets it up)")
needs_iwer = pytest.mark.skipif(not IWER.is_file(), reason="needs the npm package iwer (./run test fetches it by npm)")
SMALL = {"width": 320, "height": 240}
BUTTONS = {
    "trigger": "trigger", "grip": "squeeze", "stick": "thumbstick",
    "A": "a-button", "B": "b-button", "X": "x-button", "Y": "y-button",
}  # fmt: skip


class Quest:
    """The page in the emulated headset; its window is small, for the emulator draws in it."""

    def __init__(self, browser: Any, address: str, size: Dict[str, int] = SMALL) -> None:
        self.context = browser.new_context(viewport=size)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.faults: List[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.add_init_script(path=str(IWER))
        self.page.add_init_script(path=str(Path(__file__).with_name("headset.js")))
        self.page.goto(address)
        self.page.wait_for_selector("#enter-vr:visible")

    def enter(self, mode: str = "vr") -> "Quest":
        """Put the headset on."""
        self.page.click(f"#enter-{mode}")
        return self

    def hand(self, pose: np.ndarray, side: str = "right") -> None:
        """Bring a hand to a pose (4, 4) in the room: x right, y up, z back."""
        turn = Rotation.from_matrix(pose[:3, :3]).as_quat().tolist()
        self.page.evaluate("([side, at, turn]) => quest.hand(side, at, turn)", [side, pose[:3, 3].tolist(), turn])

    def press(self, button: str, value: float = 1.0, side: str = "right") -> None:
        """Press a button so far."""
        self.page.evaluate("([side, id, value]) => quest.press(side, id, value)", [side, BUTTONS[button], value])

    def tap(self, button: str, side: str = "right") -> None:
        """Press a button and let it go."""
        self.press(button, 1.0, side)
        self.page.wait_for_timeout(150)
        self.press(button, 0.0, side)

    def run(self, script: str) -> Any:
        """Something of the emulator's, ``device``."""
        return self.page.evaluate(f"() => {{ const {{ device }} = quest; {script} }}")

    def buzzes(self) -> List[Tuple[str, float, float]]:
        """The pulses felt so far."""
        return [tuple(buzz) for buzz in self.page.evaluate("() => buzzes")]

    def close(self) -> None:
        self.context.close()
        assert not self.faults


def engage(graph: Graph, quest: Quest) -> None:
    """Release, squeeze, drive; on a busy machine the headset may stutter meanwhile, and has to begin again."""

    def driving() -> bool:
        quest.press("grip", 0.0)
        graph.until("ready")
        quest.press("grip")
        return graph.settled("engaged", 0.3)

    wait_for(driving, 60.0, "the hand to drive")
