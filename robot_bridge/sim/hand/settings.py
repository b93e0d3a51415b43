"""Where the hand works: desk, workbench, garden, bathroom, floors; and the light there."""

from dataclasses import dataclass
from typing import Dict, Tuple

import numpy as np

from robot_bridge.sim.hand.fixture import pictures
from robot_bridge.sim.hand.scenery import scenery
from robot_bridge.sim.shapes import Colour, numbers


@dataclass(frozen=True)
class Setting:
    """A place: the surface worked on, with its extents [m], the ground and the wall beyond, and how it is lit.

    Textures come with the colours that tint them and how often they repeat in a metre. ``scenery`` are names of groups
    of parts. A ``floor`` is hardly higher than the ground around it.
    """

    name: str
    noun: str
    surface: str
    tints: Tuple[Colour, ...]
    repeat_m: float
    half_m: Tuple[float, float]
    ground: Tuple[str, Colour]
    wall: Tuple[str, Colour]
    wall_m: float
    scenery: Tuple[str, ...]
    light: float = 1.0
    outdoors: bool = False
    floor: bool = False


_OAKS = ((0.72, 0.52, 0.33), (0.50, 0.33, 0.20), (0.85, 0.70, 0.52), (0.36, 0.24, 0.17))

_SETTINGS = (
    Setting(
        "desk",
        "desk",
        "board",
        (*_OAKS, (0.93, 0.92, 0.90), (0.26, 0.27, 0.29)),
        1.5,
        (0.45, 0.80),
        ground=("parquet", (0.60, 0.48, 0.38)),
        wall=("plaster", (0.86, 0.88, 0.84)),
        wall_m=0.95,
        scenery=("screen", "lamp", "papers"),
    ),
    Setting(
        "workbench",
        "workbench",
        "board",
        ((0.66, 0.55, 0.40), (0.52, 0.44, 0.36)),
        3.0,
        (0.42, 0.90),
        ground=("concrete", (0.50, 0.50, 0.50)),
        wall=("pegboard", (0.80, 0.68, 0.50)),
        wall_m=0.80,
        scenery=("vice", "tins", "hung_tools"),
        light=0.9,
    ),
    Setting(
        "steel_bench",
        "workbench",
        "brushed",
        ((0.62, 0.65, 0.68), (0.45, 0.48, 0.50)),
        2.0,
        (0.42, 0.90),
        ground=("concrete", (0.60, 0.60, 0.58)),
        wall=("bricks", (0.72, 0.45, 0.36)),
        wall_m=0.85,
        scenery=("tins", "vice"),
        light=0.9,
    ),
    Setting(
        "garden_table",
        "garden table",
        "slats",
        ((0.62, 0.50, 0.38), (0.55, 0.58, 0.55), (0.42, 0.55, 0.45)),
        2.2,
        (0.48, 0.70),
        ground=("grass", (0.9, 1.0, 0.8)),
        wall=("hedge", (0.9, 1.0, 0.9)),
        wall_m=2.2,
        scenery=("plants", "watering_can"),
        light=1.25,
        outdoors=True,
    ),
    Setting(
        "bathroom",
        "wash stand",
        "marble",
        ((0.92, 0.92, 0.92), (0.75, 0.80, 0.80), (0.40, 0.41, 0.45)),
        1.6,
        (0.42, 0.70),
        ground=("hexagons", (0.55, 0.65, 0.70)),
        wall=("hexagons", (0.45, 0.75, 0.72)),
        wall_m=0.72,
        scenery=("taps", "mirror", "towel"),
    ),
    Setting(
        "rug",
        "rug",
        "persian",
        ((0.85, 0.75, 0.70), (0.65, 0.60, 0.75), (0.80, 0.85, 0.65)),
        2.5,
        (0.60, 0.85),
        ground=("parquet", (0.72, 0.52, 0.34)),
        wall=("plaster", (0.90, 0.84, 0.74)),
        wall_m=1.7,
        scenery=("sofa", "toy_chest"),
        floor=True,
    ),
    Setting(
        "striped_rug",
        "rug",
        "stripes",
        ((0.55, 0.70, 0.80), (0.85, 0.65, 0.55), (0.70, 0.72, 0.60)),
        3.0,
        (0.60, 0.85),
        ground=("board", (0.75, 0.60, 0.45)),
        wall=("plaster", (0.75, 0.82, 0.88)),
        wall_m=1.7,
        scenery=("sofa",),
        floor=True,
    ),
    Setting(
        "picnic",
        "picnic blanket",
        "gingham",
        ((1.0, 0.75, 0.72), (0.72, 0.80, 1.0), (0.8, 0.95, 0.75)),
        4.0,
        (0.55, 0.80),
        ground=("grass", (1.0, 1.0, 0.9)),
        wall=("hedge", (1.0, 1.0, 1.0)),
        wall_m=2.6,
        scenery=("plants",),
        light=1.25,
        outdoors=True,
        floor=True,
    ),
    Setting(
        "playroom",
        "play mat",
        "foam",
        ((0.95, 0.95, 0.95), (0.85, 0.80, 0.95)),
        1.6,
        (0.70, 0.95),
        ground=("linen", (0.62, 0.62, 0.66)),
        wall=("plaster", (0.98, 0.92, 0.72)),
        wall_m=1.6,
        scenery=("toy_chest", "shelves"),
        floor=True,
    ),
    Setting(
        "cafe",
        "table",
        "linen",
        ((0.92, 0.90, 0.85), (0.55, 0.20, 0.22), (0.30, 0.38, 0.52)),
        1.2,
        (0.46, 0.70),
        ground=("parquet", (0.45, 0.32, 0.24)),
        wall=("bricks", (0.80, 0.62, 0.52)),
        wall_m=1.4,
        scenery=("vase", "papers", "chair"),
        light=0.9,
    ),
)

