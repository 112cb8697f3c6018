"""Operations on calls: hold, mute, digits, transfer, consult, confer, hang up, dial."""

from __future__ import annotations

from typing import Final

from ctid.desktop import call_control_schemas as shapes
from ctid.desktop.auth import Role
from ctid.desktop.operation import Operation
from ctid.desktop.rest import call_control
from ctid.desktop.schemas import ContactAcceptedView

_PEOPLE: Final = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})

CALL_CONTROL_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="transferContact",
        method="POST",
        path="/v1/contacts/{contact_id}/transfer",
        summary="Give a call on without asking first; its agent wraps up from now on",
        roles=_PEOPLE,
        handler=call_control.transfer,
        body=shapes.TransferBody,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="hangUpContact",
        method="POST",
        path="/v1/contacts/{contact_id}/hang-up",
        summary="End the agent's part in a call, as if they had hung up their phone",
        roles=_PEOPLE,
        handler=call_control.hang_up,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="holdContact",
        method="POST",
        path="/v1/contacts/{contact_id}/hold",
        summary="Put the caller on hold, whatever phone the agent has",
        roles=_PEOPLE,
        handler=call_control.hold,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="retrieveContact",
        method="POST",
        path="/v1/contacts/{contact_id}/retrieve",
        summary="Have the agent talk again to the caller on hold; whom they ask meanwhile is hung up on",
        roles=_PEOPLE,
        handler=call_control.retrieve,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="muteContact",
        method="POST",
        path="/v1/contacts/{contact_id}/mute",
        summary="Keep what the agent says from the others, or let them hear it again",
        roles=_PEOPLE,
        handler=call_control.mute,
        body=shapes.MuteBody,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="sendDigits",
        method="POST",
        path="/v1/contacts/{contact_id}/digits",
        summary="Send digits to whom the agent talks to",
        roles=_PEOPLE,
        handler=call_control.send_digits,
        body=shapes.DigitsBody,
        answer=ContactAcceptedView,
    ),
    Operation(
        name="createConsultation",
        method="POST",
        path="/v1/contacts/{contact_id}/consultations",
        summary="Show a call to a colleague whom its agent is about to call, or have ctid call whom they want to ask",
        roles=_PEOPLE,
        handler=call_control.consult,
        body=shapes.ConsultationBody,
        answer=shapes.ConsultationAcceptedView,
        versioned=True,
    ),
    Operation(
        name="withdrawConsultation",
        method="DELETE",
        path="/v1/consultations/{consultation_id}",
        summary="Who was asked is not asked any more; whom ctid has called is hung up on",
        roles=_PEOPLE,
        handler=call_control.withdraw,
        answer=shapes.ConsultationAcceptedView,
    ),
    Operation(
        name="completeConsultation",
        method="POST",
        path="/v1/consultations/{consultation_id}/complete",
        summary="Connect the caller with who was asked; the agent wraps up",
        roles=_PEOPLE,
        handler=call_control.complete,
        answer=shapes.ConsultationAcceptedView,
    ),
    Operation(
        name="confer",
        method="POST",
        path="/v1/consultations/{consultation_id}/conference",
        summary="Have caller, agent and who was asked hear each other",
        roles=_PEOPLE,
        handler=call_control.confer,
        answer=shapes.ConsultationAcceptedView,
    ),
    Operation(
        name="placeCall",
        method="POST",
        path="/v1/agents/{agent_id}/calls",
        summary="Call somebody for an agent, whose phone is rung first and answers by itself",
        roles=_PEOPLE,
        handler=call_control.place_call,
        body=shapes.CallBody,
        answer=shapes.CallAcceptedView,
    ),
)
