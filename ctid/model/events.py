"""Every input of the engine. Nothing else changes its state, and all of it is journalled.

Past tense, tagged with a dotted name, so that a journal line reads by itself. Four senders: the PBX adapters,
desktops (``Request``), lookups and stores that answer a command, and the runtime itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

import msgspec

from ctid.model.contact import Customer, RecentContact
from ctid.model.record import LastCall
from ctid.model.recording import StoredRecording
from ctid.model.states import AgentState
from ctid.model.supervision import SupervisionMode


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all inputs."""


# ---- from a PBX -----------------------------------------------------------------------------------------------


class LegSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that exists on the PBX, as its snapshot tells.

    Attributes:
        unique_id: Asterisk's ``Uniqueid``.
        answered: Whether the channel is up.
        bridge_id: The bridge it is in, or empty.
        returned: Whether it is in the part of the dialplan that callers come to from a bridge with an agent.
        device: The phone or trunk it leads to, ``PJSIP/1002``.
    """

    unique_id: str
    answered: bool
    bridge_id: str = ""
    returned: bool = False
    device: str = ""


class PbxReconciled(Event, frozen=True, kw_only=True, tag="pbx.reconciled"):
    """The PBX is reachable; this is what it has. The difference to our state becomes ordinary events.

    Attributes:
        pbx: Name of the PBX.
        legs: All its channels.
        devices: Device name (``PJSIP/1001``) to whether it can be reached now.
        in_use: Names of the devices that are in a call or ringing now.
        boot: Names the run of the PBX (its start-up time); another one means that all legs of before are gone.
    """

    pbx: str
    legs: list[LegSeen]
    devices: dict[str, bool]
    in_use: list[str] = []
    boot: str = ""


class PbxLost(Event, frozen=True, kw_only=True, tag="pbx.lost"):
    """The PBX can't be reached. Nothing is known of its legs until it is reconciled; talk may well go on."""

    pbx: str
    reason: str


class CallArrived(Event, frozen=True, kw_only=True, tag="call.arrived"):
    """A FastAGI session began for a caller's leg: for the first time, or again after a crash of ours.

    Attributes:
        pbx: Name of the PBX.
        unique_id: Of the caller's channel.
        ani: Number calling as the PBX gave it, empty if withheld.
        dnis: Number dialled.
        attributes: Whatever the dialplan hands over as ``key=value`` arguments of the AGI request.
    """

    pbx: str
    unique_id: str
    ani: str
    dnis: str
    attributes: dict[str, str] = {}


class DecisionAsked(Event, frozen=True, kw_only=True, tag="decision.asked"):
    """The PBX, which deals with a call by itself, asks what is to become of it (dialplan ``AGI(agi://…/decide)``).

    Attributes:
        flow: The flow that decides.
        ani: As received, empty if withheld.
        dnis: As received.
        attributes: What the dialplan tells besides.
    """

    pbx: str
    unique_id: str
    flow: str
    ani: str
    dnis: str
    attributes: dict[str, str] = {}


class CallerReturned(Event, frozen=True, kw_only=True, tag="call.returned"):
    """The caller's leg came back to ctid after the agent's leg had gone (dialplan ``ctid-after``)."""

    pbx: str
    unique_id: str


class AgiEnded(Event, frozen=True, kw_only=True, tag="agi.ended"):
    """The FastAGI session of a leg is over: hung up, bridged away, or the connection died. The leg may live on."""

    pbx: str
    unique_id: str


class CollectEnd(StrEnum):
    """How a ``PlayAndCollect`` ended."""

    DIGITS = "digits"
    TIMEOUT = "timeout"
    PLAYED = "played"
    FAILED = "failed"


class DigitsCollected(Event, frozen=True, kw_only=True, tag="digits.collected"):
    """A ``PlayAndCollect`` ended.

    Attributes:
        token: As in the command it answers.
        ended_by: ``digits``: keys were pressed; ``timeout``: none came; ``played``: nothing was to be collected;
            ``failed``: the PBX could not play it.
        digits: The keys; none if they are sensitive.
        sealed: What stands for sensitive digits; empty if there are none.
        acceptable: Whether sensitive digits are what they must be.
    """

    pbx: str
    unique_id: str
    token: str
    digits: str
    ended_by: CollectEnd
    sealed: str = ""
    acceptable: bool = False


