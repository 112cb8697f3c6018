"""``/v1/users``: those who sign in with a password kept here."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.problems import Fault, InvalidInputError
from ctid.desktop.schemas.access_schemas import UserBody, UserPatch
from ctid.errors import ConflictError, NotFoundError
from ctid.model.access import Role, User

_FIELDS = ("role", "queues", "teams", "disabled")


async def list_users(call: Call) -> Answer:
    """All users."""
    users = await call.access.stores.users.list()
    locked = await call.access.stores.attempts.locked(user.name for user in users)
    return Answer({"items": [_view(user, locked) for user in users]})


async def add_user(call: Call) -> Answer:
    """Add a user."""
    body: UserBody = call.body
    _check(call, body.agent_id, body.queues)
    if body.role is Role.AGENT and body.agent_id is None:
        raise InvalidInputError([Fault("pointer", "#/agent_id", "a user of role agent needs the agent they are")])
    user = await call.access.stores.users.add(
        body.username,
        body.password,
        body.role,
        display_name=body.name,
        agent_id=body.agent_id or "",
        queues=body.queues,
        teams=body.teams,
    )
    return Answer(_view(user, {}), HTTPStatus.CREATED)


async def change_user(call: Call) -> Answer:
    """Change a user; unless it is but their name, they are signed out everywhere."""
    body: UserPatch = call.body
    name = call.params["name"].lower()
    _check(call, body.agent_id, body.queues or [])
    changes: dict[str, Any] = {field: getattr(body, field) for field in _FIELDS if getattr(body, field) is not None}
    if body.name is not None:
        changes["display_name"] = body.name
    if "agent_id" in body.model_fields_set:
        changes["agent_id"] = body.agent_id or ""
    if name == call.principal.subject and (changes.keys() & {"role", "disabled"}):
        raise ConflictError("somebody else has to take your own rights", current="yourself")
    user = await call.access.stores.users.change(name, changes, body.password)
    if body.unlock:
        await call.access.stores.users.unlock(name)
    await call.access.look()
    return Answer(_view(user, await call.access.stores.attempts.locked([name])))


async def remove_user(call: Call) -> Answer:
    """Remove a user, and sign them out everywhere."""
    name = call.params["name"].lower()
    if name == call.principal.subject:
        raise ConflictError("somebody else has to remove you", current="yourself")
    await call.access.stores.users.remove(name)
    await call.access.look()
    return Answer({}, HTTPStatus.NO_CONTENT)


async def get_user(call: Call) -> Answer:
    """One user."""
    user = await call.access.stores.users.get(call.params["name"])
    if user is None:
        raise NotFoundError("there is no such user")
    return Answer(_view(user, await call.access.stores.attempts.locked([user.name])))


def _check(call: Call, agent_id: str | None, queues: list[str]) -> None:
    if agent_id is not None and agent_id not in call.site.spec.agents:
        raise InvalidInputError([Fault("pointer", "#/agent_id", "there is no such agent in the configuration")])
    unknown = [queue for queue in queues if queue not in call.site.spec.queues]
    if unknown:
        raise InvalidInputError([Fault("pointer", "#/queues", f"there is no queue {unknown[0]} in the configuration")])


def _view(user: User, locked: dict[str, int]) -> dict[str, Any]:
    return {
        "username": user.name,
        "name": user.display_name or user.name,
        "role": user.role,
        "agent_id": user.agent_id or None,
        "queues": user.queues,
        "teams": user.teams,
        "disabled": user.disabled,
        "locked_until": _stamp(locked.get(user.name)),
        "created_at": _stamp(user.created_at),
        "signed_in_at": _stamp(user.signed_in_at),
    }


def _stamp(utc_ms: int | None) -> str | None:
    if utc_ms is None:
        return None
    return datetime.fromtimestamp(utc_ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
