"""Operations on calls: transfer, consult, hang up, dial."""

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
        name="createConsultation",
        method="POST",
        path="/v1/contacts/{contact_id}/consultations",
        summary="Show a call to a colleague whom its agent is about to call; answers what their phone dials",
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
        summary="The colleague is not asked any more",
        roles=_PEOPLE,
        handler=call_control.withdraw,
        answer=shapes.ConsultationAcceptedView,
    ),
    Operation(
        name="placeCall",
        method="POST",
        path="/v1/agents/{agent_id}/calls",
        summary="Have an agent's phone dial; a web phone dials by itself",
        roles=_PEOPLE,
        handler=call_control.place_call,
        body=shapes.CallBody,
        answer=shapes.CallAcceptedView,
    ),
)
