"""Every output of the engine: what the runtime has to do, in this order. Commands carry all they need.

Executing one may fail; the failure comes back as an event (``LegFailed``, ``CustomerLookedUp`` with a failure …) or
shows at the next reconciliation, never as an exception into the engine.
"""

from __future__ import annotations

from ctid.model.commands.command import Command
from ctid.model.commands.lookups import FetchLookup, ForgetSealed, LookUpCustomer
from ctid.model.commands.manager import (
    AmiCommand,
    HangUpLeg,
    MuteRecording,
    SendDigits,
    SetPhone,
    StopRecording,
    TellToAnswer,
)
from ctid.model.commands.moves import (
    Alternate,
    Confer,
    FetchLeg,
    HoldCall,
    JoinLegs,
    LetWait,
    Move,
    MuteLeg,
    RejoinConsulted,
    RemindAgent,
    Supervise,
)
from ctid.model.commands.originates import DialConsulted, DialCustomer, Originate, PlaceCall, RingAgent, RingSupervisor
from ctid.model.commands.runtime import CancelTimer, Note, StartTimer
from ctid.model.commands.sessions import (
    AgiCommand,
    AnswerLeg,
    AwaitKey,
    CutPrompts,
    PlayAndCollect,
    PlayMusic,
    RecordMessage,
    ReleaseLeg,
    SealedCheck,
    SetVariable,
    StopMusic,
)
from ctid.model.commands.storing import DiscardRecording, RecordingCommand, SaveRecord, StoreRecording
from ctid.model.commands.told import Accept, Publish, Refuse

__all__ = [
    "Accept",
    "AgiCommand",
    "Alternate",
    "AmiCommand",
    "AnswerLeg",
    "AnyCommand",
    "AwaitKey",
    "CancelTimer",
    "Command",
    "Confer",
    "CutPrompts",
    "DialConsulted",
    "DialCustomer",
    "DiscardRecording",
    "FetchLeg",
    "FetchLookup",
    "ForgetSealed",
    "HangUpLeg",
    "HoldCall",
    "JoinLegs",
    "LetWait",
    "LookUpCustomer",
    "Move",
    "MuteLeg",
    "MuteRecording",
    "Note",
    "Originate",
    "PlaceCall",
    "PlayAndCollect",
    "PlayMusic",
    "Publish",
    "RecordMessage",
    "RecordingCommand",
    "Refuse",
    "RejoinConsulted",
    "ReleaseLeg",
    "RemindAgent",
    "RingAgent",
    "RingSupervisor",
    "SaveRecord",
    "SealedCheck",
    "SendDigits",
    "SetPhone",
    "SetVariable",
    "StartTimer",
    "StopMusic",
    "StopRecording",
    "StoreRecording",
    "Supervise",
    "TellToAnswer",
]

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
