"""Tests of flows, as they stand beside the configuration: what is given, what callers do and hear, what follows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from ctid.errors import ConfigError
from ctid.spec.base import Name, Spec
from ctid.spec.destination import AttributeKey, AttributeValue
from ctid.spec.loader import TEST_ENDING, refuse_unknown, validate
from ctid.spec.nodes import FlowName
from ctid.spec.say import Language
from ctid.spec.yaml_source import KeyPath, Source, read_files

Failure = Literal["not_found", "timeout", "unavailable", "invalid", "overloaded"]
Answer = dict[str, Any] | Failure
"""What a lookup answers: an object, or why there is none."""

Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#]+$")]

A_WEDNESDAY = datetime(2026, 1, 14, 12)  # noqa: DTZ001 - it is in the site's zone


class QueueGiven(Spec):
    """A queue, as conditions find it."""

    open: bool = True
    agents: Annotated[int, Field(ge=0)] = 1
    free: Annotated[int, Field(ge=0)] = 1
    waiting: Annotated[int, Field(ge=0)] = 0
    expected_wait: Annotated[int, Field(ge=0)] | None = None


class CustomerGiven(Spec):
    """The customer whom the caller's number belongs to."""

    id: str = "1"
    name: str = ""
    tier: str = ""
    language: Language | Literal[""] = ""
    attributes: dict[AttributeKey, AttributeValue] = {}


class GivenSpec(Spec):
    """What there is before the caller comes, and what others answer.

    Attributes:
        at: The moment, on the clocks of the site's zone.
        call: Names the call; shares of a hundred calls follow from it.
        ani: The caller's number.
        dnis: The number that they have dialled.
        entry: The entry that took them.
        priority: The contact's.
        language: The attribute ``language``; without, the customer's.
        customer: Who they are; without, nobody knows.
        attributes: The contact's.
        calendars: Which are open; others are as their hours say.
        queues: Others of the site have an agent who is free.
        lookups: What each answers, one time after another; the last answer is given again and again.
        recording: Whether anything can be recorded.
    """

    at: datetime = A_WEDNESDAY
    call: str = "test"
    ani: str = ""
    dnis: str = ""
    entry: str = ""
    priority: int = 0
    language: Language | Literal[""] = ""
    customer: CustomerGiven | None = None
    attributes: dict[AttributeKey, AttributeValue] = {}
    calendars: dict[Name, Literal["open", "closed"]] = {}
    queues: dict[Name, QueueGiven] = {}
    lookups: dict[Name, Annotated[list[Answer], Field(min_length=1), BeforeValidator(lambda data: _listed(data))]] = {}
    recording: bool = True

    @field_validator("at")
    @classmethod
    def _local(cls, at: datetime) -> datetime:
        if at.tzinfo is not None:
            raise ValueError("is on the clocks of the site's zone, and has no zone of its own: 2026-11-29T14:00")
        return at


def _listed(data: Any) -> Any:
    return data if isinstance(data, list) else [data]


Heard = Annotated[list[str], Field(min_length=1), BeforeValidator(_listed)]


class StepSpec(Spec):
    """What happens next: exactly one of these.

    Attributes:
        press: The caller presses these keys, one after another without a pause.
        silence: The caller presses nothing, until the flow goes on by itself.
        hear: Since their last doing, the caller has heard these texts in this order, among others. Blanks do not count,
            and prompts are in brackets: ``[ctid/welcome]``.
        only: As ``hear``, and nothing else.
    """

    press: Keys | None = None
    silence: Literal[True] | None = None
    hear: Heard | None = None
    only: Heard | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"silence": True} if data == "silence" else data

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.press, self.silence, self.hear, self.only)) != 1:
            raise ValueError("give exactly one of press, hear, only and silence")
        return self


class OutcomeSpec(Spec):
    """How the caller leaves: as much as is told.

    Attributes:
        queue: Into this queue.
        agent: For this agent there.
        number: To this number.
        voicemail: To this mailbox, or for this queue or agent.
        callback: They are called back from this queue.
        hangup: The flow hangs up.
        end: The flow ends with this result.
        node: The node that they leave from, as ``flow/node``.
        attributes: What they have then, among others; empty for one that is not there.
    """

    queue: str | None = None
    agent: str | None = None
    number: str | None = None
    voicemail: str | None = None
    callback: str | None = None
    hangup: Literal[True] | None = None
    end: str | None = None
    node: str | None = None
    attributes: dict[AttributeKey, str] = {}


class TestSpec(Spec):
    """A test.

    Attributes:
        flow: The flow that the caller enters.
        given: What there is.
        steps: What happens.
        then: How they leave; without, they need not.
    """

    __test__ = False

    flow: FlowName
    given: GivenSpec = GivenSpec()
    steps: list[StepSpec] = []
    then: OutcomeSpec | None = None


class TestsSpec(Spec):
    """A file of tests, by what each is about."""

    __test__ = False

    tests: dict[str, TestSpec] = Field(min_length=1)


class TestFile:
    """A file of tests, with the place of everything in it.

    Raises:
        ConfigError: With every fault that was found.
    """

    __test__ = False

    def __init__(self, path: Path) -> None:
        self._source = _read(path, set(TestsSpec.model_fields))
        spec = validate(TestsSpec, self._source)
        if spec is None or self._source.faults:
            raise ConfigError(self._source.faults)
        self.tests = spec.tests

    def place(self, path: KeyPath) -> str:
        """File and line of what stands there."""
        return self._source.place(path)


def test_files(config: Path) -> list[Path]:
    """The files of tests beside a configuration."""
    folder = config if config.is_dir() else config.parent
    return sorted(folder.glob(f"*{TEST_ENDING}"))


test_files.__test__ = False  # type: ignore[attr-defined]


def load_given(path: Path) -> GivenSpec:
    """Read a file of what is given.

    Raises:
        ConfigError: With every fault that was found.
    """
    source = _read(path, set(GivenSpec.model_fields))
    given = validate(GivenSpec, source)
    if given is None or source.faults:
        raise ConfigError(source.faults)
    return given


def _read(path: Path, known: set[str]) -> Source:
    source = read_files([path])
    refuse_unknown(source, known)
    return source
