"""Messages in msgpack, and the arrays in them."""

import random
from typing import Any, Iterator

import msgpack
import numpy as np
import pytest

from vptr_policy.wire import WireError, make_array, pack, unpack

SIZED = ["b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
LONG = [
    "bool",
    "float16",
    "float32",
    "float64",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
]
TYPES = {order + name for order in ("", "<", ">", "=", "|") for name in SIZED} | set(LONG)
"""All the names there are."""


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        np.float32([[1.5, np.nan, np.inf]]),
        np.arange(6).reshape(2, 3).T,
        np.zeros((0, 3), np.int16),
        np.array(3.0),
        np.array([True, False]),
        np.arange(3, dtype=">i4"),
    ],
)
def test_arrays_come_back_as_they_went(array: np.ndarray) -> None:
    found = unpack(pack({"array": array}))["array"]
    assert (
        found.dtype == array.dtype
        and found.shape == array.shape
        and np.array_equal(found, array, equal_nan=array.dtype.kind == "f")
    )
    assert not found.flags.writeable


def test_scalars_and_plain_values_come_back() -> None:
    found = unpack(pack({"one": np.float32(0.5), "two": [1, "x", None, {"y": b"z"}]}))
    assert found == {"one": np.float32(0.5), "two": [1, "x", None, {"y": b"z"}]} and found["one"].dtype == np.float32


@pytest.mark.parametrize("value", [np.array([object()]), np.array(["x"]), object(), np.array([1 + 2j])])
def test_nothing_else_is_sent(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        pack({"value": value})


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"", "not msgpack"),
        (b"\xc1", "not msgpack"),
        (b"\x91" * 2000, "not msgpack"),
        (b"\x80\x80", "not msgpack"),
        (msgpack.packb({1: 2}), "not msgpack"),
        (msgpack.packb("text"), "a text, expected a map"),
        (msgpack.packb({"x": {b"__npgeneric__": True, b"data": "7", b"dtype": "<f4"}}), "a text, expected a number"),
        (msgpack.packb({"x": {b"__npgeneric__": True, b"data": 300, b"dtype": "|u1"}}), "300 is no uint8"),
    ],
)
def test_what_is_no_message_is_said_to_be_none(message: bytes, told: str) -> None:
    with pytest.raises(WireError, match=told):
        unpack(message)


@pytest.mark.parametrize(
    ("data", "dtype", "shape", "told"),
    [
        (b"abc", "|O", [3], "the type of an array is '|O'"),
        (b"abc", "|S1", [3], "the type of an array"),
        (b"abc", "u1,u1", [3], "the type of an array"),
        (b"abc", np.uint8, [3], "the type of an array"),
        ("abc", "|u1", [3], "are a text, expected bytes"),
        (b"abc", "|u1", 3, "the shape of an array is 3"),
        (b"abc", "|u1", [True, 3], "the shape of an array"),
        (b"abc", "|u1", [1, 1, 1, 1, 3], "at most 4 lengths"),
        (b"", "|u1", [0, 2**31 - 1, 2**31 - 1, 2**31 - 1], "is [0, 2147483647, 2147483647, 2147483647]"),
        (b"", "<f8", [2**30, 2**30, 0, 1], "expected lengths that memory could hold"),
        (b"abc", "|u1", [2**31], "the shape of an array"),
        (b"abc", "<f8", [2**20, 2**20, 2**20, 2**20], "has 3 bytes of data, expected"),
    ],
)
def test_arrays_are_checked(data: Any, dtype: Any, shape: Any, told: str) -> None:
    with pytest.raises(WireError) as error:
        make_array(data, dtype, shape)
    assert told in str(error.value)


WORDS = ["u1", "i2", "f4", "f8", "b1", "uint8", "float32", "bool", "object", "O", "V8", "S3", "U2", "c8", "M8[s]"]
JOINTS = [*",|<>=()[]{}:.+-*/ \t\n\0'\"\\0123456789?eéaé", "", "True", "None", "np.", "__", "\ud800", "²", "٣"]


def _type_names(count: int) -> Iterator[str]:
    """Names that are nearly types."""
    choose = random.Random(0).choice
    for _ in range(count):
        yield "".join(choose(WORDS if choose((0, 0, 1)) else JOINTS) for _ in range(choose(range(1, 7))))


def test_names_of_types_are_read_or_refused_whatever_they_are() -> None:
    read = set()
    for name in [",", "02|", ",f", "f4,", "u1\n", " u1", "1u1", "()u1", *TYPES, *_type_names(20_000)]:
        try:
            found = make_array(bytes(8), name, [8 // np.dtype(name).itemsize] if name in TYPES else [8])
        except WireError as error:
            assert name not in TYPES and "type of an array" in str(error), name
        else:
            assert found.dtype == np.dtype(name) and found.dtype.kind in "biuf", name
            read.add(name)
    assert read == TYPES
