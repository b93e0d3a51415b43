"""A policy on another machine, or in another process, as the control loop sees it: an interface.Policy.

It speaks the protocol of openpi (vptr_policy.server.openpi) over one websocket; ``reset`` opens a lost one anew.
"""

import contextlib
import os
from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from robot_bridge.interface import Action, Observation
from vptr_policy.address import TOKEN_VARIABLE, read_token, websocket_url
from vptr_policy.resize import resize
from vptr_policy.runtime import PolicyLost
from vptr_policy.wire import WireError, pack, unpack

CONNECT_S = 5.0
ANSWER_S = 1.0
"""For an action; the arm has held for most of it by then, as its watchdog waits 0.3 s."""
RESET_S = 10.0
"""For the beginning of an episode: a sentence the server has not heard before takes seconds."""
CLOSE_S = 0.2
LARGEST_ANSWER = 2**20
BAD_MESSAGE = 1008
"""The server's code for a message of ours that is wrong, an unknown task above all."""


def answers(address: str, timeout_s: float = CONNECT_S) -> bool:
    """Whether there is a policy server at an address that lets us in."""
    try:
        RemotePolicy(address, connect_s=timeout_s).close()
    except PolicyLost:
        return False
    return True


class _Dropped(PolicyLost):
    """The connection is no more; the server may still be there, or again."""


class RemotePolicy:
    """Acts as the policy behind ``address`` does; raises PolicyLost where it gives no answer in time."""

    def __init__(
        self,
        address: str,
        token: Optional[str] = None,
        connect_s: float = CONNECT_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Connect, and learn what is served there.

        Args:
            address: http://HOST:PORT of `vptr serve`, or https.
            token: of the server; default that in the environment variable VPTR_TOKEN.
            connect_s: time-out of a connection.
            answer_s: time-out of an action.

        Raises ValueError where the address or the token is none, PolicyLost where nobody answers there.
        """
        self.address = address
        self._url = websocket_url(address)
        self._token = read_token(token)
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._socket: Optional[ClientConnection] = None
        self._closing = contextlib.ExitStack()
        self.metadata: Mapping[str, Any] = {}
        self.timing: Mapping[str, float] = {}
        """Of the newest action: ``infer_ms`` on the server, ``prev_total_ms`` of the one before."""
        self._open()

    @property
    def tasks(self) -> Sequence[str]:
        """The names of the tasks it knows."""
        return tuple(self.metadata["tasks"])

    @property
    def main_task(self) -> str:
        """What it was made for."""
        return str(self.metadata.get("main_task", self.tasks[0]))

    @property
    def checkpoint(self) -> str:
        """Names the files that are served, as ``vptr_policy.checkpoint.digest`` does."""
        return str(self.metadata["checkpoint"])

    def reset(self, task: str) -> None:
        """Begin an episode of ``task``, over a new connection where the old one is lost.

        Raises ValueError on a task that the policy does not know, PolicyLost where it cannot be reached, or where
        another checkpoint is served than before.
        """
        if self._socket is None:
            self._open()
            return self._begin(task)
        try:
            return self._begin(task)
        except _Dropped:  # by a server that has been started again since
            self._open()
            return self._begin(task)

    def act(self, observation: Observation) -> Action:
        """The action for this observation; the picture is resized before it is sent, as the policy would do."""
        if self._socket is None:
            raise PolicyLost(f"the connection to {self.address} was lost: begin another episode")
        message = {"image": resize(observation.image), "state": np.asarray(observation.state, dtype=np.float32)}
        try:
            answer = self._ask(message, self._answer_s)
            vector = np.array(answer["actions"], dtype=np.float64)[0]
            self.timing = dict(answer["server_timing"])
            info = {str(name): float(value) for name, value in answer["info"].items()}
        except WireError as error:
            raise PolicyLost(f"the policy at {self.address} refused an observation: {error}") from error
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            self.close()
            raise PolicyLost(f"{self.address} answered with no action: it is no `vptr serve` ({error!r})") from error
        if vector.shape != (7,):
            raise PolicyLost(f"{self.address} answered with an action {vector.shape}, expected (7,)")
        return Action(vector, info)

    def close(self) -> None:
        """Close the connection."""
        self._socket = None
        self._closing.close()

    def _begin(self, task: str) -> None:
        try:
            self._ask({"reset": task}, RESET_S)
        except WireError as error:
            raise ValueError(str(error)) from error

    def _open(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            opening = connect(
                self._url,
                open_timeout=self._connect_s,
                close_timeout=CLOSE_S,
                compression=None,
                max_size=LARGEST_ANSWER,
                additional_headers=headers,
            )
            self._socket = self._closing.enter_context(opening)
            told = unpack(self._receive(self._connect_s))
        except (OSError, WebSocketException, WireError, EOFError, AssertionError) as error:
            # the last by websockets, where somebody talks before he is asked
            self.close()
            raise PolicyLost(f"no policy server at {self.address}: {_reason(error)}") from error
        self._check(told)
        self.metadata = told

    def _check(self, told: Dict[str, Any]) -> None:
        """Is this a server of ours, and does it serve what it served before?"""
        tasks, checkpoint = told.get("tasks"), told.get("checkpoint")
        if not isinstance(tasks, list) or not isinstance(checkpoint, str):
            self.close()
            raise PolicyLost(f"{self.address} is no `vptr serve`: it tells no tasks and no checkpoint of its policy")
        if self.metadata and checkpoint != self.checkpoint:
            self.close()
            raise PolicyLost(
                f"{self.address} serves another checkpoint than before ({checkpoint}, it was {self.checkpoint}): "
                "start this program again if that is meant"
            )

    def _ask(self, message: Dict[str, Any], timeout_s: float) -> Dict[str, Any]:
        """The answer; raises WireError where the server says that the message is wrong, else PolicyLost."""
        assert self._socket is not None
        try:
            self._socket.send(pack(message))
            return unpack(self._receive(timeout_s))
        except TimeoutError:
            self.close()  # its answer would pass for that to the next message
            raise PolicyLost(f"the policy at {self.address} gave no answer within {timeout_s:g} s") from None
        except (OSError, WebSocketException, EOFError) as error:
            self.close()
            raise _Dropped(f"the connection to the policy at {self.address} was lost: {_reason(error)}") from error

    def _receive(self, timeout_s: float) -> bytes:
        """The next binary frame; a text frame is an error of the server's."""
        assert self._socket is not None
        frame = self._socket.recv(timeout=timeout_s)
        if isinstance(frame, bytes):
            return frame
        code = self._close_code(timeout_s)
        self.close()
        if code == BAD_MESSAGE:
            raise WireError(frame)
        raise EOFError(frame)

    def _close_code(self, timeout_s: float) -> Optional[int]:
        assert self._socket is not None
        try:
            self._socket.recv(timeout=timeout_s)
        except WebSocketException as error:
            received = getattr(error, "rcvd", None)
            return None if received is None else int(received.code)
        return None


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 401:
        does = "refuses the token in" if os.environ.get(TOKEN_VARIABLE) else "asks for a token in"
        return f"it {does} {TOKEN_VARIABLE}: set that to the one which the server printed"
    if isinstance(error, (InvalidHandshake, InvalidURI)) and status is not None:
        body = getattr(error.response, "body", b"") or b""  # type: ignore[union-attr]
        return f"it answered {status} {body[:200].decode('utf-8', 'replace')}"
    return str(error) or type(error).__name__
