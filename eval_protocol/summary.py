"""A session in numbers: what the terminal, the JSON object and the page show."""

from typing import Any, Dict, List, Optional, Sequence

from eval_protocol.answer import Answer, answer, deviations, e_value_so_far
from eval_protocol.paper import TABLES, reference_row
from eval_protocol.plan import Plan, placement_name
from eval_protocol.policy_results import PolicyResults, intervals, results_of
from eval_protocol.reading import Reading, read
from eval_protocol.record import Record, records, utc
from eval_protocol.session import ENDED, accounted
from eval_protocol.statistics import proportion, what_it_shows
from eval_protocol.store import Store
from eval_protocol.study import Study

SEALED = (
    "The names are sealed, so nothing is tested yet: finish the session, then open it with `vptr eval unseal SESSION "
    "--key FILE --who NAME`."
)


def summarise(store: Store) -> Dict[str, Any]:
    """The session in plain data: ``trials`` judged, ``successes``, ``intervals``, every policy, attempt and label."""
    return summary_of(read(store))


def summary_of(reading: Reading) -> Dict[str, Any]:
    """The summary of a session that was read."""
    every = records(reading)
    results = results_of(reading.policies(), every)
    judged = [one for one in every if one.judged]
    rate = proportion(sum(bool(one.success) for one in judged), len(judged))
    found = answer_of(reading, results)
    planned = len(reading.schedule.trials)
    return {
        "session": reading.session.id,
        "created": utc(reading.session.created_s),
        "title": reading.schedule.title(),
        **_planned(reading, every),
        "planned": planned,
        "trials": rate.trials,
        "successes": rate.successes,
        "complete": reading.complete(),
        "status": _status(reading, rate.trials, planned),
        "intervals": intervals(rate),
        "shows": _shows(reading, results, found),
        "sealed": reading.sealed,
        "unsealing": _unsealing(reading),
        "policies": [one.to_json() for one in results],
        "answer": found.to_json() if found else None,
        "registration": _registration(reading),
        "deviations": deviations(reading),
        "attempts": [one.brief() for one in every],
        "accounted": accounted(reading.rows),
        "timing": PolicyResults(reading.policies()[0], every).timing(),
        "agreement": agreement(reading),
        "corrections": _corrections(every),
        "events": [
            {"at": utc(one.stamp_s), "kind": one.kind, "detail": one.detail, "attempt": one.trial or ""}
            for one in reading.events
        ],
        "plan_hash": reading.session.plan_hash,
        "provenance": reading.session.provenance,
    }


def answer_of(reading: Reading, results: Sequence[PolicyResults]) -> Optional[Answer]:
    """The study's answer; None in a session of one policy, and while the names are sealed."""
    study = reading.study
    return None if study is None or reading.sealed else answer(study.question, results)


def parts_of(reading: Reading) -> List[Plan]:
    """The plans that a session runs: several in a study, else the one."""
    return reading.study.parts if reading.study else [reading.schedule.at(1)[0]]


def agreement(reading: Reading) -> List[Dict[str, Any]]:
    """How far each second rater agrees with the first verdicts; ``unsealed``: how many were given with names known."""
    opened_s = reading.unsealing.stamp_s if reading.unsealing else None
    return [
        {
            "rater": rater,
            "trials": found.trials,
            "observed": found.observed,
            "kappa": found.kappa,
            "words": found.words(),
            "unsealed": sum(
                opened_s is not None and one.stamp_s > opened_s
                for one in reading.labels if one.role == "second" and one.rater == rater
            ),
        }
        for rater, found in reading.agreements.items()
    ]  # fmt: skip


def _planned(reading: Reading, every: Sequence[Record]) -> Dict[str, Any]:
    """Task, scenario and poses: of one policy's session as single values, besides the lists that a study has too."""
    parts = parts_of(reading)
    tasks = list(dict.fromkeys(part.task for part in parts))
    scenarios = list(dict.fromkeys(part.scenario for part in parts))
    found: Dict[str, Any] = {
        "tasks": tasks,
        "scenarios": scenarios,
        "task": tasks[0] if len(tasks) == 1 else None,
        "scenario": scenarios[0] if len(scenarios) == 1 else None,
        "criterion": {part.task: part.success for part in parts},
        "time_limit_s": parts[0].time_limit_s,
        "paper": _paper(parts),
        "placements": [placement_name(number) for number in parts[0].placements()],
    }
    if reading.study is None:
        found["start_poses"] = {pose: _of_pose(parts[0], every, pose) for pose in parts[0].pose_names()}
    return found


def _paper(parts: Sequence[Plan]) -> Dict[str, Any]:
    """The paper's Tables 1, 2, 3 and 5; ``here``: the rows of Table 1 for what was run."""
    here = [
        {"task": part.task, "scenario": part.scenario, "row": part.paper_row, "cells": row}
        for part in {(one.task, one.scenario): one for one in parts}.values()
        for row in [reference_row(part.scenario, part.paper_row)] if row
    ]  # fmt: skip
    return {"here": here, "tables": [table.to_json() for table in TABLES]}


def _of_pose(plan: Plan, every: Sequence[Record], pose: str) -> Dict[str, Any]:
    verdicts = {one.trial: one.success for one in every if one.judged}
    results = [verdicts.get(trial.number) for trial in plan.trials if trial.start_pose == pose]
    rate = proportion(sum(result is True for result in results), sum(result is not None for result in results))
    return {
        "results": results,
        "successes": rate.successes,
        "trials": rate.trials,
        "clopper_pearson": [rate.low, rate.high],
    }


def _status(reading: Reading, judged: int, planned: int) -> str:
    if judged == planned:
        return "complete"
    ended = [event.detail for event in reading.events if event.kind == ENDED]
    if reading.complete():
        return f"ended by its rule after {judged} of {planned} trials: {ended[0] if ended else 'see the plan'}"
    return f"incomplete: {judged} of {planned} trials judged"


def _shows(reading: Reading, results: Sequence[PolicyResults], found: Optional[Answer]) -> str:
    """What the trials say, in words."""
    if reading.study is None:
        return what_it_shows(results[0].rate)
    if found is None:
        return _sealed_words(reading.study, results)
    words = found.primary.words()
    return words if not deviations(reading) else words + " The session did not go as was declared: see the deviations."


def _sealed_words(study: Study, results: Sequence[PolicyResults]) -> str:
    if study.question.test != "sequential":
        return SEALED
    value, pairs = e_value_so_far(study, results)
    needed = 1 / study.question.alpha
    return f"{SEALED} The e-value has reached {value:.3g} of {needed:g} in {pairs} pairs."


def _unsealing(reading: Reading) -> Optional[Dict[str, Any]]:
    one = reading.unsealing
    if one is None:
        return None
    return {"at": utc(one.stamp_s), "who": one.who, "judged": one.judged, "planned": one.planned, "reason": one.reason}


def _registration(reading: Reading) -> Optional[Dict[str, Any]]:
    """The pre-registration of a study."""
    study = reading.study
    if study is None:
        return None
    return {
        **study.question.model_dump(mode="json"),
        "stopping_rule": study.question.stopping_rule(),
        "commitment": study.commitment,
        "followed": not deviations(reading),
    }


def _corrections(every: Sequence[Record]) -> List[Dict[str, Any]]:
    """Each correction with the label that it changed, by trial, oldest first."""
    found = []
    for one in every:
        before = one.first_success
        for change in one.corrections:
            found.append({"trial": one.trial, "attempt": one.attempt, "was": before, **change})
            before = change["success"]
    return found
