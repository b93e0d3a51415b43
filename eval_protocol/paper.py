"""Success counts published for V-PTR (arXiv 2309.13041), to stand beside one's own."""

from typing import Dict, List, Optional, Tuple

METHODS = ("V-PTR", "R3M+BC", "MVP+BC", "VIP+CQL", "VIP frozen+CQL", "PTR", "V-PTR w/o phase 2")
"""Columns of Table 1."""

TABLE_1: Dict[int, Dict[str, Tuple[int, ...]]] = {
    1: {
        "Croissant from bowl": (7, 0, 4, 2, 0, 3, 5),
        "Sweet potato on plate": (6, 0, 1, 0, 0, 1, 1),
        "Knife in pot": (6, 0, 0, 0, 0, 0, 0),
        "Cucumber in pot": (5, 0, 1, 0, 0, 1, 1),
    },
    2: {
        "Croissant from bowl": (8, 0, 3, 2, 0, 0, 3),
        "Sweet potato on plate": (4, 0, 2, 0, 0, 1, 2),
        "Knife in pot": (4, 0, 0, 1, 0, 0, 0),
        "Cucumber in pot": (4, 0, 0, 1, 0, 0, 1),
    },
    3: {"Croissant from bowl": (3, 0, 0, 3, 1, 1, 3)},
}
"""Table 1: scenario -> task -> successes by method. Scenario 3: carrot, cucumber and ice-cream together."""

TRIALS: Dict[int, int] = {1: 12, 2: 12, 3: 9}
"""Trials a cell of Table 1, by scenario."""


def reference_row(scenario: int, task: str) -> Optional[List[Dict[str, object]]]:
    """The row of Table 1 for a task: one ``{method, successes, trials}`` a method; None where the paper has none."""
    counts = TABLE_1.get(scenario, {}).get(task)
    if counts is None:
        return None
    return [
        {"method": method, "successes": count, "trials": TRIALS[scenario]} for method, count in zip(METHODS, counts)
    ]
