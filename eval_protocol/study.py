"""Several policies x tasks x scenarios as one sealed plan: blind, blocked by start pose, interleaved, pre-registered.

For each task and scenario the scene plan of appendix C.1 is laid out once (a part). At each start pose and placement of
it every policy has one trial from the very same start (a set), in an order drawn by the plan's seed and balanced: each
policy goes first as often as the others, as far as the numbers allow. So whatever drifts during a session (light, motor
temperature, the operator) drifts for all policies alike, and starts match for McNemar's and the sequential test.
"""

import random
from functools import cached_property
from typing import Any, Dict, List, Literal, Optional, Sequence, Tuple, Union

from pydantic import Field, ValidationError, model_validator

from eval_protocol.lab import Lab, load_task
from eval_protocol.plan import Plan, Trial, canonical_hash, make_plan, plan_from_json
from eval_protocol.power import detectable
from eval_protocol.preregistration import Preregistration, Question
from eval_protocol.seal import Key
from eval_protocol.sequential import e_values
from eval_protocol.yaml_source import PlanError, Strict


class Slot(Strict):
    """One trial of the study: which policy (by label) in which trial of which part; indices of parts from 0."""

    policy: str
    part: int = Field(ge=0)
    trial: int = Field(ge=1)


class PolicyTrial(Trial):
    """A trial of a study: its ``number`` in the session, the ``policy``'s label, the number of its ``scene``."""

    policy: str
    scene: int

    def scene_number(self) -> int:
        """Trials of one part with the same number have the same scene, whoever acts."""
        return self.scene

    def label(self) -> str:
        """The policy's label."""
        return self.policy


class Study(Strict):
    """A session of several policies, laid out, sealed and pre-registered before its first trial."""

    kind: Literal["study"] = "study"
    seed: int
    policies: List[str]
    names: List[str]
    commitment: str
    question: Preregistration
    parts: List[Plan]
    slots: List[Slot]

    @model_validator(mode="after")
    def _sound(self) -> "Study":
        for slot in self.slots:
            if slot.policy not in self.policies or slot.part >= len(self.parts):
                raise ValueError(f"{slot} is of no policy or part of the study")
            if slot.trial > len(self.parts[slot.part].trials):
                raise ValueError(f"{slot}: its part has {len(self.parts[slot.part].trials)} trials")
        return self

    @cached_property
    def trials(self) -> List[Trial]:
        """Every trial of the session, in order."""
        return [self._trial(number) for number in range(1, len(self.slots) + 1)]

    @cached_property
    def whole_parts(self) -> List[Plan]:
        """The parts, each with all trials of the study."""
        return [part.model_copy(update={"trials": self.trials}) for part in self.parts]

    def at(self, number: int) -> Tuple[Plan, Trial]:
        """The plan of the part that the trial of a number belongs to, with all trials of the study, and the trial."""
        return self.whole_parts[self.slots[number - 1].part], self.trials[number - 1]

    def to_json(self) -> Dict[str, Any]:
        """The study as plain data."""
        return self.model_dump(mode="json")

    def body_hash(self) -> str:
        """sha256 of all but the commitment: what a key is drawn for."""
        return canonical_hash({**self.to_json(), "commitment": ""})

    def hash(self) -> str:
        """sha256 of the study's canonical JSON: it seals schedule, question and commitment together."""
        return canonical_hash(self.to_json())

    def title(self) -> str:
        """What is evaluated, in a few words."""
        tasks = ", ".join(dict.fromkeys(part.task for part in self.parts))
        scenarios = ", ".join(str(one) for one in dict.fromkeys(part.scenario for part in self.parts))
        return f"{len(self.policies)} policies, {tasks}, scenario {scenarios}, seed {self.seed}"

    def start(self, number: int) -> Tuple[int, int]:
        """What names the start of a trial: trials of different policies with the same one are matched."""
        slot = self.slots[number - 1]
        return slot.part, slot.trial

    def ended(self, verdicts: Sequence[Optional[bool]]) -> str:
        """Why a sequential study is over, by its verdicts so far (None: not judged yet); empty where it goes on."""
        if self.question.test != "sequential":
            return ""
        values = e_values(self._pairs(verdicts))
        if values and max(values) >= 1 / self.question.alpha:
            return f"the e-value reached {max(values):.3g} after {len(values)} pairs: trials end by the declared rule"
        return ""

    def _pairs(self, verdicts: Sequence[Optional[bool]]) -> List[Tuple[bool, bool]]:
        """Verdicts of the two policies from each start that both have tried, in the order of the trials."""
        found: Dict[Tuple[int, int], Dict[str, bool]] = {}
        for number, verdict in enumerate(verdicts, start=1):
            if verdict is not None:
                found.setdefault(self.start(number), {})[self.slots[number - 1].policy] = verdict
        one, other = self.policies
        return [(pair[one], pair[other]) for pair in found.values() if len(pair) == len(self.policies)]

    def _trial(self, number: int) -> PolicyTrial:
        slot = self.slots[number - 1]
        trial = self.parts[slot.part].trials[slot.trial - 1]
        return PolicyTrial(**{**dict(trial), "number": number}, policy=slot.policy, scene=trial.number)


