"""What signing in takes and answers: bodies, queries and views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ctid.desktop.schemas.bodies import Cursor, Input, Moment
from ctid.desktop.schemas.general import View
from ctid.model.access import Role
from ctid.spec.base import Name

_NO_NUL = r"^[^\x00]*$"
Typed = Annotated[str, StringConstraints(min_length=1, max_length=1_024, pattern=_NO_NUL)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=1_024, pattern=_NO_NUL)]
PersonName = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Names = Annotated[list[Name], Field(max_length=500)]


class SignInBody(Input):
    """Name and password."""

    username: Typed
    password: Typed
    cookie: Annotated[
        bool, Field(description="Keep the refresh token in a cookie that no script can read; for pages.")
    ] = False


class RefreshBody(Input):
    """The refresh token, unless it is in the cookie."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class MeView(View):
    """Who a token speaks for."""

    subject: str
    name: str
    role: Role
    agent_id: str | None
    queues: list[str] = Field(description="The queues they see and command; empty for all.")
    teams: list[str] = Field(description="The teams whose agents they see and command; empty for all.")
    expires_at: datetime = Field(description="When the token ends.")


class SessionView(View):
    """Somebody was let in, or stays so."""

    access_token: str = Field(description="For Authorization, and for the event socket.")
    token_type: Literal["Bearer"]
    expires_at: datetime = Field(description="When the access token ends; get the next one before.")
    refresh_token: str | None = Field(description="Good for one refresh; null if it is in the cookie.")
    me: MeView


class ProviderView(View):
    """An identity provider."""

    name: str = Field(description="For the button.")
    url: str = Field(description="Where to send the browser.")


class SignInView(View):
    """The ways to sign in here."""

    password: bool
    oidc: ProviderView | None


class UserBody(Input):
    """A user."""

    username: Name
    password: Password
    role: Role
    name: Annotated[PersonName, Field(description="For people to read.")] = ""
    agent_id: Annotated[Name | None, Field(description="The agent they are; needed for role agent.")] = None
    queues: Annotated[Names, Field(default_factory=list, description="The queues they see and command; empty for all.")]
    teams: Annotated[
        Names, Field(default_factory=list, description="The teams whose agents they see and command; empty for all.")
    ]


class UserPatch(Input):
    """What to change of a user (RFC 7396); what is absent stays as it is."""

    password: Password | None = None
    role: Role | None = None
    name: PersonName | None = None
    agent_id: Annotated[Name | None, Field(description="null for none.")] = None
    queues: Names | None = None
    teams: Names | None = None
    disabled: bool | None = None
    unlock: Annotated[bool, Field(description="Let them try again after too many wrong passwords.")] = False


class UserView(View):
    """A user."""

    username: str
    name: str
    role: Role
    agent_id: str | None
    queues: list[str]
    teams: list[str]
    disabled: bool
    locked_until: datetime | None = Field(description="After too many wrong passwords; null if not locked.")
    created_at: datetime
    signed_in_at: datetime | None


class UsersView(View):
    """All users, by name."""

    items: list[UserView]


class AuditQuery(Input):
    """Which entries of the trail."""

    since: Moment | None = None
    until: Moment | None = None
    subject: Annotated[str | None, StringConstraints(max_length=256, pattern=_NO_NUL)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class AuditEntryView(View):
    """That somebody did something, or tried to."""

    id: str
    at: datetime
    subject: str | None = Field(description="Who; null if they are not known.")
    role: str | None
    operation: str
    target: str = Field(description="Path of what it was about.")
    status: int = Field(description="HTTP status of the answer.")
    code: str | None = Field(description="Code of the problem; null if there was none.")
    command_id: str | None
    session_id: str | None
    address: str = Field(description="Where the request came from.")


class AuditView(View):
    """Entries of the trail, newest first."""

    items: list[AuditEntryView]
    next_cursor: str | None
