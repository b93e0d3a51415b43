"""The MuJoCo model of a scene: arm, kitchen, things, camera and lights, with the scene's own appearance."""

from functools import lru_cache
from typing import List, Tuple

import mujoco
import numpy as np

from robot_bridge.sim.arm_model import JOINT_DEFAULTS, arm_actuation, arm_assets, arm_bodies
from robot_bridge.sim.colours import Tint
from robot_bridge.sim.containers import CONTAINERS
from robot_bridge.sim.kitchen import KITCHEN_DEFAULTS, kitchen_assets, kitchen_bodies, materials
from robot_bridge.sim.mesh import joined
from robot_bridge.sim.objects import THINGS
from robot_bridge.sim.scene import SceneSpec
from robot_bridge.sim.shapes import THING_DEFAULTS
from robot_bridge.sim.textures import texture_files, textures

PHYSICS_STEP_S = 0.004
CAMERA = "over_shoulder"
CAMERA_POS_M = np.array([-0.05, 0.43, 0.50])
CAMERA_TARGET_M = np.array([0.315, -0.035, 0.035])
CAMERA_FOVY_DEG = 41.0
ASPECT = 4.0 / 3.0
ROLLING_DAMPING = 1e-4
"""Of all movable things [N m s/rad]: real vegetables are lumpy and do not roll on; falls are not slowed by it."""

_OPTIONS = f"""
<compiler angle="radian" autolimits="true" boundmass="1e-6" boundinertia="1e-9"/>
<option timestep="{PHYSICS_STEP_S}" integrator="implicitfast" cone="elliptic" impratio="10" iterations="30"/>
<visual>
  <quality shadowsize="320" offsamples="4" numslices="14" numstacks="8" numquads="1"/>
  <headlight ambient="0.30 0.30 0.30" diffuse="0.16 0.16 0.16" specular="0.05 0.05 0.05"/>
  <map znear="0.05" zfar="8" shadowclip="0.68"/>
  <global offwidth="1280" offheight="960"/>
</visual>
<statistic center="0.3 0 0.1" extent="0.7"/>"""

_LIGHTS = """
<light name="sun" pos="0.18 0.18 1.2" dir="0.10 -0.15 -1.0" directional="true" diffuse="0.60 0.58 0.55"
       specular="0.2 0.2 0.2" castshadow="true"/>
<light name="lamp" pos="-0.4 -0.5 1.2" dir="0.6 0.4 -1.0" directional="true" diffuse="0.16 0.16 0.18"
       specular="0 0 0" castshadow="false"/>"""


@lru_cache(maxsize=1)
def _arm() -> Tuple[str, str]:
    return arm_assets(), arm_bodies()


@lru_cache(maxsize=2)
def _kitchen(kitchen: int) -> Tuple[str, str]:
    return kitchen_assets(kitchen), kitchen_bodies(kitchen)


@lru_cache(maxsize=128)
def _movable(name: str, kind: str) -> Tuple[str, str]:
    """MJCF of the assets and of the free body ``name`` of a container or an object."""
    if name == "container":
        vessel = CONTAINERS[kind]
        solids, (assets, geoms) = vessel.solids(name), vessel.look(name)
    else:
        thing = THINGS[kind]
        solids, (assets, geoms) = thing.solids(name), joined(name, thing.parts)
    joint = f'<joint name="{name}" type="free" damping="{ROLLING_DAMPING}"/>'
    return assets, f'<body name="{name}">{joint}{solids}{geoms}</body>'


def _mjcf(spec: SceneSpec) -> str:
    """MJCF of the scene's structure; placements and looks are set on the compiled model."""
    pieces = [_kitchen(spec.kitchen), _arm(), _movable("container", spec.container.kind)]
    pieces.append(_movable("target", spec.target.kind))
    pieces += [_movable(f"distractor{index}", item.kind) for index, item in enumerate(spec.distractors)]
    return f"""
<mujoco model="toy_kitchen">
  {_OPTIONS}
  <default>{JOINT_DEFAULTS}{THING_DEFAULTS}{KITCHEN_DEFAULTS}</default>
  <asset>{textures()}{materials()}{"".join(assets for assets, _ in pieces)}</asset>
  <worldbody>
    {_LIGHTS}
    <camera name="{CAMERA}" pos="{_text(CAMERA_POS_M)}" quat="{_text(look_at(CAMERA_POS_M, CAMERA_TARGET_M))}"
            {_intrinsics()}/>
    {"".join(bodies for _, bodies in pieces)}
  </worldbody>
  {arm_actuation()}
</mujoco>"""


