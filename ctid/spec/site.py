"""What the engine needs to know of a site: entries, menus, queues, agents and the rules between them."""

from __future__ import annotations

import re
from typing import Annotated, Self

import phonenumbers
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ctid.spec.base import Level, Name, Seconds, Spec
from ctid.spec.calendar import CalendarSpec, Zone

Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
Prompt = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_.-]{1,200}$")]
Device = Annotated[str, StringConstraints(pattern=r"^(PJSIP|SIP|IAX2|DAHDI)/[A-Za-z0-9@._-]{1,80}$")]
AttributeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
AttributeValue = Annotated[str, StringConstraints(max_length=2000)]


BackOff = Annotated[float, Field(ge=0.1, le=3_600)]
"""Never none at all: a phone that says no at once would be rung in a loop."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


def _country(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is no country with a numbering plan; give an ISO 3166 code such as DE")
    return text


class Destination(Spec):
    """Where a contact goes next: exactly one of ``menu``, ``queue`` and ``hangup``.

    Attributes:
        play: Prompts to play on the way.
        menu: To this menu.
        queue: Into this queue.
        hangup: End the call.
        set: Attributes to attach.
        priority: Added to the contact's priority.
    """

    play: list[Prompt] = []
    menu: Name | None = None
    queue: Name | None = None
    hangup: bool = False
    set: dict[AttributeKey, AttributeValue] = {}
    priority: int = 0

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.menu is not None) + (self.queue is not None) + self.hangup != 1:
            raise ValueError("give exactly one of menu, queue and hangup: true")
        return self


class EntrySpec(Spec):
    """Where a call to a number enters.

    Attributes:
        dnis: Regular expression that the whole number dialled must match. Entries are tried in order.
        calendar: Opening hours; always open without.
        open: Where to go while open.
        closed: Where to go while closed.
    """

    dnis: Annotated[str, AfterValidator(_pattern)]
    calendar: Name | None = None
    open: Destination
    closed: Destination | None = None

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.calendar is not None and self.closed is None:
            raise ValueError("an entry with a calendar needs closed: where callers go outside the hours")
        return self


class MenuSpec(Spec):
    """A menu: prompts, keys, and what happens when no valid key comes.

    Attributes:
        prompts: Played in order; a key ends them.
        timeout_seconds: How long to wait for a key after the last prompt.
        tries: How often the menu is played in all.
        timeout_prompts: Played before the next try when no key came.
        invalid_prompts: Played before the next try when a key came that means nothing.
        keys: Key to destination.
        otherwise: Where to go after the last try.
    """

    prompts: list[Prompt] = Field(min_length=1)
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    timeout_prompts: list[Prompt] = []
    invalid_prompts: list[Prompt] = []
    keys: dict[Key, Destination] = Field(min_length=1)
    otherwise: Destination


class StepSpec(Spec):
    """One step of a requirement.

    Attributes:
        after_seconds: In force once the contact has waited so long since its first queue.
        skills: Skill to the lowest level that will do; all are needed.
    """

    after_seconds: Seconds = 0
    skills: dict[Name, Level] = {}


class QueueSpec(Spec):
    """A named line.

    Attributes:
        name: For people.
        steps: The requirement, widening with time.
        priority: Of contacts that enter here.
        music: Music-on-hold class.
        ring_seconds: How long an agent's phone rings.
        wrap_up_seconds: After-call work, ended by itself after so long; 0 for none.
        short_abandon_seconds: A caller who leaves sooner counts as ``short_abandon``.
        max_wait_seconds: Wait after which the contact goes to ``overflow``; 0 for never.
        overflow: Where it goes then.
        dispositions: Codes that the wrap-up may use; empty for all of the site.
    """

    name: str = ""
    steps: list[StepSpec] = Field(min_length=1)
    priority: int = 0
    music: Name = "default"
    ring_seconds: Annotated[float, Field(ge=1, le=300)] = 20
    wrap_up_seconds: Seconds = 0
    short_abandon_seconds: Seconds = 5
    max_wait_seconds: Seconds = 0
    overflow: Destination | None = None
    dispositions: list[Name] = []

    @model_validator(mode="after")
    def _widen(self) -> Self:
        if self.steps[0].after_seconds != 0:
            raise ValueError("the first step must be in force from the start: after_seconds 0")
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if after.after_seconds <= before.after_seconds:
                raise ValueError("steps must come in order of after_seconds")
            for skill, level in after.skills.items():
                if before.skills.get(skill, 0) < level:
                    raise ValueError(
                        f"steps only widen: {skill!r} at {level} after {after.after_seconds:g} s asks for more "
                        f"than the step before"
                    )
        if (self.max_wait_seconds > 0) != (self.overflow is not None):
            raise ValueError("max_wait_seconds and overflow go together")
        return self


class AgentSpec(Spec):
    """An agent.

    Attributes:
        name: For people.
        device: The phone, as Asterisk dials it: ``PJSIP/1001``.
        pbx: The PBX that has the phone.
        skills: Skill to level, 1 to 10.
        team: For supervisors' scopes.
    """

    name: str
    device: Device
    pbx: Name
    skills: dict[Name, Level] = {}
    team: Name | None = None


class PolicySpec(Spec):
    """Rules of the site that are not a queue's own.

    Attributes:
        max_misses: Offers missed in a row that make an agent NOT_READY.
        no_answer_backoff_seconds: No offer to the agent for so long after a missed one.
        reject_backoff_seconds: After a rejected one.
        busy_backoff_seconds: After a busy phone.
        unreachable_backoff_seconds: After a phone that could not be reached.
        exclude_seconds: The contact is not offered to the same agent again for so long.
        lease_seconds: Grace after the ringing time before a reservation is given up without word from the PBX.
        desktop_grace_seconds: State kept for an agent whose last desktop went away.
        pbx_grace_seconds: Contacts of a PBX that cannot be reached for so long are closed as failed.
    """

    max_misses: Annotated[int, Field(ge=1, le=100)] = 2
    no_answer_backoff_seconds: BackOff = 2
    reject_backoff_seconds: BackOff = 2
    busy_backoff_seconds: BackOff = 10
    unreachable_backoff_seconds: BackOff = 5
    exclude_seconds: BackOff = 30
    lease_seconds: Seconds = 10
    desktop_grace_seconds: Seconds = 60
    pbx_grace_seconds: Seconds = 60


class SiteSpec(Spec):
    """The unit of ownership: its PBXes, entries, menus, queues and agents.

    Attributes:
        site: Name of the site; part of events and records.
        timezone: Default zone, for reports.
        country: ISO 3166 code; numbers without a country code belong to it.
        skills: All skills there are; an unknown one elsewhere is a fault.
        reasons: NOT_READY reasons an agent may give.
        dispositions: Code to what people read.
    """

    site: Name
    timezone: Zone = "UTC"
    country: Annotated[str, AfterValidator(_country)]
    skills: list[Name] = []
    reasons: dict[Name, str] = {}
    dispositions: dict[Name, str] = {}
    policy: PolicySpec = PolicySpec()
    calendars: dict[Name, CalendarSpec] = {}
    entries: dict[Name, EntrySpec]
    menus: dict[Name, MenuSpec] = {}
    queues: dict[Name, QueueSpec]
    agents: dict[Name, AgentSpec] = {}
