"""Every input of the engine. Nothing else changes its state, and all of it is journalled.

Past tense, tagged with a dotted name, so that a journal line reads by itself. Four senders: the PBX adapters,
desktops (``Request``), lookups and stores that answer a command, and the runtime itself.
"""

from __future__ import annotations

from ctid.model.events.agent_requests import (
    AgentPhoneSet,
    AgentProfileSet,
    AgentStateRequested,
    AnswerRequested,
    MessageRequested,
    OfferAccepted,
    OfferDeflected,
    OfferRejected,
    PickUpRequested,
    WrapUpSet,
)
from ctid.model.events.answers import (
    CustomerLookedUp,
    LookupAnswered,
    RecordingSettled,
    RecordingSpaceTold,
    RecordSaved,
)
from ctid.model.events.consultation_requests import (
    AlternateRequested,
    ConferenceRequested,
    ConsultationCompleted,
    ConsultationRequested,
    ConsultationWithdrawn,
    PartyRequested,
)
from ctid.model.events.contact_requests import (
    AttributesSet,
    CallbackCanceled,
    CallbackRequested,
    ContactSubmitted,
    ContactWithdrawn,
    RoutingSet,
)
from ctid.model.events.desktops import DesktopConnected, DesktopLost
from ctid.model.events.event import Event
from ctid.model.events.legs import (
    MACHINE,
    AnswerRefused,
    LegAlerting,
    LegAnswered,
    LegBridged,
    LegEnded,
    LegFailed,
    LegHeld,
    LegReplaced,
    LegRetrieved,
    LegUnbridged,
    RecordingRefused,
    SpyStarted,
    SpyStopped,
)
from ctid.model.events.pbx import DeviceChanged, LegSeen, PbxLost, PbxReconciled
from ctid.model.events.phone_calls import CallSentOn, CallTransferred, DialEnded, LegDialled, TransferParty
from ctid.model.events.request import Request
from ctid.model.events.runtime import ConfigLoaded, DrainStarted, SiteStarted, TimerFired
from ctid.model.events.sessions import (
    AgiEnded,
    CallArrived,
    CallerReturned,
    CallUndelivered,
    CollectEnd,
    DecisionAsked,
    DigitsCollected,
    MessageBegun,
)
from ctid.model.events.supervision_requests import (
    SupervisionModeSet,
    SupervisionRequested,
    SupervisionWithdrawn,
    TakeOverRequested,
)
from ctid.model.events.talk_requests import (
    CallRequested,
    DetourRequested,
    DigitsRequested,
    HangUpRequested,
    HoldRequested,
    LegClearRequested,
    MuteRequested,
    ParkRequested,
    RecordingRequested,
    RetrieveRequested,
    TransferRequested,
)

__all__ = [
    "MACHINE",
    "AgentPhoneSet",
    "AgentProfileSet",
    "AgentStateRequested",
    "AgiEnded",
    "AlternateRequested",
    "AnswerRefused",
    "AnswerRequested",
    "AnyEvent",
    "AttributesSet",
    "CallArrived",
    "CallRequested",
    "CallSentOn",
    "CallTransferred",
    "CallUndelivered",
    "CallbackCanceled",
    "CallbackRequested",
    "CallerReturned",
    "CollectEnd",
    "ConferenceRequested",
    "ConfigLoaded",
    "ConsultationCompleted",
    "ConsultationRequested",
    "ConsultationWithdrawn",
    "ContactSubmitted",
    "ContactWithdrawn",
    "CustomerLookedUp",
    "DecisionAsked",
    "DesktopConnected",
    "DesktopLost",
    "DetourRequested",
    "DeviceChanged",
    "DialEnded",
    "DigitsCollected",
    "DigitsRequested",
    "DrainStarted",
    "Event",
    "HangUpRequested",
    "HoldRequested",
    "LegAlerting",
    "LegAnswered",
    "LegBridged",
    "LegClearRequested",
    "LegDialled",
    "LegEnded",
    "LegFailed",
    "LegHeld",
    "LegReplaced",
    "LegRetrieved",
    "LegSeen",
    "LegUnbridged",
    "LookupAnswered",
    "MessageBegun",
    "MessageRequested",
    "MuteRequested",
    "OfferAccepted",
    "OfferDeflected",
    "OfferRejected",
    "ParkRequested",
    "PartyRequested",
    "PbxLost",
    "PbxReconciled",
    "PickUpRequested",
    "RecordSaved",
    "RecordingRefused",
    "RecordingRequested",
    "RecordingSettled",
    "RecordingSpaceTold",
    "Request",
    "RetrieveRequested",
    "RoutingSet",
    "SessionBegun",
    "SiteStarted",
    "SpyStarted",
    "SpyStopped",
    "SupervisionModeSet",
    "SupervisionRequested",
    "SupervisionWithdrawn",
    "TakeOverRequested",
    "TimerFired",
    "TransferParty",
    "TransferRequested",
    "WrapUpSet",
]

SessionBegun = CallArrived | CallerReturned | CallSentOn | CallUndelivered
"""A caller's FastAGI session began: their channel is in no bridge, and with us."""

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
    | AnswerRefused
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
