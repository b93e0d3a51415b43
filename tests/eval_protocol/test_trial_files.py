import csv
import io
import json

import pytest

from eval_protocol.labels import correct
from eval_protocol.reading import read_session
from eval_protocol.record import records
from eval_protocol.rubric import Rubric
from eval_protocol.store import Store
from eval_protocol.trial_files import COLUMNS, trials_csv, write_trials
from tests.eval_protocol.studies import single_session


@pytest.fixture
def session(tmp_path):
    single_session(tmp_path / "s", lambda _, number: number == 1, trials=2)
    store = Store(tmp_path / "s" / "session.sqlite")
    row = store.next_trial()
    store.start(row)
    store.abort(row, '=HYPERLINK("http://evil","click")')
    correct(store, 2, "@bob", True, Rubric(note="+1, he said\n-2"), "it was in")
    store.close()
    return tmp_path / "s"


def test_every_attempt_is_a_line_with_all_columns(session):
    rows = list(csv.DictReader(io.StringIO(trials_csv(records(read_session(session))))))
    assert [(row["trial"], row["state"], row["success"], row["first_success"]) for row in rows] == [
        ("1", "committed", "1", "1"),
        ("2", "committed", "1", "0"),
        ("3", "aborted", "", ""),
    ]
    assert set(rows[0]) == set(COLUMNS) and rows[0]["path_m"] == "0.2" and rows[2]["path_m"] == ""
    assert rows[0]["milestones"] == "reach; grasp; transport; place"
    assert rows[1]["corrections"].endswith("@bob: success (it was in)")


def test_no_cell_is_a_formula_and_line_ends_stay_in_their_cell(session):
    rows = list(csv.reader(io.StringIO(trials_csv(records(read_session(session))))))
    assert len(rows) == 4
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert "'+1, he said\n-2" in rows[2] and '\'=HYPERLINK("http://evil","click")' in rows[3]
    smoothness = rows[1][rows[0].index("smoothness")]
    assert float(smoothness) < 0, "a number stays a number"


def test_the_json_has_the_figures_of_each_command(session):
    paths = write_trials(session, records(read_session(session)))
    assert [path.name for path in paths] == ["trials.csv", "trials.json"]
    first = json.loads(paths[1].read_text())[0]
    assert len(first["latencies_s"]) == 20 and len(first["intervals_s"]) == 19
    assert not list(session.glob("*.part"))
