"""One Asterisk channel in a contact."""

from __future__ import annotations

import msgspec

from ctid.model.events import SessionBegun
from ctid.model.states import LegState, Party


class Leg(msgspec.Struct, kw_only=True):
    """A leg: one channel and who is at its end.

    Attributes:
        id: Ours, minted once. An agent's leg carries it into Asterisk as the channel's unique id.
        pbx: Name of the PBX that has the channel.
        unique_id: Asterisk's ``Uniqueid``: an alias, used to address the channel.
        contact_id: The contact it belongs to; empty for a supervisor's, which belongs to none.
        party: Who is at its end.
        agent_id: The agent at its end, if any.
        state: CSTA connection state.
        since_ms: Monotonic moment of the last change of state.
        has_agi: Whether a FastAGI session holds the channel now, so that prompts can be played.
        bridge_id: Asterisk's bridge the channel is in, empty when in none.
        returned: Whether we know that it came back from a bridge with an agent (``call.returned``).
        muted: Whether what this party says is kept from the others.
        watched: Whether the dialplan connects it by itself and ctid only watches.
        emergency: Whether it is that of an emergency service, which an agent has asked into a contact.
        coming: Whether it is on its way to us out of a bridge, by a transfer; it is offered to nobody before it is
            there.
        early: The session that began for it while, for all the PBX has told, it is in a bridge; ``None`` for none.
        recording: Id of the recording that the PBX makes on its channel; empty for none.
        forwarded_to: Where the phone has sent the call (302), which ctid's dialplan refuses; empty if it has not.
    """

    id: str
    pbx: str
    unique_id: str
    contact_id: str
    party: Party
    agent_id: str = ""
    state: LegState
    since_ms: int
    has_agi: bool = False
    bridge_id: str = ""
    returned: bool = False
    muted: bool = False
    watched: bool = False
    emergency: bool = False
    coming: bool = False
    recording: str = ""
    forwarded_to: str = ""
    early: SessionBegun | None = None
