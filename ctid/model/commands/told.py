"""What desktops and integrators are told: domain events, and the answers to their requests."""

from __future__ import annotations

from typing import Any

from ctid.model.commands.command import Command
from ctid.model.instant import Instant


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
