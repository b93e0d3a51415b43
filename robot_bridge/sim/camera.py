"""Pictures of a scene: a renderer that needs only the scene's description and its positions, and the Camera over it."""

import importlib
import os
import weakref
from typing import TYPE_CHECKING, Any, Optional

import mujoco
import numpy as np

from robot_bridge.interface import Frame, StaleData
from robot_bridge.sim.model import CAMERA, build_model
from robot_bridge.sim.scene import SceneSpec

if TYPE_CHECKING:
    from robot_bridge.sim.world import World

SHOWN_GROUPS = (2,)
"""Groups: 2 pictures, 3 collision and mass, 4 ground."""


def make_gl_context(width: int, height: int) -> Any:
    """An off-screen OpenGL context of the kind MUJOCO_GL asks for (``osmesa`` or ``egl``).

    Unlike ``mujoco.GLContext`` this also holds where mujoco was imported before this package set the variable.
    """
    kind = os.environ["MUJOCO_GL"].lower()
    if kind not in ("osmesa", "egl"):
        raise ValueError(f"MUJOCO_GL is {kind!r}, expected 'osmesa' or 'egl': pictures are rendered off-screen")
    context: Any = importlib.import_module(f"mujoco.{kind}").GLContext(width, height)
    context.make_current()
    return context


class SceneRenderer:
    """Renders the over-the-shoulder camera of a scene from its ``qpos``, in any process.

    ``show`` changes the scene in a few milliseconds; a new renderer, with its window system, takes a tenth of a second.
    """

    def __init__(
        self,
        spec: SceneSpec,
        width: int = 128,
        height: int = 128,
        shadows: bool = True,
        model: Optional[mujoco.MjModel] = None,
    ) -> None:
        self.width, self.height, self._shadows = width, height, shadows
        self._gl = make_gl_context(max(width, 64), max(height, 64))
        self._context: Optional[mujoco.MjrContext] = None
        self._freed = weakref.finalize(self, self._gl.free)
        self.show(spec, model)

    def show(self, spec: SceneSpec, model: Optional[mujoco.MjModel] = None) -> None:
        """Change to another scene; ``model`` may be given where it was built: only its picture size is written."""
        self.spec = spec
        self._model = build_model(spec) if model is None else model
        self._data = mujoco.MjData(self._model)
        self._scene = mujoco.MjvScene(self._model, maxgeom=self._model.ngeom + 60)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = self._shadows
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = [index in SHOWN_GROUPS for index in range(len(self._option.geomgroup))]
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._view.fixedcamid = self._model.camera(CAMERA).id
        self._model.vis.global_.offwidth, self._model.vis.global_.offheight = self.width, self.height
        self._gl.make_current()
        if self._context is not None:
            self._context.free()
        self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._rectangle = mujoco.MjrRect(0, 0, self.width, self.height)

    def render(self, qpos: np.ndarray) -> np.ndarray:
        """The picture (height, width, 3) uint8 RGB of the scene at the positions ``qpos``."""
        if len(qpos) != self._model.nq:
            raise ValueError(f"qpos has {len(qpos)} numbers, expected the {self._model.nq} of this scene")
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        self._gl.make_current()
        mujoco.mjv_updateScene(
            self._model, self._data, self._option, None, self._view, mujoco.mjtCatBit.mjCAT_ALL, self._scene
        )
        mujoco.mjr_render(self._rectangle, self._scene, self._context)
        image = np.empty((self.height, self.width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(image, None, self._rectangle, self._context)
        return np.ascontiguousarray(image[::-1])

    def close(self) -> None:
        """Free the rendering context."""
        if self._context is not None:
            self._gl.make_current()
            self._context.free()
            self._context = None
            self._freed()


class SimCamera:
    """The simulated camera in the process of the physics; a frame is rendered when it is read."""

    def __init__(self, world: "World", width: int = 640, height: int = 480) -> None:
        self._world = world
        self._renderer = SceneRenderer(world.spec, width, height)
        self._index = 0

    def read_latest(self, max_age_s: float) -> Frame:
        """The picture of this moment; raises StaleData once the world is closed."""
        if self._world.closed:
            raise StaleData(f"the simulated world is closed; no frame is younger than {max_age_s} s")
        frame = Frame(self._renderer.render(self._world.qpos), self._world.time_s, self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        """Free the rendering context."""
        self._renderer.close()
