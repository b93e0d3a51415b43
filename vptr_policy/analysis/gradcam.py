"""Where in the picture a policy looks: Grad-CAM (Selvaraju et al. 2016; V-PTR 5.2, Fig. 7), by captum."""

import copy
from typing import List, Tuple

import cv2
import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn

from robot_bridge.interface import IMAGE_SIZE
from vptr_policy.networks.actor import ACTION_SIZE, Actor
from vptr_policy.networks.resnetv2 import StandardisedConv2d

GREEN = np.array([40, 230, 60])


RULES = ("outputs", "motion")
PROBES = 4


class Attention:
    """The influence of each place of a picture on the output of a policy.

    The maps of the last spatial layer are weighted by the mean gradients of a scalar (Grad-CAM eq. 1-2), and each
    picture is scaled to its own maximum. The paper marks "patches of the frame that influence the output of the learned
    policy" without saying which scalar is followed back. By ``rule`` it is

    * ``outputs``: each of the seven means before the tanh in turn; the sizes of the seven maps are added. The sign of a
      motion means nothing, so that what lowers an output influences it as what raises it does.
    * ``motion``: the summed square of the six motions; what is negative is dropped, as in Grad-CAM for a class. Where
      the policy hardly moves, as when it grasps, nothing may be left: such maps are all zero.
    """

    def __init__(self, actor: Actor, rule: str = "outputs", side: int = IMAGE_SIZE) -> None:
        """Look at the layers of ``actor`` for pictures of ``side`` x ``side``; raises ValueError on unknown rules."""
        if rule not in RULES:
            raise ValueError("no rule {!r} of Grad-CAM; known: {}".format(rule, ", ".join(RULES)))
        self.actor, self.rule = actor.eval(), rule
        blank = torch.zeros(1, 3, side, side)
        self._layer = last_spatial_layer(actor.encoder, blank)
        self._displaced = displacement(actor.encoder, side)
        with torch.no_grad():
            rows, columns = last_map(actor.encoder, blank).shape[2:]
        self.cells = int(rows), int(columns)
        """rows and columns of the map: how finely places can be told apart"""

    def __call__(self, images: Tensor, states: Tensor, tasks: Tensor) -> np.ndarray:
        """The influence (B, H, W) float32 in 0..1.

        Args:
            images: (B, 3, H, W) with values 0..255.
            states: (B, 7) Bridge states.
            tasks: (B, K) task vectors.
        """
        with torch.enable_grad():
            pictures = images.to(torch.float32).clone().requires_grad_(True)
            maps = (self._of_outputs if self.rule == "outputs" else self._of_motion)(pictures, states, tasks)
        full = nn.functional.interpolate(maps, images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
        moved = np.stack([_moved(one, *self._displaced) for one in full.numpy()])
        return moved / np.maximum(moved.max((1, 2), keepdims=True), 1e-12)

    def _of_outputs(self, pictures: Tensor, states: Tensor, tasks: Tensor) -> Tensor:
        means = LayerGradCam(lambda inputs: self.actor(inputs, states, tasks).mean, self._layer)
        each = [means.attribute(pictures, target=number).detach().abs() for number in range(ACTION_SIZE)]
        return torch.stack(each).sum(0)

    def _of_motion(self, pictures: Tensor, states: Tensor, tasks: Tensor) -> Tensor:
        squares = LayerGradCam(
            lambda inputs: self.actor(inputs, states, tasks).mean[:, :6].square().sum(1), self._layer
        )
        return squares.attribute(pictures, relu_attributions=True).detach()


def last_spatial_layer(encoder: nn.Module, images: Tensor) -> nn.Module:
    """The module whose output is the last map (B, C, H, W): of a residual block the sum, not what is added to it.

    Raises ValueError where there is none, or where tokens follow it, of which each sees the whole picture.
    """
    found: List[nn.Module] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1:
            found.append(module)
        elif isinstance(output, Tensor) and output.ndim == 3:
            found.clear()

    hooks = [module.register_forward_hook(note) for module in encoder.modules()]
    try:
        with torch.no_grad():
            encoder(images[:1])
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        raise ValueError(
            f"{type(encoder).__name__} has no layer with a map of the picture: Grad-CAM needs a convolutional encoder"
        )
    return found[-1]


def last_map(encoder: nn.Module, images: Tensor) -> Tensor:
    """The output of ``last_spatial_layer``, (B, C, h, w)."""
    kept: List[Tensor] = []
    layer = last_spatial_layer(encoder, images)
    hook = layer.register_forward_hook(lambda _, __, output: kept.append(output))
    try:
        encoder(images)
    finally:
        hook.remove()
    return kept[-1]


def displacement(encoder: nn.Module, side: int) -> Tuple[float, float]:
    """How far a cell of the last map looks below and right of the place that enlarging the map gives it [px].

    That depends on how the convolutions pad: with centred kernels the first cell looks at the picture's very corner,
    and the enlarged map lies half a cell off. It is where the gradients of the middle cell are in a copy of the encoder
    that averages only: equal weights, no norms.
    """
    generator = torch.Generator().manual_seed(0)
    bright = 200.0 + 55.0 * torch.rand(PROBES, 3, side, side, generator=generator)  # no ReLU cuts it off
    with torch.enable_grad():
        pictures = bright.requires_grad_(True)
        maps = last_map(_averaging(encoder), pictures)
        rows, columns = maps.shape[2:]
        (gradient,) = torch.autograd.grad(maps[:, :, rows // 2, columns // 2].sum(), pictures)
    strength = gradient.abs().sum((0, 1))
    found = []
    for cells, profile in ((rows, strength.sum(1)), (columns, strength.sum(0))):
        centre = float((profile * torch.arange(side)).sum() / profile.sum())
        found.append(centre - ((cells // 2 + 0.5) * side / cells - 0.5))
    return found[0], found[1]


def _averaging(encoder: nn.Module) -> nn.Module:
    copied = copy.deepcopy(encoder).eval()
    for module in copied.modules():
        if isinstance(module, nn.Conv2d):
            module.weight = nn.Parameter(torch.full_like(module.weight, 1.0 / module.weight[0].numel()))
            module.bias = None
        if isinstance(module, StandardisedConv2d):
            module.folded = True
        if isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
            setattr(module, "forward", _same)  # noqa: B010 - mypy knows no other way
    return copied


def _same(inputs: Tensor) -> Tensor:
    return inputs


def _moved(influence: np.ndarray, down: float, right: float) -> np.ndarray:
    matrix = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    return cv2.warpAffine(influence, matrix, influence.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def overlay(image: np.ndarray, influence: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) RGB uint8 with what matters in green, as in Fig. 7; influence (h, w) in 0..1."""
    height, width = image.shape[:2]
    weight = 0.65 * cv2.resize(influence.astype(np.float32), (width, height))[..., None]
    return np.clip((1.0 - weight) * image + weight * GREEN, 0, 255).astype(np.uint8)
