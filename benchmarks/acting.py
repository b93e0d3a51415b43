"""How long an action takes by each backend, against PyTorch as the network was trained, and against the machine.

The limit of the machine is the time that the network's multiplications take at the rate of a large float32 matrix
product, measured in the same run on as many threads (one). int8 has another limit; it is compared with this one too.
"""

import copy
import time
from typing import Callable, Dict, List, Tuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measure import Measure, quantiles
from robot_bridge.interface import Observation
from vptr_cli.checkpoints import shipped_policy
from vptr_policy.card import Card
from vptr_policy.checkpoint import load_checkpoint
from vptr_policy.inference.gate import random_samples
from vptr_policy.inference.network import ActingNetwork, Inference
from vptr_policy.inference.onnx import OnnxRuntime
from vptr_policy.inference.quantised import Quantised
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.policy import TrainedPolicy

PICTURE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
STATE = np.array([0.3, 0.0, 0.15, 0.0, 0.0, 0.0, 1.0])
SIDE = 1024
"""Of the matrices whose product measures the machine."""
PLAIN = "PyTorch, filters standardised at each call"


class Plain:
    """PyTorch with the network as it was trained: nothing is folded."""

    name = "plain"

    def __init__(self, actor: Actor) -> None:
        self.actor = copy.deepcopy(actor).eval().requires_grad_(False)

    def __call__(self, planes: Tensor, state: Tensor, task: Tensor) -> np.ndarray:
        """Run it."""
        with torch.inference_mode():
            return self.actor(planes, state, task).mode()[0].numpy()


def acting(rounds: int = 40, large: bool = True) -> List[Measure]:
    """Actions of the shipped policy and, where ``large``, of a ResNetV2-50 (V-PTR's); one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        small, card = load_checkpoint(shipped_policy())
        actors = {"act, shipped policy": small}
        if large:
            torch.manual_seed(0)
            config = NetworkConfig(len(card.tasks), "resnetv2-50", hidden=(256, 256, 256))
            actors["act, resnetv2-50"] = Actor(config)
        return [row for group, actor in actors.items() for row in _compare(group, actor, card, rounds)]
    finally:
        torch.set_num_threads(threads)


def _compare(group: str, actor: Actor, card: Card, rounds: int) -> List[Measure]:
    plain = Plain(actor)
    policy = TrainedPolicy(actor, card)
    backends = {"plain": plain, "eager": policy.inference, **_installed(policy.network, policy.task_vectors())}
    times, product_s = _times(policy, backends, rounds)
    limit_ms = 1e3 * _multiplications(plain, policy.task_vectors()) / (2 * SIDE**3 / product_s)
    measures = []
    base = times.pop("plain")
    for name, ours in times.items():
        measures += quantiles(group, name, "ms", ours, base, PLAIN)
        over = [float(np.median(sample)) / limit_ms for sample in (ours, base)]
        measures.append(Measure(group, f"{name}, times the limit of {limit_ms:.3g} ms", "x", over[0], over[1], PLAIN))
    return measures


def _installed(network: ActingNetwork, tasks: List[Tensor]) -> Dict[str, Inference]:
    """The other backends; int8 for its speed alone, on noise and without its gate."""
    made: Dict[str, Callable[[], Inference]] = {
        "onnxruntime": lambda: OnnxRuntime(network, 1),
        "int8 (ungated)": lambda: Quantised(network, random_samples(tasks, 8), 1),
    }
    found = {}
    for name, make in made.items():
        try:
            found[name] = make()
        except ImportError as error:
            print(f"not measured: {name}: {error}")
    return found


def _times(policy: TrainedPolicy, backends: Dict[str, Inference], rounds: int) -> Tuple[Dict[str, List[float]], float]:
    """Milliseconds of each action, all backends in turn under the same disturbances; seconds of the best product."""
    policy.reset(policy.tasks[0])
    matrix = torch.rand(SIDE, SIDE)
    times: Dict[str, List[float]] = {name: [] for name in backends}
    products = []
    for number in range(rounds + 3):
        products.append(_seconds(lambda: torch.mm(matrix, matrix)))
        for name, backend in backends.items():
            policy.inference = backend
            took_ms = 1e3 * _seconds(lambda: policy.act(Observation(PICTURE, STATE, 0.0, 0.0)))
            if number >= 3:  # the first ones warm up
                times[name].append(took_ms)
    return times, min(products)


def _multiplications(plain: Plain, tasks: List[Tensor]) -> int:
    """Floating point operations of an action."""
    with FlopCounterMode(display=False) as counter:
        plain.actor(*random_samples(tasks, 1)[0])
    return int(counter.get_total_flops())


def _seconds(turn: Callable[[], object]) -> float:
    began = time.perf_counter()
    turn()
    return time.perf_counter() - began
