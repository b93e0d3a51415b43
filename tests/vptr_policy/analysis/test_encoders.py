import numpy as np
import pytest
import torch
from tiny import CONFIG, redness

from vptr_policy.analysis.encoders import FrozenEncoder, batches, pixels, untrained
from vptr_policy.networks.encoders import VisualNetwork


def frames(count=5, height=48, width=64):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3)).astype(np.uint8)


def test_pictures_become_features_in_their_order():
    pictures = np.stack([np.full((60, 80, 3), (level, 0, 255), np.uint8) for level in (0, 51, 102)])
    np.testing.assert_allclose(redness()(pictures), [[0, 0, 1], [0.2, 0, 1], [0.4, 0, 1]], atol=1e-6)


def test_pictures_are_squashed_to_the_encoders_side():
    sizes = []
    seeing = FrozenEncoder("x", "", lambda images: sizes.append(images.shape) or images.flatten(1)[:, :1], side=32)
    seeing(frames(2))
    assert sizes == [(2, 3, 32, 32)]


def test_batches_leave_nothing_out():
    data = frames(7)
    found = np.concatenate([redness()(part) for part in batches(lambda index: data[index], np.arange(7), 3)])
    np.testing.assert_allclose(found, redness()(data), atol=1e-6)


def test_the_pixels_are_averages():
    picture = np.zeros((128, 128, 3), np.uint8)
    picture[:8, 8:16, 1] = 255
    features = pixels(16)(picture[None])[0].reshape(3, 16, 16)
    assert features[1, 0, 1] == 1.0 and features.sum() == 1.0


def test_the_untrained_network_is_of_the_same_shape_and_seeded():
    torch.manual_seed(5)
    trained = VisualNetwork(CONFIG).eval()
    known = FrozenEncoder("mine", "", trained.encode, CONFIG)
    state = torch.random.get_rng_state()
    (fresh,) = untrained([known, known, redness()], seed=3)
    assert torch.equal(state, torch.random.get_rng_state())
    assert fresh.name == "untrained convolutional" and fresh.baseline
    ours, again, theirs = (encoder(frames()) for encoder in (fresh, untrained([known], 3)[0], known))
    assert ours.shape == theirs.shape == (5, 256)
    np.testing.assert_array_equal(ours, again)
    assert np.abs(ours - theirs).max() > 0.1


def test_shapes_that_differ_are_told_apart():
    wider = CONFIG.__class__(1, width=16)
    first, second = (FrozenEncoder(name, "", lambda images: images, shape) for name, shape in
                     (("a", CONFIG), ("b", wider)))  # fmt: skip
    names = [encoder.name for encoder in untrained([first, second])]
    assert names == ["untrained convolutional as a", "untrained convolutional as b"]


def test_nothing_keeps_gradients():
    network = VisualNetwork(CONFIG).eval()
    encoder = FrozenEncoder("x", "", network.encode, CONFIG).on(torch.device("cpu"))
    assert encoder(frames(1)).dtype == np.float32
    assert all(parameter.grad is None for parameter in network.parameters())
    with pytest.raises(ValueError, match="RGB uint8"):
        encoder(frames(1).astype(np.float32))
