import pytest

from eval_protocol.paper import METHODS, TABLE_1, TABLES, reference_row


@pytest.mark.parametrize(
    ("name", "totals", "trials"),
    [
        ("Table 1, scenario 1", (24, 0, 6, 2, 0, 5, 7), 48),
        ("Table 1, scenario 2", (20, 0, 5, 4, 0, 1, 6), 48),
        ("Table 1, scenario 3", (3, 0, 0, 3, 1, 1, 3), 9),
        ("Table 3", (44, 8, 21, 35), 72),
    ],
)
def test_the_rows_add_up_to_the_papers_totals(name, totals, trials):
    table = next(one for one in TABLES if one.name == name)
    assert table.totals() == (totals, trials)


def test_every_row_has_a_count_for_each_method():
    assert len(METHODS) == 7 and [one.name[:7] for one in TABLES] == ["Table 1"] * 3 + ["Table 2", "Table 3", "Table 5"]
    for table in TABLES:
        for counts in table.rows.values():
            assert len(counts) == len(table.methods) and all(0 <= count <= table.trials for count in counts)


def test_the_row_of_a_task():
    assert reference_row(1, "Knife in pot")[0] == {"method": "V-PTR", "successes": 6, "trials": 12}
    assert reference_row(3, "Croissant from bowl")[3] == {"method": "VIP+CQL", "successes": 3, "trials": 9}
    assert reference_row(3, "Knife in pot") is None
    assert reference_row(1, "") is None and reference_row(9, "Knife in pot") is None
    assert TABLE_1[2]["Croissant from bowl"][0] == 8
