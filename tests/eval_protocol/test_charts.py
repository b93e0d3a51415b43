import re
from xml.etree import ElementTree

import pytest

from eval_protocol import charts
from eval_protocol.contrast import contrast
from eval_protocol.policy_results import results_of
from eval_protocol.reading import read_session
from eval_protocol.record import records
from tests.eval_protocol.studies import single_session


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    found = []
    for name, every in (("ours", 2), ("base", 3)):
        folder = tmp_path_factory.mktemp("sessions") / name
        single_session(folder, lambda _, number, every=every: number % every == 0, name)
        reading = read_session(folder)
        found += results_of(reading.policies(), records(reading))
    return found


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("text")]


def test_rates_say_their_counts_and_draw_their_intervals(results):
    svg = charts.rates(charts.rate_rows(results, [("V-PTR (paper)", 6, 12)]))
    found = texts(svg)
    assert [found.index(name) for name in ("ours", "base", "V-PTR (paper)")] == sorted(
        found.index(name) for name in ("ours", "base", "V-PTR (paper)")
    )
    assert "6/12   0.21 to 0.79" in found and "4/12   0.10 to 0.65" in found
    bar = next(one for one in ElementTree.fromstring(svg).iter("rect") if one.get("class") == "interval c0")
    assert (bar.get("x"), bar.get("width")) == ("21.09%", "57.81%")


def test_a_heat_map_has_a_cell_for_each_pose_and_placement(results):
    poses = ["left_front", "right_front", "left_rear", "right_rear", "nowhere"]
    svg = charts.heat_map(results[0], 0, poses, [1, 2, 3], ["under the gripper", "shifted", "shifted again"])
    cells = list(ElementTree.fromstring(svg).iter("rect"))
    assert len(cells) == 15 and texts(svg).count("-") == 3
    shades = [float(one.get("fill-opacity")) for one in cells]
    assert sorted(set(shades)) == [0.0, 0.06, 0.66]
    assert texts(svg).count("1/1") == 6 and texts(svg).count("0/1") == 6


def test_milestones_count_what_was_reached(results):
    found = [text for text in texts(charts.milestones(results)) if "/" in text]
    assert found == ["ours  12/12", "base  12/12"] + ["ours  6/12", "base  4/12"] * 4


def test_times_end_at_the_share_that_succeeded(results):
    lines = list(ElementTree.fromstring(charts.times_to_success(results, 60.0)).iter("line"))
    last = [one for one in lines if one.get("class") == "curve c0 d0"][-1]
    assert (last.get("x2"), float(last.get("y2"))) == ("100.00%", pytest.approx(75.0))


def test_strips_tell_success_from_failure_and_what_was_not_recorded(results):
    svg = charts.strips(results, "path_m", " m")
    dots = [one.get("class").split()[0] for one in ElementTree.fromstring(svg).iter("circle")]
    assert (dots.count("fill"), dots.count("hollow")) == (10, 14)
    assert "median 0.25 m" in texts(svg)
    assert charts.strips([], "path_m", " m") == ""


def test_a_distribution_names_median_and_tail():
    svg = charts.histograms([("a", [float(n) for n in range(100)]), ("b", [])], " ms")
    assert "median 50 ms, p95 95 ms" in texts(svg) and "not recorded" in texts(svg)
    assert charts.histograms([("a", [])], " ms") == ""


def test_a_difference_without_trials_is_drawn_as_unknown(results):
    svg = charts.differences([contrast(("a", "b"), results[0].outcomes(), [])])
    assert "not both tried" in texts(svg) and not re.search("circle", svg)
