"""The space in which VIP, TCN and R3M measure distances."""

from torch import Tensor, nn

VIP_SIZE = 1024


class Embedding(nn.Module):
    """An encoder and a linear layer to ``size`` numbers (VIP: 1024), or the encoder's features as they are (R3M)."""

    def __init__(self, encoder: nn.Module, size: int = VIP_SIZE) -> None:
        """``size`` 0 is that of the encoder, without a linear layer."""
        super().__init__()
        features = int(encoder.size)  # type: ignore[arg-type]
        self.encoder = encoder
        self.projection: nn.Module = nn.Linear(features, size) if size else nn.Identity()
        self.size = size or features

    def forward(self, images: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) with values 0..255 -> embeddings (B, ``size``)."""
        return self.projection(self.encoder(images))
