"""Distances to the goal in several embeddings along the same videos (VIP 5.3, Figs. 6, 7, 20-22, Table 5)."""

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

from vptr_policy.analysis.bootstrap import mean
from vptr_policy.analysis.embeddings import (
    bump_share,
    count_ratio,
    distance_curve,
    histogram_edges,
    peak,
    reward_histogram,
)
from vptr_policy.analysis.encoders import BATCH, FrozenEncoder
from vptr_policy.analysis.sequences import Sequences
from vptr_policy.resize import resize

THUMBNAIL = 96


@dataclass
class DistanceCurves:
    """Curves of each encoder along the sequences of one data set."""

    name: str
    kind: str
    baseline: Dict[str, bool]
    """name of the encoder -> whether it is a baseline; the first is what the others are compared with"""
    sequences: List[str] = field(default_factory=list)
    curves: Dict[str, List[np.ndarray]] = field(default_factory=dict)
    """name of the encoder -> (T,) of each sequence"""
    ends: List[Tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    """first and last picture of each sequence, small"""
    skipped: List[str] = field(default_factory=list)

    def edges(self) -> np.ndarray:
        """Edges of the histograms: the same for all encoders."""
        return histogram_edges([curve for curves in self.curves.values() for curve in curves])

    def histograms(self) -> Dict[str, np.ndarray]:
        """Counts of the rewards of each encoder."""
        edges = self.edges()
        return {name: reward_histogram(curves, edges) for name, curves in self.curves.items()}

    def results(self, seed: int) -> Dict[str, Any]:
        """All of it for a file; ``bumps`` is VIP's Table 5: mean and standard deviation over the sequences."""
        histograms = self.histograms()
        first = histograms[next(iter(histograms))]
        encoders: Dict[str, Any] = {}
        for name, curves in self.curves.items():
            shares = [bump_share(curve) for curve in curves]
            encoders[name] = {
                "baseline": self.baseline[name],
                "bumps": {**mean(shares, seed).plain(), "std": float(np.std(shares))},
                "histogram": histograms[name],
                "first_over_this": count_ratio(first, histograms[name]),
                **peak(histograms[name]),
                "curves": curves,
            }
        return {
            "kind": self.kind, "sequences": self.sequences, "skipped": self.skipped, "edges": self.edges(),
            "encoders": encoders,
        }  # fmt: skip


def compare_embeddings(
    encoders: Sequence[FrozenEncoder], data: Sequences, on_sequence: Callable[[], Any] = lambda: None
) -> DistanceCurves:
    """The curves of encoders along the sequences of a data set; the goal is the last frame of each.

    One sequence is in memory at a time. VIP embeds with its last linear layer, R3M with the pooled features; of a
    policy or of V-PTR's phase 1 these are the features that the heads see.
    """
    found = DistanceCurves(data.name, data.kind, {encoder.name: encoder.baseline for encoder in encoders})
    found.curves = {encoder.name: [] for encoder in encoders}
    for name, frames in data:
        for encoder in encoders:
            parts = [encoder(frames[start : start + BATCH]) for start in range(0, len(frames), BATCH)]
            embeddings = np.concatenate(parts)
            found.curves[encoder.name].append(distance_curve(embeddings, embeddings[-1]))
        found.sequences.append(name)
        found.ends.append((resize(frames[0], THUMBNAIL), resize(frames[-1], THUMBNAIL)))
        on_sequence()
    found.skipped = list(data.skipped)
    if not found.sequences:
        raise ValueError(f"{data.name}: no sequence could be read ({'; '.join(found.skipped[:3])})")
    return found


def bump_table(data: Sequence[DistanceCurves]) -> List[str]:
    """VIP's Table 5 in lines: the share of bumps, mean +- standard deviation over the sequences."""
    names = list(data[0].curves)
    width = max(len(name) for name in names)
    lines = ["  ".join([" " * width, *(f"{one.name:>20}" for one in data)])]
    for name in names:
        cells = []
        for one in data:
            shares = [bump_share(curve) for curve in one.curves[name]]
            cells.append(f"{np.mean(shares):>12.3f} ± {np.std(shares):.3f}")
        lines.append("  ".join([name.ljust(width), *cells]))
    return lines
