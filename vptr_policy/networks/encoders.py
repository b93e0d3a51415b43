"""The visual encoders by name."""

from typing import Callable, Dict

from torch import Tensor, nn

from vptr_policy.meant import meant
from vptr_policy.networks.config import NetworkConfig
from vptr_policy.networks.convolutional import ConvolutionalEncoder
from vptr_policy.networks.embedding import Embedding
from vptr_policy.networks.resnet34 import ResNet34
from vptr_policy.networks.resnet50 import ResNet50
from vptr_policy.networks.resnetv2 import ResNetV2
from vptr_policy.networks.vit import IMAGE_SIDE, ViT

ENCODERS: Dict[str, Callable[[NetworkConfig], nn.Module]] = {
    "convolutional": lambda config: ConvolutionalEncoder(config.width),
    "resnetv2-50": lambda config: ResNetV2(config.image_side),
    "resnet-50": lambda config: ResNet50(side=config.image_side, batch_statistics=config.batch_statistics),
    "resnet-34": lambda config: ResNet34(config.symmetric_padding),
    "vit-b16": lambda _: ViT(),
}
"""name -> what makes the encoder: pictures (B, 3, H, W) with values 0..255 -> features (B, ``size``)"""


def make_encoder(config: NetworkConfig) -> nn.Module:
    """The encoder that ``config`` names, with random weights; raises ValueError naming the nearest one."""
    if config.encoder not in ENCODERS:
        known = ", ".join(ENCODERS)
        raise ValueError(f"no encoder {config.encoder!r}; known: {known}{meant(config.encoder, ENCODERS)}")
    encoder = ENCODERS[config.encoder](config)
    return Embedding(encoder, config.embedding) if config.embedding else encoder


def picture_side(config: NetworkConfig) -> int:
    """The side [px] of the square to which the encoder resizes its pictures; 0: it takes them as they come."""
    fixed = {
        "convolutional": ConvolutionalEncoder.IMAGE_SIDE,
        "resnet-34": ResNet34.IMAGE_SIDE,
        "vit-b16": IMAGE_SIDE,
    }
    return fixed.get(config.encoder, config.image_side)


class VisualNetwork(nn.Module):
    """What actor and critic have in common: an encoder of their own and the bottleneck behind it."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = make_encoder(config)
        self.features = int(self.encoder.size)  # type: ignore[arg-type]
        self.bottleneck: nn.Module = nn.Identity()
        if config.bottleneck:
            self.bottleneck = _bottleneck(self.features, config.bottleneck)
            self.features = config.bottleneck
        if config.frozen:
            self.encoder.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "VisualNetwork":
        """Set training mode everywhere but in a frozen encoder."""
        super().train(mode)
        if self.config.frozen:
            self.encoder.eval()
        return self

    def encode(self, images: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) with values 0..255 -> features (B, ``features``).

        Nothing in a frozen encoder requires gradients, so that autograd keeps none of it.
        """
        return self.bottleneck(self.encoder(images))


def _bottleneck(inputs: int, outputs: int) -> nn.Sequential:
    linear = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(linear.weight)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.LayerNorm(outputs), nn.Tanh())
