import pytest

from eval_protocol.labels import agreements
from eval_protocol.second_rater import SecondRater, left
from eval_protocol.store import Store, StoreError
from tests.eval_protocol.studies import single_session


@pytest.fixture
def store(tmp_path):
    single_session(tmp_path / "s", lambda _, number: number % 3 == 0, trials=6, video=True)
    store = Store(tmp_path / "s" / "session.sqlite", exclusive=False)
    yield store
    store.close()


class Terminal:
    """Answers by the trial whose video is shown; keeps what was said."""

    def __init__(self, answer, limit=10**6):
        self.said, self.asked, self._answer, self._left, self._limit = [], [], answer, [], limit

    def say(self, text):
        self.said.append(text)
        if "video" in text and ".mp4" in text:
            number = int(text.split("trial-")[1][:2])
            self._left = list(self._answer(number))
            self._limit -= 1

    def ask(self, question):
        self.asked.append(question)
        if self._limit < 0:
            return "q"
        return self._left.pop(0)


def judge(number):
    return ["s"] if number in (3, 6) else ["f", "1", "1"]


def rater(store, terminal, name="bob", player=""):
    return SecondRater(store, name, player, terminal.ask, terminal.say)


def test_all_videos_are_rated_in_another_order_without_the_first_verdict(store):
    terminal = Terminal(judge)
    rater(store, terminal).run()
    shown = [line for line in terminal.said if ".mp4" in line]
    numbers = [int(line.split("trial-")[1][:2]) for line in shown]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6] and numbers != sorted(numbers)
    assert not any("too far left" in line or "ann" in line for line in terminal.said)
    assert "task: knife_in_pot" in shown[0]
    assert terminal.said[-1] == "all rated: 100% of 6 trials rated alike, Cohen's kappa 1.00"
    label = next(one for one in store.labels() if not one.success)
    assert label.rubric == {"milestones": ["reach"], "failure": "missed object", "note": ""}


def test_it_goes_on_where_it_was_left_and_tells_no_kappa_before_the_end(store):
    first = Terminal(judge, limit=2)
    rater(store, first).run()
    assert first.said[-1] == "4 videos are left: go on when you like"
    assert len(store.labels()) == 2
    second = Terminal(judge)
    rater(store, second).run()
    assert len([line for line in second.said if ".mp4" in line]) == 4
    assert agreements(store)["bob"].trials == 6
    third = Terminal(judge)
    rater(store, third).run()
    assert len(third.said) == 1 and third.said[0].startswith("all rated")


def test_each_rater_has_an_order_of_their_own(store):
    orders = {tuple(one.trial for one in left(store, name)) for name in ("bob", "cem", "dee")}
    assert len(orders) > 1
    assert [one.trial for one in left(store, "bob")] == [one.trial for one in left(store, "bob")]


def test_wrong_answers_are_asked_again_and_later_skips(store):
    terminal = Terminal(lambda number: ["l"] if number == 1 else ["x", "", "a", "f", "9", "0", "7"])
    rater(store, terminal).run()
    assert len(store.labels()) == 5 and terminal.said[-1].startswith("1 video is left")
    assert any("'x' is no answer: expected one of s, f, a, l, q" in line for line in terminal.said)


def test_the_operator_is_told_that_two_people_are_meant_and_a_nobody_is_refused(store):
    terminal = Terminal(judge)
    rater(store, terminal, "ann").run()
    assert "meant for two people" in terminal.said[0]
    with pytest.raises(StoreError, match="--rater NAME"):
        rater(store, terminal, " ")


def test_trials_without_a_video_are_counted(tmp_path):
    single_session(tmp_path / "s", lambda *_: True, trials=2)
    store = Store(tmp_path / "s" / "session.sqlite", exclusive=False)
    terminal = Terminal(judge)
    rater(store, terminal).run()
    store.close()
    assert terminal.said == ["2 judged trials have no video and cannot be rated", "there is no video to rate"]


def test_a_player_is_run_with_the_video_and_a_missing_one_is_said(store, tmp_path):
    log = tmp_path / "log"
    script = tmp_path / "play er.sh"
    script.write_text(f'#!/bin/sh\necho "$1 $2" >> {log}\n')
    script.chmod(0o755)
    rater(store, Terminal(judge), "bob", f"'{script}' --loop").run()
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["--loop"] * 6
    terminal = Terminal(judge)
    rater(store, terminal, "cem", "no-such-player").run()
    assert any("cannot show it with 'no-such-player'" in line for line in terminal.said)
