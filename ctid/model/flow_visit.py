"""What became of a caller in a flow, once their contact is closed."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant


class NodeVisit(msgspec.Struct, kw_only=True):
    """A caller's stay in a node.

    Attributes:
        node: The node.
        title: What people call it, as it was then; empty if nobody has given it a title.
        at: When they entered it.
        duration_ms: How long they were in it; nodes that nobody hears take no time.
        left_by: How they left it: ``on`` (nothing was asked), ``key``, ``digits``, ``timeout`` or ``invalid`` (after
            the last try), ``found``, ``not_found`` or ``failed`` (of a lookup; ``failed`` of a recording, too),
            ``recorded``, ``ended``; or by leaving the flow there, as ``FlowVisit.result`` tells, ``left`` included.
        timeouts: How often they pressed nothing.
        invalid: How often they pressed what meant nothing.
        failure: Why a lookup or recording failed, in one word; empty if none did.
    """

    node: str
    title: str = ""
    at: Instant
    duration_ms: int = 0
    left_by: str = ""
    timeouts: int = 0
    invalid: int = 0
    failure: str = ""


class FlowVisit(msgspec.Struct, kw_only=True):
    """A caller's stay in a flow, together with those that it has called.

    Attributes:
        flow: The flow, without a version.
        version: Which of its contents it had then.
        at: When they entered it.
        duration_ms: How long they were in it.
        called: Whether another flow has called it.
        result: How they left it: ``ended`` (by one of its ends), ``left`` (for a destination), ``released`` (the flow
            hangs up), ``hung_up`` (they did: a drop-out), ``content`` (they did, having what they came for), ``back``
            (to the agent who sent them there), ``taken_back`` (by that agent), ``given_on`` (by that agent, elsewhere)
            or ``lost`` (no way on, or the PBX failed).
        end: The result that it ended with; empty if it did not end.
        to_kind: The kind of step that they left it for; empty if they did not.
        to_name: That step's name.
        contained: Whether the IVR alone did all that was to be done for the call.
        nodes: Its nodes, in order; those of a flow that it called are in that one's.
    """

    flow: str
    version: str
    at: Instant
    duration_ms: int = 0
    called: bool = False
    result: str = ""
    end: str = ""
    to_kind: str = ""
    to_name: str = ""
    contained: bool = False
    nodes: list[NodeVisit] = []
