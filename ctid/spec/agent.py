"""Agents: skills, phone, the queues they serve and how much at once."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ctid.spec.base import Level, Name, Seconds, Spec
from ctid.spec.destination import PhoneNumber
from ctid.spec.recording import RecordingPolicySpec

Device = Annotated[str, StringConstraints(pattern=r"^(PJSIP|SIP|IAX2|DAHDI)/[A-Za-z0-9@._-]{1,80}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""A kind of contact: ``voice``, ``chat``, ``email``, ``task`` …"""

VOICE = "voice"

_ENDPOINT = re.compile(r"PJSIP/[A-Za-z0-9._-]+")


class MembershipSpec(Spec):
    """How an agent serves one queue.

    Attributes:
        priority: Added, for this agent, to the priority of contacts that wait there.
        delay_seconds: The agent helps out only once a contact has waited so long there.
    """

    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    delay_seconds: Seconds = 0


class AgentSpec(Spec):
    """An agent.

    Attributes:
        name: For people.
        device: The phone, as Asterisk dials it: ``PJSIP/1001``.
        pbx: The PBX that has the phone.
        web_phone: The phone is a browser, which gets what it needs from us to register at the PBX as ``device``.
        skills: Skill to level, 1 to 10.
        groups: Groups the agent belongs to.
        queues: Queues the agent serves, and how; none given: every queue whose needs they meet.
        capacity: Channel to how many contacts of it at once. Voice is exclusive: nothing else is offered during a call,
            and a call may interrupt what else is at hand.
        cost: What the agent costs, in any unit, for the strategy ``best_match``.
        answer: ``phone``: the phone rings until it is answered. ``auto``: it is told to answer by itself. ``desktop``:
            the offer is accepted at the desktop first; then the phone is rung and told to answer by itself.
        notify_talk: The phone answers when it is told to, as it rings, by SIP ``NOTIFY`` with ``Event: talk``. If it
            does not, or without, its agent who answers at the desktop has it rung again, told to answer by itself.
        recording: Which of their calls are recorded, whatever the queue says.
        team: For supervisors' scopes.
        emergency_caller_id: The number shown to emergency services: that of where the phone really is. It is part of
            the dialplan that ``ctid asterisk-config`` prints, and nothing ever replaces it.
    """

    name: str
    device: Device
    pbx: Name
    web_phone: bool = False
    skills: dict[Name, Level] = {}
    groups: list[Name] = []
    queues: dict[Name, MembershipSpec] = {}
    capacity: dict[Channel, Annotated[int, Field(ge=0, le=100)]] = {VOICE: 1}
    cost: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    answer: Literal["phone", "auto", "desktop"] = "phone"
    notify_talk: bool = False
    recording: RecordingPolicySpec | None = None
    team: Name | None = None
    emergency_caller_id: PhoneNumber | None = None

    @model_validator(mode="after")
    def _registers(self) -> Self:
        if self.web_phone and not _ENDPOINT.fullmatch(self.device):
            raise ValueError(f"web_phone: {self.device} is no endpoint that a browser can register as; give PJSIP/1001")
        return self

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.notify_talk and self.web_phone:
            raise ValueError("notify_talk: a web phone is answered by its page; leave one of the two out")
        if self.notify_talk and not _ENDPOINT.fullmatch(self.device):
            raise ValueError(f"notify_talk: {self.device} is no phone that a PBX sends NOTIFY to; give PJSIP/1001")
        return self

    @model_validator(mode="after")
    def _one_call(self) -> Self:
        if self.capacity.get(VOICE, 0) > 1:
            raise ValueError("capacity: voice takes 0 or 1: nobody talks to two callers at once")
        return self
