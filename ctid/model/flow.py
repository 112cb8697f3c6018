"""Where a caller is in a flow."""

from __future__ import annotations

import msgspec


class FlowFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that has called another one, and where.

    Attributes:
        flow: The calling flow.
        node: Its node that calls.
    """

    flow: str
    node: str


class FlowPosition(msgspec.Struct, kw_only=True):
    """Where a caller is in a flow, and what of it a restart must not forget.

    Attributes:
        flow: The flow, with its version if that is no more the one in force.
        node: The node.
        confirming: Whether the caller is asked if the digits that they entered are right.
        entered: The digits that they are asked about; no attribute holds them before they are confirmed.
        tries: How often the node has asked, this time included.
        ahead: A key that was pressed before the node asked.
        frames: The flows that have called this one, innermost last.
        sealed: Attribute to what stands for its sensitive digits; these themselves are nowhere in the state.
        language: That the PBX was last told for its own prompts.
        goal: Whether they have what they came for, so that to hang up is not to give up.
        survey: Whether the talk is over, and the caller is asked about it.
        decision: Whether the PBX deals with the call, and only wants to know what is to become of it.
        recording_id: What is being recorded of what the caller says; empty for nothing.
        hushed: Whether the recording of the talk pauses for sensitive digits.
        over: Whether they have left, and it is only to be seen whether what follows is the IVR, too.
    """

    flow: str
    node: str
    confirming: bool = False
    entered: str = ""
    tries: int = 0
    ahead: str = ""
    frames: list[FlowFrame] = []
    sealed: dict[str, str] = {}
    language: str = ""
    goal: bool = False
    survey: bool = False
    decision: bool = False
    recording_id: str = ""
    hushed: bool = False
    over: bool = False
