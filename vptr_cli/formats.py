"""Commands with one function for each format: `--format NAME` picks it, and only its options are parsed."""

from dataclasses import dataclass
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple


def summary(run: Callable[..., Any]) -> str:
    """What a command does, in a line: the first of its docstring."""
    return (run.__doc__ or "").strip().split("\n")[0]


@dataclass(frozen=True)
class Format:
    """One format of a command."""

    run: Callable[..., int]
    """its first argument is the positional source; returns the exit status"""
    found_in: Optional[Callable[[Path], bool]] = None
    """tells from the source whether it is of this format; None: only when it is asked for by name"""


class ByFormat:
    """A command that hands over to the function of its format, named with --format or recognised from the source."""

    def __init__(self, summary: str, formats: Dict[str, Format]) -> None:
        self.__doc__ = summary
        self._formats = formats

    def overview(self) -> str:
        """The formats, for one who gave neither --format nor a source to recognise one from."""
        width = max(len(name) for name in self._formats)
        rows = [f"  {name.ljust(width)}  {summary(entry.run)}" for name, entry in self._formats.items()]
        lines = [
            self.__doc__ or "",
            "",
            f"Give SOURCE{self._required()} [--format NAME] [OPTIONS]; formats:",
            "",
            *rows,
        ]
        known = [name for name, entry in self._formats.items() if entry.found_in is not None]
        if known:
            lines += ["", "Recognised without --format: {}.".format(", ".join(known))]
        return "\n".join([*lines, "", "`--format NAME --help` tells the options of a format."])

    def _required(self) -> str:
        """The options that every format needs."""
        runs = [list(signature(entry.run).parameters.values())[1:] for entry in self._formats.values()]
        needed = [{one.name for one in options if one.default is one.empty} for options in runs]
        return "".join(f" --{name.replace('_', '-')} {name.upper()}" for name in sorted(set.intersection(*needed)))

    def select(self, arguments: List[str]) -> Tuple[Callable[..., Any], str, List[str]]:
        """The function to run, what follows the command's name in its usage, and the arguments left for it."""
        name, rest = _take_format(arguments)
        if name is None and (not rest or rest[0] in ("-h", "--help")):
            return lambda: print(self.overview()), "", []
        if name is None:
            name = self._recognise(rest[0])
        if name not in self._formats:
            near = get_close_matches(name, list(self._formats), n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError("no format {!r}.{} Known: {}.".format(name, hint, ", ".join(self._formats)))
        return self._formats[name].run, " --format " + name, rest

    def _recognise(self, source: str) -> str:
        path = Path(source)
        if source.startswith("-"):
            raise ValueError("give the source first, or --format NAME ({})".format(", ".join(self._formats)))
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder")
        found = [name for name, entry in self._formats.items() if entry.found_in is not None and entry.found_in(path)]
        if len(found) != 1:
            what = "it could be {}".format(" or ".join(found)) if found else "its format was not recognised"
            raise ValueError("{}: {}; say --format NAME ({})".format(path, what, ", ".join(self._formats)))
        return found[0]


def _take_format(arguments: List[str]) -> Tuple[Optional[str], List[str]]:
    """The value of --format, if any, and the other arguments."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--format="):
            return argument[len("--format=") :], arguments[:place] + arguments[place + 1 :]
        if argument == "--format":
            if place + 1 == len(arguments):
                raise ValueError("--format needs a name")
            return arguments[place + 1], arguments[:place] + arguments[place + 2 :]
    return None, arguments
