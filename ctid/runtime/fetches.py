"""Lookups of flows: asked by the engine, answered as events; nothing that a caller entered is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

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

    def start(self, command: FetchLookup) -> None:
        """Begin a lookup; its answer comes as ``LookupAnswered``."""
        # Looked up now: what comes right behind may be that they are needed no more.
        secret = self._sealed.reveal(command.sealed)
        if secret is None:
            self._tell(command, failure="sealed_lost")
        else:
            self._group.create_task(self._fetch(command, secret), name=f"fetch-{command.contact_id}")

    def forget(self, command: ForgetSealed) -> None:
        """Forget sensitive digits."""
        self._sealed.forget(command.sealed)

    async def _fetch(self, command: FetchLookup, secret: dict[str, str]) -> None:
        try:
            found = await self._lookups.ask(command.lookup, command.give, secret, command.fields)
        except NoAnswer as error:
            self._tell(command, failure=error.failure)
        except Exception as error:
            # Our bug. Of what it says only the kind is told: the rest may hold what the caller entered.
            _log.error("lookup.broken", lookup=command.lookup, kind=type(error).__name__)
            self._tell(command, failure="unavailable")
        else:
            self._emit(LookupAnswered(contact_id=command.contact_id, token=command.token, fields=found))

    def _tell(self, command: FetchLookup, *, failure: str) -> None:
        self._emit(LookupAnswered(contact_id=command.contact_id, token=command.token, failure=failure))
