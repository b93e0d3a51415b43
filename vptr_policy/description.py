"""What a checkpoint is, in lines for a person to read."""

from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple

from vptr_policy.card import Card

GRIPPER = {"binary": "open or closed", "continuous": "any opening"}
ROLLOUT = {"tasks", "successes", "episodes", "interval", "command"}
LABEL = 12


def describe(card: Card, parameters: int) -> List[str]:
    """Lines that tell a policy's tasks, network, data, training and successes; ``parameters`` of its actor."""
    entries = [
        ("tasks", ", ".join(card.tasks)),
        ("algorithm", _named(card.algorithm)),
        ("network", _network(card, parameters)),
        ("gripper", f"{card.gripper}: {GRIPPER[card.gripper]}"),
        *_data(card.data),
        *_training(card.training),
        *_metrics(card.metrics),
    ]
    return _lines(entries)


def successes(metrics: Dict[str, Any]) -> List[str]:
    """The lines about a checkpoint's figures alone."""
    return _lines(_metrics(metrics))


def words(value: Any) -> str:
    """Plain values as one says them: no braces, numbers to four digits."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {words(entry)}" for name, entry in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(words(entry) for entry in value) or "none"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Seconds as hours and minutes, or as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def _lines(entries: Iterable[Tuple[str, str]]) -> List[str]:
    return [f"{name + (':' if name else ''):{LABEL}}{text}" for name, text in entries]


def _named(algorithm: Dict[str, Any]) -> str:
    options = {name: value for name, value in algorithm.items() if name != "name"}
    return str(algorithm.get("name", "unknown")) + (f" ({words(options)})" if options else "")


def _network(card: Card, parameters: int) -> str:
    network = card.network
    kind = f"{network.encoder} encoder" + (", frozen" if network.frozen else "")
    told = "told its task in words" if card.language else "told its task by number"
    begun = f", begun from {network.pretrained}" if network.pretrained else ""
    critic = ", critic sees proprioception too" if network.critic_state else ""
    hidden = f"hidden layers of {words(network.hidden)}"
    return f"{kind}, {hidden}, {parameters / 1e6:.2f} M parameters, {told}{begun}{critic}"


def _data(data: Dict[str, Any]) -> Iterator[Tuple[str, str]]:
    counts = [
        f"{data[key]:,} {text}"
        for key, text in (("trajectories", "trajectories"), ("transitions", "transitions"), ("shards", "shards"))
        if isinstance(data.get(key), int)
    ]
    if isinstance(data.get("successful_trajectories"), int):
        counts.insert(1, f"{data['successful_trajectories']:,} of them successful")
    folders = [data["folder"]] if "folder" in data else []
    made = [*data.get("sources", []), *data.get("targets", [])]
    folders += [source["folder"] for source in made if "folder" in source]
    yield "data", ", ".join(counts) + (f" in {' '.join(folders)}" if folders else "") if counts else "unknown"
    for task, count in sorted(data.get("transitions_by_task", {}).items()):
        yield "", f"{count:,} transitions of {task}"
    if "command" in data:
        yield "", f"made by `{data['command']}`"
    for source in made:
        if "command" in source and "folder" in source:
            yield "", "made by `{}`".format(source["command"].replace("--out DIR", f"--out {source['folder']}"))


def _training(training: Dict[str, Any]) -> Iterator[Tuple[str, str]]:
    yield "trained", f"by `{training['command']}`" if "command" in training else "by an unknown command"
    facts = [f"{training['steps']:,} steps"] if isinstance(training.get("steps"), int) else []
    if isinstance(training.get("seconds"), (int, float)):
        start, taken = training.get("start"), "in " + duration(training["seconds"])
        if isinstance(start, dict) and "seconds" in start:  # without, the time of both is told
            taken = f"(those after {start.get('step', 0):,} {taken})"
        facts.append(taken)
    if "git_sha" in training:
        facts.append(f"with commit {training['git_sha']}")
    if facts:
        yield "", " ".join(facts)
    before = training.get("pretraining")
    if isinstance(before, dict):
        for name, text in _training(before.get("training", {})):
            yield "encoder" if name else "", text
    if "reproduced_by" in training:
        yield "", f"all of it again, with its data: `{training['reproduced_by']}`"


def _metrics(metrics: Dict[str, Any]) -> Iterator[Tuple[str, str]]:
    rollouts = {name: value for name, value in metrics.items() if name.startswith("rollout")}
    figures = {name: value for name, value in metrics.items() if name not in rollouts}
    if figures:
        yield "metrics", words(figures)
    known = [value for value in rollouts.values() if isinstance(value, dict) and set(value) >= ROLLOUT]
    if not known:
        yield "successes", "not recorded; count them by `vptr sim rollout --json`, then `vptr policy record`"
    for rollout in known:
        yield from _rollout(rollout)


def _rollout(rollout: Dict[str, Any]) -> Iterator[Tuple[str, str]]:
    variant = rollout.get("variant", "train")
    rows = [*rollout["tasks"].items(), ("all" if variant == "train" else f"all, unseen {variant}", rollout)]
    for number, (name, row) in enumerate(rows):
        low, high = row["interval"]
        count = f"{row['successes']}/{row['episodes']}"
        yield "" if number else "successes", f"{name:26}{count:>9}  95 % {low:.3f} to {high:.3f}"
    yield "", f"counted by `{rollout['command']}`"
