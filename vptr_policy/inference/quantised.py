"""int8: a policy's convolutions quantised by NNCF and run by OpenVINO, where its actions stay close enough.

Everything behind the encoder stays float32: it costs next to nothing, and its errors are errors of the action. For the
shipped policy on real pictures that is the difference between a mean error of 0.3 % and one of 3 %.
"""

import logging
import os
from pathlib import Path
from typing import Any, List, Optional, Sequence

import numpy as np
from torch import Tensor

from vptr_policy.inference.gate import Difference, Sample, difference, recorded_samples
from vptr_policy.inference.network import ActingNetwork, Inference
from vptr_policy.inference.onnx import export, prepare
from vptr_policy.recordings import open_recordings

FEWEST_RECORDINGS = 2
FEWEST_PICTURES = 50
"""On which it is judged: of fewer, a share of 99 % says little."""


class Quantised:
    """OpenVINO on the CPU with 8-bit convolutions."""

    name = "int8"

    def __init__(self, network: ActingNetwork, samples: Sequence[Sample], threads: int) -> None:
        """Quantise by the ranges that the samples give; raises ImportError where OpenVINO or NNCF is not installed."""
        os.environ.setdefault("NNCF_CI", "1")  # else it reports its use over the internet, without asking
        import nncf
        import openvino

        logging.getLogger("nncf").setLevel(logging.ERROR)
        core = openvino.Core()
        model = core.read_model(export(network), b"")
        inputs = [prepare(network, *sample) for sample in samples]
        kept = nncf.IgnoredScope(types=["MatMul"], validate=False)
        small = nncf.quantize(model, nncf.Dataset(inputs), subset_size=len(inputs), ignored_scope=kept)
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        self._network = network
        self._run: Any = core.compile_model(small, "CPU", options).create_infer_request()

    def __call__(self, planes: Tensor, state: Tensor, task: Tensor) -> np.ndarray:
        """Run it."""
        return np.array(self._run.infer(prepare(self._network, planes, state, task))[0][0])


def quantise(
    network: ActingNetwork, exact: Inference, calibration: Optional[Path], tasks: Sequence[Tensor], threads: int
) -> Quantised:
    """The network in int8, calibrated on one half of the recordings at ``calibration`` and judged on the other.

    Raises ValueError with the measured figures where its actions are not those of ``exact``, by the gate.
    """
    halves = _halves(calibration, tasks)
    quantised = Quantised(network, halves[0], threads)
    measured: Difference = difference(quantised, exact, halves[1])
    if not measured.passes:
        raise ValueError(
            f"int8 is refused for this policy: {measured}; at most 1 % and at least 99 % pass: take another --backend"
        )
    return quantised


def _halves(calibration: Optional[Path], tasks: Sequence[Tensor]) -> List[List[Sample]]:
    if calibration is None:
        raise ValueError("int8 needs real pictures: --calibration FOLDER of recorded episodes")
    recordings = open_recordings(calibration)
    if len(recordings) < FEWEST_RECORDINGS:
        raise ValueError(
            f"{calibration}: int8 is calibrated on some recordings and judged on others: expected 2 or more"
        )
    halves = [recorded_samples(recordings[first::2], tasks) for first in (0, 1)]
    if len(halves[1]) < FEWEST_PICTURES:
        raise ValueError(
            f"{calibration}: every second recording judges int8, which are {len(halves[1])} pictures: expected "
            f"{FEWEST_PICTURES} or more"
        )
    return halves
