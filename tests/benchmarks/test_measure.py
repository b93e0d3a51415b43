import math
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

from benchmarks.measure import Measure, quantiles, table  # noqa: E402


def test_the_ratio_says_how_many_times_better():
    assert Measure("g", "latency", "ms", 2.0, 10.0, "old").ratio == 5.0
    assert Measure("g", "rate", "fps", 100.0, 25.0, "old", higher_is_better=True).ratio == 4.0
    assert Measure("g", "rate", "fps", 10.0, 25.0, "old", higher_is_better=True).ratio == 0.4
    assert math.isinf(Measure("g", "latency", "ms", 0.0, 1.0, "old").ratio)


def test_quantiles_are_of_each_sample():
    median, p99 = quantiles("g", "x", "ms", list(range(101)), [50.0] * 5, "old")
    assert (median.value, median.baseline, median.ratio) == (50.0, 50.0, 1.0)
    assert p99.value == pytest.approx(99.0) and p99.name == "x, p99"


def test_the_table_has_a_row_for_each_measure():
    lines = table([Measure("group", "name", "ms", 2.0, 10.0, "old way")]).splitlines()
    assert len(lines) == 2 and lines[1].split() == ["group", "name", "2", "ms", "10", "ms", "5.00", "old", "way"]


def test_an_unknown_benchmark_is_named():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "tea"], cwd=REPO, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "no benchmark tea; known: servo, policy, acting, serving, latency, render, data, training" in done.stderr
