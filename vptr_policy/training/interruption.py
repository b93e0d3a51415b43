"""Ctrl-C and SIGTERM, by which a run ends after the update in progress."""

import contextlib
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Dict, Iterator, NoReturn, Optional, Type

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """A context in which the first of the signals is only noted; another one acts as it would without."""

    def __init__(self, heeded: bool = True) -> None:
        """Unless ``heeded``, all act as they would without; so they do outside of the main thread."""
        self.came: Optional[int] = None
        self._heeded = heeded
        self._at_once = False
        self._before: Dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        if self._heeded and threading.current_thread() is threading.main_thread():
            before = {number: signal.getsignal(number) for number in SIGNALS}
            ignored = (signal.SIG_IGN, None)  # as Ctrl-C is in the background jobs of a shell
            self._before = {number: handler for number, handler in before.items() if handler not in ignored}
            for number in self._before:
                signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._restore()

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """What is within is ended by the first signal, also by one that came before it."""
        if self.came is not None:
            self.end()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def end(self) -> NoReturn:
        """End the program by what came, with exit status 130 or 143."""
        if self.came == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt

    def _note(self, number: int, _frame: Optional[FrameType]) -> None:
        self.came = number
        self._restore()
        if self._at_once:
            self.end()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
