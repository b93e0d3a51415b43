"""A second rater, at a terminal or at the page: a session's videos, shuffled, without what was said of them before."""

import random
import shlex
import subprocess
from pathlib import Path
from typing import Callable, List, Sequence

from eval_protocol.labels import SECOND, agreements, rate
from eval_protocol.reading import read
from eval_protocol.record import Record, records
from eval_protocol.rubric import FAILURES, MILESTONES, Rubric
from eval_protocol.store import Store, StoreError
from vptr_policy.counting import counted

QUESTION = "success, failure, again, later or quit [s/f/a/l/q]: "
SHOW_S = 600.0


def left(store: Store, rater: str) -> List[Record]:
    """The judged trials with a video that this rater has not rated yet, in this rater's order."""
    reading = read(store)
    done = {one.trial for one in reading.labels if one.role == SECOND and one.rater == rater}
    shown = [one for one in records(reading) if one.judged and one.video]
    recorded, order = list(shown), random.Random(f"{reading.session.id}/{rater}")
    while len(shown) > 1 and shown == recorded:
        order.shuffle(shown)
    return [one for one in shown if one.id not in done]


def warning(store: Store, rater: str) -> str:
    """What speaks against this rater as a second one, empty where nothing does."""
    if read(store).session.provenance.get("operator") != rater:
        return ""
    return f"{rater} was this session's operator: the agreement is meant for two people"


def result(store: Store, rater: str) -> str:
    """The agreement, once all are rated: before that it would tell the first verdicts."""
    count = len(left(store, rater))
    if count:
        return f"{counted(count, 'video is', 'videos are')} left: go on when you like"
    found = agreements(store).get(rater)
    return f"all rated: {found.words()}" if found else "there is no video to rate"


class SecondRater:
    """Asks about one video after the other; each label is logged at once, so that one may stop at any time.

    The order is drawn from session and rater: who goes on finds it as it was. The first verdict, the policy and later
    corrections are not shown.
    """

    def __init__(
        self,
        store: Store,
        rater: str,
        player: str = "",
        ask: Callable[[str], str] = input,
        say: Callable[[str], None] = print,
    ) -> None:
        if not rater.strip():
            raise StoreError("a second rating needs the name of who gives it: --rater NAME")
        self._store, self._rater, self._player = store, rater.strip(), shlex.split(player)
        self._ask, self._say = ask, say

    def run(self) -> None:
        """Ask until all are rated or the rater quits."""
        todo, reading = left(self._store, self._rater), read(self._store)
        if warning(self._store, self._rater):
            self._say(warning(self._store, self._rater))
        without = sum(one.judged and not one.video for one in records(reading))
        if without:
            self._say(f"{without} judged trials have no video and cannot be rated")
        for number, one in enumerate(todo, start=1):
            if not self._rate(one, f"{number} of {len(todo)}"):
                break
        self._say(result(self._store, self._rater))

    def _rate(self, one: Record, place: str) -> bool:
        """Ask about one video; returns whether to go on."""
        video = self._store.path.parent / one.video
        self._say(f"\nvideo {place}: {video}\ntask: {one.task}; success: {self._criterion(one)}")
        self._show(video)
        word = self._choice(QUESTION, "sfalq")
        while word == "a":
            self._show(video)
            word = self._choice(QUESTION, "sfalq")
        if word in "sf":
            rate(self._store, one.trial, self._rater, word == "s", self._rubric(word == "s"))
        return word != "q"

    def _rubric(self, success: bool) -> Rubric:
        """How far it came and how it failed; a success has come all the way."""
        if success:
            return Rubric(milestones=list(MILESTONES))
        steps = ", ".join(f"{n} {name}" for n, name in enumerate(MILESTONES, start=1))
        reached = int(self._choice(f"how far did it come: 0 nothing, {steps}: ", "01234"))
        kinds = list(FAILURES)
        listed = ", ".join(f"{n} {kind}" for n, kind in enumerate(kinds, start=1))
        kind = self._choice(f"how did it fail: {listed}: ", [str(n) for n in range(1, len(kinds) + 1)])
        return Rubric(milestones=list(MILESTONES)[:reached], failure=kinds[int(kind) - 1])

    def _choice(self, question: str, allowed: Sequence[str]) -> str:
        word = self._ask(question).strip().lower()
        while word not in list(allowed):
            self._say(f"{word!r} is no answer: expected one of {', '.join(allowed)}")
            word = self._ask(question).strip().lower()
        return word

    def _criterion(self, one: Record) -> str:
        return read(self._store).schedule.at(one.trial)[0].success

    def _show(self, video: Path) -> None:
        if not self._player:
            return
        try:
            subprocess.run([*self._player, str(video)], check=False, timeout=SHOW_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            self._say(f"cannot show it with {self._player[0]!r} ({error}): open the path above yourself")
