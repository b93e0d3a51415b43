"""ViT-B/16, the backbone of MVP (a masked autoencoder's encoder), 768-d, 85.8 M parameters.

Names and shapes of the tensors are those of MAE and timm: ``cls_token``, ``pos_embed``, ``patch_embed.proj``,
``blocks.N.{norm1, attn.qkv, attn.proj, norm2, mlp.fc1, mlp.fc2}``, ``norm``. The feature is the class token after the
last LayerNorm (eps 1e-6; V-PTR D.2). Pictures are divided by 255 and standardised by ImageNet's statistics.

MVP was trained at 224 x 224. Smaller pictures are enlarged to that, as V-PTR's code does, rather than the position
embeddings interpolated: at 128 a patch would show three times as much of the scene as in pre-training, which a frozen
encoder cannot adapt to, and only 64 patches would be left.
"""

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from vptr_policy.networks.pictures import normalise_pictures, resize_pictures

IMAGE_SIDE, PATCH_SIDE, WIDTH, DEPTH, HEADS = 224, 16, 768, 12, 12
EPS = 1e-6


class Attention(nn.Module):
    """Multi-head self-attention: (B, L, D) -> (B, L, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = _linear(width, 3 * width), _linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Attend."""
        query, key, value = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(attended.transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    """Two linear layers with GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = _linear(width, hidden), _linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Apply to each token."""
        return self.fc2(functional.gelu(self.fc1(tokens)))


class Block(nn.Module):
    """Attention and perceptron, each behind a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width, EPS), Attention(width, heads)
        self.norm2, self.mlp = nn.LayerNorm(width, EPS), Perceptron(width, 4 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Apply to (B, L, D)."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class PatchEmbedding(nn.Module):
    """Pictures (B, 3, H, W) -> a token for each patch (B, L, D)."""

    def __init__(self, side: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, side, side)
        nn.init.xavier_uniform_(self.proj.weight.detach().flatten(1))
        nn.init.zeros_(self.proj.bias)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        """Project the patches."""
        return self.proj(pictures).flatten(2).transpose(1, 2)


class ViT(nn.Module):
    """Pictures (B, 3, H, W) with values 0..255, resized to 224 x 224 -> features (B, 768)."""

    def __init__(self, width: int = WIDTH, depth: int = DEPTH, heads: int = HEADS) -> None:
        super().__init__()
        self.size = width
        self.cls_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (IMAGE_SIDE // PATCH_SIDE) ** 2, width) * 0.02)
        self.patch_embed = PatchEmbedding(PATCH_SIDE, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, EPS)

    def forward(self, images: Tensor) -> Tensor:
        """Encode pictures."""
        patches = self.patch_embed(normalise_pictures(resize_pictures(images, IMAGE_SIDE)))
        tokens = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], 1) + self.pos_embed
        return self.norm(self.blocks(tokens)[:, 0])


def _linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear
