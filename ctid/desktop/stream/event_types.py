"""Every type of event that is published, what it holds and when it comes; no other is published."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from ctid.desktop.schemas.agent_schemas import AgentView
from ctid.desktop.schemas.call_control_schemas import ConsultationView
from ctid.desktop.schemas.contact_schemas import ContactView, LegView
from ctid.desktop.schemas.desk_schemas import MessageView
from ctid.desktop.schemas.general import View
from ctid.desktop.schemas.offer_schemas import OfferView, ScreenPopView
from ctid.desktop.schemas.queue_schemas import QueueView
from ctid.desktop.schemas.recording_schemas import LiveRecordingView, VoicemailLeftView
from ctid.desktop.schemas.supervision_schemas import SupervisionView
from ctid.model.supervision import SupervisionChange, SupervisionEnd


class EventData(View):
    """Base of what events hold."""

    reconciled: bool | None = Field(
        None, description="True if it was found out on reconnecting to a PBX: it happened some time before."
    )


class ContactData(EventData):
    """The contact as it is then."""

    contact: ContactView


class ContactOverflowedData(ContactData):
    """The contact, and why it left its queue."""

    reason: str = Field(description="closed, full, nobody, overflow and others, as in the contact's path.")


class MessageTargetView(View):
    """Whom the caller leaves a message for."""

    agent: str | None
    queue: str | None


class TransferTargetView(View):
    """Where a contact was given on to; all null for somebody who is no agent of ours."""

    agent: str | None
    queue: str | None
    number: str | None
    flow: str | None
    voicemail: MessageTargetView | None


class ContactTransferredData(ContactData):
    """The contact as it is then, who gave it on, and the screen pop for who has it now."""

    from_agent: str
    to: TransferTargetView
    pop: ScreenPopView


class ContactReturnedData(ContactData):
    """The contact as it waits again, who did not take it and why, and whom it is offered to first."""

    by: str
    cause: str
    to_agent: str | None


class ContactDeflectedData(ContactData):
    """The contact as it is then, who sent it on, and the screen pop for who is offered it next."""

    from_agent: str
    to: TransferTargetView
    pop: ScreenPopView


class ContactParkedData(ContactData):
    """The contact as it is then, with `park`, and the screen pop for who may fetch it."""

    pop: ScreenPopView


class ContactHoldRecalledData(ContactData):
    """The contact as it is then, and for how long its caller has been on hold."""

    held_ms: int


class ContactUnparkedData(ContactData):
    """The contact as it is then, and why it is parked no more."""

    result: Literal["fetched", "unfetched", "left", "moved"]


class ConsultationData(EventData):
    """An agent's enquiry with a colleague, or with somebody else."""

    consultation: ConsultationView


class ConsultationCreatedData(ConsultationData):
    """The enquiry, and the screen pop for the colleague."""

    pop: ScreenPopView


class ConsultationEndedData(ConsultationData):
    """The enquiry, and how it ended."""

    result: str = Field(
        description="withdrawn, transferred, ended, or why ctid could not reach them: busy, no_answer, rejected …"
    )


class SupervisionStartedData(EventData):
    """The supervision as it is then."""

    supervision: SupervisionView
    reason: Literal["requested"]


class SupervisionChangedData(EventData):
    """The supervision as it is then, and what has changed."""

    supervision: SupervisionView
    reason: SupervisionChange


class SupervisionEndedData(EventData):
    """The supervision as it was at last, and why it is over."""

    supervision: SupervisionView
    reason: SupervisionEnd


class OfferData(EventData):
    """The offer as it is then, with its screen pop."""

    offer: OfferView


class AgentData(EventData):
    """The agent as they are then."""

    agent: AgentView


class LegData(EventData):
    """The leg as it is then."""

    leg: LegView


class RecordingData(EventData):
    """A recording that is being made."""

    recording: LiveRecordingView


class RecordingFinishedData(RecordingData):
    """A recording that is in the store."""

    duration_ms: int
    sha256: str = Field(description="Of the WAV file.")
    result: str | None = Field(
        description="Why it ended before the talk did: disk_full, phone_replaced; found: of a call that nobody knows."
    )


class RecordingFailedData(RecordingData):
    """A recording that there should be, and is not."""

    reason: str = Field(description="disk_full, folder_missing, not_recorded, missing, empty, unreadable.")


class VoicemailLeftData(EventData):
    """A message that a caller has left."""

    voicemail: VoicemailLeftView


class MessageData(EventData):
    """The message."""

    message: MessageView


class PbxData(EventData):
    """Which PBX."""

    pbx: str


class PbxDownData(PbxData):
    """Which PBX, and why."""

    reason: str


class SiteStartedData(EventData):
    """Which site, and the release that serves it now."""

    site: str
    release: str


class SiteData(EventData):
    """Which site."""

    site: str


class NoData(EventData):
    """Nothing more."""


class EventType(NamedTuple):
    """One type of event.

    Attributes:
        name: ``type`` of the event.
        data: What it holds.
        when: When it comes, for people.
    """

    name: str
    data: type[View]
    when: str


EVENT_TYPES: Final[tuple[EventType, ...]] = (
    EventType("contact.created", ContactData, "A customer has arrived."),
    EventType("contact.queued", ContactData, "It waits in a queue: from now on, again, or in another one."),
    EventType("contact.connected", ContactData, "The agent talks to the customer, or has taken the task."),
    EventType(
        "contact.returned", ContactReturnedData, "Whom it was given on to did not take it; who gave it is first."
    ),
    EventType("contact.transferred", ContactTransferredData, "Its agent has given it on, and wraps it up from now on."),
    EventType("contact.deflected", ContactDeflectedData, "Who was being offered it has sent it on without answering."),
    EventType("contact.parked", ContactParkedData, "Its agent has left it to whoever may fetch it, and wraps it up."),
    EventType(
        "contact.hold_recalled", ContactHoldRecalledData, "Its caller is on hold still; comes again until they are not."
    ),
    EventType("contact.unparked", ContactUnparkedData, "It is parked no more; told to whom it was shown."),
    EventType("consultation.created", ConsultationCreatedData, "Somebody is about to be called about a contact."),
    EventType("consultation.updated", ConsultationData, "One that ctid carries out has come further."),
    EventType("consultation.ended", ConsultationEndedData, "That is over; the contact may be the colleague's now."),
    EventType(
        "supervision.started",
        SupervisionStartedData,
        "A supervisor's phone is rung, to hear an agent's talk. The agent hears of it as `policy.supervision` says.",
    ),
    EventType("supervision.changed", SupervisionChangedData, "They hear it, in another mode, another talk …"),
    EventType("supervision.ended", SupervisionEndedData, "That is over; reason tells why."),
    EventType("contact.wrap_up", ContactData, "The talk is over; the agents' work on it goes on."),
    EventType("contact.closed", ContactData, "All is over; the record follows."),
    EventType("contact.updated", ContactData, "Something else about it has changed: attributes, customer, routing …"),
    EventType("contact.overflowed", ContactOverflowedData, "It left its queue another way."),
    EventType("contact.interrupted", ContactData, "A call has the attention of the agent who has this at hand."),
    EventType("contact.resumed", ContactData, "The agent's attention is back."),
    EventType("offer.created", OfferData, "Before the phone rings: this is the screen pop."),
    EventType("offer.accepted", OfferData, "The phone was answered, or the task taken."),
    EventType("offer.rejected", OfferData, "The agent declined."),
    EventType("offer.timed_out", OfferData, "Nobody answered."),
    EventType("offer.rescinded", OfferData, "It was taken back; its cause tells why."),
    EventType("offer.canceled", OfferData, "The customer has gone."),
    EventType("agent.state_changed", AgentData, "State, reason or pending state."),
    EventType("agent.updated", AgentData, "Phone, wrap-up, skills, queues or tasks."),
    EventType("leg.alerting", LegData, "A phone rings."),
    EventType("leg.connected", LegData, "A phone was answered."),
    EventType("leg.held", LegData, "A phone holds the call, or ctid does for it."),
    EventType("leg.retrieved", LegData, "A phone is back in the call."),
    EventType("leg.muted", LegData, "What this party says is kept from the others."),
    EventType("leg.unmuted", LegData, "This party is heard again."),
    EventType("leg.failed", LegData, "A phone could not be reached."),
    EventType("leg.disconnected", LegData, "A phone has hung up."),
    EventType("callback.requested", ContactData, "The customer is to be called back."),
    EventType("callback.dialled", ContactData, "The customer's phone is being rung."),
    EventType("callback.attempted", ContactData, "A try failed; callback.last_cause tells why."),
    EventType(
        "callback.waited", ContactData, "The customer has picked up and nobody was free for them within two seconds."
    ),
    EventType("callback.expired", ContactData, "It was given up: too late."),
    EventType("callback.exhausted", ContactData, "It was given up: tried often enough."),
    EventType("callback.canceled", ContactData, "It was given up: not wanted any more."),
    EventType("recording.started", RecordingData, "What is said is recorded from now on."),
    EventType("recording.paused", RecordingData, "Somebody has asked for silence on it."),
    EventType("recording.resumed", RecordingData, "What is said is recorded again."),
    EventType("recording.finished", RecordingFinishedData, "It is in the store and can be played."),
    EventType("recording.failed", RecordingFailedData, "There is none, or no more of it, although there should be."),
    EventType("voicemail.left", VoicemailLeftData, "A caller's message is in the store; for whom it concerns."),
    EventType("message.sent", MessageData, "Somebody has a few words for the agents that it names."),
    EventType("pbx.up", PbxData, "A PBX can be reached."),
    EventType("pbx.down", PbxDownData, "A PBX can't be reached; talk may well go on."),
    EventType("config.loaded", SiteData, "A configuration is in force: look anew at what you know of the site."),
    EventType("site.started", SiteStartedData, "ctid has started."),
    EventType("site.draining", NoData, "ctid is about to stop and takes no new calls."),
    EventType("queue.stats", QueueView, "Once a second at most, on change. No part of the stream: it has no seq."),
)


class EnvelopeView(View):
    """An event (CloudEvents 1.0, structured JSON)."""

    specversion: Literal["1.0"]
    id: str = Field(description="Unique.")
    source: str = Field(description="/sites/{site}")
    type: str
    time: datetime
    datacontenttype: Literal["application/json"]
    epoch: str = Field(description="Which stream: with another epoch, positions of before mean nothing.")
    subject: str | None = Field(None, description="agents/{id}, supervisions/{id}, contacts/{id} or queues/{id}.")
    data: dict[str, Any]


class StreamEnvelopeView(EnvelopeView):
    """An event of the stream (CloudEvents 1.0, structured JSON)."""

    seq: int = Field(description="Place in the site's stream; gaps are events for others.")
    contact_id: str | None = None
    caused_by: str | None = Field(None, description="The command_id of the request that led to it.")