SETTINGS: Dict[str, Setting] = {setting.name: setting for setting in _SETTINGS}
"""The places by name."""

FRONT_M = -0.14
"""Where the surface begins, before the person [m]."""


@dataclass(frozen=True)
class Place:
    """A setting as it is in one scene: tint, scenery, light.

    The sun leans to the person's side or back by ``sun_m``: from straight above, surfaces would show specks of
    shadow on themselves.
    """

    setting: Setting
    tint: Colour
    seed: int
    brightness: float
    warmth: float
    sun_m: Tuple[float, float]


def sample_place(rng: np.random.Generator, name: str = "") -> Place:
    """A place drawn at random; its setting may be given."""
    names = list(SETTINGS)
    setting = SETTINGS[name or names[int(rng.integers(len(names)))]]
    tint = setting.tints[int(rng.integers(len(setting.tints)))]
    red, green, blue = (np.array(tint) * rng.uniform(0.88, 1.08, 3)).clip(0, 1).tolist()
    lean, direction = rng.uniform((0.35, 0.46 * np.pi), (0.70, 1.54 * np.pi))
    brightness = setting.light * float(rng.uniform(0.8, 1.12))
    warmth = float(rng.uniform(-0.08, 0.08))
    sun = (float(lean * np.cos(direction)), float(lean * np.sin(direction)))
    return Place(setting, (red, green, blue), int(rng.integers(2**31)), brightness, warmth, sun)


def textures_of(place: Place) -> Tuple[str, ...]:
    """The textures that the place shows, each once."""
    setting = place.setting
    return tuple(dict.fromkeys((setting.surface, setting.ground[0], setting.wall[0])))


def place_assets(place: Place) -> str:
    """MJCF of textures, materials and sky."""
    setting = place.setting
    images = "".join(
        f'<texture name="{name}" type="2d" file="{name}.png" content_type="image/png"/>' for name in textures_of(place)
    )
    depth, width = (2 * half * setting.repeat_m for half in setting.half_m)
    looks = (
        ("surface", setting.surface, place.tint, depth, width),
        ("ground", *setting.ground, 9.0, 9.0),
        ("wall", *setting.wall, 3.0, 9.0),
    )
    materials = "".join(
        f'<material name="{name}" texture="{image}" texrepeat="{across:g} {along:g}" rgba="{numbers(tint)} 1"'
        ' specular="0.1"/>'
        for name, image, tint, across, along in looks
    )
    top, low = ((0.45, 0.65, 0.95), (0.85, 0.92, 1.0)) if setting.outdoors else ((0.90, 0.90, 0.88), (0.60, 0.58, 0.55))
    sky = '<texture type="skybox" builtin="gradient" width="32" height="192"'
    return images + materials + f'{sky} rgb1="{numbers(top)}" rgb2="{numbers(low)}"/>'


def place_bodies(place: Place) -> str:
    """MJCF of the surface, which collides, and of what stands around, which does not."""
    setting = place.setting
    (depth, width), middle = setting.half_m, FRONT_M + setting.half_m[0]
    drop = 0.012 if setting.floor else 0.70
    surface = f'type="box" size="{depth:g} {width:g} 0.03" pos="{middle:g} 0 -0.03"'
    wall = f'size="0.01 4 1.2" pos="{setting.wall_m:g} 0 {1.2 - drop:g}"'
    return (
        f'<geom class="place" {surface} group="4"/>'
        f'<geom class="picture" {surface} material="surface"/>'
        f'<geom class="place" type="box" size="4 4 0.1" pos="0 0 {-drop - 0.1:g}" group="4"/>'
        f'<geom class="picture" type="box" size="4 4 0.01" pos="1 0 {-drop - 0.01:g}" material="ground"/>'
        f'<geom class="picture" type="box" {wall} material="wall"/>'
        + pictures(scenery(setting.scenery, setting.wall_m, place.seed))
    )


def place_lights(place: Place) -> str:
    """MJCF of the sun or lamp that casts the shadow, and of a weak second light."""
    warm, level = place.warmth, place.brightness
    main = (level * 0.62 * (1.0 + warm), level * 0.62, level * 0.62 * (1.0 - warm))
    weak = (0.20 * level, 0.20 * level, 0.22 * level)
    x, y = place.sun_m
    return (
        f'<light name="sun" pos="{0.18 + x:g} {y:g} 1.3" dir="{-x:g} {-y:g} -1.3" directional="true"'
        f' diffuse="{numbers(main)}" specular="0.15 0.15 0.15" castshadow="true"/>'
        f'<light name="fill" pos="-0.5 {-y:g} 1.2" dir="0.5 {y:g} -1.0" directional="true"'
        f' diffuse="{numbers(weak)}" specular="0 0 0" castshadow="false"/>'
    )
