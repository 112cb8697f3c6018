"""Operations on desk data: an agent's day and history, the directory, statistics, messages."""

from __future__ import annotations

from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import desk, statistics
from ctid.desktop.schemas import agent_day_schemas, desk_bodies, desk_schemas, record_schemas

EVERYBODY: Final = frozenset(Role)
PEOPLE: Final = EVERYBODY - {Role.INTEGRATION}
SUPERVISION: Final = frozenset({Role.SUPERVISOR, Role.ADMIN})

DESK_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="getAgentDay",
        method="GET",
        path="/v1/agents/{agent_id}/day",
        summary="An agent's times and counts since the site's midnight, and the callbacks that are theirs",
        roles=PEOPLE,
        handler=desk.get_day,
        answer=agent_day_schemas.AgentDayView,
    ),
    Operation(
        name="listAgentContacts",
        method="GET",
        path="/v1/agents/{agent_id}/contacts",
        summary="Records of the contacts that an agent served, newest first, with search",
        roles=PEOPLE,
        handler=desk.list_own_contacts,
        query=desk_bodies.HistoryQuery,
        answer=record_schemas.RecordsView,
        searches_store=True,
    ),
    Operation(
        name="getDirectory",
        method="GET",
        path="/v1/directory",
        summary="Agents with their states, queues and the phone book: who can be called or transferred to",
        roles=EVERYBODY,
        handler=desk.get_directory,
        query=desk_bodies.DirectoryQuery,
        answer=desk_schemas.DirectoryView,
    ),
    Operation(
        name="getStatistics",
        method="GET",
        path="/v1/statistics",
        summary="What queues did in past intervals, counted from the records",
        roles=SUPERVISION,
        handler=statistics.get_statistics,
        query=desk_bodies.StatisticsQuery,
        answer=desk_schemas.StatisticsView,
        searches_store=True,
    ),
    Operation(
        name="sendMessage",
        method="POST",
        path="/v1/messages",
        summary="Send agents a few words",
        roles=SUPERVISION,
        handler=desk.send_message,
        body=desk_bodies.MessageBody,
        answer=desk_schemas.MessageAcceptedView,
    ),
)
