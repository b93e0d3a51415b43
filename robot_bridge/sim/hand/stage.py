"""The stage of a clip: person, place, and what stands where, as the MJCF of one model."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from robot_bridge.sim.containers import Container
from robot_bridge.sim.hand.anatomy import HAND_DEFAULTS, Person, hand_actuation, hand_assets, hand_bodies
from robot_bridge.sim.hand.fixture import fixture_body, pictures
from robot_bridge.sim.hand.fixtures import FIXTURES
from robot_bridge.sim.hand.household import HOUSEHOLD
from robot_bridge.sim.hand.items import FixtureItem, Item, PropItem, VesselItem
from robot_bridge.sim.hand.props import COLOURS, Prop, choose_colour, collection
from robot_bridge.sim.hand.settings import Place, place_assets, place_bodies, place_lights, textures_of
from robot_bridge.sim.hand.surfaces import surface_png
from robot_bridge.sim.hand.vessels import MATS, VESSELS, MatKind, beaker
from robot_bridge.sim.hand.workshop import WORKSHOP
from robot_bridge.sim.shapes import THING_DEFAULTS, Colour, numbers

PROPS = collection([*WORKSHOP.items(), *HOUSEHOLD.items()])
"""Every prop by name."""

PHYSICS_STEP_S = 0.004
LOWER_M, UPPER_M = (0.05, -0.19), (0.28, 0.19)
"""Where things are put: x away from the person, y to the left."""

ATTEMPTS = 300
MARGIN_M = 0.030
"""Least gap between two things: a finger and some."""

_OPTIONS = f"""
<compiler angle="radian" autolimits="true" boundmass="1e-6" boundinertia="1e-9"/>
<option timestep="{PHYSICS_STEP_S}" integrator="implicitfast" cone="elliptic" impratio="5" iterations="20"/>
<visual>
  <quality shadowsize="320" offsamples="4" numslices="10" numstacks="6" numquads="1"/>
  <headlight ambient="0.31 0.31 0.31" diffuse="0.10 0.10 0.10" specular="0 0 0"/>
  <map znear="0.02" zfar="8" shadowclip="0.62"/>
</visual>
<statistic center="0.2 0 0.05" extent="0.7"/>"""

_DEFAULTS = """
<default class="place"><geom contype="1" conaffinity="1" condim="3" friction="0.45 0.01 0.0002" priority="1"
  solref="0.01 1"  solimp="0.95 0.99 0.001"/></default>
<default class="bead"><geom type="sphere" contype="1" conaffinity="1" condim="3" friction="0.3 0.005 0.0001" group="2"
  solref="0.01 1" solimp="0.9 0.98 0.001"/></default>"""

_DAMPING = 1e-4
"""Of all movable things [N m s/rad and N s/m], as in the robot's scenes; fruit is not perfectly round."""


class NoRoom(RuntimeError):
    """The things of a scene do not fit on the surface: draw another scene."""


