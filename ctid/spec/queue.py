"""Queues: what contacts need there, who is taken, and every way out."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ctid.spec.base import Name, Seconds, Spec
from ctid.spec.desk import LinkSpec, ThresholdsSpec
from ctid.spec.destination import Destination, OverflowSpec, PhoneNumber, Prompt
from ctid.spec.recording import RecordingPolicySpec
from ctid.spec.requirement import RequirementSpec, Steps, check_order
from ctid.spec.waiting import WaitingSpec


class WeightsSpec(Spec):
    """What the strategy ``best_match`` weighs, each worth so many seconds of an agent's idle time.

    Attributes:
        level_seconds: One level more in the skills needed, summed over them.
        cost_seconds: One unit of the agent's cost less.
        prefer_seconds: Being what the step prefers.
    """

    level_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    cost_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    prefer_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300


class CallbackSpec(Spec):
    """How contacts of a queue are called back.

    Attributes:
        first: Who is rung first. ``agent``: one is reserved and rung, then the customer is dialled. ``customer``: the
            customer is dialled when an agent is expected to be free by the time they answer.
        dial: The customer as Asterisk dials them; ``{number}`` stands for their number: ``PJSIP/{number}@trunk``.
        pbx: The PBX that dials them. Without, that of their own call, or else of the first agent.
        caller_id: The number shown to the customer.
        prompts: What callers hear who will be called back, before their call ends.
        ring_seconds: How long the customer's phone rings.
        attempts: How often the customer is tried in all.
        retry_seconds: Time between two tries.
        expire_seconds: So long after it was asked for, the callback is given up.
        ahead_seconds: With ``customer`` first: dialled once the expected wait is shorter than this.
        detect_machine: With ``customer`` first: have Asterisk tell answering machines (``AMD()``).
    """

    first: Literal["agent", "customer"] = "agent"
    dial: Annotated[str, StringConstraints(pattern=r"^(PJSIP|SIP|IAX2|DAHDI|Local)/[A-Za-z0-9@._/:{}-]{1,120}$")]
    pbx: Name | None = None
    caller_id: PhoneNumber | None = None
    prompts: list[Prompt] = []
    ring_seconds: Annotated[float, Field(ge=1, le=300)] = 25
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    retry_seconds: Annotated[float, Field(ge=1, le=86_400)] = 300
    expire_seconds: Annotated[float, Field(ge=1, le=7 * 86_400)] = 14_400
    ahead_seconds: Annotated[float, Field(ge=0, le=600)] = 10
    detect_machine: bool = False

    @model_validator(mode="after")
    def _number(self) -> Self:
        if self.dial.count("{number}") != 1 or "{" in self.dial.replace("{number}", ""):
            raise ValueError(f"dial {self.dial!r} must hold {{number}} once; write for example PJSIP/{{number}}@trunk")
        return self


class QueueSpec(Spec):
    """A named line.

    Attributes:
        name: For people.
        steps: The requirement, widening with time.
        requirements: Requirements for contacts of certain kinds; the first whose condition holds replaces ``steps``.
        strategy: Who of the able agents is taken: the name of one of ``ctid.acd.strategies``.
        weights: For the strategy ``best_match``.
        ring: How many agents are rung at once; the first to answer has the contact.
        priority: Of contacts that wait here, added to their own.
        service_level_seconds: Contacts are to be answered within this time.
        service_level_percent: So many of them, at least.
        handling_seconds: Talk and wrap-up of one contact, as long as nothing was measured; 0 if nobody knows.
        music: Music-on-hold class.
        ring_seconds: How long an agent's phone rings.
        wrap_up_seconds: After-call work; ended by itself after so long unless ``wrap_up_until_ended``; 0 for none.
        wrap_up_until_ended: After-call work goes on until the agent ends it, or ``wrap_up_max_seconds`` are over.
        wrap_up_max_seconds: However it is extended, after-call work ends after so long.
        disposition_required: After-call work is not over before a disposition was given, or its longest time passed.
        short_abandon_seconds: A caller who leaves sooner counts as ``short_abandon``.
        calendar: Opening hours; always open without.
        closed: Where contacts go outside the hours.
        max_waiting: How many may wait; 0 for any number.
        full: Where contacts go beyond that.
        nobody: Where contacts go for whom nobody who is logged in is able, now or at a later step.
        overflow: Further ways out, by wait, length or expected wait.
        callback: How contacts of this queue are called back.
        waiting: What callers hear and may do while they wait, besides the music.
        survey: The flow that callers go through once their agent has hung up.
        recording: Which calls served from here are recorded, unless the agent's own ``recording`` says otherwise.
        dispositions: Codes that the wrap-up may use; empty for all of the site.
        script: What agents read while they talk; plain text.
        links: Links of the screen pop.
        thresholds: What colours the queue's numbers on the wallboard.
    """

    name: str = ""
    steps: Steps
    requirements: list[RequirementSpec] = []
    strategy: Name = "longest_idle"
    weights: WeightsSpec = WeightsSpec()
    ring: Annotated[int, Field(ge=1, le=10)] = 1
    priority: int = 0
    service_level_seconds: Annotated[Seconds, Field(gt=0)] = 20
    service_level_percent: Annotated[float, Field(gt=0, le=100)] = 80
    handling_seconds: Seconds = 0
    music: Name = "default"
    ring_seconds: Annotated[float, Field(ge=1, le=300)] = 20
    wrap_up_seconds: Seconds = 0
    wrap_up_until_ended: bool = False
    wrap_up_max_seconds: Annotated[Seconds, Field(gt=0)] = 900
    disposition_required: bool = False
    short_abandon_seconds: Seconds = 5
    calendar: Name | None = None
    closed: Destination | None = None
    max_waiting: Annotated[int, Field(ge=0)] = 0
    full: Destination | None = None
    nobody: Destination | None = None
    overflow: list[OverflowSpec] = []
    callback: CallbackSpec | None = None
    waiting: WaitingSpec | None = None
    survey: Name | None = None
    recording: RecordingPolicySpec | None = None
    dispositions: list[Name] = []
    script: Annotated[str, StringConstraints(max_length=4_000)] = ""
    links: Annotated[list[LinkSpec], Field(max_length=20)] = []
    thresholds: ThresholdsSpec = ThresholdsSpec()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_order(self.steps)
        if (self.calendar is None) != (self.closed is None):
            raise ValueError("calendar and closed go together: where contacts go outside the hours")
        if (self.max_waiting > 0) != (self.full is not None):
            raise ValueError("max_waiting and full go together: where contacts go when the queue is full")
        has_work = self.wrap_up_seconds > 0 or self.wrap_up_until_ended
        if self.disposition_required and not has_work:
            raise ValueError("disposition_required needs wrap-up time: wrap_up_seconds or wrap_up_until_ended")
        if self.wrap_up_max_seconds < self.wrap_up_seconds:
            raise ValueError("wrap_up_max_seconds is less than wrap_up_seconds")
        return self
