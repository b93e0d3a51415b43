import numpy as np
import pytest
from tiny import redness

from vptr_policy.analysis.embedding_comparison import bump_table, compare_embeddings


class Levels:
    """Sequences of pictures of these brightnesses."""

    kind = "robot"

    def __init__(self, *levels, name="made"):
        self.levels, self.name, self.skipped = levels, name, ["bad one"]

    def __len__(self):
        return len(self.levels)

    def __iter__(self):
        for number, row in enumerate(self.levels):
            yield f"s{number}", [np.full((32, 32, 3), level, np.uint8) for level in row]


DATA = Levels((0, 100, 50, 200), (10, 20, 30))


def backwards(images):
    """Further from the goal with each step but the last, wherever the brightness goes."""
    return 1000.0 - images.float().mean((2, 3)) ** 2


def test_the_curves_are_distances_to_the_last_picture():
    done = []
    found = compare_embeddings([redness()], DATA, lambda: done.append(1))
    np.testing.assert_allclose(found.curves["redness"][0], [1.0, 0.5, 0.75, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.curves["redness"][1], [1.0, 0.5, 0.0], atol=1e-6)
    assert found.sequences == ["s0", "s1"] and found.skipped == ["bad one"] and len(done) == 2
    first, last = found.ends[0]
    assert first.shape == (96, 96, 3) and first.max() == 0 and last.min() == 200


def test_bumps_are_averaged_over_sequences():
    found = compare_embeddings([redness()], DATA)
    bumps = found.results(0)["encoders"]["redness"]["bumps"]
    assert bumps["value"] == pytest.approx((1 / 3 + 0) / 2) and bumps["std"] == pytest.approx(1 / 6)
    assert bumps["units"] == 2


def test_histograms_of_all_encoders_have_one_set_of_bins():
    found = compare_embeddings([redness(), redness("other", encode=backwards, baseline=True)], DATA)
    results = found.results(0)
    ours, theirs = (results["encoders"][name] for name in ("redness", "other"))
    assert ours["histogram"].sum() == theirs["histogram"].sum() == 5
    assert len(results["edges"]) == len(ours["histogram"]) + 1 and results["edges"][20] == 0.0
    assert ours["negative"] == pytest.approx(0.2) and (ours["baseline"], theirs["baseline"]) == (False, True)
    np.testing.assert_allclose(ours["first_over_this"][ours["histogram"] > 0], 0.0)


def test_the_table_has_a_row_an_encoder_and_a_column_a_data_set():
    both = [compare_embeddings([redness()], data) for data in (DATA, Levels((0, 1, 2), name="smooth"))]
    head, row = bump_table(both)
    assert head.split() == ["made", "smooth"]
    assert row.split() == ["redness", "0.167", "±", "0.167", "0.000", "±", "0.000"]


def test_nothing_readable_is_an_error():
    with pytest.raises(ValueError, match="no sequence could be read"):
        compare_embeddings([redness()], Levels())
