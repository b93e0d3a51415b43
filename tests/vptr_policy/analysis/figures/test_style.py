import matplotlib
import pytest

from vptr_policy.analysis.figures.style import BASELINE, COLOURS, colours, drawing, spread


def test_a_figure_is_written_twice_the_same(tmp_path):
    before = dict(matplotlib.rcParams)
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        with drawing(folder, "x", (2.0, 1.5)) as figure:
            figure.subplots().plot([0, 1], [1, 3], label="a")
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert sorted(found[0]) == ["x.png", "x.svg"] and found[0] == found[1]
    assert dict(matplotlib.rcParams) == before


def test_nothing_is_written_of_a_figure_that_failed(tmp_path):
    with pytest.raises(ZeroDivisionError), drawing(tmp_path, "x", (2.0, 1.5)):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_baselines_are_gray():
    assert colours([False, True, False, True]) == [COLOURS[0], BASELINE[0], COLOURS[1], BASELINE[1]]


@pytest.mark.parametrize(
    ("count", "shown", "places"), [(10, 4, [0, 3, 6, 9]), (3, 5, [0, 1, 2]), (5, 1, [0]), (0, 2, [])]
)
def test_places_are_spread(count, shown, places):
    assert spread(count, shown) == places
