"""Operations of supervision: listen, coach, take part, take over."""

from __future__ import annotations

from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import supervisions
from ctid.desktop.schemas import supervision_schemas as shapes

_SUPERVISION: Final = frozenset({Role.SUPERVISOR, Role.ADMIN})

SUPERVISION_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="listSupervisions",
        method="GET",
        path="/v1/supervisions",
        summary="Supervisions of one's agents; an agent sees those of themselves that they are told of",
        roles=frozenset(Role),
        handler=supervisions.list_supervisions,
        answer=shapes.SupervisionsView,
    ),
    Operation(
        name="getSupervision",
        method="GET",
        path="/v1/supervisions/{supervision_id}",
        summary="One supervision",
        roles=frozenset(Role),
        handler=supervisions.get_supervision,
        answer=shapes.SupervisionView,
    ),
    Operation(
        name="supervise",
        method="POST",
        path="/v1/supervisions",
        summary="Ring a supervisor's phone, told to answer by itself, to have them hear an agent's talk",
        roles=_SUPERVISION,
        handler=supervisions.supervise,
        body=shapes.SupervisionBody,
        answer=shapes.SupervisionAcceptedView,
    ),
    Operation(
        name="setSupervisionMode",
        method="PATCH",
        path="/v1/supervisions/{supervision_id}",
        summary="Have the supervisor heard by nobody, by the agent alone, or by all in the talk",
        roles=_SUPERVISION,
        handler=supervisions.set_mode,
        body=shapes.SupervisionModeBody,
        answer=shapes.SupervisionAcceptedView,
        versioned=True,
    ),
    Operation(
        name="takeOver",
        method="POST",
        path="/v1/supervisions/{supervision_id}/take-over",
        summary="Give the supervisor the caller; the agent wraps up",
        roles=_SUPERVISION,
        handler=supervisions.take_over,
        answer=shapes.SupervisionAcceptedView,
        versioned=True,
    ),
    Operation(
        name="endSupervision",
        method="DELETE",
        path="/v1/supervisions/{supervision_id}",
        summary="Let the supervisor's phone go",
        roles=_SUPERVISION,
        handler=supervisions.end,
        answer=shapes.SupervisionAcceptedView,
        versioned=True,
    ),
)
