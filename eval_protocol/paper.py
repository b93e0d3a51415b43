"""Success counts published for V-PTR (arXiv 2309.13041), to stand beside one's own."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

METHODS = ("V-PTR", "R3M+BC", "MVP+BC", "VIP+CQL", "VIP frozen+CQL", "PTR", "V-PTR w/o phase 2")
"""Columns of Table 1."""


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper: ``rows`` task -> successes by method, of ``trials`` each.

    ``scenario`` is that of appendix C.1 where the paper says which; the other tables name none.
    """

    name: str
    about: str
    methods: Tuple[str, ...]
    rows: Dict[str, Tuple[int, ...]]
    trials: int = 12
    scenario: Optional[int] = None

    def totals(self) -> Tuple[Tuple[int, ...], int]:
        """Successes of each method over all rows, and of how many trials."""
        return tuple(map(sum, zip(*self.rows.values()))), self.trials * len(self.rows)

    def to_json(self) -> Dict[str, Any]:
        """The table as plain data."""
        return {
            "table": self.name,
            "about": self.about,
            "methods": list(self.methods),
            "rows": {task: list(counts) for task, counts in self.rows.items()},
            "trials": self.trials,
        }


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
    3: {
        "Carrot from bowl": (2, 0, 0, 1, 0, 0, 2),
        "Cucumber from bowl": (1, 0, 0, 1, 0, 0, 1),
        "Ice-cream from bowl": (0, 0, 0, 1, 1, 1, 0),
    },
}
"""Table 1: scenario -> task -> successes by method; 12 trials each, in scenario 3 (novel target objects) 3."""

TABLES: Tuple[PaperTable, ...] = (
    PaperTable("Table 1, scenario 1", "start poses varied", METHODS, TABLE_1[1], scenario=1),
    PaperTable("Table 1, scenario 2", "novel distractor objects", METHODS, TABLE_1[2], scenario=2),
    PaperTable("Table 1, scenario 3", "novel target objects", METHODS, TABLE_1[3], trials=3, scenario=3),
    PaperTable(
        "Table 2",
        "more complex tasks",
        ("V-PTR", "VIP+CQL", "PTR", "VIP reward, no CQL"),
        {"Open microwave": (5, 2, 0, 0), "Sweep beans": (6, 5, 2, 2)},
    ),
    PaperTable(
        "Table 3",
        "task given in natural language",
        ("V-PTR, language", "BC, language", "PTR, language", "V-PTR, one-hot"),
        {
            "Croissant from bowl": (7, 3, 5, 7),
            "Sweet potato on plate": (6, 2, 6, 6),
            "Knife in pot": (5, 0, 3, 6),
            "Cucumber in pot": (9, 0, 3, 5),
            "Open microwave": (9, 1, 0, 5),
            "Sweep beans": (8, 2, 4, 6),
        },
    ),
    PaperTable(
        "Table 5",
        "10 demonstrations in place of 44",
        ("V-PTR", "VIP+CQL", "PTR"),
        {
            "Croissant from bowl": (4, 1, 0),
            "Sweet potato on plate": (5, 0, 0),
            "Knife in pot": (2, 0, 0),
            "Cucumber in pot": (4, 0, 0),
            "Open microwave": (8, 2, 4),
            "Sweep beans": (2, 0, 5),
        },
    ),
)
"""Tables 1, 2, 3 and 5. The paper's names of one task differ (Table 3 and 5: "Knife in Pan"); here it has one name."""


def reference_row(scenario: int, task: str) -> Optional[List[Dict[str, Any]]]:
    """What Table 1 has for a task: one ``{method, successes, trials}`` a method; None where the paper has nothing.

    Scenario 3 is of the croissant's task alone, with three other objects in its place: they are counted together.
    """
    table = next((one for one in TABLES if one.scenario == scenario), None)
    if table is None:
        return None
    if scenario == 3:
        counts, trials = table.totals()
        found = counts if task == "Croissant from bowl" else None
    else:
        found, trials = table.rows.get(task), table.trials
    if found is None:
        return None
    return [{"method": name, "successes": count, "trials": trials} for name, count in zip(table.methods, found)]
