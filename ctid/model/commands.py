"""Every output of the engine: what the runtime has to do, in this order. Commands carry all they need.

Executing one may fail; the failure comes back as an event (``LegFailed``, ``CustomerLookedUp`` with a failure …) or
shows at the next reconciliation, never as an exception into the engine.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.recording import Recording
from ctid.model.speech import Utterance
from ctid.model.supervision import SupervisionMode


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base of all outputs."""


# ---- to a PBX: FastAGI ------------------------------------------------------------------------------------------


class AnswerLeg(Command, frozen=True, kw_only=True, tag="leg.answer"):
    """Answer the caller's channel."""

    pbx: str
    unique_id: str


class SealedCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What sensitive digits must be, for who alone sees them.

    Attributes:
        min_digits: How many there must be.
        pattern: They match this regular expression as a whole; empty for any.
        luhn: Their last one is the check digit of the others.
    """

    min_digits: int
    pattern: str = ""
    luhn: bool = False


class PlayAndCollect(Command, frozen=True, kw_only=True, tag="leg.play_and_collect"):
    """Play prompts one after another, then wait for keys; answered by ``DigitsCollected`` with the token.

    Attributes:
        token: Given back in the answer.
        prompts: What to play, in order.
        accept: Keys that end a prompt and count; empty if nothing is to be collected.
        max_digits: How many keys are collected.
        timeout_ms: How long to wait for a key after the last prompt.
        between_ms: How long to wait for each further key; 0 for as long as for the first.
        terminator: The key that ends the digits and is none of them; empty for none.
        interruptible: Whether a key ends the prompts; without, keys count only once all was played.
        ahead: Keys that were pressed before; with some, nothing is played.
        sealed: Given if the digits are sensitive: the answer does not hold them, but what stands for them.
    """

    pbx: str
    unique_id: str
    token: str
    prompts: list[Utterance]
    accept: str = ""
    max_digits: int = 1
    timeout_ms: int = 0
    between_ms: int = 0
    terminator: str = ""
    interruptible: bool = True
    ahead: str = ""
    sealed: SealedCheck | None = None


class CutPrompts(Command, frozen=True, kw_only=True, tag="leg.cut_prompts"):
    """End the prompts of a ``PlayAndCollect`` at once, which goes on as if all had been played; not if they have been.

    Attributes:
        token: Of the prompts.
    """

    pbx: str
    unique_id: str
    token: str


class AwaitKey(Command, frozen=True, kw_only=True, tag="leg.await_key"):
    """Wait for a key while music plays, until another command comes; answered by ``DigitsCollected`` if one comes.

    Attributes:
        token: Given back in the answer.
        accept: Keys that count.
        for_ms: How long nothing else is likely to come.
    """

    pbx: str
    unique_id: str
    token: str
    accept: str
    for_ms: int = 0


class RecordMessage(Command, frozen=True, kw_only=True, tag="leg.record_message"):
    """Play prompts, then a beep, and record what the caller says until ``#``, a long silence or the end of the time.

    Answered by ``MessageBegun`` with the beep, and by ``DigitsCollected`` with the token when it has ended.

    Attributes:
        token: Given back in the answers.
        prompts: What to play before the beep; ``#`` ends them.
        record: Name of the file.
        max_seconds: How long it may be.
        silence_seconds: After so much silence it ends; 0 for never.
    """

    pbx: str
    unique_id: str
    token: str
    prompts: list[Utterance]
    record: str
    max_seconds: int
    silence_seconds: int


class PlayMusic(Command, frozen=True, kw_only=True, tag="leg.play_music"):
    """Let the caller hear music on hold of the given class until something else happens to the leg."""

    pbx: str
    unique_id: str
    music_class: str


class StopMusic(Command, frozen=True, kw_only=True, tag="leg.stop_music"):
    """End music on hold."""

    pbx: str
    unique_id: str


class SetVariable(Command, frozen=True, kw_only=True, tag="leg.set_variable"):
    """Set a channel variable, for the dialplan and for the record in Asterisk's own logs."""

    pbx: str
    unique_id: str
    name: str
    value: str


class ReleaseLeg(Command, frozen=True, kw_only=True, tag="leg.release"):
    """End the FastAGI session in earnest: the dialplan goes on to ``next`` and does not come back by itself.

    Attributes:
        next: ``hangup``, ``fallback``, ``number``, ``given``, ``voicemail``, ``phone``, ``phones``, ``decided`` or
            ``undecided``: the value of the channel variable ``CTID_NEXT``.
        target: The number, the mailbox or the phone's name, the value of ``CTID_TARGET``.
    """

    pbx: str
    unique_id: str
    next: str
    target: str = ""


# ---- to a PBX: AMI ----------------------------------------------------------------------------------------------


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


class FetchLeg(Command, frozen=True, kw_only=True, tag="leg.fetch"):
    """Take a caller's channel out of its bridge, to ask ctid by FastAGI again. That it is gone is no failure."""

    pbx: str
    unique_id: str


