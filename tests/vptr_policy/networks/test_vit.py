"""ViT-B/16: the names of MAE and timm, and a small one against NumPy."""

from typing import Dict, Tuple

import numpy as np
import torch
from scipy.special import erf, softmax

from vptr_policy.networks.vit import ViT


def _published() -> Dict[str, Tuple[int, ...]]:
    """The tensors of timm's vit_base_patch16_224 without its head, written down from its definition."""
    shapes: Dict[str, Tuple[int, ...]] = {"cls_token": (1, 1, 768), "pos_embed": (1, 197, 768)}
    layers: Dict[str, Tuple[int, ...]] = {"patch_embed.proj": (768, 3, 16, 16), "norm": (768,)}
    for block in range(12):
        layers[f"blocks.{block}.norm1"] = layers[f"blocks.{block}.norm2"] = (768,)
        layers[f"blocks.{block}.attn.qkv"], layers[f"blocks.{block}.attn.proj"] = (2304, 768), (768, 768)
        layers[f"blocks.{block}.mlp.fc1"], layers[f"blocks.{block}.mlp.fc2"] = (3072, 768), (768, 3072)
    for name, shape in layers.items():
        shapes[name + ".weight"], shapes[name + ".bias"] = shape, shape[:1]
    return shapes


def test_names_and_shapes_are_those_of_mae_and_timm() -> None:
    with torch.device("meta"):
        network = ViT()
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == _published()


def _norm(inputs: np.ndarray, weights: Dict[str, np.ndarray], name: str) -> np.ndarray:
    scaled = (inputs - inputs.mean(-1, keepdims=True)) / np.sqrt(inputs.var(-1, keepdims=True) + 1e-6)
    return scaled * weights[name + ".weight"] + weights[name + ".bias"]


def _linear(inputs: np.ndarray, weights: Dict[str, np.ndarray], name: str) -> np.ndarray:
    return inputs @ weights[name + ".weight"].T + weights[name + ".bias"]


def _attend(tokens: np.ndarray, weights: Dict[str, np.ndarray], name: str, heads: int) -> np.ndarray:
    query, key, value = np.split(_linear(tokens, weights, name + ".qkv"), 3, -1)
    size = query.shape[-1] // heads
    columns = [slice(head * size, (head + 1) * size) for head in range(heads)]
    shares = [softmax(query[:, part] @ key[:, part].T / np.sqrt(size), -1) for part in columns]
    joined = np.concatenate([share @ value[:, part] for share, part in zip(shares, columns)], -1)
    return _linear(joined, weights, name + ".proj")


def test_a_small_one_is_what_numpy_computes() -> None:
    torch.manual_seed(0)
    network = ViT(width=12, depth=2, heads=3).eval()
    for parameter in network.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.05)
    weights = {name: tensor.double().numpy() for name, tensor in network.state_dict().items()}
    images = torch.randint(0, 256, (1, 3, 224, 224), dtype=torch.uint8)
    mean, std = np.reshape([0.485, 0.456, 0.406], (3, 1, 1)), np.reshape([0.229, 0.224, 0.225], (3, 1, 1))
    pictures = (images[0].numpy() / 255 - mean) / std
    patches = pictures.reshape(3, 14, 16, 14, 16).transpose(1, 3, 0, 2, 4).reshape(196, -1)
    patches = patches @ weights["patch_embed.proj.weight"].reshape(12, -1).T + weights["patch_embed.proj.bias"]
    tokens = np.concatenate([weights["cls_token"][0], patches]) + weights["pos_embed"][0]
    for block in ("blocks.0", "blocks.1"):
        tokens = tokens + _attend(_norm(tokens, weights, block + ".norm1"), weights, block + ".attn", 3)
        hidden = _linear(_norm(tokens, weights, block + ".norm2"), weights, block + ".mlp.fc1")
        tokens = tokens + _linear(hidden * 0.5 * (1 + erf(hidden / np.sqrt(2))), weights, block + ".mlp.fc2")
    expected = _norm(tokens, weights, "norm")[0]
    assert np.allclose(network(images)[0].detach().numpy(), expected, atol=1e-4)


def test_smaller_pictures_are_enlarged_to_the_size_of_pre_training() -> None:
    torch.manual_seed(0)
    network = ViT(width=12, depth=1, heads=3)
    flat = torch.full((1, 3, 128, 128), 99.0)
    assert torch.allclose(network(flat), network(torch.full((1, 3, 224, 224), 99.0)), atol=1e-5)