def _intrinsics() -> str:
    """A 4:3 sensor: a square picture of this camera is the whole 4:3 frame squashed, as Bridge's 128 x 128 are."""
    height = 0.003
    focal = height / 2 / np.tan(np.radians(CAMERA_FOVY_DEG) / 2)
    return f'sensorsize="{height * ASPECT:.6f} {height}" focal="{focal:.8f} {focal:.8f}" resolution="640 480"'


def _text(values: np.ndarray) -> str:
    return " ".join(f"{value:.9f}" for value in values)


def look_at(pos: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Quaternion (w, x, y, z) of a camera at ``pos`` that looks at ``target``, upright."""
    back = (pos - target) / np.linalg.norm(pos - target)
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, np.stack([right, np.cross(back, right), back], axis=1).ravel())
    return quat


def build_model(spec: SceneSpec) -> mujoco.MjModel:
    """The compiled model of a scene, with its placements as ``qpos0`` and its looks applied."""
    model = mujoco.MjModel.from_xml_string(_mjcf(spec), assets=dict(texture_files()))
    _place(model, spec)
    if spec.tint is not None:
        _tint(model, spec.tint)
    if spec.randomise:
        _randomise(model, np.random.default_rng([spec.seed, 7]))
    return model


def _place(model: mujoco.MjModel, spec: SceneSpec) -> None:
    """Write the placements into ``qpos0``: things stand on the counter, a target in its container on its floor."""
    vessel = CONTAINERS[spec.container.kind]
    _pose(model, "container", (spec.container.x_m, spec.container.y_m, 0.0), spec.container.yaw_rad)
    distance = np.hypot(spec.target.x_m - spec.container.x_m, spec.target.y_m - spec.container.y_m)
    support = vessel.floor_m if distance < vessel.radius_m else 0.0
    target = (spec.target.x_m, spec.target.y_m, support + THINGS[spec.target.kind].rest_m + 5e-4)
    _pose(model, "target", target, spec.target.yaw_rad)
    for index, item in enumerate(spec.distractors):
        _pose(model, f"distractor{index}", (item.x_m, item.y_m, THINGS[item.kind].rest_m + 5e-4), item.yaw_rad)


def _pose(model: mujoco.MjModel, joint: str, pos: Tuple[float, float, float], yaw: float) -> None:
    start = int(model.joint(joint).qposadr[0])
    model.qpos0[start : start + 7] = (*pos, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2))


def _randomise(model: mujoco.MjModel, rng: np.random.Generator) -> None:
    """Move the camera by 12 mm and .5 degrees, the lights by .25 m, and scale brightness and colours."""
    model.cam_pos[0] += rng.normal(0.0, 0.012, 3)
    quat = model.cam_quat[0] + rng.normal(0.0, 0.004, 4)
    model.cam_quat[0] = quat / np.linalg.norm(quat)
    shift = rng.uniform(-0.25, 0.25, (model.nlight, 2))
    model.light_pos[:, :2] += shift
    model.light_dir[:, :2] -= shift / model.light_pos[:, 2:]
    model.light_dir /= np.linalg.norm(model.light_dir, axis=1, keepdims=True)
    model.light_diffuse *= rng.uniform(0.85, 1.15)
    model.mat_rgba[:, :3] = _shaded(model.mat_rgba[:, :3], rng.uniform(0.85, 1.10, (model.nmat, 3)))
    plain = np.flatnonzero(model.geom_matid < 0)
    for rows in _same_colour(model, plain):
        model.geom_rgba[rows, :3] = _shaded(model.geom_rgba[rows, :3], rng.uniform(0.88, 1.12, 3))


def _tint(model: mujoco.MjModel, tint: Tint) -> None:
    """Change the colours of the target object."""
    for geom in np.flatnonzero(model.geom_bodyid == model.body("target").id).tolist():
        model.geom_rgba[geom, :3] = tint.colour(model.geom_rgba[geom, :3])


def _same_colour(model: mujoco.MjModel, geoms: np.ndarray) -> List[np.ndarray]:
    """Groups of geoms of one body and one colour: they are one material and change together."""
    groups: dict = {}
    for geom in geoms.tolist():
        key = (int(model.geom_bodyid[geom]), model.geom_rgba[geom].tobytes())
        groups.setdefault(key, []).append(geom)
    return [np.array(rows) for rows in groups.values()]


def _shaded(colours: np.ndarray, factors: np.ndarray) -> np.ndarray:
    return np.clip(colours * factors, 0.0, 1.0)
