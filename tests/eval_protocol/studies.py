"""Session files made in an instant: blind studies and sessions of one policy, with verdicts as wanted."""

from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from eval_protocol.lab import load_lab
from eval_protocol.plan import make_plan
from eval_protocol.preregistration import Question
from eval_protocol.rubric import Rubric
from eval_protocol.seal import Key, NamedPolicy, draw_key, write_key
from eval_protocol.session import Episode, open_session, video_name
from eval_protocol.store import Store
from eval_protocol.study import Schedule, Study, make_study

FACTS = {"git_sha": "abc123", "operator": "ann", "host": "lab", "python": "3.11.2", "configuration": {"speed": 1.0}}
Judge = Callable[[str, int], bool]
"""Whether the policy of a name succeeds in the trial of a number."""


def blind_study(names: Sequence[str] = ("ours", "base"), **asked: Any) -> Tuple[Study, Key]:
    """A study of the knife in the pot, the first name against the second."""
    policies = [NamedPolicy(name=name, folder=f"/models/{name}", checkpoint=f"sha256 of {name}") for name in names]
    key = draw_key(policies)
    more = {"tasks": ["knife_in_pot"], "scenarios": [1], "seed": 3}
    plan = {name: asked.pop(name, value) for name, value in more.items()}
    question = {"hypothesis": f"{names[0]} is better.", "primary": tuple(names[:2]), **asked}
    return make_study(key, plan["tasks"], plan["scenarios"], plan["seed"], Question(**question), load_lab())


def study_session(
    folder: Path, judge: Judge, names: Sequence[str] = ("ours", "base"), trials: Optional[int] = None, **asked: Any
) -> Key:
    """Write a study, its key and a session of it, ``trials`` of which are judged (all)."""
    study, key = blind_study(names, **asked)
    folder.mkdir(parents=True)
    write_key(folder / "key.json", key)
    facts = {**FACTS, "policy": "sealed", "checkpoint": study.commitment}
    _run(folder, study, facts, lambda label, number: judge(key.policies[label].name, number), trials)
    return key


def single_session(
    folder: Path,
    judge: Judge,
    name: str = "ours",
    task: str = "knife_in_pot",
    seed: int = 3,
    trials: Optional[int] = None,
    video: bool = False,
) -> None:
    """Write a session of one policy."""
    folder.mkdir(parents=True)
    facts = {**FACTS, "policy": f"/models/{name}", "checkpoint": f"sha256 of {name}"}
    _run(folder, make_plan(task, 1, seed), facts, lambda _, number: judge(name, number), trials, video)


def _run(
    folder: Path,
    schedule: Schedule,
    facts: Dict[str, Any],
    judge: Judge,
    trials: Optional[int],
    video: bool = False,
) -> None:
    store = Store(folder / "session.sqlite")
    open_session(store, schedule, facts, resume=False)
    for number in range(1, (len(schedule.trials) if trials is None else trials) + 1):
        row = store.next_trial()
        assert row is not None and row.number == number
        trial = schedule.trials[number - 1]
        success = judge(trial.label(), number)
        store.start(row)
        episode = an_episode(success, f"videos/{video_name(trial, row)}" if video else "")
        if video:
            (folder / "videos").mkdir(exist_ok=True)
            (folder / episode.video).write_bytes(f"film of {number}".encode())
        store.commit(row, success, "ann: no remark", {**episode.to_json(), "rubric": rubric(success).to_json()})
    store.close()


def an_episode(success: bool, video: str = "") -> Episode:
    """A short success or a long failure."""
    steps = 20 if success else 30
    return Episode(
        duration_s=steps / 5, steps=steps, ended="preempted",
        latencies_s=[0.1] * steps, intervals_s=[0.2] * (steps - 1),
        limits={"leash": 3}, limited=3, moved_m=[0.01] * steps, video=video,
    )  # fmt: skip


def rubric(success: bool) -> Rubric:
    """What is noted of it."""
    if success:
        return Rubric(milestones=["reach", "grasp", "transport", "place"])
    return Rubric(milestones=["reach"], failure="missed object", note="too far left")
