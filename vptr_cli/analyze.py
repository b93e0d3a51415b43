"""`vptr analyze`: what checkpoints have learned: values, frozen features, where they look, distances to the goal."""

from typing import Callable, Dict

from vptr_cli.analyze_encoders import embeddings, sarsa
from vptr_cli.analyze_policies import gradcam, values

COMMANDS: Dict[str, Callable[..., int]] = {
    "values": values,
    "sarsa": sarsa,
    "gradcam": gradcam,
    "embeddings": embeddings,
}