class HoldCall(Command, frozen=True, kw_only=True, tag="call.hold"):
    """Take caller and agent out of their bridge: the caller to music and to ask ctid again, the agent to wait.

    Attributes:
        unique_id: The caller's channel.
        agent_unique_id: The agent's channel.
        music_class: What the caller hears, before ctid is asked.
    """

    pbx: str
    unique_id: str
    agent_unique_id: str
    music_class: str = "default"


class LetWait(Command, frozen=True, kw_only=True, tag="leg.wait"):
    """Have an agent's channel wait alone, with nobody on the other end.

    Attributes:
        ringing: Whether they hear it ring, or nothing.
    """

    pbx: str
    unique_id: str
    ringing: bool


class RemindAgent(Command, frozen=True, kw_only=True, tag="leg.remind"):
    """Beep in the ear of an agent whose channel waits alone, and have it wait on."""

    pbx: str
    unique_id: str


class JoinLegs(Command, frozen=True, kw_only=True, tag="leg.join"):
    """Bridge a channel with the caller's, taking both out of what they are in.

    When it ends, the caller goes on as after any talk.

    Attributes:
        unique_id: Of an agent, or of who was asked.
        peer_unique_id: The caller's channel.
    """

    pbx: str
    unique_id: str
    peer_unique_id: str


class Alternate(Command, frozen=True, kw_only=True, tag="call.alternate"):
    """Take an agent from who was asked to the caller; who was asked hears music meanwhile.

    Attributes:
        unique_id: The caller's channel, which waits with us.
        agent_unique_id: The agent's channel.
        consulted_unique_id: The channel of who was asked.
    """

    pbx: str
    unique_id: str
    agent_unique_id: str
    consulted_unique_id: str


class RejoinConsulted(Command, frozen=True, kw_only=True, tag="leg.rejoin_consulted"):
    """Bridge who was asked, and waits, with the agent who asks, and waits as well.

    Attributes:
        unique_id: The channel of who was asked.
        peer_unique_id: The agent's channel.
    """

    pbx: str
    unique_id: str
    peer_unique_id: str


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


class Confer(Command, frozen=True, kw_only=True, tag="call.confer"):
    """Bring caller, agent and who was asked into one conference; it ends for the caller when all others have left.

    Attributes:
        unique_id: The caller's channel, and the name of the conference.
        agent_unique_id: The agent's channel.
        consulted_unique_id: The channel of who was asked; empty if whoever is called in is there already.
    """

    pbx: str
    unique_id: str
    agent_unique_id: str
    consulted_unique_id: str


class MuteLeg(Command, frozen=True, kw_only=True, tag="leg.mute"):
    """Keep what a channel's party says from the others, or let them hear it again."""

    pbx: str
    unique_id: str
    on: bool


class SendDigits(Command, frozen=True, kw_only=True, tag="leg.send_digits"):
    """Send digits (RFC 4733) to a channel's party."""

    pbx: str
    unique_id: str
    digits: str


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


class Supervise(Command, frozen=True, kw_only=True, tag="leg.supervise"):
    """Have a supervisor's channel hear an agent, from now on or anew, and be heard by whom the mode says.

    Told anew it takes hold of whom the agent talks to just now.

    Attributes:
        unique_id: The supervisor's channel.
        mode: Who hears them.
        agent_unique_id: The agent's channel; empty to have the supervisor wait and hear nothing.
        conference: The conference that the supervisor is to take part in instead, named by the caller's channel; empty
            if the agent is in none.
    """

    pbx: str
    unique_id: str
    mode: SupervisionMode
    agent_unique_id: str
    conference: str = ""


class MuteRecording(Command, frozen=True, kw_only=True, tag="recording.mute"):
    """Have the PBX record silence on a channel, or what is said; ``RecordingRefused`` if nothing is recorded there."""

    pbx: str
    unique_id: str
    on: bool


class StopRecording(Command, frozen=True, kw_only=True, tag="recording.stop"):
    """End the recording of a channel, whose call goes on."""

    pbx: str
    unique_id: str


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


class SetPhone(Command, frozen=True, kw_only=True, tag="phone.set"):
    """Have the PBX's own dialplan know what is to become of calls to a phone, with or without ctid.

    Attributes:
        extension: What phones dial to reach it.
        calls: ``dnd``: they are refused. A number: they go there. Empty: the phone rings.
    """

    pbx: str
    extension: str
    calls: str


class HangUpLeg(Command, frozen=True, kw_only=True, tag="leg.hang_up"):
    """End a channel. That it is gone already is no failure."""

    pbx: str
    unique_id: str
    cause: int = 16


# ---- to the runtime ---------------------------------------------------------------------------------------------


class StartTimer(Command, frozen=True, kw_only=True, tag="timer.start"):
    """Fire ``TimerFired`` at the monotonic moment; a timer of the same id is replaced."""

    timer_id: str
    due_ms: int


