"""Messages that are nearly right: good ones with fields of others, and with damaged bytes."""

import random
from typing import Any, Callable, Dict, Iterator, List

DTYPES = [
    "|u1",
    "<f4",
    "<f8",
    ">i2",
    "|b1",
    "|O",
    "<U3",
    "|V8",
    "<M8[s]",
    "<c16",
    "u1,f4",
    "(2,)u1",
    ",",
    "02|",
    ",f",
    "",
    "x" * 90,
    7,
    None,
    [],
]
SHAPES: List[Any] = [
    [8, 8, 3],
    [192],
    [],
    [0],
    [-1, 3],
    [2**31, 2**31, 2**31],
    [1] * 40,
    [8.0, 8, 3],
    "8",
    None,
    {},
    [True],
]
PLAIN: List[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    2**63 - 1,
    "",
    "x" * 5000,
    "../../etc/passwd",
    "\0",
    "knife_in_pot",
    [],
    {},
    [[]],
]


class Mutations:
    """A seeded stream of messages: some are built wrong, others built right and damaged, in place or in length."""

    def __init__(
        self,
        message: Callable[[], Dict[str, Any]],
        array: Callable[[Any, Any, Any], Any],
        data: List[Any],
        encode: Callable[[Any], bytes],
        seed: int = 0,
    ) -> None:
        """Set what a protocol is.

        Args:
            message: makes a good message.
            array: how an array is written, of data, type and shape.
            data: what an array's data may be, good and bad.
            encode: writes a message.
        """
        self._random = random.Random(seed)
        self._message, self._array, self._data, self._encode = message, array, data, encode

    def stream(self, count: int) -> Iterator[bytes]:
        for number in range(count):
            message = self._message()
            if number % 3:
                yield self._damaged(self._encode(message), in_place=number % 3 == 1)
                continue
            for _ in range(self._random.randint(1, 2)):
                message[self._random.choice([*message, "state", "reset", "encoded", "__numpy__"])] = self._value()
            yield self._encode(message)

    def _value(self) -> Any:
        choose = self._random.choice
        kind = self._random.random()
        if kind < 0.6:
            return self._array(choose(self._data), choose(DTYPES), choose(SHAPES))
        if kind < 0.7:
            return [choose(PLAIN) for _ in range(self._random.randint(0, 9))]
        return choose(PLAIN)

    def _damaged(self, message: bytes, in_place: bool) -> bytes:
        found = bytearray(message)
        for _ in range(self._random.randint(1, 2 if in_place else 4)):
            at = self._random.randrange(len(found) or 1)
            if in_place:
                found[at] = self._random.randrange(256)
                continue
            other = (
                bytes([self._random.randrange(256)]),
                bytes(self._random.choices(range(256), k=8)),
                found[: self._random.randrange(64)],
            )
            found[at : at + self._random.choice([0, 1, 8, len(found)])] = self._random.choice([b"", *other])
        return bytes(found)
