"""`vptr analyze sarsa` and `vptr analyze embeddings`: what frozen encoders know."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from vptr_cli.demonstrations import open_demonstrations
from vptr_cli.limits import expect, expect_free
from vptr_cli.progress import bar
from vptr_cli.threads import wait_passively

STATE = "robot state"
"""What `vptr analyze sarsa` calls the robot's own state, beside the encoders."""
NAMED = 5
"""Skipped sequences of a data set that are printed; the JSON names all."""


def sarsa(
    encoder: Tuple[str, ...],
    data: Tuple[Path, ...],
    out: Path,
    held_out: Tuple[Path, ...] = (),
    task: Tuple[str, ...] = (),
    trajectories: Optional[int] = 100,
    failures: bool = False,
    discount: float = 0.96,
    final_steps: int = 3,
    reward_scale: float = 11.0,
    reward_shift: float = -1.0,
    cache: Optional[Path] = None,
    device: str = "auto",
    seed: int = 0,
) -> int:
    """Held-out error of a linear SARSA value on the frozen features of encoders (V-PTR Fig. 6, right).

    Untrained networks of the same shapes, the pixels averaged down and the robot's own state are judged too: features
    that do not beat these have not learned it. Writes OUT/sarsa.png, .svg and sarsa.json: the error as a share of the
    variance of the true values, with 95 % intervals over the held-out trajectories and the difference to the first.

    Args:
        encoder: each PATH or NAME=PATH: a run or checkpoint of a policy (its critic's encoder; PATH:actor for the
            actor's), a run or checkpoint of an encoder (`vptr train icvf`, `vip` ...), a file of VIP, R3M or MVP.
        data: folders of demonstrations (shard-*.tar) to fit on: 60 % of the trajectories of each task to fit, 20 % to
            choose the ridge; 20 % to judge, unless --held-out gives others.
        out: folder for figure and numbers.
        held_out: folders of demonstrations to judge by, such as of scenes with unseen distractors.
        task: tasks of the data; default all.
        trajectories: of each task at most, drawn at random.
        failures: take failed trajectories too; their true value is that of never succeeding.
        discount: gamma.
        final_steps: the last this many steps of a success are rewarded.
        reward_scale: the reward is scale * r + shift.
        reward_shift: see --reward-scale.
        cache: where decoded pictures are kept; default a hidden folder in each data folder.
        device: of the encoders: auto (a GPU where there is one), cpu or cuda.
        seed: of the split, the untrained networks and the intervals.
    """
    wait_passively()
    from vptr_policy.analysis.encoder_search import find_encoders
    from vptr_policy.analysis.held_out import choose, part_sizes, parts_of
    from vptr_policy.analysis.sarsa_comparison import batch_count, compare_sarsa
    from vptr_policy.data.robot.rewards import RewardOptions

    expect("trajectories", 1 if trajectories is None else trajectories, 1)
    rewards = RewardOptions(final_steps, reward_scale, reward_shift, discount)
    encoders = find_encoders(encoder, seed, device)
    _expect_free_names(encoders, (STATE,))
    transitions, fingerprints = _transitions(data, held_out, cache, rewards, failures)
    chosen = choose(transitions, task, trajectories, seed)
    parts = parts_of(chosen, seed)
    with bar("features", len(encoders) * batch_count(chosen), "batch") as progress:
        entries = compare_sarsa(encoders, chosen, parts, rewards, fingerprints, seed, lambda: progress.update(1))
    about = {"seed": seed, "tasks": chosen.tasks, "rewards": rewards, "data": part_sizes(chosen, parts)}
    _write_sarsa(out, entries, about, seed)
    return 0


