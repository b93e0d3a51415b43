"""Reads pickles of other people's data without running anything of them.

A pickle is a program: it names functions and has them called. Here the only names are numbers, arrays, containers,
times, and the classes of the Bridge recorder, which become plain records; everything else is refused by name. Arrays
are not built by NumPy's own ``__setstate__``, which trusts the shapes and types it is given, but from checked parts.
Names of NumPy 1 (``numpy.core``) and 2 (``numpy._core``), Python 2's strings and all protocols are understood.
"""

import datetime
import pickle
import re
import reprlib
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, Dict, List, Tuple, Union

import numpy as np

RECORDER = ("multicam_server.", "widowx_envs.", "widowx_controller.", "visual_mpc.", "sensor_msgs.")
"""Packages of the Bridge recorder: agent_data.pkl holds the description of its cameras as objects of these."""
PLAIN_DTYPE = re.compile(r"[biufcSU?](\d+)?|O8?|O4")
MOST_NUMBERS, DEEPEST = 10**7, 16
"""Of an array made of nested lists: a pickle of 300 bytes can share its parts so that it would be of gigabytes."""
BROKEN = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    ImportError,
    LookupError,
    TypeError,
    ValueError,
    MemoryError,
    RecursionError,
    OverflowError,
)
"""What reading a damaged pickle can raise."""


class UnreadablePickle(ValueError):
    """A pickle is cut off or damaged, or not what was expected; the message names the file."""


class ForbiddenGlobal(UnreadablePickle):
    """A pickle names something that data have no use for; nothing of it was run."""


class Record(dict):
    """Stands for an object of the Bridge recorder: its attributes or entries, none of its code."""

    def __init__(self, *_: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.update(state)


class _DType:
    """Stands for ``numpy.dtype``: only types of plain numbers, strings and objects."""

    def __init__(self, code: Any, *_: Any) -> None:
        text = code.decode("ascii") if isinstance(code, bytes) else code
        if not isinstance(text, str) or not PLAIN_DTYPE.fullmatch(text):
            raise pickle.UnpicklingError(f"an array of type {_short(text)}, expected plain numbers or strings")
        self.value = np.dtype("O" if text.startswith("O") else text)

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        order: Any = state[1]
        fields = state[2:5]
        if any(field is not None for field in fields):
            raise pickle.UnpicklingError("an array of records, expected plain numbers or strings")
        self.value = self.value.newbyteorder(order)


class _Array:
    """Stands for ``numpy.ndarray`` while a pickle is read; ``value`` is the array."""

    value: np.ndarray

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        shape, kind, fortran, data = state[-4:]
        if kind.value.hasobject:
            if not isinstance(data, list) or len(data) != _size(shape):
                raise pickle.UnpicklingError(f"an array of shape {_short(shape)} without as many objects")
            self.value = np.empty(len(data), object)
            self.value[:] = data
            self.value = self.value.reshape(shape, order="F" if fortran else "C")
        else:
            self.value = _array(data, kind, shape, "F" if fortran else "C")


_short = reprlib.repr
"""For messages: the whole text of what a pickle holds can be of gigabytes."""


def _size(shape: Tuple[Any, ...]) -> int:
    if not all(isinstance(length, int) and length >= 0 for length in shape):
        raise pickle.UnpicklingError(f"an array of shape {_short(shape)}")
    return int(np.prod(shape, dtype=object)) if shape else 1


def _array(data: Any, kind: _DType, shape: Tuple[int, ...], order: str = "C") -> np.ndarray:
    plain = _bytes(data)
    if kind.value.hasobject or len(plain) != _size(shape) * kind.value.itemsize:
        raise pickle.UnpicklingError(f"{len(plain)} bytes for an array of shape {_short(shape)} and type {kind.value}")
    return np.frombuffer(plain, kind.value).reshape(shape, order="F" if order == "F" else "C")


def _bytes(data: Any) -> bytes:
    """Python 2 wrote bytes as strings, which are read as Latin-1."""
    if not isinstance(data, (str, bytes, bytearray)):
        raise pickle.UnpicklingError(f"an array of the content {_short(data)}, expected bytes")
    return data.encode("latin-1") if isinstance(data, str) else bytes(data)


def _reconstruct(kind: Any, *_: Any) -> _Array:
    if kind is not _Array:
        raise pickle.UnpicklingError(f"an array of the class {_short(kind)}, expected numpy.ndarray")
    return _Array()


def _frombuffer(data: Any, kind: _DType, shape: Tuple[int, ...], order: str = "C") -> np.ndarray:
    return _array(data, kind, shape, order)


def _scalar(kind: _DType, data: Any) -> Any:
    return _array(data, kind, (1,))[0]


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"text encoded as {_short(encoding)}, expected latin1")
    return text.encode("latin-1")


