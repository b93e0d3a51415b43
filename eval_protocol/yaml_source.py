"""YAML files that people write: every complaint about one names the file, the line, the value and what is expected."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple, Type, TypeVar, Union

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Place = Sequence[Union[str, int]]
"""Where in a file: keys and indices from the top, such as ("poses", "left_front", "x")."""


class PlanError(ValueError):
    """The protocol cannot be laid out from this configuration; the message says what to change."""


class Strict(BaseModel):
    """Values of a protocol: nothing unknown, nothing infinite, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class YamlSource:
    """A YAML file, its value, and where in it each part stands."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            text = self.path.read_text(encoding="utf-8")
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            self.value: Dict[str, Any] = yaml.safe_load(text)
        except FileNotFoundError as error:
            raise PlanError(f"no file {path}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise PlanError(f"cannot read {path}: {error}") from error
        except yaml.YAMLError as error:
            raise PlanError(f"{path}{_mark(error)} is not YAML: {error}") from error
        if not isinstance(self.value, dict):
            raise PlanError(f"{path} must hold a mapping, got {type(self.value).__name__}")
        self._refuse_twice(self._root, [])

    def line(self, place: Place) -> int:
        """The line, from 1, of a part; of what holds it where the part itself is missing."""
        node, line = self._root, 1
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def error(self, place: Place, problem: str) -> PlanError:
        """What is wrong with a part, with its line."""
        return PlanError(f"{self.path}:{self.line(place)}: {_name(place)}: {problem}")

    def validated(self, model: Type[Model], place: Place = ()) -> Model:
        """The part at ``place`` as a ``model``; raises PlanError with one line for each thing that is wrong."""
        value: Any = self.value
        for step in place:
            value = value[step]
        try:
            return model.model_validate(value)
        except ValidationError as error:
            errors = error.errors()
            missing = {one["loc"] for one in errors if one["type"] == "missing"}
            lines = [self._complaint(place, one, model, missing) for one in errors]
            raise PlanError("; ".join(lines)) from error

    def _complaint(self, place: Place, one: Any, model: Type[BaseModel], missing: Set[Tuple[Any, ...]]) -> str:
        """One thing that is wrong; a rule between several parts names the first of them."""
        at = [*place, *one["loc"]]
        text = one["msg"].replace("Value error, ", "")
        if one["type"] == "extra_forbidden":
            parent = one["loc"][:-1]
            known = [str(name[-1]) for name in missing if name[:-1] == parent]
            near = get_close_matches(str(at[-1]), known or ([] if parent else list(model.model_fields)), n=1)
            text = "no such key" + (f"; did you mean {near[0]!r}?" if near else "")
        elif one["type"] == "missing":
            text = "is missing"
        elif not one["loc"]:
            words = (word.strip(",.:'") for word in text.split())
            at += [word for word in words if self.line([*place, word]) != self.line(place)][:1]
        return f"{self.path}:{self.line(at)}: {_name(at)}: {text}{_given(one['input'])}"

    def _refuse_twice(self, node: Any, place: List[Union[str, int]]) -> None:
        """Refuse a key that is given twice: YAML's readers would silently take the last."""
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._refuse_twice(item, [*place, index])
        if not isinstance(node, yaml.MappingNode):
            return
        seen: Dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen and key.value != "<<":
                raise PlanError(
                    f"{self.path}:{line}: {_name([*place, key.value])}: is there already, in line {seen[key.value]}; "
                    "give it once"
                )
            seen[key.value] = line
            self._refuse_twice(value, [*place, key.value])


def _child(node: Any, step: Union[str, int]) -> Any:
    """The line and node of a node's part, None where it has no such part."""
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark.line + 1, v) for k, v in node.value if k.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _name(place: Place) -> str:
    return ".".join(map(str, place)) or "file"


def _given(value: Any) -> str:
    """The value that was refused, where it is short enough to help."""
    text = repr(value)
    return f", got {text}" if isinstance(value, (str, int, float, bool)) and len(text) <= 60 else ""


def _mark(error: yaml.YAMLError) -> str:
    mark: Optional[yaml.Mark] = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}:" if mark is not None else ""
