"""Arrays on the wire: msgpack with openpi's encoding of arrays, and what any encoded array is checked for.

openpi (openpi_client.msgpack_numpy) sends an array as the map {b"__ndarray__": true, b"data": bytes, b"dtype": str,
b"shape": list} and a numpy scalar as {b"__npgeneric__": true, b"data": number, b"dtype": str}.
"""

import re
import sys
from typing import Any, Dict

import msgpack
import numpy as np

KINDS = "biuf"
"""Kinds of numpy types that may cross the wire: truth values, whole numbers, floats; no objects."""
MOST_AXES = 4
TYPE_NAMES = "[<>=|]?(b1|[iu][1248]|f[248])|bool|u?int(8|16|32|64)|float(16|32|64)"
"""Names of those types, as a regular expression: whatever else numpy may read there is not asked about."""


class WireError(ValueError):
    """A message is not what was agreed; the text says what was wrong and what was expected."""


def pack(message: Dict[str, Any]) -> bytes:
    """A message as bytes."""
    return msgpack.packb(message, default=_pack_array)


def unpack(data: bytes) -> Dict[str, Any]:
    """The message in ``data``; raises WireError."""
    try:
        message = msgpack.unpackb(data, object_hook=_unpack_array)
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise WireError(f"the message is not msgpack: {str(error) or type(error).__name__}") from error
    if not isinstance(message, dict):
        raise WireError(f"the message is {kind(message)}, expected a map")
    return message


def make_array(data: Any, dtype: Any, shape: Any) -> np.ndarray:
    """The array of ``dtype`` and ``shape`` whose C-order bytes are ``data``; read-only. Raises WireError."""
    kept = _number_type(dtype)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise WireError(f"the data of an array are {kind(data)}, expected bytes")
    if not isinstance(shape, (list, tuple)) or len(shape) > MOST_AXES or not all(_is_length(side) for side in shape):
        raise WireError(f"the shape of an array is {short(shape)}, expected at most {MOST_AXES} lengths")
    count = 1
    for side in shape:
        count *= side
    if len(data) != count * kept.itemsize:
        raise WireError(
            f"an array {kept} {tuple(shape)} has {len(data)} bytes of data, expected {short(count * kept.itemsize)}"
        )
    _check_sides(shape, kept)
    return np.frombuffer(data, kept).reshape(shape)


def kind(value: Any) -> str:
    """What a decoded value is, as messages call it."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {tuple(value.shape)}"
    names = {dict: "a map", list: "a list", str: "a text", bytes: "bytes", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, (int, float)) else f"of type {type(value).__name__}")


def short(value: Any) -> str:
    """A value of others in a message to them."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _pack_array(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    if isinstance(value, np.generic) and value.dtype.kind in KINDS:
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise TypeError(f"{short(value)} cannot be sent: expected plain values and arrays of numbers")


def _unpack_array(entry: Dict[Any, Any]) -> Any:
    if b"__ndarray__" in entry:
        return make_array(*(entry.get(key) for key in (b"data", b"dtype", b"shape")))
    if b"__npgeneric__" in entry:
        value = entry.get(b"data")
        if not isinstance(value, (bool, int, float)):
            raise WireError(f"a numpy scalar is {kind(value)}, expected a number")
        return _scalar(value, _number_type(entry.get(b"dtype")))
    return entry


def _scalar(value: Any, dtype: np.dtype) -> Any:
    try:
        return np.array(value, dtype)[()]
    except (OverflowError, ValueError) as error:
        raise WireError(f"the number {short(value)} is no {dtype}") from error


def _number_type(name: Any) -> np.dtype:
    if isinstance(name, str) and re.fullmatch(TYPE_NAMES, name):
        return np.dtype(name)
    raise WireError(f"the type of an array is {short(name)}, expected a numpy type of numbers such as '|u1' or '<f4'")


def _check_sides(shape: Any, dtype: np.dtype) -> None:
    """Refuse what numpy has no room for, though one length of nothing makes the array empty; raises WireError."""
    size = dtype.itemsize
    for side in shape:
        size *= max(side, 1)
    if size > sys.maxsize:
        raise WireError(f"the shape of an array is {short(shape)}, expected lengths that memory could hold")


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
