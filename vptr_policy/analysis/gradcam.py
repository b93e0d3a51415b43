"""Where in the picture a policy looks: Grad-CAM (Selvaraju et al. 2016; V-PTR 5.2, Fig. 7), by captum."""

from typing import List, Tuple

import cv2
import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn

from vptr_policy.networks.actor import ACTION_SIZE, Actor

GREEN = np.array([40, 230, 60])


RULES = ("outputs", "motion")


def attention(actor: Actor, images: Tensor, states: Tensor, tasks: Tensor, rule: str = "outputs") -> np.ndarray:
    """The influence of each place of the picture on the policy's output, (B, H, W) float32 in 0..1.

    The maps of the last spatial layer are weighted by the mean gradients of a scalar (Grad-CAM eq. 1-2), and each
    picture is scaled to its own maximum. The paper marks "patches of the frame that influence the output of the learned
    policy" without saying which scalar is followed back. Here it is

    * ``outputs``: each of the seven means before the tanh in turn; the sizes of the seven maps are added. The sign of a
      motion means nothing, so that what lowers an output influences it as what raises it does.
    * ``motion``: the summed square of the six motions; what is negative is dropped, as in Grad-CAM for a class. Where
      the policy hardly moves, as when it grasps, nothing may be left: such maps are all zero.

    Args:
        actor: the policy.
        images: (B, 3, H, W) with values 0..255.
        states: (B, 7) Bridge states.
        tasks: (B, K) task vectors.
        rule: which of the two.
    """
    if rule not in RULES:
        raise ValueError("no rule {!r} of Grad-CAM; known: {}".format(rule, ", ".join(RULES)))
    actor = actor.eval()
    with torch.enable_grad():
        pictures = images.to(torch.float32).clone().requires_grad_(True)
        layer = last_spatial_layer(actor.encoder, pictures)
        if rule == "motion":
            squares = LayerGradCam(lambda inputs: actor(inputs, states, tasks).mean[:, :6].square().sum(1), layer)
            maps = squares.attribute(pictures, relu_attributions=True).detach()
        else:
            means = LayerGradCam(lambda inputs: actor(inputs, states, tasks).mean, layer)
            each = [means.attribute(pictures, target=number).detach().abs() for number in range(ACTION_SIZE)]
            maps = torch.stack(each).sum(0)
    full = nn.functional.interpolate(maps, images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    return (full / full.amax((1, 2), keepdim=True).clamp_min(1e-12)).numpy()


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


def map_size(encoder: nn.Module, images: Tensor) -> Tuple[int, int]:
    """Rows and columns of the last map of an encoder for pictures of this size: how finely it can be told apart."""
    sizes: List[Tuple[int, int]] = []

    def note(_: nn.Module, __: object, output: Tensor) -> None:
        sizes.append((int(output.shape[2]), int(output.shape[3])))

    layer = last_spatial_layer(encoder, images)
    hook = layer.register_forward_hook(note)
    try:
        with torch.no_grad():
            encoder(images[:1])
    finally:
        hook.remove()
    return sizes[-1]


def overlay(image: np.ndarray, influence: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) RGB uint8 with what matters in green, as in Fig. 7; influence (h, w) in 0..1."""
    height, width = image.shape[:2]
    weight = 0.65 * cv2.resize(influence.astype(np.float32), (width, height))[..., None]
    return np.clip((1.0 - weight) * image + weight * GREEN, 0, 255).astype(np.uint8)