class CancelTimer(Command, frozen=True, kw_only=True, tag="timer.cancel"):
    """Forget the timer."""

    timer_id: str


class FetchLookup(Command, frozen=True, kw_only=True, tag="lookup.fetch"):
    """Ask one of the configuration's lookups for a flow; answered by ``LookupAnswered`` with the token.

    Attributes:
        contact_id: For whom.
        token: Given back in the answer.
        lookup: Its name.
        give: Its parameters.
        sealed: Parameter to what stands for sensitive digits.
        fields: What is needed of the answer; ``account.balance`` is a field in a field.
    """

    contact_id: str
    token: str
    lookup: str
    give: dict[str, str]
    sealed: dict[str, str]
    fields: list[str]


class ForgetSealed(Command, frozen=True, kw_only=True, tag="sealed.forget"):
    """Sensitive digits are needed no more.

    Attributes:
        sealed: What stands for them.
    """

    sealed: list[str]


class LookUpCustomer(Command, frozen=True, kw_only=True, tag="customer.look_up"):
    """Ask the customer directory; answered by ``CustomerLookedUp``."""

    contact_id: str
    ani: str


class SaveRecord(Command, frozen=True, kw_only=True, tag="record.save"):
    """Write the closed contact's call-tracking record; answered by ``RecordSaved``. Idempotent by contact id."""

    record: ContactRecord


class StoreRecording(Command, frozen=True, kw_only=True, tag="recording.store"):
    """Take a recording that has ended into the store; answered by ``RecordingSettled``. Idempotent by its id."""

    site: str
    recording: Recording


class DiscardRecording(Command, frozen=True, kw_only=True, tag="recording.discard"):
    """Delete the files of a recording that nobody has asked for; answered by ``RecordingSettled``."""

    pbx: str
    recording_id: str


# ---- to desktops ------------------------------------------------------------------------------------------------


class Publish(Command, frozen=True, kw_only=True, tag="publish"):
    """A domain event for desktops and integrators.

    Attributes:
        seq: Position in the site's stream; gapless, goes on over restarts.
        at: When it happened.
        type: Dotted, past tense: ``contact.queued``, ``offer.created``, ``agent.state_changed``.
        data: JSON object; what it holds is documented per type in ``docs/api.md``.
        contact_id: The contact it is about, if any.
        agent_ids: The agents whose own work it is; supervisors see all.
        queue: The queue it is about, if any.
        caused_by: Command id of the request that caused it, if any.
        hidden_from: Agents who must not hear of it, although it is about their work.
    """

    seq: int
    at: Instant
    type: str
    data: dict[str, Any]
    contact_id: str = ""
    agent_ids: list[str] = []
    queue: str = ""
    caused_by: str = ""
    hidden_from: list[str] = []


class Accept(Command, frozen=True, kw_only=True, tag="request.accept"):
    """The request was carried out.

    Attributes:
        result: The present state of what it changed.
    """

    command_id: str
    result: dict[str, Any]


class Refuse(Command, frozen=True, kw_only=True, tag="request.refuse"):
    """The request was not carried out, and changed nothing.

    Attributes:
        code: A ``RequestError``'s code.
    """

    command_id: str
    code: str
    detail: str
    current: str = ""
    allowed_actions: list[str] = []


class Note(Command, frozen=True, kw_only=True, tag="note"):
    """Something odd that is worth counting and one log line, such as an event for a leg that is long gone.

    Attributes:
        code: Bounded set, usable as a metric's label.
        detail: For the log; no caller data.
    """

    code: str
    detail: str = ""


AgiCommand = (
    AnswerLeg
    | PlayAndCollect
    | CutPrompts
    | AwaitKey
    | RecordMessage
    | PlayMusic
    | StopMusic
    | SetVariable
    | ReleaseLeg
)
"""What a leg's FastAGI session carries out."""

Originate = RingAgent | DialCustomer | DialConsulted | RingSupervisor | PlaceCall
"""What makes a channel; if that cannot be, ``LegFailed`` says so."""

Move = (
    FetchLeg | HoldCall | LetWait | RemindAgent | JoinLegs | Alternate | RejoinConsulted | Confer | Supervise | MuteLeg
)
"""What is done to channels that are there; that one is gone is no failure."""

AmiCommand = Originate | Move | MuteRecording | StopRecording | SendDigits | SetPhone | HangUpLeg

RecordingCommand = StoreRecording | DiscardRecording
"""What the store of recordings carries out."""

"""What a PBX's manager interface carries out."""

AnyCommand = (
    AgiCommand
    | AmiCommand
    | StartTimer
    | CancelTimer
    | LookUpCustomer
    | FetchLookup
    | ForgetSealed
    | SaveRecord
    | RecordingCommand
    | Publish
    | Accept
    | Refuse
    | Note
)