Schedule = Union[Plan, Study]
"""What a session runs."""


def make_study(
    key: Key,
    tasks: Sequence[str],
    scenarios: Sequence[int],
    seed: int,
    question: Question,
    lab: Lab,
    rounds: int = 1,
) -> Tuple[Study, Key]:
    """Lay out a study and seal it; the same arguments give the same one, and the key that opens it.

    Args:
        key: who is A, B and so on; only its labels, names and commitment get into the study.
        tasks: names of tasks, evaluated one after the other.
        scenarios: of each task, 1 to 3.
        seed: of the scenes and of the order of the policies.
        question: what is asked, and how it will be answered.
        lab: start poses and table.
        rounds: how often all that is run, each time with other scenes.
    """
    names = sorted(key.names().values())
    missing = [name for name in question.primary if name not in names]
    if missing:
        raise PlanError(f"primary names {missing[0]!r}, which is none of the policies {', '.join(names)}")
    if question.test == "sequential" and len(names) != 2:
        raise PlanError(f"the sequential test is for two policies, there are {len(names)}: choose another test")
    parts = [
        make_plan(task, scenario, seed + index, lab)
        for index in range(rounds) for task in tasks for scenario in scenarios
    ]  # fmt: skip
    slots = _slots(sorted(key.policies), parts, random.Random(f"study/{seed}"))
    each = len(slots) // len(names)
    registered = Preregistration(
        **dict(question),
        trials_each=each,
        detectable=detectable(question.base_rate, each, each, question.alpha, question.alternative),
        success={task: load_task(task).success for task in tasks},
    )
    study = Study(
        seed=seed,
        policies=sorted(key.policies),
        names=names,
        commitment="",
        question=registered,
        parts=parts,
        slots=slots,
    )
    return sealed(study, key)


def sealed(study: Study, key: Key) -> Tuple[Study, Key]:
    """The study bound to the key, and the key to the study."""
    bound = key.model_copy(update={"plan": study.body_hash()})
    return study.model_copy(update={"commitment": bound.commitment()}), bound


def schedule_from_json(value: Dict[str, Any]) -> Schedule:
    """Read a plan or a study back from plain data; raises PlanError."""
    if value.get("kind") != "study":
        return plan_from_json(value)
    try:
        return Study.model_validate(value)
    except ValidationError as error:
        lines = ["{}: {}".format(".".join(map(str, e["loc"])) or "study", e["msg"]) for e in error.errors()]
        raise PlanError("study: {}".format("; ".join(lines))) from error


def _slots(labels: List[str], parts: List[Plan], draw: random.Random) -> List[Slot]:
    """Every policy at each trial of each part, start pose by start pose."""
    sets = [(index, trial.number) for index, part in enumerate(parts) for trial in part.trials]
    orders = _orders(labels, len(sets), draw)
    return [
        Slot(policy=label, part=part, trial=trial)
        for (part, trial), order in zip(sets, orders) for label in order
    ]  # fmt: skip


def _orders(labels: List[str], count: int, draw: random.Random) -> List[List[str]]:
    """Orders of the labels: rows of random Latin squares, so that each label is at each place equally often."""
    orders: List[List[str]] = []
    while len(orders) < count:
        row = draw.sample(labels, len(labels))
        square = [row[index:] + row[:index] for index in range(len(row))]
        draw.shuffle(square)
        orders += square
    return orders[:count]
