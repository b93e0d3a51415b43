"""Where the policies of several checkpoints look in the same pictures (V-PTR 5.2, Fig. 7)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence, Tuple

import cv2
import numpy as np
import torch
from torch import Tensor

from vptr_policy.analysis.bootstrap import Estimate, bootstrap
from vptr_policy.analysis.gradcam import Attention
from vptr_policy.analysis.rollouts import Rollout
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.networks.actor import Actor
from vptr_policy.policy import load_instructions, task_index
from vptr_policy.resize import resize, to_planes

EDGES = "picture edges"
"""A map that no network made: how strongly the brightness changes. Objects have edges: it is not easy to beat."""
UNTRAINED = "untrained"
OBJECT_AND_GRIPPER = "target or gripper"
"""What the paper sees V-PTR's policies look at."""


@dataclass(frozen=True)
class Gaze:
    """Where an actor looks, and what tells it a task."""

    name: str
    attention: Attention
    told: Callable[[str], Tensor]
    """name of a task -> (1, K)"""
    tasks: FrozenSet[str]
    """names it knows"""


@dataclass(frozen=True)
class View:
    """One moment of a rollout."""

    rollout: str
    step: int
    picture: np.ndarray
    """(128, 128, 3) RGB uint8"""
    state: np.ndarray
    task: str
    mask: Optional[np.ndarray]
    """(128, 128) number of the part that each pixel shows"""


def load_gaze(name: str, folder: Path, rule: str = "outputs", sentence_model: Optional[Path] = None) -> Gaze:
    """The actor of a checkpoint, looked at by a rule of ``gradcam.Attention``.

    Raises CheckpointError, or ValueError where its encoder has no map.
    """
    actor, card = load_checkpoint(folder)
    instructions = load_instructions(folder, card, sentence_model)

    def told(task: str) -> Tensor:
        known = card.aliases.get(task, task)
        if instructions is not None:
            return instructions.embed(known)
        return torch.eye(len(card.tasks))[[task_index(known, card.tasks)]]

    try:
        return Gaze(name, Attention(actor, rule), told, frozenset((*card.tasks, *card.aliases)))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def untrained_gaze(like: Gaze, seed: int = 0) -> Gaze:
    """The same network with random weights: Grad-CAM of many untrained networks looks sensible too."""
    trained = like.attention.actor
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = Actor(trained.config)
    fresh.state_mean.copy_(trained.state_mean)
    fresh.state_std.copy_(trained.state_std)
    return Gaze(UNTRAINED, Attention(fresh, like.attention.rule), like.told, like.tasks)


def views(rollouts: Sequence[Rollout], frames: int) -> List[View]:
    """``frames`` moments at even distances of each rollout, its last one left out; raises ValueError on too few."""
    found = []
    for rollout in rollouts:
        count = len(rollout.observations) - 1
        if count < frames:
            raise ValueError(f"{rollout.name} has {count + 1} frames, expected more than the {frames} to be looked at")
        for step in np.linspace(0, count, frames, endpoint=False).round().astype(int).tolist():
            seen = rollout.observations[step]
            mask = None if rollout.masks is None else rollout.masks[step]
            found.append(View(rollout.name, step, resize(seen.image), seen.state, rollout.task, mask))
    return found


@dataclass(frozen=True)
class AttentionComparison:
    """The maps of each checkpoint, (128, 128) in 0..1, of each view."""

    views: Sequence[View]
    maps: Dict[str, np.ndarray]
    """name -> (V, 128, 128)"""
    cells: Dict[str, Tuple[int, int]]
    """name -> rows and columns of the layer the map is of; without it for what no network made"""
    parts: Sequence[str]
    """what the numbers in the masks mean; empty without masks"""

    def concentration(self, name: str, part: str, seed: int) -> Optional[Estimate]:
        """Share of the influence on a part over its share of the pixels, with an interval over the rollouts.

        1 is what a map without preference has. None where the part is nowhere to be seen.
        """
        numbers = [self.parts.index(one) for one in part.split(" or ")]
        sums: Dict[str, np.ndarray] = {}
        for view, influence in zip(self.views, self.maps[name]):
            total = float(influence.sum())
            if view.mask is not None and total > 0.0:
                where = np.isin(view.mask, numbers)
                row = np.array([float(influence[where].sum()) / total, float(where.mean())])
                sums[view.rollout] = sums.get(view.rollout, 0.0) + row
        kept = np.array([row for row in sums.values() if row[1] > 0.0])
        return bootstrap(kept, lambda sums: sums[..., 0] / sums[..., 1], seed) if len(kept) else None

    def concentrations(self, name: str, seed: int) -> Dict[str, Any]:
        """Of all parts, as JSON values; empty without masks."""
        found = {part: self.concentration(name, part, seed) for part in self.shown_parts()}
        return {part: estimate.plain() for part, estimate in found.items() if estimate is not None}

    def shown_parts(self) -> List[str]:
        """The parts of the masks, and what the paper speaks of; none without masks."""
        return [*self.parts, OBJECT_AND_GRIPPER] if self.parts else []

    def results(self, seed: int) -> Dict[str, Any]:
        """All of it for a file."""
        about = [{"rollout": view.rollout, "step": view.step, "task": view.task} for view in self.views]
        checkpoints = {
            name: {
                "map": self.cells.get(name),
                "empty_maps": int((maps.sum((1, 2)) == 0).sum()),
                "concentration": self.concentrations(name, seed),
            }
            for name, maps in self.maps.items()
        }
        return {"views": about, "checkpoints": checkpoints}


def compare_attention(
    gazes: Sequence[Gaze],
    looked_at: Sequence[View],
    parts: Sequence[str] = (),
    told: str = "",
    on_view: Callable[[], None] = lambda: None,
) -> AttentionComparison:
    """The maps of actors, and of the pictures' edges.

    Args:
        gazes: actors.
        looked_at: the same for all.
        parts: what the numbers in the views' masks mean; empty without masks.
        told: the task all are told; empty: each view's own.
        on_view: called after each picture of each actor.

    Raises:
        ValueError: naming the actor that does not know a task, or a view without task.
    """
    maps: Dict[str, np.ndarray] = {}
    for gaze in gazes:
        try:
            maps[gaze.name] = np.stack([_noted(_map(gaze, view, told), on_view) for view in looked_at])
        except ValueError as error:
            raise ValueError(f"{gaze.name}: {error}") from error
    cells = {gaze.name: gaze.attention.cells for gaze in gazes}
    maps[EDGES] = np.stack([edges(view.picture) for view in looked_at])
    return AttentionComparison(looked_at, maps, cells, parts)


def edges(picture: np.ndarray) -> np.ndarray:
    """How strongly the brightness of a picture (H, W, 3) changes at each place, (H, W) in 0..1."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    strength = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    return strength / max(float(strength.max()), 1e-12)


def _map(gaze: Gaze, view: View, told: str) -> np.ndarray:
    task = told or view.task
    if not task:
        raise ValueError(f"{view.rollout} does not say its task: say what the policies are to be told with --told")
    state = torch.from_numpy(np.asarray(view.state, dtype=np.float32)).unsqueeze(0)
    return gaze.attention(to_planes(view.picture), state, gaze.told(task))[0]


def _noted(influence: np.ndarray, on_view: Callable[[], None]) -> np.ndarray:
    on_view()
    return influence
