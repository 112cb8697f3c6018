"""What the engine needs to know of a site: entries, flows, queues, agents and the rules between them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Self

import phonenumbers
from pydantic import AfterValidator, Field, model_validator

from ctid.spec.agent import AgentSpec
from ctid.spec.base import Name, Pattern, Spec
from ctid.spec.calendar import CalendarSpec, Zone
from ctid.spec.desk import PhoneBookEntry
from ctid.spec.destination import Destination, VoicemailSpec
from ctid.spec.flow import FlowSpec
from ctid.spec.nodes import FlowName
from ctid.spec.own_calls import OwnCallsSpec
from ctid.spec.policy import PolicySpec
from ctid.spec.queue import QueueSpec


def _country(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is no country with a numbering plan; give an ISO 3166 code such as DE")
    return text


class EntrySpec(Spec):
    """Where a call to a number enters.

    Attributes:
        dnis: Regular expression that the whole number dialled must match. Entries are tried in order.
        calendar: Opening hours; always open without.
        open: Where to go while open.
        closed: Where to go while closed.
    """

    dnis: Pattern
    calendar: Name | None = None
    open: Destination
    closed: Destination | None = None

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.calendar is not None and self.closed is None:
            raise ValueError("an entry with a calendar needs closed: where callers go outside the hours")
        return self


class SiteSpec(Spec):
    """The unit of ownership: its PBXes, entries, flows, queues and agents.

    Attributes:
        site: Name of the site; part of events and records.
        timezone: Default zone, for reports.
        country: ISO 3166 code; numbers without a country code belong to it.
        skills: All skills there are; an unknown one elsewhere is a fault.
        groups: All groups of agents there are.
        reasons: NOT_READY reasons an agent may give.
        dispositions: Code to what people read.
        phone_book: Numbers that agents transfer to or dial.
        voicemail: How callers leave messages; without it nobody can.
        own_calls: Rules for calls that agents make by themselves.
    """

    site: Name
    timezone: Zone = "UTC"
    country: Annotated[str, AfterValidator(_country)]
    skills: list[Name] = []
    groups: list[Name] = []
    reasons: dict[Name, str] = {}
    dispositions: dict[Name, str] = {}
    phone_book: Annotated[list[PhoneBookEntry], Field(max_length=5_000)] = []
    voicemail: VoicemailSpec | None = None
    own_calls: OwnCallsSpec = OwnCallsSpec()
    policy: PolicySpec = PolicySpec()
    calendars: dict[Name, CalendarSpec] = {}
    entries: dict[Name, EntrySpec]
    flows: dict[FlowName, FlowSpec] = {}
    queues: dict[Name, QueueSpec]
    agents: dict[Name, AgentSpec] = {}

    @cached_property
    def phones(self) -> dict[tuple[str, str], str]:
        """PBX and device to the agent whose phone it is."""
        return {(spec.pbx, spec.device): agent_id for agent_id, spec in self.agents.items()}
