"""Channels that are made: to agents, customers, who is asked, supervisors."""

from __future__ import annotations

from ctid.model.commands.command import Command
from ctid.model.supervision import SupervisionMode


class RingAgent(Command, frozen=True, kw_only=True, tag="leg.ring_agent"):
    """Originate the agent's leg; when it answers, it is bridged with the caller's.

    Attributes:
        unique_id: To be the new channel's unique id.
        device: Whom to ring, ``PJSIP/1001``.
        peer_unique_id: The waiting caller's channel; empty if the customer is dialled only once the agent has answered.
        caller_number: What the phone shows; empty if withheld.
        caller_name: What the phone shows.
        timeout_ms: How long it may ring.
        headers: SIP headers for the INVITE.
        agent_id: Whose phone it is; it rings after the screen pop has left for their desktops.
        wait_ms: Without a peer, how long the agent may be kept waiting for the customer.
        record: Name of the files that their channel is recorded to; empty for none.
    """

    pbx: str
    unique_id: str
    device: str
    peer_unique_id: str
    caller_number: str
    caller_name: str
    timeout_ms: int
    headers: dict[str, str]
    agent_id: str = ""
    wait_ms: int = 0
    record: str = ""


class DialCustomer(Command, frozen=True, kw_only=True, tag="leg.dial_customer"):
    """Originate the leg of a customer who is called back, or of whom an agent calls by themselves.

    Attributes:
        unique_id: To be the new channel's unique id.
        device: The customer as the PBX dials them, ``PJSIP/+4930123456@trunk``; empty to dial the number as an
            agent's phone would.
        peer_unique_id: The channel of the agent who waits for them, with whom they are bridged as they answer; empty to
            have them come to ctid as a waiting caller.
        caller_number: What their phone shows; empty for whatever the PBX gives.
        timeout_ms: How long it may ring.
        detect_machine: Have the PBX tell answering machines, and end their calls with ``MACHINE`` as the cause.
        number: Whom to dial without a device.
        caller_name: What a colleague's phone shows.
    """

    pbx: str
    unique_id: str
    device: str
    peer_unique_id: str
    caller_number: str
    timeout_ms: int
    detect_machine: bool = False
    number: str = ""
    caller_name: str = ""


class DialConsulted(Command, frozen=True, kw_only=True, tag="leg.dial_consulted"):
    """Originate the leg of who is asked about a contact; when it answers, it is bridged with the agent who asks.

    Or it enters the conference of the caller.

    Attributes:
        unique_id: To be the new channel's unique id.
        device: A colleague's phone; empty to dial the number as an agent's phone would.
        number: Whom to dial without a device.
        peer_unique_id: The channel of the agent who asks.
        caller_number: What the phone shows; empty for whatever the PBX gives.
        caller_name: What the phone shows.
        timeout_ms: How long it may ring.
        conference: The caller's channel, the name of the conference; empty to be bridged with the agent.
        record: Name of the files that their channel is recorded to once they talk to the caller; empty for none.
    """

    pbx: str
    unique_id: str
    device: str
    number: str
    peer_unique_id: str
    caller_number: str
    caller_name: str
    timeout_ms: int
    conference: str = ""
    record: str = ""


class RingSupervisor(Command, frozen=True, kw_only=True, tag="leg.ring_supervisor"):
    """Originate the leg of a supervisor, told to answer by itself; when it answers, it hears an agent.

    Attributes:
        unique_id: To be the new channel's unique id.
        device: Their phone; empty to dial the number as an agent's phone would.
        number: Whom to dial without a device.
        caller_number: What the phone shows.
        caller_name: What the phone shows.
        timeout_ms: How long it may ring.
        headers: SIP headers for the INVITE.
        mode: As of ``Supervise``.
        agent_unique_id: As of ``Supervise``.
        conference: As of ``Supervise``.
    """

    pbx: str
    unique_id: str
    device: str
    number: str
    caller_number: str
    caller_name: str
    timeout_ms: int
    headers: dict[str, str]
    mode: SupervisionMode
    agent_unique_id: str
    conference: str = ""


class PlaceCall(Command, frozen=True, kw_only=True, tag="call.place"):
    """Originate an agent's phone, which dials when it is answered; nothing of ours takes part in the call.

    Attributes:
        unique_id: To be the new channel's unique id.
        device: Their phone.
        number: What is dialled, in the context of agents' phones.
        headers: SIP headers for the INVITE.
    """

    pbx: str
    unique_id: str
    device: str
    number: str
    headers: dict[str, str]


Originate = RingAgent | DialCustomer | DialConsulted | RingSupervisor | PlaceCall
"""What makes a channel; if that cannot be, ``LegFailed`` says so."""
