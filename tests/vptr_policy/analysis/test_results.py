import json
from dataclasses import dataclass

import numpy as np

from vptr_policy.analysis.results import plain, write_results


@dataclass
class Row:
    name: str
    values: np.ndarray


def test_arrays_and_dataclasses_become_plain_values():
    found = plain({"row": Row("a", np.array([1.0, 2.5])), 3: (np.int64(4), np.float32(0.5), True, None)})
    assert found == {"row": {"name": "a", "values": [1.0, 2.5]}, "3": [4, 0.5, True, None]}


def test_only_the_digits_that_mean_something_are_kept():
    assert plain(1.23456789) == 1.23457 and plain(123456789.0) == 123457000.0


def test_what_is_no_number_is_null(tmp_path):
    write_results(tmp_path / "a.json", {"x": [float("nan"), float("inf"), 1.0]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": [None, None, 1.0]}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
