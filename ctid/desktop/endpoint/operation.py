"""One operation of the API as it is declared, and the request that its handler is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.identity.auth import Principal, Role
from ctid.desktop.peer import Peer
from ctid.desktop.ports import Site
from ctid.desktop.sign_in.access import Access, Trail


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed all checks.

    Attributes:
        site: What it is about.
        principal: Who asks.
        params: Variable parts of the path.
        query: Of the operation's query model, if it has one.
        body: Of the operation's body model, if it has one.
        command_id: Names the command; minted here.
        if_version: From ``If-Match``; ``None`` to not compare.
        access: Who is signed in at the site.
        peer: Where the request comes from.
        trail: Who it is from, as the audit trail will tell.
    """

    site: Site
    principal: Principal
    params: Mapping[str, str]
    query: Any
    body: Any
    command_id: str
    if_version: int | None
    access: Access
    peer: Peer
    trail: Trail


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path; routes, rights and the API's description all come from it.

    Attributes:
        name: Its ``operationId``.
        method: HTTP method; all but GET are commands.
        path: As aiohttp and OpenAPI both write it.
        summary: One line for people.
        roles: Who may call it at all; handlers then look at whose agent or contact it is.
        handler: Carries it out.
        answer: Shape of the answer; ``None`` for no content.
        query: Shape of the query, if it takes one.
        body: Shape of the body, if it takes one.
        body_optional: Whether the body may be left out.
        versioned: Whether ``If-Match`` means something.
        searches_store: Whether it needs the database.
        public: Whether it needs no token.
        success: The status of success, if it is not the usual one.
        refusals: Statuses of errors beside the usual ones.
        content_type: Of an answer that is no JSON.
        audited: Whether it goes to the audit trail although it changes nothing.
    """

    name: str
    method: str
    path: str
    summary: str
    roles: frozenset[Role]
    handler: Handler
    answer: type[BaseModel] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_optional: bool = False
    versioned: bool = False
    searches_store: bool = False
    public: bool = False
    success: HTTPStatus | None = None
    refusals: frozenset[HTTPStatus] = frozenset()
    content_type: str = ""
    audited: bool = False

    @property
    def is_command(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def status(self) -> HTTPStatus:
        """The status of success."""
        if self.success is not None:
            return self.success
        return HTTPStatus.ACCEPTED if self.is_command else HTTPStatus.OK


def accepted(call: Call, result: Mapping[str, Any]) -> Answer:
    """The answer to a command that was carried out: its id, and the resource as it is now."""
    versions = [view["version"] for view in result.values() if "version" in view]
    return Answer(
        {"command_id": call.command_id, **result},
        status=HTTPStatus.ACCEPTED,
        version=versions[0] if versions else None,
    )
