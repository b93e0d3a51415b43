import xml.etree.ElementTree as ElementTree

import pytest

from eval_protocol.svg import box, drawing, line, share, ticks, words


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 60, [0, 20, 40, 60]),
        (0, 1, [0, 0.5, 1.0]),
        (-7.3, -4.6, [-7, -6, -5]),
        (0.0012, 0.0031, [0.0015, 0.002, 0.0025, 0.003]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round_and_within(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_a_share_stays_within_the_drawing():
    assert [share(value, 2, 4) for value in (1, 2, 3, 4, 9)] == [0, 0, 50, 100, 100]
    assert share(3, 3, 3) == 50


def test_a_drawing_is_xml_whatever_its_words_are():
    hostile = "</text><script>&\"'"
    text = drawing(20, [words(0, 10, hostile), line(0, 0, 50, 9, "grid"), box(1, 2, -3, 4, "bar")], hostile)
    root = ElementTree.fromstring(text)
    assert root.find("text").text == hostile and root.get("aria-label") == hostile
    assert root.find("rect").get("width") == "0.00%"
