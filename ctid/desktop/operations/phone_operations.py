"""Operations about agents' phones."""

from __future__ import annotations

from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import phones
from ctid.desktop.schemas.agent_schemas import AgentAcceptedView
from ctid.desktop.schemas.bodies import AgentPhoneBody
from ctid.desktop.schemas.phone_schemas import PhoneView

PHONE_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="getPhone",
        method="GET",
        path="/v1/agents/{agent_id}/phone",
        summary="What the agent's own page needs to be their phone; for nobody but the agent",
        roles=frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN}),
        handler=phones.get_phone,
        answer=PhoneView,
    ),
    Operation(
        name="changePhone",
        method="PATCH",
        path="/v1/agents/{agent_id}/phone",
        summary="Have an agent's phone not rung, or calls for them go to another number; kept over restarts",
        roles=frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN}),
        handler=phones.change_phone,
        body=AgentPhoneBody,
        answer=AgentAcceptedView,
        versioned=True,
    ),
)
