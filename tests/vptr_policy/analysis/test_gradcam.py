import numpy as np
import pytest
import torch
from torch import nn

from vptr_policy.analysis.gradcam import attention, concentration, last_spatial_layer, overlay
from vptr_policy.networks.actor import Actor, NetworkConfig


class Reddish(nn.Module):
    """Two channels, how red and how blue each place is, of which only the first is passed on."""

    size = 1

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 2, 8, 8, bias=False)
        weight = torch.zeros(2, 3, 8, 8)
        weight[0, 0], weight[1, 2] = 1e-3, 1e-3
        self.convolution.weight = nn.Parameter(weight)

    def forward(self, images):
        return self.convolution(images.float())[:, :1].mean((2, 3))


class Flat(nn.Module):
    size = 48

    def forward(self, images):
        return images.float().mean((2, 3)).repeat(1, 16)


@pytest.fixture
def actor():
    torch.manual_seed(0)
    return Actor(NetworkConfig(tasks=2, width=8, hidden=(16,)))


def inputs(count=2):
    random = torch.Generator().manual_seed(1)
    return torch.rand((count, 3, 128, 128), generator=random) * 255, torch.zeros(count, 7), torch.eye(2)[:count]


def test_the_map_is_where_what_the_policy_uses_is(actor):
    actor.encoder = Reddish()
    actor.head.hidden[0] = nn.Linear(1 + 7 + 2, 16)
    for layer in (*actor.head.hidden, actor.head.output):
        nn.init.constant_(layer.weight, 0.1)  # all motions rise with redness
    images, states, tasks = inputs()
    images.zero_()
    images[:, 0, 16:48, 64:96] = 255.0
    images[:, 2, 80:112, 16:48] = 255.0
    influence = attention(actor, images, states, tasks)
    assert influence.shape == (2, 128, 128) and influence.max() == pytest.approx(1.0)
    red = np.zeros((128, 128), bool)
    red[8:56, 56:104] = True  # a cell more for the interpolation
    assert influence[:, ~red].max() < 1e-6
    assert concentration(influence[0], red) == pytest.approx(1.0 / red.mean())


def test_the_maps_are_of_the_last_convolution(actor):
    layer = last_spatial_layer(actor.encoder, inputs()[0])
    assert layer is actor.encoder.layers
    influence = attention(actor, *inputs())
    assert np.isfinite(influence).all() and influence.min() >= 0.0


def test_an_encoder_without_maps_is_refused():
    with pytest.raises(ValueError, match="Flat has no layer"):
        last_spatial_layer(Flat(), inputs()[0])


def test_the_overlay_greens_only_what_matters():
    image = np.full((8, 8, 3), 200, np.uint8)
    influence = np.zeros((8, 8))
    influence[:4] = 1.0
    painted = overlay(image, influence)
    assert (painted[7] == 200).all()
    assert painted[0, 0, 1] > painted[0, 0, 0] + 50
