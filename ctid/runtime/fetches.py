"""Lookups of flows: asked by the engine, answered as events; nothing that a caller entered is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog

from ctid.lookups.failure import NoAnswer
from ctid.model.commands import FetchLookup, ForgetSealed
from ctid.model.events import Event, LookupAnswered
from ctid.runtime.sealed import SealedDigits

_log = structlog.get_logger()


class LookupPort(Protocol):
    """Other systems."""

    async def ask(
        self, name: str, give: Mapping[str, str], secret: Mapping[str, str], paths: Sequence[str]
    ) -> dict[str, str | None]:
        """Ask a lookup; raises ``NoAnswer``."""

    def repeatable(self, name: str) -> bool:
        """Whether to ask a lookup twice is the same as to ask it once."""


class Fetches:
    """Carries out ``FetchLookup`` and ``ForgetSealed``."""

    def __init__(
        self,
        lookups: LookupPort,
        sealed: SealedDigits,
        emit: Callable[[Event], None],
        group: asyncio.TaskGroup,
    ) -> None:
        self._lookups = lookups
        self._sealed = sealed
        self._emit = emit
        self._group = group
        self._under_way: dict[str, _Question] = {}

    def start(self, command: FetchLookup) -> None:
        """Begin a lookup; its answer comes as ``LookupAnswered``."""
        former = self._under_way.get(command.contact_id)
        if command.again and former is not None and former.is_that_of(command):
            former.command = command
            return
        if command.again and not self._lookups.repeatable(command.lookup):
            # Something may have been paid; that is for people to find out.
            _log.warning("lookup.not_again", lookup=command.lookup)
            self._tell(command, failure="unavailable")
            return
        # Looked up now: what comes right behind may be that they are needed no more.
        secret = self._sealed.reveal(command.sealed)
        if secret is None:
            self._tell(command, failure="sealed_lost")
        else:
            question = self._under_way[command.contact_id] = _Question(command)
            self._group.create_task(self._fetch(question, secret), name=f"fetch-{command.contact_id}")

    def forget(self, command: ForgetSealed) -> None:
        """Forget sensitive digits."""
        self._sealed.forget(command.sealed)

    async def _fetch(self, question: _Question, secret: dict[str, str]) -> None:
        asked = question.command
        found: dict[str, str | None] = {}
        failure = ""
        try:
            found = await self._lookups.ask(asked.lookup, asked.give, secret, asked.fields)
        except NoAnswer as error:
            failure = error.failure
        except Exception as error:
            # Our bug. Of what it says only the kind is told: the rest may hold what the caller entered.
            _log.error("lookup.broken", lookup=asked.lookup, kind=type(error).__name__)
            failure = "unavailable"
        finally:
            if self._under_way.get(asked.contact_id) is question:
                del self._under_way[asked.contact_id]
        self._tell(question.command, found, failure=failure)

    def _tell(self, command: FetchLookup, fields: dict[str, str | None] | None = None, *, failure: str) -> None:
        answer = LookupAnswered(
            contact_id=command.contact_id, token=command.token, fields=fields or {}, failure=failure
        )
        self._emit(answer)


class _Question:
    """What is being asked.

    Attributes:
        command: Who is to be told the answer: of those who asked the same, the last.
    """

    __slots__ = ("command",)

    def __init__(self, command: FetchLookup) -> None:
        self.command = command

    def is_that_of(self, other: FetchLookup) -> bool:
        """Whether another command asks the same."""
        return msgspec.structs.replace(self.command, token=other.token, again=other.again) == other
