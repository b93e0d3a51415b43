"""Where in the picture a policy looks: Grad-CAM (Selvaraju et al. 2016; V-PTR 5.2, Fig. 7), by captum."""

from typing import List

import cv2
import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn

from vptr_policy.networks.actor import Actor

GREEN = np.array([40, 230, 60])


def attention(actor: Actor, images: Tensor, states: Tensor, tasks: Tensor) -> np.ndarray:
    """The influence of each place of the picture on the policy's output, (B, H, W) float32 in 0..1.

    The paper marks "patches of the frame that influence the output of the learned policy" without saying which scalar
    is followed back: here it is the summed square of the six mean motions before the tanh, so that all of them count
    and none cancels another. The maps of the last spatial layer are weighted by their mean gradients, what is negative
    is dropped (Grad-CAM eq. 1-2), and each picture is scaled to its own maximum.

    Args:
        images: (B, 3, H, W) with values 0..255.
        states: (B, 7) Bridge states.
        tasks: (B, K) task vectors.
    """
    actor = actor.eval()
    with torch.enable_grad():
        pictures = images.to(torch.float32).clone().requires_grad_(True)
        layer = last_spatial_layer(actor.encoder, pictures)

        def output(inputs: Tensor) -> Tensor:
            return actor(inputs, states, tasks).mean[:, :6].square().sum(1)

        maps = LayerGradCam(output, layer).attribute(pictures, relu_attributions=True)
    full = nn.functional.interpolate(maps.detach(), images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
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


def overlay(image: np.ndarray, influence: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) RGB uint8 with what matters in green, as in Fig. 7; influence (h, w) in 0..1."""
    height, width = image.shape[:2]
    weight = 0.65 * cv2.resize(influence.astype(np.float32), (width, height))[..., None]
    return np.clip((1.0 - weight) * image + weight * GREEN, 0, 255).astype(np.uint8)


def concentration(influence: np.ndarray, where: np.ndarray) -> float:
    """Share of the influence that lies on the pixels ``where`` (bool, (H, W)), over the share of those pixels.

    1 is what a map without preference has.
    """
    share, total = float(where.mean()), float(influence.sum())
    if share == 0.0 or total == 0.0:
        raise ValueError("no pixel is marked, or the map is empty: there is no concentration to speak of")
    return float(influence[where].sum()) / total / share
