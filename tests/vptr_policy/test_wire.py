"""Messages in msgpack, and the arrays in them."""

from typing import Any

import msgpack
import numpy as np
import pytest

from vptr_policy.wire import WireError, make_array, pack, unpack


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
        (b"abc", "|u1", [2**31], "the shape of an array"),
        (b"abc", "<f8", [2**20, 2**20, 2**20, 2**20], "has 3 bytes of data, expected"),
    ],
)
def test_arrays_are_checked(data: Any, dtype: Any, shape: Any, told: str) -> None:
    with pytest.raises(WireError) as error:
        make_array(data, dtype, shape)
    assert told in str(error.value)
