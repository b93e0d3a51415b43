"""What a study is laid out from: a YAML file, or the options of `vptr eval plan`; written out as plan, key and page."""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from pydantic import Field, ValidationError, field_validator

from eval_protocol.lab import load_lab, load_task
from eval_protocol.plan import SCENARIOS
from eval_protocol.preregistration import Question, page
from eval_protocol.provenance import checkpoint_hash
from eval_protocol.seal import Key, NamedPolicy, draw_key, write_key
from eval_protocol.study import Study, make_study
from eval_protocol.yaml_source import PlanError, Strict, YamlSource
from vptr_policy.checkpoint_folder import CARD, checkpoint_folder


class StudyFile(Strict):
    """The author's choices; paths are relative to the file. What is left out is as in Question."""

    policies: Dict[str, str] = Field(min_length=2)
    tasks: List[str] = Field(min_length=1)
    scenarios: List[int] = Field(default=[1], min_length=1)
    seed: int = 0
    rounds: int = Field(default=1, ge=1, le=100)
    protocol: str = ""
    hypothesis: str = ""
    primary: Optional[Tuple[str, str]] = None
    test: str = "boschloo"
    alternative: str = "two-sided"
    alpha: float = Field(default=0.05, gt=0.0, lt=0.5)
    base_rate: float = Field(default=0.5, ge=0.0, lt=1.0)

    @field_validator("scenarios")
    @classmethod
    def _known(cls, numbers: List[int]) -> List[int]:
        unknown = [number for number in numbers if number not in SCENARIOS]
        if unknown:
            raise ValueError(f"no scenario {unknown[0]}: expected some of {list(SCENARIOS)}")
        return numbers

    def question(self) -> Question:
        """What is asked; without words for it, the obvious question about the first two policies."""
        names = list(self.policies)
        first, second = self.primary or (names[0], names[1])
        better = self.alternative == "greater"
        asked = f"{first} succeeds more often than {second}" if better else f"{first} and {second} differ in success"
        return Question(
            hypothesis=self.hypothesis or f"{asked} in these conditions.",
            primary=(first, second),
            test=self.test,
            alternative=self.alternative,
            alpha=self.alpha,
            base_rate=self.base_rate,
        )


def study_from_yaml(path: Path) -> Tuple[Study, Key]:
    """Lay out the study of a YAML file; raises PlanError naming the lines that are wrong."""
    source = YamlSource(path)
    wanted = source.validated(StudyFile)
    home, policies = source.path.parent, []
    for index, task in enumerate(wanted.tasks):
        _at(source, ["tasks", index], load_task, task)
    for name, folder in wanted.policies.items():
        policies.append(_at(source, ["policies", name], named_policy, name, home / folder, wanted.tasks))
    question = _at(source, ["primary" if wanted.primary else "test"], wanted.question)
    lab = load_lab(home / wanted.protocol if wanted.protocol else None)
    key = draw_key(policies)
    arguments = (key, wanted.tasks, wanted.scenarios, wanted.seed, question, lab, wanted.rounds)
    made: Tuple[Study, Key] = _at(source, ["scenarios"], make_study, *arguments)
    return made


def study_from(wanted: Dict[str, Any]) -> Tuple[Study, Key]:
    """Lay out a study of the fields of StudyFile, paths relative to here; raises PlanError."""
    try:
        choices = StudyFile.model_validate(wanted)
        question = choices.question()
    except ValidationError as error:
        lines = ["{}: {}".format(".".join(map(str, e["loc"])) or "plan", e["msg"]) for e in error.errors()]
        raise PlanError("; ".join(lines)) from error
    policies = [named_policy(name, Path(at), choices.tasks) for name, at in choices.policies.items()]
    lab = load_lab(Path(choices.protocol) if choices.protocol else None)
    key = draw_key(policies)
    return make_study(key, choices.tasks, choices.scenarios, choices.seed, question, lab, choices.rounds)


def named_policy(name: str, folder: Path, tasks: List[str]) -> NamedPolicy:
    """The policy of a checkpoint folder or a run; raises ValueError where there is none, or it does not know a task."""
    folder = checkpoint_folder(folder.expanduser().resolve())
    checkpoint = checkpoint_hash(folder)
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        known = [*card.get("tasks", []), *card.get("aliases", {})]
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{folder / CARD} cannot be read ({error}): copy the whole checkpoint folder again") from error
    missing = [task for task in tasks if task not in known and not card.get("language")]
    if missing:
        raise ValueError(f"{name} ({folder}) does not know the task {missing[0]!r}; it knows {', '.join(known)}")
    return NamedPolicy(name=name, folder=str(folder), checkpoint=checkpoint)


def write_study(out: Path, study: Study, key: Key) -> List[Path]:
    """Write plan, key and pre-registration as NAME.json, NAME.key.json and NAME.md; returns their paths.

    The key comes first and is never overwritten, so a plan never stands without the key that opens it.
    """
    if out.suffix != ".json":
        raise PlanError(f"--out is {out}, expected NAME.json: the key becomes NAME.key.json, the registration NAME.md")
    plan, secret, text = out, out.with_suffix(".key.json"), out.with_suffix(".md")
    write_key(secret, key)
    plan.write_text(json.dumps(study.to_json(), indent=2) + "\n", encoding="utf-8")
    words = page(study.question, study.title(), study.names, study.commitment, study.hash())
    text.write_text(words, encoding="utf-8")
    return [plan, secret, text]


def _at(source: YamlSource, place: List[Any], make: Any, *arguments: Any) -> Any:
    """What ``make`` returns; what it complains about is said with the line of the part it is about."""
    try:
        return make(*arguments)
    except ValidationError as error:
        raise source.error(place, error.errors()[0]["msg"]) from error
    except ValueError as error:
        raise source.error(place, str(error)) from error
