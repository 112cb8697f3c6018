"""What requests for desk data hold: history, directory, statistics, messages."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ctid.desktop.schemas.bodies import Cursor, Input, Moment
from ctid.desktop.schemas.desk_schemas import EntryKind
from ctid.spec.base import Name

_DAY_MINUTES: Final = 1_440
_QUARTER_MINUTES: Final = 15

Search = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$", strip_whitespace=True)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")]
Names = Annotated[list[Name], Field(max_length=1_000)]


def _divides(value: int) -> int:
    if value % _QUARTER_MINUTES or _DAY_MINUTES % value:
        raise ValueError("is no multiple of 15 that divides a day; give for example 15, 30, 60 or 1440")
    return value


Minutes = Annotated[
    int,
    AfterValidator(_divides),
    Field(ge=_QUARTER_MINUTES, le=_DAY_MINUTES, description="A multiple of 15 that divides a day."),
]


class HistoryQuery(Input):
    """Which of an agent's past contacts."""

    search: Annotated[
        Search | None, Field(description="Part of the number, the customer's name, the notes or the disposition.")
    ] = None
    since: Annotated[Moment | None, Field(description="Arrived at or after.")] = None
    until: Annotated[Moment | None, Field(description="Arrived before.")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: Cursor | None = None


class DirectoryQuery(Input):
    """Which entries of the directory."""

    search: Annotated[Search | None, Field(description="Part of the name, the id or the number.")] = None
    kind: Annotated[
        EntryKind | None,
        Field(
            description="Only these; without, agents, queues and numbers. Callers are sent to a flow; menus are flows."
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class StatisticsQuery(Input):
    """Numbers of which queue, and in which intervals."""

    queue: Annotated[Name | None, Field(description="Without, every queue.")] = None
    since: Annotated[Moment | None, Field(description="Without, the site's last midnight.")] = None
    until: Annotated[Moment | None, Field(description="Without, now.")] = None
    interval_minutes: Minutes = _QUARTER_MINUTES


class ReceiversBody(Input):
    """Whom a message is for: all who are named in any way."""

    agents: Names = Field(default_factory=list)
    teams: Names = Field(default_factory=list)
    queues: Names = Field(default_factory=list, description="Whoever is able to serve them.")
    all: bool = Field(default=False, description="All agents of the sender's scope.")

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.agents or self.teams or self.queues or self.all):
            raise ValueError("name agents, teams or queues, or say all: true")
        return self


class MessageBody(Input):
    """A few words for agents."""

    to: ReceiversBody
    text: Words
