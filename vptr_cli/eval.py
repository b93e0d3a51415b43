"""`vptr eval`: lay out a session, save start poses, report sessions, label trials again, open a seal."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from tyro.conf import Positional

from eval_protocol.settings import DEFAULT_TASK
from vptr_cli.eval_labels import correct, rate, review, unseal
from vptr_cli.eval_report import compare, failed, report


def plan(
    task: Tuple[str, ...] = (DEFAULT_TASK,),
    scenario: Tuple[int, ...] = (1,),
    seed: int = 0,
    protocol: Optional[Path] = None,
    policy: Tuple[str, ...] = (),
    hypothesis: str = "",
    test: str = "boschloo",
    one_sided: bool = False,
    alpha: float = 0.05,
    base_rate: float = 0.5,
    rounds: int = 1,
    study: Optional[Path] = None,
    out: Optional[Path] = None,
) -> int:
    """Lay out a session: what to place where, and with several policies who acts when, blind and pre-registered.

    Without --policy: the twelve trials of one policy. With several: all policies from each start, interleaved in blocks
    of one start pose and shown as A, B, ...; OUT gets the plan, OUT with .key.json the names (keep it from whoever
    judges), OUT with .md the pre-registration.

    Args:
        task: some of `vptr sim tasks`; the default is the demo's
        scenario: 1 start poses, 2 with two novel distractors, 3 with a novel target object
        seed: of the shifts, the places of the distractors and the order of the policies
        protocol: YAML of the lab's start poses, table and time limit; default config/protocol/v_ptr.yaml
        policy: two or more NAME=FOLDER of checkpoints or runs, or NAME=shipped; the first against the second is the
            primary comparison
        hypothesis: what is to be shown; default: that these two differ
        test: that decides it: boschloo, stratified, mcnemar, or sequential (may be looked at after each trial)
        one_sided: ask only whether the first is better
        alpha: probability of a false "better" that is accepted
        base_rate: success rate expected of the second policy, for the smallest difference that the trials can show
        rounds: how often all trials are run, with new placements each time
        study: YAML file with all of this in place of the options
        out: also write the plan as JSON to this file, to run it later with the session node's ~plan
    """
    from eval_protocol.study_file import study_from, study_from_yaml

    try:
        if study is not None:
            return _study(*study_from_yaml(study), out)
        if policy:
            asked = {"task": task, "scenario": scenario, "seed": seed, "rounds": rounds, "alpha": alpha}
            named = {"policies": _named(policy), "protocol": str(protocol or ""), "hypothesis": hypothesis}
            more = {"test": test, "alternative": "greater" if one_sided else "two-sided", "base_rate": base_rate}
            asked["tasks"], asked["scenarios"] = asked.pop("task"), asked.pop("scenario")
            return _study(*study_from({**asked, **named, **more}), out)
        return _plan(task, scenario, seed, protocol, out)
    except ValueError as error:
        return failed("plan", error)


def _plan(
    task: Tuple[str, ...], scenario: Tuple[int, ...], seed: int, protocol: Optional[Path], out: Optional[Path]
) -> int:
    """Print, and write, the plan of one policy."""
    from eval_protocol.lab import load_lab
    from eval_protocol.plan import SCENARIOS, instructions, make_plan
    from eval_protocol.yaml_source import PlanError

    if len(task) != 1 or len(scenario) != 1:
        raise PlanError("a session of one policy is of one task and scenario: name the policies (--policy) for more")
    laid_out = make_plan(task[0], scenario[0], seed, load_lab(protocol))
    if out is not None:
        _write(out, json.dumps(laid_out.to_json(), indent=2) + "\n")
    print(f"{task[0]}, scenario {scenario[0]} ({SCENARIOS[scenario[0]]}), {laid_out.time_limit_s:g} s a trial")
    print(f"success: {laid_out.success}")
    for trial in laid_out.trials:
        print(f"trial {trial.number:2d}  {trial.start_pose}: {' '.join(instructions(laid_out, trial))}")
    print(f"plan sha256 {laid_out.hash()}")
    if out is not None:
        print(f"written to {out}")
    return 0


def _study(laid_out: Any, key: Any, out: Optional[Path]) -> int:
    """Print, and write, the plan of several policies; the names never appear with a label."""
    from eval_protocol.preregistration import page
    from eval_protocol.study_file import write_study

    written = [] if out is None else _writing(out, lambda: write_study(out, laid_out, key))
    print(page(laid_out.question, laid_out.title(), laid_out.names, laid_out.commitment, laid_out.hash()))
    for number in range(1, len(laid_out.slots) + 1):
        part, trial = laid_out.at(number)
        place = f"{part.task}, scenario {part.scenario}, {trial.start_pose}, {trial.placement_words()}"
        print(f"trial {number:3d}  policy {trial.label()}  {place}")
    if len({policy.checkpoint for policy in key.policies.values()}) < len(key.policies):
        print("note: some of these policies have the same files: they can only differ by chance")
    for path in written:
        print(f"written to {path}")
    if not written:
        print("nothing is written: give --out to keep the plan and the key to its names")
    return 0


def _named(policies: Tuple[str, ...]) -> Dict[str, str]:
    """Name -> checkpoint of the policies given as NAME=FOLDER, or as FOLDER, which names its policy by itself."""
    from eval_protocol.yaml_source import PlanError
    from vptr_cli.checkpoints import find_checkpoint
    from vptr_policy.analysis.naming import default_name

    named: Dict[str, str] = {}
    for given in policies:
        name, is_named, folder = given.rpartition("=")
        name = name if is_named else default_name(Path(folder))
        if name in named:
            raise PlanError(f"--policy has {name!r} twice: give each a name of its own, as in ours=FOLDER")
        named[name] = folder
    return {name: str(find_checkpoint(folder)) for name, folder in named.items()}


def save_pose(name: Positional[str], protocol: Optional[Path] = None, force: bool = False) -> int:
    """Save the arm's current pose as a start pose: jog the arm there first.

    Args:
        name: left_front, right_front, left_rear or right_rear
        protocol: your lab's copy of config/protocol/v_ptr.yaml
        force: change config/protocol/v_ptr.yaml itself where no copy is named
    """
    from eval_protocol.nodes.pose import NoPose, read_pose
    from eval_protocol.start_poses import save_start_pose
    from eval_protocol.yaml_source import PlanError

    try:
        written = save_start_pose(name, read_pose, protocol, force)
    except (NoPose, PlanError) as error:
        return failed("save-pose", error)
    print(written)
    return 0


def _write(out: Path, text: str) -> None:
    """Write the plan, or say what is wrong with the path."""
    _writing(out, lambda: out.write_text(text, encoding="utf-8"))


def _writing(out: Path, write: Callable[[], Any]) -> Any:
    """What ``write`` returns; raises PlanError where the path is wrong."""
    from eval_protocol.yaml_source import PlanError

    try:
        return write()
    except OSError as error:
        raise PlanError(
            f"cannot write the plan to --out {out} ({error.strerror}): expected the path of a file in a folder that "
            "exists and may be written to"
        ) from error


COMMANDS: Dict[str, Callable[..., int]] = {
    "plan": plan,
    "report": report,
    "compare": compare,
    "unseal": unseal,
    "correct": correct,
    "rate": rate,
    "review": review,
    "save-pose": save_pose,
}
