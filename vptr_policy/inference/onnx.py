"""ONNX: a policy's network exported, and onnxruntime running it."""

import io
import warnings
from typing import Any, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from robot_bridge.interface import IMAGE_SIZE
from vptr_policy.inference.network import ActingNetwork
from vptr_policy.networks.actor import STATE_SIZE
from vptr_policy.networks.encoders import picture_side
from vptr_policy.networks.pictures import resize_pictures

OPSET = 18
INPUTS = ("picture", "state", "task")


def export(network: ActingNetwork) -> bytes:
    """The network as an ONNX model for batches of one; raises RuntimeError where that cannot be done.

    Its pictures are float32, in the size that its encoder wants: ``prepare`` makes them, as no exporter for this opset
    knows antialiased resizing.
    """
    file: Any = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own future
            torch.onnx.export(network, _example(network), file, **_options())
    except Exception as error:  # the exporter raises anything; the caller says so and stays with PyTorch
        raise RuntimeError(f"the network cannot be exported to ONNX: {_first_line(error)}") from error
    return file.getvalue()


def prepare(network: ActingNetwork, planes: Tensor, state: Tensor, task: Tensor) -> List[np.ndarray]:
    """The inputs of the exported model."""
    pictures = resize_pictures(planes, picture_side(network.actor.config))
    return [pictures.numpy(), state.numpy(), task.numpy()]


class OnnxRuntime:
    """onnxruntime, on a GPU where its CUDA build is installed, else on the CPU."""

    name = "onnxruntime"

    def __init__(self, network: ActingNetwork, threads: int) -> None:
        """Export and load; raises ImportError where onnxruntime or onnx is not installed, or RuntimeError."""
        import onnx  # noqa: F401 - the exporter needs it, and says so less clearly
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
        self._network = network
        self._session = onnxruntime.InferenceSession(export(network), options, providers=providers)

    def __call__(self, planes: Tensor, state: Tensor, task: Tensor) -> np.ndarray:
        """Run it."""
        inputs = dict(zip(INPUTS, prepare(self._network, planes, state, task)))
        return self._session.run(None, inputs)[0][0]


def _example(network: ActingNetwork) -> Tuple[Tensor, Tensor, Tensor]:
    config = network.actor.config
    side = picture_side(config) or IMAGE_SIZE
    return torch.zeros(1, 3, side, side), torch.zeros(1, STATE_SIZE), torch.zeros(1, config.tasks)


def _options() -> Any:
    """The arguments of the exporter: the one that traces, which takes 2 s where the newer one takes half a minute."""
    options = {"opset_version": OPSET, "input_names": list(INPUTS), "output_names": ["answer"]}
    traced = _version() >= (2, 5)  # before, there was no other exporter behind this function
    return {**options, "dynamo": False} if traced else options


def _version() -> Tuple[int, ...]:
    return tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])


def _first_line(error: BaseException) -> Optional[str]:
    return next(iter(str(error).splitlines()), type(error).__name__)
