import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.acting import acting
from benchmarks.serving import CLIENTS, serving


def test_each_protocol_is_measured_against_a_bare_socket() -> None:
    rows = serving(rounds=3, seconds=0.3)
    names = {row.name.rpartition(", ")[0] for row in rows if row.group == "server overhead"}
    assert names == {"json_numpy", "json_numpy, encoded twice", "openpi, msgpack", "our client (128x128)"}
    assert all(row.baseline > 0.0 and row.value > -5.0 for row in rows), rows
    (throughput,) = [row for row in rows if row.group == "server throughput"]
    assert throughput.name == f"{CLIENTS} clients" and min(throughput.value, throughput.baseline) > 1.0


def test_backends_are_measured_against_pytorch_and_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    rows = acting(rounds=2, large=False)
    assert {row.group for row in rows} == {"act, shipped policy"}
    assert any(row.name.startswith("onnxruntime, median") for row in rows) or "onnxruntime" in capsys.readouterr().out
    over = [row for row in rows if "times the limit" in row.name]
    assert over and all(row.unit == "x" and row.value > 0.2 for row in over)
