"""Pictures of a simulated world from its published states: which state is due, and its rendering.

The physics runs in another process and publishes scene and generalised positions; here the newest state is rendered
as soon as a picture is due in simulated time.
"""

import threading
from typing import NamedTuple, Optional

import numpy as np

from robot_bridge.sim.camera import SceneRenderer
from robot_bridge.sim.scene import SceneSpec


class WorldState(NamedTuple):
    """One state of the simulated world: scene JSON, generalised positions (nq,), simulated stamp [ns]."""

    scene: str
    qpos: np.ndarray
    stamp_ns: int


class StateSlot:
    """Holds the newest state and says when a picture of it is due: once in each period of simulated time.

    Time that jumps back (a simulation that was restarted) makes the next state due.
    """

    def __init__(self, rate_hz: float):
        self._period_ns = 1e9 / rate_hz
        self._changed = threading.Condition()
        self._newest: Optional[WorldState] = None
        self._taken: Optional[int] = None

    def offer(self, state: WorldState) -> None:
        """Put a state in, from the thread that receives it."""
        with self._changed:
            self._newest = state
            if self._due():
                self._changed.notify()

    def wait_due(self, timeout_s: float) -> Optional[WorldState]:
        """The newest state as soon as a picture of it is due; None when that does not happen in ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(self._due, timeout_s)
            if self._newest is None or not self._due():
                return None
            self._taken = self._period(self._newest)
            return self._newest

    def _due(self) -> bool:
        return self._newest is not None and self._period(self._newest) != self._taken

    def _period(self, state: WorldState) -> int:
        """Number of the period that the state lies in; half a millisecond forgives rounded stamps."""
        return int((state.stamp_ns + 500_000) // self._period_ns)


class SceneView:
    """Draws states and follows changes of the scene. Use it from one thread only: that owns the graphics context."""

    def __init__(self, width: int, height: int):
        self._size = (width, height)
        self._renderer: Optional[SceneRenderer] = None
        self._scene: Optional[str] = None

    def render(self, state: WorldState) -> np.ndarray:
        """RGB uint8 (height, width, 3) picture of the state; raises ValueError where it is no state of its scene."""
        return self._renderer_of(state.scene).render(state.qpos)

    def close(self) -> None:
        """Release the graphics context."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer, self._scene = None, None

    def _renderer_of(self, scene: str) -> SceneRenderer:
        if self._renderer is None:
            self._renderer = SceneRenderer(SceneSpec.from_json(scene), *self._size)
        elif scene != self._scene:
            self._scene = None
            self._renderer.show(SceneSpec.from_json(scene))
        self._scene = scene
        return self._renderer