class Stage:
    """Collects the things of a scene, keeping them apart, and writes their MJCF."""

    def __init__(self, person: Person, place: Place, rng: np.random.Generator) -> None:
        self.person, self.place, self.rng = person, place, rng
        self.items: Dict[str, Item] = {}
        self._taken: List[Tuple[float, float, float]] = []
        self._assets: List[str] = []
        self._bodies: List[str] = []
        self._holds: List[str] = []
        self._excludes: List[str] = []

    def spot(
        self, radius_m: float, lower: Sequence[float] = LOWER_M, upper: Sequence[float] = UPPER_M
    ) -> Tuple[float, float]:
        """A free place for something of that radius, which is then taken; raises NoRoom."""
        for _ in range(ATTEMPTS):
            x, y = self.rng.uniform(lower, upper).tolist()
            if self._free(x, y, radius_m):
                self.reserve((x, y), radius_m)
                return x, y
        raise NoRoom(f"no free place of radius {radius_m:.3f} m among {len(self._taken)} things")

    def reserve(self, at: Tuple[float, float], radius_m: float) -> None:
        """Keep a place free of what is added later."""
        self._taken.append((*at, radius_m))

    def _free(self, x: float, y: float, radius: float) -> bool:
        return all(np.hypot(x - a, y - b) > radius + r + MARGIN_M for a, b, r in self._taken)

    def yaw(self, at: Tuple[float, float], spread_rad: float = 0.6) -> float:
        """How a thing at ``at`` is turned that lies across the way of the hand, as it mostly does."""
        elbow_x, elbow_y = -0.34, -0.30 * self.person.side
        heading = np.arctan2(at[1] - elbow_y, at[0] - elbow_x)
        return float(heading - np.pi / 2 + self.rng.uniform(-spread_rad, spread_rad))

    def choose(self, kinds: Sequence[str]) -> str:
        """A kind of prop that is not on the stage yet."""
        used = {item.kind for item in self.items.values()}
        free = [kind for kind in kinds if kind not in used] or list(kinds)
        return free[int(self.rng.integers(len(free)))]

    def draw(self, kinds: Sequence[str], colour: str = "") -> Tuple[str, str, Prop]:
        """A prop of one of the kinds in some colour: its kind, the words for it and the prop."""
        kind = self.choose(kinds)
        made = PROPS[kind]
        hue = colour or choose_colour(self.rng)
        prop = made.make(self._tone(hue))
        return kind, (f"{hue} {prop.noun}" if made.tinted else prop.noun), prop

    def _tone(self, colour: str) -> Colour:
        """A colour as it happens to be here."""
        red, green, blue = (np.array(COLOURS[colour]) * self.rng.uniform(0.88, 1.1, 3)).clip(0.0, 1.0).tolist()
        return red, green, blue

    def add_prop(
        self, drawn: Tuple[str, str, Prop], at: Tuple[float, float], yaw_rad: float, ground_m: float = 0.0
    ) -> PropItem:
        """Put a prop down at ``at``, on something ``ground_m`` high."""
        kind, words, prop = drawn
        name, height = self._next_name(), ground_m + prop.thing.rest_m + 4e-4
        item = PropItem(name, words, kind, (*at, height), yaw_rad, prop)
        self._add_free(item, prop.thing.solids(name) + pictures(prop.thing.parts))
        return item

    def add_vessel(self, kind: str, at: Tuple[float, float], yaw_rad: float) -> VesselItem:
        """Put a vessel down."""
        colour, made = choose_colour(self.rng), VESSELS[kind]
        words = f"{colour} {made.noun}" if made.tinted else made.noun
        return self._add_vessel(kind, words, made.make(self._tone(colour)), at, yaw_rad)

    def add_beaker(self, at: Tuple[float, float]) -> VesselItem:
        """Put a slim cup down that can be held and poured from."""
        colour = choose_colour(self.rng)
        return self._add_vessel("beaker", f"{colour} beaker", beaker(self._tone(colour)), at, 0.0)

    def _add_vessel(
        self, kind: str, words: str, vessel: Container, at: Tuple[float, float], yaw_rad: float
    ) -> VesselItem:
        item = VesselItem(self._next_name(), words, kind, (*at, 2e-4), yaw_rad, vessel)
        assets, look = vessel.look(item.name)
        self._assets.append(assets)
        self._add_free(item, vessel.solids(item.name) + look)
        return item

    def add_beads(self, count: int, radius_m: float, floor_m: Tuple[float, float, float], ring_m: float) -> List[str]:
        """Small balls in a narrow vessel, three in a layer, from its floor up: the names of their bodies."""
        colour = numbers(self._tone(choose_colour(self.rng)))
        names = []
        for index in range(count):
            angle, height = 2.1 * index, floor_m[2] + 2.2 * radius_m * (index // 3)
            x, y = floor_m[0] + ring_m * np.cos(angle), floor_m[1] + ring_m * np.sin(angle)
            names.append(self._add_bead((float(x), float(y), height), radius_m, colour))
        return names

    def add_crumbs(
        self, count: int, middle_m: Tuple[float, float, float], spread_m: float, radius_m: float = 0.004
    ) -> List[str]:
        """Small balls scattered about a place: the names of their bodies."""
        colour = numbers(self._tone(choose_colour(self.rng)))
        points = self.rng.uniform(-spread_m, spread_m, (count, 2)) + middle_m[:2]
        return [self._add_bead((x, y, middle_m[2] + radius_m + 2e-4), radius_m, colour) for x, y in points.tolist()]

    def _add_bead(self, xyz_m: Tuple[float, float, float], radius_m: float, colour: str) -> str:
        name = f"bead{len(self._bodies)}"
        geom = f'<geom class="bead" size="{radius_m:g}" mass="0.003" rgba="{colour} 1"/>'
        joint = f'<joint type="free" damping="{_DAMPING / 20:g}"/>'
        self._bodies.append(f'<body name="{name}" pos="{numbers(xyz_m)}">{joint}{geom}</body>')
        return name

    def add_mat(self, kind: str, at: Tuple[float, float], yaw_rad: float) -> Tuple[Item, MatKind]:
        """Lay a flat thing down, which stays there."""
        colour = choose_colour(self.rng)
        mat = MATS[kind]
        parts = mat.parts(self._tone(colour))
        item = Item(self._next_name(), f"{colour} {mat.noun}", kind, (*at, 0.0), yaw_rad)
        solid = "".join(
            f'<geom class="vessel" type="{p.shape}" size="{numbers(p.size)}" pos="{numbers(p.pos)}"/>'
            for p in parts
            if p.solid
        )
        self._bodies.append(f'<body name="{item.name}" {_where(item)}>{solid}{pictures(parts)}</body>')
        self.items[item.name] = item
        return item, mat

    def add_fixture(self, kind: str, at: Tuple[float, float], yaw_rad: float, rigid: bool = False) -> FixtureItem:
        """Stand a fixture up; ``rigid`` ones are turned by the hand that holds them, others are led by a point."""
        colour = choose_colour(self.rng)
        fixture = FIXTURES[kind](self._tone(colour))
        item = FixtureItem(self._next_name(), f"{colour} {fixture.noun}", kind, (*at, 0.0), yaw_rad, fixture)
        self._bodies.append(fixture_body(item.name, fixture, _where(item)))
        self._hold(item.name, "weld" if rigid else "connect")
        self._excludes.append(f'<exclude body1="{item.name}_still" body2="{item.name}"/>')
        self.items[item.name] = item
        return item

    def _next_name(self) -> str:
        return f"p{len(self.items)}"

    def _add_free(self, item: Item, geoms: str) -> None:
        joint = f'<joint name="{item.name}" type="free" damping="{_DAMPING}"/>'
        self._bodies.append(f'<body name="{item.name}" {_where(item)}>{joint}{geoms}</body>')
        self._hold(item.name, "weld")
        self.items[item.name] = item

    def _hold(self, name: str, kind: str) -> None:
        anchor = ' anchor="0 0 0"' if kind == "connect" else ""
        self._holds.append(
            f'<{kind} name="{name}" body1="hand" body2="{name}"{anchor} active="false" solref="0.012 1"'
            ' solimp="0.92 0.98 0.001"/>'
        )

    def files(self) -> Dict[str, bytes]:
        """The textures the model refers to."""
        return {f"{name}.png": surface_png(name) for name in textures_of(self.place)}

    def mjcf(self) -> str:
        """The model of the whole scene."""
        return f"""
<mujoco model="hand">
  {_OPTIONS}
  <default>{THING_DEFAULTS}{HAND_DEFAULTS}{_DEFAULTS}</default>
  <asset>{place_assets(self.place)}{hand_assets(self.person)}{"".join(self._assets)}</asset>
  <worldbody>
    {place_lights(self.place)}
    <camera name="eyes" pos="-0.3 0 0.5"/>
    {place_bodies(self.place)}
    {hand_bodies(self.person)}
    {"".join(self._bodies)}
  </worldbody>
  <contact>{"".join(self._excludes)}</contact>
  <equality>{"".join(self._holds)}</equality>
  <actuator>{hand_actuation()}</actuator>
</mujoco>"""


def _where(item: Item) -> str:
    half = item.yaw_rad / 2
    return f'pos="{numbers(item.xyz_m)}" quat="{np.cos(half):.9g} 0 0 {np.sin(half):.9g}"'
