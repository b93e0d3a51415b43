import numpy as np
import pytest
import torch
from torch import nn

from vptr_policy.analysis.gradcam import Attention, displacement, last_map, last_spatial_layer, overlay
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.networks.resnet34 import BasicBlock


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


class Tokens(nn.Module):
    """A map of patches of which tokens are made."""

    size = 4

    def __init__(self):
        super().__init__()
        self.patches, self.mixing = nn.Conv2d(3, 4, 16, 16), nn.Linear(4, 4)

    def forward(self, images):
        return self.mixing(self.patches(images.float()).flatten(2).transpose(1, 2)).mean(1)


@pytest.fixture(scope="module")
def actor():
    torch.manual_seed(0)
    return Actor(NetworkConfig(tasks=2, width=8, hidden=(16,)))


def reddish(weight):
    """An actor all of whose outputs rise with redness by ``weight`` a layer."""
    made = Actor(NetworkConfig(tasks=2, width=8, hidden=(16,)))
    made.encoder = Reddish()
    made.head.hidden[0] = nn.Linear(1 + 7 + 2, 16)
    for layer in (*made.head.hidden, made.head.output):
        nn.init.constant_(layer.weight, 0.1)
    nn.init.constant_(made.head.output.weight, weight)
    return made


def inputs(count=2):
    random = torch.Generator().manual_seed(1)
    return torch.rand((count, 3, 128, 128), generator=random) * 255, torch.zeros(count, 7), torch.eye(2)[:count]


def squares():
    images, states, tasks = inputs()
    images.zero_()
    images[:, 0, 16:48, 64:96] = 255.0
    images[:, 2, 80:112, 16:48] = 255.0
    return images, states, tasks


@pytest.mark.parametrize("rule", ["outputs", "motion"])
def test_the_map_is_where_what_the_policy_uses_is(rule):
    attention = Attention(reddish(0.1), rule)
    influence = attention(*squares())
    assert influence.shape == (2, 128, 128) and influence.max() == pytest.approx(1.0) and attention.cells == (16, 16)
    red = np.zeros((128, 128), bool)
    red[8:56, 56:104] = True  # a cell more for the interpolation
    assert influence[:, ~red].max() < 1e-6 and influence[:, 24:40, 72:88].min() > 0.99


def test_what_lowers_every_output_counts_as_what_raises_them():
    lowering = reddish(-0.1)
    np.testing.assert_allclose(Attention(lowering)(*squares()), Attention(reddish(0.1))(*squares()), atol=1e-6)


def test_influence_that_only_stills_the_motion_is_no_motion():
    """The outputs of a bias of -1 come closer to 0 with redness: their squares fall."""
    stilling = reddish(0.01)
    nn.init.constant_(stilling.head.output.bias, -1.0)
    assert Attention(stilling, "motion")(*squares()).max() == 0.0
    assert Attention(stilling)(*squares()).max() == pytest.approx(1.0)


def test_the_maps_are_of_the_last_convolution(actor):
    assert last_spatial_layer(actor.encoder, inputs()[0]) is actor.encoder.layers
    influence = Attention(actor)(*inputs())
    assert np.isfinite(influence).all() and influence.min() >= 0.0


def test_of_a_residual_block_it_is_the_sum():
    block = BasicBlock(3, 8, 1, True)
    images = inputs(1)[0]
    assert last_spatial_layer(nn.Sequential(block, nn.Flatten()), images) is block
    torch.testing.assert_close(last_map(nn.Sequential(block, nn.Flatten()), images), block(images))


def test_a_map_lies_where_its_convolutions_look(actor):
    """Cell i of this encoder looks at pixel 8 i, enlarging puts it at 8 i + 3.5; cells without padding lie right."""
    np.testing.assert_allclose(displacement(actor.encoder, 128), (-3.5, -3.5), atol=0.01)
    np.testing.assert_allclose(displacement(Reddish(), 128), (0.0, 0.0), atol=0.01)


def test_measuring_the_displacement_leaves_the_encoder_alone(actor):
    before = {name: tensor.clone() for name, tensor in actor.encoder.state_dict().items()}
    displacement(actor.encoder, 128)
    assert all(torch.equal(tensor, before[name]) for name, tensor in actor.encoder.state_dict().items())
    assert all(parameter.grad is None for parameter in actor.encoder.parameters())


@pytest.mark.parametrize("encoder", [Flat(), Tokens()])
def test_an_encoder_without_maps_is_refused(encoder):
    with pytest.raises(ValueError, match=f"{type(encoder).__name__} has no layer"):
        last_spatial_layer(encoder, inputs()[0])


def test_an_unknown_rule_is_named(actor):
    with pytest.raises(ValueError, match=r"no rule 'both'.*outputs, motion"):
        Attention(actor, "both")


def test_the_overlay_greens_only_what_matters():
    image = np.full((8, 8, 3), 200, np.uint8)
    influence = np.zeros((8, 8))
    influence[:4] = 1.0
    painted = overlay(image, influence)
    assert (painted[7] == 200).all()
    assert painted[0, 0, 1] > painted[0, 0, 0] + 50
