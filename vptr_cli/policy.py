"""`vptr policy`: look at a policy, run it over recorded pictures."""

import sys
from json import loads
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from vptr_cli.checkpoints import find_checkpoint
from vptr_cli.errors import one_line
from vptr_policy.address import is_address


def info(policy: str = "shipped", json: bool = False) -> int:
    """Print what a checkpoint is: tasks, network, data, how it was trained and judged.

    Args:
        policy: checkpoint folder, run of `vptr train`, or shipped.
        json: print the whole card.
    """
    from dataclasses import asdict
    from json import dumps

    from vptr_policy.checkpoint import CheckpointError, load_checkpoint
    from vptr_policy.description import describe

    try:
        folder = find_checkpoint(policy)
        actor, card = load_checkpoint(folder)
    except (CheckpointError, FileNotFoundError) as error:
        return _fail(error)
    if json:
        print(dumps(asdict(card), indent=2))
        return 0
    parameters = sum(parameter.numel() for parameter in actor.parameters())
    print(folder)
    for line in describe(card, parameters):
        print(line)
    return 0


def replay(
    frames: Path,
    out: Optional[Path] = None,
    policy: str = "shipped",
    task: Optional[str] = None,
    rows: int = 8,
) -> int:
    """Run a policy over recorded pictures and write a film strip with its actions.

    Of recorded episodes (`collect.launch`, `vptr sim teleoperate`), and where an episode.json holds states and actions
    of the pictures beside it, the policy is given the states and the actions are drawn beside its own; elsewhere it is
    given the neutral state. The strip is OUT/film.png, the numbers are in OUT/actions.json.

    Args:
        frames: recorded episode, folder of pictures, folder of such (like the Bridge sample), or video file.
        out: folder for the results; default runs/replay/ and the name of the recordings.
        policy: checkpoint folder, run of `vptr train`, address of a policy server, or shipped.
        task: the task the policy is told, one of `vptr policy info`; default the recorded one, else its main one; the
            film strip says which.
        rows: recordings drawn at most; all are replayed.
    """
    from vptr_policy.checkpoint import CheckpointError
    from vptr_policy.film_strip import film_strip
    from vptr_policy.recordings import open_recordings
    from vptr_policy.replay import write_actions
    from vptr_policy.runtime import PolicyLost
    from vptr_policy.source import open_policy

    try:
        recordings = open_recordings(frames)
        actor = open_policy(policy if is_address(policy) else find_checkpoint(policy))
        replays = [_replayed(actor, recording, task) for recording in recordings]
    except (CheckpointError, FileNotFoundError, PolicyLost, ValueError) as error:
        return _fail(error)
    out = out or Path("runs", "replay", frames.resolve().stem)
    out.mkdir(parents=True, exist_ok=True)
    names = ", ".join(dict.fromkeys(entry.task for entry in replays))
    write_actions(out / "actions.json", names, replays)
    told = names + _chosen_by(task, recordings)
    film_strip(told, replays[:rows]).save(out / "film.png")
    print(_summary(told, replays))
    print(f"film strip: {out / 'film.png'}")
    return 0


def record(rollout: Path, policy: str = "shipped") -> int:
    """Put the result of `vptr sim rollout --json` into the metrics of a checkpoint's card.

    Args:
        rollout: file with the output of that command; its last line is the JSON.
        policy: checkpoint folder, run of `vptr train`, or shipped.
    """
    from vptr_policy.checkpoint import CheckpointError, record_metrics
    from vptr_policy.description import successes

    try:
        result = loads(rollout.read_text(encoding="utf-8").strip().splitlines()[-1])
        card = record_metrics(find_checkpoint(policy), rollout_metrics(result.get("tasks", [result])))
    except (CheckpointError, OSError) as error:
        return _fail(error)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return _fail(ValueError(f"{rollout}: expected the output of `vptr sim rollout --json` ({error!r})"))
    print("\n".join(successes(card.metrics)))
    return 0


def rollout_metrics(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """What a card tells of rollouts in one variant: successes by task and in all, and the command that counts again.

    ``rows`` are the tasks' results; that of the training scenes is named ``rollout``, that of a variant after it.
    """
    from eval_protocol.statistics import proportion

    names, first = " ".join(row["task"] for row in rows), rows[0]
    rate = proportion(sum(row["successes"] for row in rows), sum(row["episodes"] for row in rows))
    metrics = {
        "tasks": {row["task"]: {key: row[key] for key in ("successes", "episodes", "interval")} for row in rows},
        "successes": rate.successes,
        "episodes": rate.trials,
        "interval": [rate.low, rate.high],
        **{key: first[key] for key in ("variant", "seed", "steps", "latency_s")},
        "command": f"vptr sim rollout --task {names} --variant {first['variant']} --episodes {first['episodes']} "
        f"--seed {first['seed']} --steps {first['steps']} --latency {first['latency_s']} --json",
    }
    return {"rollout" if first["variant"] == "train" else f"rollout_{first['variant']}": metrics}


def _replayed(actor: Any, recording: Any, task: Optional[str]) -> Any:
    """The policy's actions on a recording, told the task that was asked for, else the recorded one, else its main one.

    Raises ValueError where the policy does not know it.
    """
    from vptr_policy.replay import replay as run

    told = task or recording.task or actor.main_task
    try:
        return run(actor, recording, told)
    except ValueError as error:
        if told == task:
            raise
        raise ValueError(f"{recording.name}: {error} Say with --task what the policy is to be told") from error


def _chosen_by(task: Optional[str], recordings: Sequence[Any]) -> str:
    """What made the tasks those that the policy was told, where no option did."""
    if task:
        return ""
    if all(recording.task for recording in recordings):
        return " (as recorded)"
    some = any(recording.task for recording in recordings)
    return f" ({'as recorded, else ' if some else ''}its main task, as no --task was given)"


def _summary(task: str, replays: Any) -> str:
    import numpy as np

    seconds = np.concatenate([entry.seconds for entry in replays])
    recordings = "1 recording" if len(replays) == 1 else f"{len(replays)} recordings"
    text = f"{task}: {recordings}, {len(seconds)} pictures, {1000 * np.median(seconds):.1f} ms an action"
    errors = [entry.motion_error() for entry in replays if entry.recording.actions is not None]
    if errors:
        text += f", {np.mean(errors):.3f} of the action box from the recorded motions"
    return text


def _fail(error: Exception) -> int:
    print(f"vptr policy: {one_line(error)}", file=sys.stderr)
    return 1


COMMANDS: Dict[str, Callable[..., int]] = {"info": info, "replay": replay, "record": record}