def embeddings(
    encoder: Tuple[str, ...],
    out: Path,
    video: Tuple[str, ...] = (),
    robot: Tuple[str, ...] = (),
    frames: int = 50,
    count: int = 100,
    shown: int = 4,
    device: str = "auto",
    seed: int = 0,
) -> int:
    """Distances to the goal in embeddings along videos: curves, bumps, rewards (VIP Figs. 6, 7, 20-22, Table 5).

    Untrained networks of the same shapes and the pixels averaged down are measured too. Prints the share of bumps and
    writes OUT/curves.png, a histogram-NAME.png of each data set, their .svg, and embeddings.json.

    Args:
        encoder: each PATH or NAME=PATH, as for `vptr analyze sarsa`; the others are compared with the first.
        out: folder for figures and numbers.
        video: folders of clips (clips-*.tar), each PATH or NAME=PATH.
        robot: folders of demonstrations: shards, episodes or pictures, each PATH or NAME=PATH; failures are left out.
        frames: of a clip the first so many are taken, and clips that have fewer are left out.
        count: clips of a folder, or episodes of each task, at most, drawn at random.
        shown: sequences drawn of each data set.
        device: of the encoders: auto (a GPU where there is one), cpu or cuda.
        seed: of the draws, the untrained networks and the intervals.
    """
    wait_passively()
    from vptr_policy.analysis.embedding_comparison import compare_embeddings
    from vptr_policy.analysis.encoder_search import find_encoders
    from vptr_policy.analysis.naming import default_name, split_name, unique_names
    from vptr_policy.analysis.sequences import ClipSequences, RobotSequences, Sequences

    for name, value, least in (("frames", frames, 3), ("count", count, 1), ("shown", shown, 1)):
        expect(name, value, least)
    if not video and not robot:
        raise ValueError("nothing to measure on: give --video DIR (clips), --robot DIR (demonstrations) or both")
    encoders = find_encoders(encoder, seed, device)
    _expect_free_names(encoders)
    named = [(split_name(one)[0] or default_name(Path(one)), Path(split_name(one)[1])) for one in (*video, *robot)]
    unique_names([name for name, _ in named])
    data: List[Sequences] = [ClipSequences(name, path, frames, count, seed) for name, path in named[: len(video)]]
    data += [RobotSequences(name, path, count, seed) for name, path in named[len(video) :]]
    found = []
    for one in data:
        with bar(one.name, len(one), "sequence") as progress:
            found.append(compare_embeddings(encoders, one, progress.update))
    origins = {one.name: one.origin for one in encoders}
    _write_embeddings(out, found, {"seed": seed, "origins": origins}, shown)
    return 0


def _expect_free_names(encoders: Sequence[Any], more: Sequence[str] = ()) -> None:
    """Raise ValueError where an encoder that was asked for has the name of a baseline, or one of ``more``."""
    asked = [one.name for one in encoders if not one.baseline]
    expect_free("encoder", asked, [*(one.name for one in encoders if one.baseline), *more])


def _transitions(
    data: Sequence[Path], held_out: Sequence[Path], cache: Optional[Path], rewards: Any, failures: bool
) -> Tuple[Any, List[str]]:
    """The transitions of all folders, those held out as the target's, and the fingerprints of what is judged by."""
    from vptr_policy.data.robot.transitions import TransitionOptions, assemble

    caches, others = (open_demonstrations(folders, cache, whole=True)[0] for folders in (data, held_out))
    _check_held_out(caches, others)
    options = TransitionOptions("action", successes_only=not failures, rewards=rewards, target_tasks="shared")
    return assemble(caches, options, others), [one.fingerprint for one in (others or caches)]


def _check_held_out(caches: Sequence[Any], others: Sequence[Any]) -> None:
    """Raises ValueError where values would be judged by what they are fitted on, or by what they know nothing of."""
    if {one.fingerprint for one in caches} & {one.fingerprint for one in others}:
        raise ValueError(
            "--held-out has demonstrations of --data: an error on what was fitted says nothing; give others, or leave "
            "--held-out away: then a fifth of the trajectories judge"
        )
    known = {task for one in caches for task in one.tasks}
    unknown = sorted({task for one in others for task in one.tasks} - known)
    if unknown:
        raise ValueError(
            "--held-out has {}, of which --data has nothing to fit: give data of it, or leave it out of "
            "--held-out".format(", ".join(unknown))
        )


def _write_sarsa(out: Path, entries: Sequence[Any], about: Dict[str, Any], seed: int) -> None:
    from vptr_policy.analysis.figures.sarsa import draw_sarsa
    from vptr_policy.analysis.results import write_results
    from vptr_policy.analysis.sarsa_comparison import notes

    out.mkdir(parents=True, exist_ok=True)
    draw_sarsa(out, entries)
    found = {entry.name: entry.results(entries[0], seed) for entry in entries}
    write_results(out / "sarsa.json", {**about, "encoders": found})
    for entry in entries:
        print(f"{entry.name}: error {entry.sarsa.error}, of a regression {entry.regression.error}")
    for note in notes(entries):
        print(f"note: {note}")
    print(f"figure: {out / 'sarsa.png'}")


def _write_embeddings(out: Path, data: Sequence[Any], about: Dict[str, Any], shown: int) -> None:
    from vptr_policy.analysis.embedding_comparison import bump_table
    from vptr_policy.analysis.figures.embeddings import draw_curves, draw_histograms
    from vptr_policy.analysis.results import write_results

    out.mkdir(parents=True, exist_ok=True)
    draw_curves(out, data, shown)
    for curves in data:
        draw_histograms(out, curves)
        for skipped in curves.skipped[:NAMED]:
            print(f"skipped {skipped}")
        if len(curves.skipped) > NAMED:
            print(f"and {len(curves.skipped) - NAMED} more of {curves.name}, which embeddings.json names")
    results = {curves.name: curves.results(about["seed"]) for curves in data}
    write_results(out / "embeddings.json", {**about, "data": results})
    print("\n".join(bump_table(data)))
    print(f"figure: {out / 'curves.png'}")