class MessageBegun(Event, frozen=True, kw_only=True, tag="message.begun"):
    """The beep of a ``RecordMessage`` comes now: what the caller says from here on is recorded.

    Attributes:
        token: As in the command.
    """

    pbx: str
    unique_id: str
    token: str


class LegAlerting(Event, frozen=True, kw_only=True, tag="leg.alerting"):
    """The device of this leg rings (AMI ``Newstate`` Ringing)."""

    pbx: str
    unique_id: str


class LegAnswered(Event, frozen=True, kw_only=True, tag="leg.answered"):
    """The leg was answered (AMI ``Newstate`` Up)."""

    pbx: str
    unique_id: str


class LegBridged(Event, frozen=True, kw_only=True, tag="leg.bridged"):
    """The leg entered a bridge (AMI ``BridgeEnter``)."""

    pbx: str
    unique_id: str
    bridge_id: str


class LegReplaced(Event, frozen=True, kw_only=True, tag="leg.replaced"):
    """Another channel took a leg's place in its bridge (AMI ``BridgeEnter`` with ``SwapUniqueid``).

    So a page that was loaded anew takes up its call again (INVITE with Replaces, RFC 3891). The end of the one that was
    replaced is told besides.

    Attributes:
        unique_id: Of the channel that is in the bridge now.
        replaced: Of the channel that was.
        device: The phone or trunk that the new channel leads to, ``PJSIP/1001``.
    """

    pbx: str
    unique_id: str
    replaced: str
    device: str
    bridge_id: str


class LegUnbridged(Event, frozen=True, kw_only=True, tag="leg.unbridged"):
    """The leg left a bridge (AMI ``BridgeLeave``)."""

    pbx: str
    unique_id: str
    bridge_id: str


class LegHeld(Event, frozen=True, kw_only=True, tag="leg.held"):
    """The device put its peer on hold (AMI ``Hold``)."""

    pbx: str
    unique_id: str


class LegRetrieved(Event, frozen=True, kw_only=True, tag="leg.retrieved"):
    """The device took its peer off hold (AMI ``Unhold``)."""

    pbx: str
    unique_id: str


MACHINE: Final = 88
"""The cause (Q.850: incompatible destination) with which our dialplan ends the call of an answering machine."""


