"""int8: taken for a network whose actions it keeps, refused for one whose actions it does not."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vptr_policy.data.robot.test_episodes import record
from vptr_policy.data.recorded import read_recordings
from vptr_policy.inference.backends import choose, one_hot
from vptr_policy.inference.gate import MEAN_ERROR, difference, random_samples, recorded_samples
from vptr_policy.inference.network import ActingNetwork, Eager
from vptr_policy.inference.quantised import Quantised
from vptr_policy.networks.actor import Actor, NetworkConfig
from vptr_policy.policy import TrainedPolicy, load_policy

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT.parent / "shared" / "data" / "bridge_v2_sample"


@pytest.fixture(scope="module")
def shipped() -> TrainedPolicy:
    pytest.importorskip("nncf", reason="OpenVINO and NNCF are not installed")
    pytest.importorskip("openvino", reason="OpenVINO and NNCF are not installed")
    return load_policy(ROOT / "models" / "v-ptr-sim")


@pytest.fixture(scope="module")
def sample() -> Path:
    if not SAMPLE.is_dir():
        pytest.skip("the Bridge sample is not here (shared/data beside the checkout)")
    return SAMPLE


def test_int8_keeps_the_shipped_policys_actions_on_real_pictures(shipped: TrainedPolicy, sample: Path) -> None:
    recordings, tasks = read_recordings(sample), shipped.task_vectors()
    calibration, judging = (recorded_samples(recordings[first::2], tasks) for first in (0, 1))
    found = difference(Quantised(shipped.network, calibration, 1), Eager(shipped.network), judging)
    assert found.frames == 120 and found.mean < MEAN_ERROR and found.gripper > 0.97, str(found)


def test_int8_acts_where_it_passes_the_gate(shipped: TrainedPolicy, sample: Path) -> None:
    torch.manual_seed(0)
    network = ActingNetwork(Actor(NetworkConfig(tasks=2, width=8, hidden=(16,))))
    with torch.no_grad():
        network.actor.head.output.bias[6] = 3.0  # it is sure of its gripper
    chosen = choose("int8", network, one_hot(2), 1, sample)
    assert chosen.name == "int8" and chosen(*random_samples(one_hot(2), 1)[0]).shape == (7,)


def test_int8_is_refused_with_its_figures_for_a_network_that_it_spoils(shipped: TrainedPolicy, sample: Path) -> None:
    spoilt = load_policy(ROOT / "models" / "v-ptr-sim")
    sample_of_noise = random_samples(spoilt.task_vectors(), 1)[0]
    before = spoilt.inference(*sample_of_noise)
    layers = list(spoilt.network.actor.encoder.layers)
    with torch.no_grad():
        for (_, norm, _), (convolution, _, _) in zip(layers[:-1], layers[1:]):
            norm.weight[0] *= 1e4  # one channel is large, which the next layer undoes: in 8 bits the others are lost
            norm.bias[0] *= 1e4
            convolution.weight[:, 0] /= 1e4
    assert np.allclose(spoilt.inference(*sample_of_noise), before, atol=1e-3), "in float32 it acts as before"
    with pytest.raises(ValueError, match=r"int8 is refused for this policy: mean action error \d+\.\d+ %"):
        choose("int8", spoilt.network, spoilt.task_vectors(), 1, sample)


def test_int8_asks_for_real_pictures_to_be_judged_by(tmp_path: Path, recordings: Path) -> None:
    pytest.importorskip("nncf", reason="OpenVINO and NNCF are not installed")
    network = ActingNetwork(Actor(NetworkConfig(tasks=2, width=8, hidden=(16,))))
    for number in range(2):
        record(tmp_path / "own" / f"episode-{number:06d}")
    for folder, told in (
        (tmp_path / "own", "which are 4 pictures: expected 50 or more"),
        (None, "--calibration FOLDER"),
        (tmp_path / "nothing", "expected a folder"),
        (recordings / "one", "expected 2 or more"),
        (recordings, "which are 2 pictures: expected 50 or more"),
    ):
        with pytest.raises(ValueError, match=told):
            choose("int8", network, one_hot(2), 1, folder)
