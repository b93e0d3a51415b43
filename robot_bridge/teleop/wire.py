"""Samples as JSON: what a page in the headset sends, checked before anything believes it."""

from typing import List, Literal, Optional, Union

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import Annotated

from robot_bridge.teleop.sample import BUTTONS, ControllerSample, Hand, Input, Notice, rigid_pose

VERSION = 1
LONGEST_BYTES = 8192
"""A message with both hands and a head has about 1500."""

_Unit = Annotated[float, Field(ge=0.0, le=1.0)]
_Signed = Annotated[float, Field(ge=-1.0, le=1.0)]
_Pose = Annotated[List[float], Field(min_length=16, max_length=16)]
_Button = Literal["trigger", "grip", "stick", "lower", "upper"]


class WireError(ValueError):
    """A message that is none of ours; says what is wrong with it."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class _HandMessage(_Strict):
    pose: Optional[_Pose]
    emulated: bool
    trigger: _Unit
    grip: _Unit
    stick: Annotated[List[_Signed], Field(min_length=2, max_length=2)]
    pressed: Annotated[List[_Button], Field(max_length=len(BUTTONS))]


class _SampleMessage(_Strict):
    v: Literal[1]
    kind: Literal["sample"]
    sequence: Annotated[int, Field(ge=0, lt=2**53)]
    stamp_s: Optional[Annotated[float, Field(ge=0.0, le=1e10)]]
    frame: Literal["room", "head"]
    visible: bool
    right: Optional[_HandMessage]
    left: Optional[_HandMessage]
    head: Optional[_Pose]
    round_trip_s: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0


class _NoticeMessage(_Strict):
    v: Literal[1]
    kind: Literal["closed", "hidden", "removed", "reset"]
    detail: Annotated[str, Field(max_length=200)] = ""


_ADAPTER: TypeAdapter = TypeAdapter(Annotated[Union[_SampleMessage, _NoticeMessage], Field(discriminator="kind")])


def decode(message: Union[str, bytes], received_s: float, client: str = "") -> Input:
    """The sample or notice in a JSON message of ``client``; raises WireError on anything else.

    Every key must be there and no other, numbers finite and within bounds, poses 16 numbers (row by row) of a rigid
    transform. A ``synthetic`` sample cannot come over the wire.
    """
    if len(message) > LONGEST_BYTES:
        raise WireError(f"a message of {len(message)} bytes, expected at most {LONGEST_BYTES}")
    try:
        content = _ADAPTER.validate_json(message)
        if isinstance(content, _NoticeMessage):
            return Notice(content.kind, content.detail, received_s, client)
        return _sample(content, received_s, client)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "message"
        raise WireError(f"{place}: {first['msg']}") from error
    except ValueError as error:
        raise WireError(str(error)) from error


def encode(sample: ControllerSample) -> str:
    """The JSON message of a sample."""
    message = _SampleMessage(
        v=1,
        kind="sample",
        sequence=sample.sequence,
        stamp_s=sample.stamp_s,
        frame="head" if sample.frame == "head" else "room",
        visible=sample.visible,
        right=_hand_message(sample.right),
        left=_hand_message(sample.left),
        head=_numbers(sample.head),
        round_trip_s=sample.round_trip_s,
    )
    return message.model_dump_json()


def _sample(content: _SampleMessage, received_s: float, client: str) -> ControllerSample:
    return ControllerSample(
        received_s=received_s,
        sequence=content.sequence,
        stamp_s=content.stamp_s,
        client=client,
        frame=content.frame,
        visible=content.visible,
        right=_hand(content.right),
        left=_hand(content.left),
        head=None if content.head is None else rigid_pose(content.head),
        round_trip_s=content.round_trip_s,
    )


def _hand(message: Optional[_HandMessage]) -> Optional[Hand]:
    if message is None:
        return None
    pose = None if message.pose is None else rigid_pose(message.pose)
    x, y = message.stick
    return Hand(pose, message.emulated, message.trigger, message.grip, (x, y), frozenset(message.pressed))


def _hand_message(hand: Optional[Hand]) -> Optional[_HandMessage]:
    if hand is None:
        return None
    return _HandMessage.model_validate(
        {
            "pose": _numbers(hand.pose),
            "emulated": hand.emulated,
            "trigger": hand.trigger,
            "grip": hand.grip,
            "stick": list(hand.stick),
            "pressed": [name for name in BUTTONS if name in hand.pressed],
        }
    )


def _numbers(pose: Optional[np.ndarray]) -> Optional[List[float]]:
    return None if pose is None else pose.ravel().tolist()