class TransferParty(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that a phone's transfer left behind in a bridge with another.

    Attributes:
        unique_id: Asterisk's ``Uniqueid``.
        device: The phone or trunk it leads to, ``PJSIP/1002``.
    """

    unique_id: str
    device: str


class CallTransferred(Event, frozen=True, kw_only=True, tag="call.transferred"):
    """A phone brought two of its calls together and left (REFER with Replaces; AMI ``AttendedTransfer``).

    Attributes:
        transferers: Unique ids of the phone's own channels, in any order.
        parties: Those who talk to each other now, in any order; one alone if it was brought to an application.
        bridge_id: Their bridge; empty where two bridges were linked.
        dialling: The extension that the second call was still ringing at, if it was.
    """

    pbx: str
    transferers: list[str]
    parties: list[TransferParty]
    bridge_id: str = ""
    dialling: str = ""


class CallSentOn(Event, frozen=True, kw_only=True, tag="call.sent_on"):
    """A phone sent the caller on without asking first (REFER; AMI ``BlindTransfer``, then a FastAGI session).

    Attributes:
        unique_id: Of the caller's channel.
        extension: Where to, as the phone had it.
        arrived: Told by the FastAGI session: the caller is with us.
    """

    pbx: str
    unique_id: str
    extension: str
    arrived: bool = False


class CallUndelivered(Event, frozen=True, kw_only=True, tag="call.undelivered"):
    """A number that a caller was given on to did not answer: FastAGI script ``undelivered``.

    Attributes:
        unique_id: Of the caller's channel, which is with us.
        cause: ``busy``, ``no_answer``, ``rejected``, ``unreachable`` or ``failed``.
    """

    pbx: str
    unique_id: str
    cause: str


class LegDialled(Event, frozen=True, kw_only=True, tag="leg.dialled"):
    """The dialplan rings somebody for a channel by itself (AMI ``DialBegin``); ctid's own originates are none of these.

    Attributes:
        unique_id: Of the channel that calls.
        device: The phone or trunk that it leads to, ``PJSIP/1001``.
        number: What is shown of who calls, empty if withheld.
        extension: What was dialled.
        called_unique_id: Of the channel that rings.
        called_device: The phone or trunk that rings.
    """

    pbx: str
    unique_id: str
    device: str
    number: str
    extension: str
    called_unique_id: str
    called_device: str


class DialEnded(Event, frozen=True, kw_only=True, tag="leg.dial_ended"):
    """What the dialplan rang by itself was answered, or rings no more (AMI ``DialEnd``).

    Attributes:
        called_unique_id: Of the channel that rang.
        status: Asterisk's ``DIALSTATUS``: ``ANSWER``, ``CANCEL``, ``NOANSWER`` …
        forward: Where the phone sends the call instead (302); empty if it does not. Told of ctid's own originates too.
    """

    pbx: str
    called_unique_id: str
    status: str
    forward: str = ""


class SpyStarted(Event, frozen=True, kw_only=True, tag="spy.started"):
    """A channel hears another one from now on (AMI ``ChanSpyStart``).

    Attributes:
        unique_id: Of the channel that hears.
        spied: Of the channel that is heard.
    """

    pbx: str
    unique_id: str
    spied: str


class SpyStopped(Event, frozen=True, kw_only=True, tag="spy.stopped"):
    """A channel hears another one no more (AMI ``ChanSpyStop``)."""

    pbx: str
    unique_id: str


class LegEnded(Event, frozen=True, kw_only=True, tag="leg.ended"):
    """The leg is gone (AMI ``Hangup``).

    Attributes:
        cause: Q.850 cause as Asterisk gives it (16 normal, 17 busy, 19 no answer, 20 absent, 21 rejected).
    """

    pbx: str
    unique_id: str
    cause: int


class LegFailed(Event, frozen=True, kw_only=True, tag="leg.failed"):
    """An originate of ours came to nothing (AMI ``OriginateResponse`` Failure, or the action was refused).

    Attributes:
        reason: Asterisk's originate reason (0 no such device or unreachable, 3 no answer, 5 busy, 8 congestion).
    """

    pbx: str
    unique_id: str
    reason: int


class RecordingRefused(Event, frozen=True, kw_only=True, tag="recording.refused"):
    """The PBX records nothing on this channel, although it was told to when the channel was made."""

    pbx: str
    unique_id: str


class DeviceChanged(Event, frozen=True, kw_only=True, tag="device.changed"):
    """A device became reachable or unreachable, or a call of it began or ended (AMI ``DeviceStateChange``).

    Attributes:
        device: Technology and resource, ``PJSIP/1001``.
        in_use: Whether it is in a call or rings, whoever's call it is.
    """

    pbx: str
    device: str
    reachable: bool
    in_use: bool = False


# ---- answers to commands ---------------------------------------------------------------------------------------


class CustomerLookedUp(Event, frozen=True, kw_only=True, tag="customer.looked_up"):
    """The directory answered, or failed to.

    Attributes:
        customer: ``None`` if nobody was found.
        failure: Why the lookup failed (``timeout``, ``unavailable``), empty if it did not.
        last_call: Who served this number last, by the records; ``None`` if nobody did, or that could not be found out.
        recent: The last contacts of this customer or number, newest first; none if that could not be found out.
    """

    contact_id: str
    customer: Customer | None
    failure: str = ""
    last_call: LastCall | None = None
    recent: list[RecentContact] = []


class LookupAnswered(Event, frozen=True, kw_only=True, tag="lookup.answered"):
    """A lookup of a flow answered, or failed to.

    Attributes:
        token: As in the command.
        fields: Field to value as text, of those asked for; ``None`` where the answer says that there is nothing.
        failure: Why there is no answer, in one word: ``not_found``, ``timeout``, ``unavailable``, ``invalid``,
            ``overloaded``, or ``sealed_lost`` if sensitive digits are gone; empty if there is one.
    """

    contact_id: str
    token: str
    fields: dict[str, str | None] = {}
    failure: str = ""


class RecordSaved(Event, frozen=True, kw_only=True, tag="record.saved"):
    """The store has the closed contact's record for good; the engine may forget the contact."""

    contact_id: str


class RecordingSettled(Event, frozen=True, kw_only=True, tag="recording.settled"):
    """A recording is in the store for good, deleted, or lost; the engine may forget it.

    Attributes:
        recording_id: Which; one that the engine does not know was found by the store in a PBX's spool.
        stored: What the store has; ``None`` if there is nothing.
        failure: Why there is nothing although there should be; empty if it was to be deleted.
    """

    recording_id: str
    stored: StoredRecording | None = None
    failure: str = ""


class RecordingSpaceTold(Event, frozen=True, kw_only=True, tag="recording.space_told"):
    """Whether there is room for recordings.

    Attributes:
        fault: Why there is none, in one word: ``disk_full``, ``folder_missing``; empty if there is.
    """

    fault: str


# ---- from desktops ---------------------------------------------------------------------------------------------


class Request(Event, frozen=True, kw_only=True):
    """A command of a desktop or an integrator; answered by ``Accept`` or ``Refuse`` with the same command id.

    Attributes:
        command_id: Minted by the desktop API; events that result carry it as ``caused_by``.
        principal: Who asks, for the audit.
        if_version: Version the client saw (``If-Match``); ``None`` to not compare.
    """

    command_id: str
    principal: str
    if_version: int | None = None


class AgentStateRequested(Request, frozen=True, kw_only=True, tag="request.agent_state"):
    """Change an agent's state: log in (NOT_READY from LOGGED_OUT), READY, NOT_READY with a reason, LOGGED_OUT.

    From WRAP_UP, READY and NOT_READY end the wrap-up. While an offer or a contact lasts, the state becomes pending.

    Attributes:
        forced: Asked for by a supervisor for somebody else.
    """

    agent_id: str
    state: AgentState
    reason: str = ""
    forced: bool = False


class OfferRejected(Request, frozen=True, kw_only=True, tag="request.offer_reject"):
    """The agent declines the offer at the desktop."""

    agent_id: str
    offer_id: str


class AgentProfileSet(Request, frozen=True, kw_only=True, tag="request.agent_profile"):
    """Change an agent's skills and queues while running (RFC 7396); kept over restarts and reloads.

    Attributes:
        skills: Skill to level, ``None`` to take it away; ``None`` as a whole goes back to the configuration.
        queues: Queue to ``{priority, delay_seconds}``, ``None`` to take it away; as a whole as ``skills``.
    """

    agent_id: str
    skills: dict[str, int | None] | msgspec.UnsetType | None = msgspec.UNSET
    queues: dict[str, dict[str, float] | None] | msgspec.UnsetType | None = msgspec.UNSET


class AgentPhoneSet(Request, frozen=True, kw_only=True, tag="request.agent_phone"):
    """Set what is to become of calls for an agent; what is not given stays as it is.

    Attributes:
        do_not_disturb: Whether nobody else has their phone rung.
        forwarded_to: The number that calls for them go to; ``None`` for none.
    """

    agent_id: str
    do_not_disturb: bool | msgspec.UnsetType = msgspec.UNSET
    forwarded_to: str | msgspec.UnsetType | None = msgspec.UNSET


class OfferAccepted(Request, frozen=True, kw_only=True, tag="request.offer_accept"):
    """The agent takes the offer at the desktop: their phone is rung now, or the task begins."""

    agent_id: str
    offer_id: str


class ContactSubmitted(Request, frozen=True, kw_only=True, tag="request.contact_submit"):
    """An integrator has a contact of another channel than voice; it enters a queue.

    Attributes:
        channel: Its channel, one of those that agents' ``capacity`` names.
        queue: Where it waits.
        priority: Its own; its queue's is added.
        attributes: Attached data.
        customer: Whose it is, if that is known.
    """

    channel: str
    queue: str
    priority: int = 0
    attributes: dict[str, str] = {}
    customer: Customer | None = None


class ContactWithdrawn(Request, frozen=True, kw_only=True, tag="request.contact_withdraw"):
    """The customer of a contact that an integrator submitted has left."""

    contact_id: str


class WrapUpSet(Request, frozen=True, kw_only=True, tag="request.wrap_up"):
    """Set disposition and notes of a contact, while connected or in wrap-up; extend or end the wrap-up.

    Attributes:
        extend_seconds: The wrap-up lasts so much longer; 0 to leave its end.
        complete: The wrap-up ends.
        forced: Asked for by a supervisor for somebody else: ends a wrap-up that lacks its disposition, too.
    """

    agent_id: str
    contact_id: str
    disposition: str | None = None
    notes: str | None = None
    extend_seconds: int = 0
    complete: bool = False
    forced: bool = False


class AttributesSet(Request, frozen=True, kw_only=True, tag="request.attributes"):
    """Merge attached data into a contact; an empty value removes the key."""

    contact_id: str
    attributes: dict[str, str]


class RoutingSet(Request, frozen=True, kw_only=True, tag="request.routing"):
    """Change what a waiting contact needs, how urgent it is or where it waits; its place is kept.

    Attributes:
        priority: Its own priority; ``None`` to leave it.
        steps: A requirement of its own, as plain data of ``StepSpec``; empty to go back to the queue's; ``None`` to
            leave it.
        queue: The queue it is to wait in; ``None`` to leave it.
    """

    contact_id: str
    priority: int | None = None
    steps: list[dict[str, Any]] | None = None
    queue: str | None = None


class TransferRequested(Request, frozen=True, kw_only=True, tag="request.transfer"):
    """Give a contact in talk on, without asking first; exactly one target.

    Attributes:
        queue: To wait there, at the place of its first queue.
        agent: To be offered to this agent, and to its queue's others if they don't take it.
        number: To leave for this number.
        voicemail_queue: To leave a message for whoever serves this queue.
        voicemail_agent: To leave a message for this agent.
        flow: To go through this flow and on from there.
    """

    contact_id: str
    queue: str = ""
    agent: str = ""
    number: str = ""
    voicemail_queue: str = ""
    voicemail_agent: str = ""
    flow: str = ""


class DetourRequested(Request, frozen=True, kw_only=True, tag="request.detour"):
    """Have the caller go through a flow and come back to the agent who talks to them."""

    contact_id: str
    flow: str = ""


class HangUpRequested(Request, frozen=True, kw_only=True, tag="request.hang_up"):
    """End the agent's part in the talk of a contact.

    Attributes:
        by_agent: The agent who asks for it; empty if it is somebody else.
    """

    contact_id: str
    by_agent: str = ""


class HoldRequested(Request, frozen=True, kw_only=True, tag="request.hold"):
    """Put the caller on hold, whatever phone the agent has."""

    contact_id: str


class RetrieveRequested(Request, frozen=True, kw_only=True, tag="request.retrieve"):
    """Have the agent talk again to the caller whom ctid has put on hold."""

    contact_id: str


class MuteRequested(Request, frozen=True, kw_only=True, tag="request.mute"):
    """Keep what somebody in the talk says from the others, or let them hear it again.

    Attributes:
        leg_id: Whose leg; empty for the agent's.
    """

    contact_id: str
    on: bool
    leg_id: str = ""


class LegClearRequested(Request, frozen=True, kw_only=True, tag="request.leg_clear"):
    """End one party's part in a talk."""

    contact_id: str
    leg_id: str


class DigitsRequested(Request, frozen=True, kw_only=True, tag="request.digits"):
    """Send digits to whom the agent talks to.

    Attributes:
        digits: ``0`` to ``9``, ``*``, ``#``, ``A`` to ``D``.
    """

    contact_id: str
    digits: str


class RecordingRequested(Request, frozen=True, kw_only=True, tag="request.recording"):
    """Record a call from now on, or be silent on the recording for a while.

    Attributes:
        action: ``record``, ``pause`` or ``resume``.
    """

    contact_id: str
    action: Literal["record", "pause", "resume"]


class AnswerRequested(Request, frozen=True, kw_only=True, tag="request.answer"):
    """Have the agent's phone, which rings for an offer, answer."""

    agent_id: str
    offer_id: str


class OfferDeflected(Request, frozen=True, kw_only=True, tag="request.offer_deflect"):
    """The agent sends on, without answering, what they are being offered; exactly one target.

    Attributes:
        queue: To wait there, in its place.
        agent: To be offered to this agent, and to its queue's others if they don't take it.
        number: To leave for this number.
        voicemail_queue: To leave a message for whoever serves this queue.
        voicemail_agent: To leave a message for this agent.
    """

    agent_id: str
    offer_id: str
    queue: str = ""
    agent: str = ""
    number: str = ""
    voicemail_queue: str = ""
    voicemail_agent: str = ""


class PickUpRequested(Request, frozen=True, kw_only=True, tag="request.pick_up"):
    """An agent takes a contact that waits, or that others are being offered."""

    contact_id: str
    agent_id: str


class ParkRequested(Request, frozen=True, kw_only=True, tag="request.park"):
    """Leave a caller in talk to whoever fetches them; the agent wraps up.

    Attributes:
        agent: The colleague who is to; empty for anybody who serves its queue.
    """

    contact_id: str
    agent: str = ""


class ConsultationRequested(Request, frozen=True, kw_only=True, tag="request.consultation"):
    """The agent who serves the contact wants to ask somebody about it.

    Attributes:
        agent: A colleague.
        number: Somebody else, as a phone would dial them.
        dial: Whether ctid carries it out: puts the caller on hold and calls; else the agent's phone will.
    """

    contact_id: str
    agent: str = ""
    number: str = ""
    dial: bool = False


class ConsultationCompleted(Request, frozen=True, kw_only=True, tag="request.consultation_complete"):
    """Connect the caller with who was asked; the agent is out."""

    consultation_id: str


class ConferenceRequested(Request, frozen=True, kw_only=True, tag="request.conference"):
    """Have caller, agent and who was asked hear each other."""

    consultation_id: str


class AlternateRequested(Request, frozen=True, kw_only=True, tag="request.alternate"):
    """Have the agent talk to the other of the two whom they have: the caller, or who was asked."""

    consultation_id: str


class PartyRequested(Request, frozen=True, kw_only=True, tag="request.party"):
    """Call somebody into the talk of caller and agent, or into their conference.

    Attributes:
        agent: A colleague.
        number: Somebody else, as a phone would dial them.
    """

    contact_id: str
    agent: str = ""
    number: str = ""


class ConsultationWithdrawn(Request, frozen=True, kw_only=True, tag="request.consultation_withdraw"):
    """The colleague is not to be asked any more."""

    consultation_id: str


class SupervisionRequested(Request, frozen=True, kw_only=True, tag="request.supervision"):
    """A supervisor wants to hear an agent's talk: by the agent, or by the contact.

    Attributes:
        mode: Who is to hear them.
        agent_id: The agent; empty if the contact is given.
        contact_id: The contact, whoever has it; empty if the agent is given.
        stays: Whether to wait for the next talk once this one is over.
        own_agent: The agent who the supervisor is; empty if none.
        device: The supervisor's phone; empty for that of the agent who they are, or if a number is given.
        number: The supervisor's phone as agents' phones would dial it.
        teams: The teams whose agents they may supervise; empty for all.
    """

    mode: SupervisionMode
    agent_id: str = ""
    contact_id: str = ""
    stays: bool = False
    own_agent: str = ""
    device: str = ""
    number: str = ""
    teams: list[str] = []


class SupervisionModeSet(Request, frozen=True, kw_only=True, tag="request.supervision_mode"):
    """A supervisor is to be heard by others than before."""

    supervision_id: str
    mode: SupervisionMode


class SupervisionWithdrawn(Request, frozen=True, kw_only=True, tag="request.supervision_end"):
    """A supervisor has heard enough."""

    supervision_id: str


class TakeOverRequested(Request, frozen=True, kw_only=True, tag="request.take_over"):
    """A supervisor wants to talk to the caller in the agent's place."""

    supervision_id: str


class CallRequested(Request, frozen=True, kw_only=True, tag="request.call"):
    """Call somebody for an agent, whose phone is rung first; a call of their own.

    Attributes:
        number: An extension or a number outside, as a phone would dial it.
        caller_id: The number to be shown; empty for the usual one.
        queue: On whose behalf: its dispositions and wrap-up; empty for nobody's.
        attributes: Attached data.
    """

    agent_id: str
    number: str
    caller_id: str = ""
    queue: str = ""
    attributes: dict[str, str] = {}


class CallbackRequested(Request, frozen=True, kw_only=True, tag="request.callback"):
    """Call a customer back: one who waits in a queue, or somebody new.

    Attributes:
        contact_id: The waiting contact; empty for a new one.
        number: Whom to call; of a waiting contact, its own number if empty.
        queue: Where a new contact waits.
        attributes: Attached to a new contact.
        priority: Of a new contact.
        not_before_utc_ms: No try before this moment; 0 for as soon as its turn comes.
    """

    contact_id: str = ""
    number: str = ""
    queue: str = ""
    attributes: dict[str, str] = {}
    priority: int = 0
    not_before_utc_ms: int = 0


class CallbackCanceled(Request, frozen=True, kw_only=True, tag="request.callback_cancel"):
    """The customer is not to be called back any more."""

    contact_id: str


class MessageRequested(Request, frozen=True, kw_only=True, tag="request.message"):
    """Somebody has a few words for agents: for those named, and for all of the teams and queues.

    Attributes:
        sender: Who it is from, as agents read it.
        text: The words.
        agents: Agents.
        teams: Teams.
        queues: Queues: whoever is able to serve one of their steps.
        everybody: All agents of the site.
        among: If it is not ``None``, nobody but these gets it: the teams that the sender may reach.
    """

    sender: str
    text: str
    agents: list[str] = []
    teams: list[str] = []
    queues: list[str] = []
    everybody: bool = False
    among: list[str] | None = None


class DesktopConnected(Event, frozen=True, kw_only=True, tag="desktop.connected"):
    """An agent's desktop session has its socket and its snapshot."""

    agent_id: str
    session_id: str


class DesktopLost(Event, frozen=True, kw_only=True, tag="desktop.lost"):
    """An agent's desktop session lost its socket."""

    agent_id: str
    session_id: str


# ---- from the runtime ------------------------------------------------------------------------------------------


class SiteStarted(Event, frozen=True, kw_only=True, tag="site.started"):
    """A daemon process began to own the site.

    Attributes:
        epoch: Random, new with every process; part of every id minted while it runs.
        release: Version of ctid.
    """

    site: str
    epoch: str
    release: str


class ConfigLoaded(Event, frozen=True, kw_only=True, tag="config.loaded"):
    """The site's configuration, at the start and at every reload.

    Attributes:
        spec: ``ctid.spec.site.SiteSpec`` as plain data.
    """

    spec: dict[str, Any]


class TimerFired(Event, frozen=True, kw_only=True, tag="timer.fired"):
    """A timer that ``StartTimer`` asked for is due."""

    timer_id: str


class DrainStarted(Event, frozen=True, kw_only=True, tag="site.drain_started"):
    """The daemon is asked to stop: no new offers from now on, calls live on."""


AnyEvent = (
    PbxReconciled
    | PbxLost
    | CallArrived
    | DecisionAsked
    | CallerReturned
    | AgiEnded
    | DigitsCollected
    | MessageBegun
    | LegAlerting
    | LegAnswered
    | LegBridged
    | LegReplaced
    | LegUnbridged
    | LegHeld
    | LegRetrieved
    | CallTransferred
    | CallSentOn
    | CallUndelivered
    | SpyStarted
    | SpyStopped
    | LegDialled
    | DialEnded
    | LegEnded
    | LegFailed
    | RecordingRefused
    | DeviceChanged
    | CustomerLookedUp
    | LookupAnswered
    | RecordSaved
    | RecordingSettled
    | RecordingSpaceTold
    | AgentStateRequested
    | AgentProfileSet
    | AgentPhoneSet
    | OfferAccepted
    | OfferRejected
    | ContactSubmitted
    | ContactWithdrawn
    | WrapUpSet
    | AttributesSet
    | RoutingSet
    | TransferRequested
    | DetourRequested
    | HangUpRequested
    | HoldRequested
    | RetrieveRequested
    | MuteRequested
    | LegClearRequested
    | DigitsRequested
    | RecordingRequested
    | AnswerRequested
    | OfferDeflected
    | PickUpRequested
    | ParkRequested
    | ConsultationRequested
    | ConsultationCompleted
    | ConferenceRequested
    | AlternateRequested
    | PartyRequested
    | ConsultationWithdrawn
    | SupervisionRequested
    | SupervisionModeSet
    | SupervisionWithdrawn
    | TakeOverRequested
    | CallRequested
    | CallbackRequested
    | CallbackCanceled
    | MessageRequested
    | DesktopConnected
    | DesktopLost
    | SiteStarted
    | ConfigLoaded
    | TimerFired
    | DrainStarted
)
