"""What an index of Ego4D's size costs: 4.3 million frames in 72,000 clips, several worker processes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from benchmarks.video import resident, synthetic_index


def test_several_workers_stay_under_1_gb_together(tmp_path: Path) -> None:
    synthetic_index(tmp_path / "clips", 0.0)
    found = resident(tmp_path / "clips", 3, 6)
    assert (found["clips"], found["frames"]) == (72_000, 4_300_000)
    assert found["processes"] >= 5, "the training, the fork server and the three workers"
    assert 100.0 < found["shared_once_mb"] < 1000.0
    arrays = sum(path.stat().st_size for path in (tmp_path / "clips" / "index").glob("*.npy"))
    assert arrays < 40e6
