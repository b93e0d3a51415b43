"""What is imported, in the parts that become shards."""

from dataclasses import dataclass
from functools import partial
from typing import Callable, Iterator, List, Sequence, Tuple, Type, TypeVar, Union

from vptr_policy.data.robot.restricted import ForbiddenGlobal
from vptr_policy.data.robot.trajectory import Trajectory

Item = TypeVar("Item")
DAMAGE: Tuple[Type[Exception], ...] = (
    ValueError,
    OSError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
"""What reading data of another form than expected can raise."""


@dataclass(frozen=True)
class Skipped:
    """A demonstration that could not be read."""

    origin: str
    reason: str


Read = Iterator[Union[Trajectory, Skipped]]


@dataclass(frozen=True)
class Part:
    """Demonstrations that are read together and go into one shard."""

    origins: Tuple[str, ...]
    """what it is read from, relative to the source"""
    read: Callable[[], Read]


def in_parts(
    found: Sequence[Item],
    size: int,
    origin: Callable[[Item], str],
    read: Callable[[Item, int], Trajectory],
    skip: Tuple[Type[Exception], ...] = DAMAGE,
) -> List[Part]:
    """Parts of ``size`` demonstrations.

    Args:
        found: where the demonstrations are, one each.
        size: of them to a part.
        origin: what to call one.
        read: reads one; it is told its number among all.
        skip: errors for which one is left out and the import goes on; not so where a pickle is malicious.
    """
    parts = []
    for start in range(0, len(found), size):
        chunk = found[start : start + size]
        origins = tuple(origin(item) for item in chunk)
        parts.append(Part(origins, partial(_read, chunk, origins, start, read, skip)))
    return parts


def _read(
    chunk: Sequence[Item],
    origins: Sequence[str],
    start: int,
    read: Callable[[Item, int], Trajectory],
    skip: Tuple[Type[Exception], ...],
) -> Read:
    for number, (item, origin) in enumerate(zip(chunk, origins), start):
        try:
            yield read(item, number)
        except ForbiddenGlobal:
            raise
        except skip as error:
            yield Skipped(origin, reason(error))


def reason(error: Exception) -> str:
    """Why something could not be read, in words: those of the error where it is meant to be read."""
    if isinstance(error, (ValueError, OSError)) and str(error):
        return str(error)
    if isinstance(error, MemoryError):
        return f"reading it takes more memory than there is ({str(error) or 'MemoryError'})"
    return f"not a trajectory ({error!r})"
