"""Each figure is drawn from small results, and what it says is read from its SVG, whose text is text."""

import re

import cv2
import numpy as np

from robot_bridge.interface import Observation
from vptr_policy.analysis.attention_comparison import EDGES, AttentionComparison, View
from vptr_policy.analysis.bootstrap import Estimate
from vptr_policy.analysis.embedding_comparison import DistanceCurves
from vptr_policy.analysis.figures.attention import draw_concentrations, draw_overlays
from vptr_policy.analysis.figures.embeddings import draw_curves, draw_histograms
from vptr_policy.analysis.figures.sarsa import draw_sarsa
from vptr_policy.analysis.figures.values import draw_values
from vptr_policy.analysis.rollouts import WITH, WITHOUT, Rollout
from vptr_policy.analysis.sarsa_comparison import Entry, Fit
from vptr_policy.analysis.value_comparison import ValueComparison


def texts(path):
    assert cv2.imread(str(path.with_suffix(".png"))).std() > 5.0
    return re.findall(r"<text[^>]*>([^<]+)</text>", path.with_suffix(".svg").read_text())


def test_value_curves_have_a_column_a_checkpoint_and_a_row_a_condition(tmp_path):
    seen = (Observation(np.zeros((1, 1, 3), np.uint8), np.zeros(7), 0.0, 0.0),) * 3
    rollouts = [Rollout("a", "t", seen, WITHOUT, True), Rollout("b", "t", seen, WITHOUT, False),
                Rollout("c", "t", seen, WITH, None)]  # fmt: skip
    curves = [np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 0.5]), np.array([2.0, 3.0, 2.5])]
    draw_values(tmp_path, ValueComparison(rollouts, {"mine": curves, "yours": curves}), 4, 0)
    found = " ".join(texts(tmp_path / "values"))
    assert all(found.count(word) == 1 for word in ("mine", "yours", WITHOUT, WITH, "unjudged"))
    assert found.count("monotonicity 1.00") == 2 and found.count("1 successes") == 2


def test_sarsa_errors_are_named_and_marked(tmp_path):
    fit = Fit(0.1, Estimate(0.4, 0.3, 0.6, 5), 2.0, np.zeros((5, 4)))
    single = Fit(0.1, Estimate(7.0, None, None, 1), 2.0, np.zeros((1, 4)))
    entries = [Entry("mine", "", False, 3, True, fit, fit), Entry("pixels", "", True, 3, False, single, fit)]
    draw_sarsa(tmp_path, entries)
    found = texts(tmp_path / "sarsa")
    assert "mine *" in found and "pixels" in found and "regression of the true values" in found


def test_overlays_have_a_column_a_policy_and_concentrations_a_bar(tmp_path):
    mask = np.zeros((128, 128), np.uint8)
    mask[:32] = 1
    picture = np.full((128, 128, 3), 120, np.uint8)
    views = [View(name, 3, picture, np.zeros(7), "knife_in_pot", mask) for name in "abc"]
    maps = {name: np.full((3, 128, 128), 0.5, np.float32) for name in ("mine", EDGES)}
    comparison = AttentionComparison(views, maps, {"mine": (16, 16)}, ("background", "target", "gripper"))
    draw_overlays(tmp_path, comparison, 2)
    found = texts(tmp_path / "overlays")
    assert found.count("step 3") == 2 and "mine" in found and EDGES not in found
    draw_concentrations(tmp_path, comparison, 0)
    assert {"background", "target", "gripper", "mine", EDGES} <= set(texts(tmp_path / "concentration"))


def test_distance_curves_and_histograms_name_the_data_and_the_encoders(tmp_path):
    names = {"mine": False, "yours": False, "pixels": True}
    data = DistanceCurves("clips", "video", names, ["a", "b"])
    random = np.random.default_rng(0)
    data.curves = {name: [np.linspace(1, 0, 9) + random.normal(0, 0.1, 9) for _ in "ab"] for name in names}
    data.ends = [(np.zeros((96, 96, 3), np.uint8),) * 2] * 2
    draw_curves(tmp_path, [data], 4)
    found = texts(tmp_path / "curves")
    assert "clips" in found and set(names) <= set(found)
    draw_histograms(tmp_path, data)
    found = texts(tmp_path / "histogram-clips")
    assert "mine / yours" in found and "mine / pixels" in found and "count ratio" in found