def _no_bytes(*arguments: Any) -> bytes:
    if arguments:
        raise pickle.UnpicklingError("bytes() called with arguments")
    return b""


def _names() -> Dict[Tuple[str, str], Any]:
    names: Dict[Tuple[str, str], Any] = {
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _DType,
        ("_codecs", "encode"): _encode,
        ("collections", "OrderedDict"): OrderedDict,
    }
    for core in ("numpy.core", "numpy._core"):
        names[core + ".multiarray", "_reconstruct"] = _reconstruct
        names[core + ".multiarray", "scalar"] = _scalar
        names[core + ".numeric", "_frombuffer"] = _frombuffer
    for builtins in ("builtins", "__builtin__"):
        names[builtins, "bytes"] = _no_bytes
        for kind in (set, frozenset, complex):
            names[builtins, kind.__name__] = kind
    for time in (datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone):
        names["datetime", time.__name__] = time
    return names


NAMES = _names()
"""What a pickle may name."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(RECORDER) and name.isidentifier():
            return Record
        if (module, name) not in NAMES:
            raise ForbiddenGlobal(f"{module}.{name}")
        return NAMES[module, name]


def load(path: Path) -> Any:
    """What the pickle file at ``path`` holds; raises ForbiddenGlobal or UnreadablePickle, OSError where unreadable."""
    with open(path, "rb") as file:
        return load_stream(file, path)


def load_stream(file: BinaryIO, path: Path) -> Any:
    """What the pickle at the place of ``file`` holds; ``path`` is for messages."""
    try:
        return _resolve(_Unpickler(file, encoding="latin-1").load(), {})
    except ForbiddenGlobal as error:
        raise ForbiddenGlobal(
            f"{path}: refused, nothing of it was run: this pickle wants {error}, "
            "and data have no use for that; do not open it with anything else, and do not trust where it came from"
        ) from None
    except BROKEN as error:
        raise UnreadablePickle(
            f"{path}: not a whole pickle of arrays, numbers and containers ({type(error).__name__}: {error})"
        ) from error


def load_object_array(path: Path) -> np.ndarray:
    """The array of objects in an ``.npy`` file, as ``np.save`` writes one: a header and a pickle."""
    with open(path, "rb") as file:
        try:
            shape, kind = _header(file)
        except (ValueError, EOFError) as error:
            raise UnreadablePickle(f"{path}: no .npy file ({error})") from error
        if not kind.hasobject:
            raise UnreadablePickle(f"{path}: an array of {kind}, expected one of objects (trajectories)")
        array = load_stream(file, path)
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise UnreadablePickle(f"{path}: the header says an array of shape {shape}, the pickle holds another thing")
    return array


def _header(file: BinaryIO) -> Tuple[Tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format, expected 1.0 or 2.0")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(file)
    return shape, kind


def _resolve(value: Any, seen: Dict[int, Tuple[Any, Any]]) -> Any:
    """The tree with arrays in place of what stood for them; each object is visited once.

    ``seen`` are the containers done, by their id, and what became of them: they may be shared and form cycles.
    """
    if isinstance(value, _Array):
        array = value.value
        if array.dtype.hasobject and id(array) not in seen:
            seen[id(array)] = array, array
            flat = array.reshape(-1)
            for place, item in enumerate(flat):
                flat[place] = _resolve(item, seen)
        return array
    if not isinstance(value, (tuple, list, dict)):
        return value
    if id(value) in seen:
        return seen[id(value)][1]
    if isinstance(value, tuple):
        made = tuple(_resolve(item, seen) for item in value)
        seen[id(value)] = value, made
        return made
    seen[id(value)] = value, value
    items: Union[List[Tuple[Any, Any]], Any] = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        value[key] = _resolve(item, seen)
    return value


def numbers(value: Any, what: str) -> np.ndarray:
    """Numbers as an array of float64; raises ValueError where they are none or, shared parts unfolded, too many."""
    count = _count(value, {}, 0)
    if count > MOST_NUMBERS:
        raise ValueError(f"{what} would be {count} numbers, expected at most {MOST_NUMBERS}: the file is damaged")
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} is no array of numbers ({error})") from error


def _count(value: Any, counted: Dict[int, int], depth: int) -> int:
    """How many numbers an array of nested lists would have; each list is visited once."""
    if isinstance(value, np.ndarray):
        return value.size
    if not isinstance(value, (list, tuple)):
        return 1
    if depth > DEEPEST:
        raise ValueError(f"lists nested more than {DEEPEST} deep, expected rows of numbers")
    if id(value) not in counted:
        counted[id(value)] = sum(_count(item, counted, depth + 1) for item in value)
    return counted[id(value)]
