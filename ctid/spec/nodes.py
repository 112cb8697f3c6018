"""The nodes of flows: what is said, asked, decided, looked up and done."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from ctid.spec.base import Key, Name, Pattern, Spec
from ctid.spec.condition import FlowCondition
from ctid.spec.destination import AttributeKey, AttributeValue, Destination
from ctid.spec.requirement import StepSpec, check_order
from ctid.spec.say import Language, Say

FlowName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@[0-9a-f]{12})?$")]
"""A flow's name; what follows an ``@`` is its version, of a flow that has changed while calls were in it."""


class NodeSpec(Spec):
    """What all nodes share.

    Attributes:
        title: For people, in graphs and reports.
        goal: Who gets here has what they came for: to hang up from here on is not to give up.
    """

    title: Annotated[str, StringConstraints(max_length=200)] = ""
    goal: bool = False


class SayNode(NodeSpec):
    """Says something, and goes on.

    Attributes:
        say: What.
        interruptible: Whether a key ends it; the key counts in the node that asks next.
        then: Where it goes on.
    """

    say: Say = Field(min_length=1)
    interruptible: bool = True
    then: Name


class KeySpec(Spec):
    """What a key of a menu does; a node's name alone may stand for ``then``.

    Attributes:
        then: Where it leads.
        set: Attributes to attach.
        language: The caller's language from here on.
    """

    then: Name
    set: dict[AttributeKey, AttributeValue] = {}
    language: Language | None = None


def _key(data: Any) -> Any:
    return {"then": data} if isinstance(data, str) else data


class ChoiceSpec(Spec):
    """A choice, one key each.

    Attributes:
        say: What is offered; a key ends it if ``interruptible``.
        keys: What each key does.
        timeout_seconds: How long to wait for a key after the last word.
        tries: How often it is asked in all.
        no_input: Said before the next try when no key came.
        wrong_key: Said before the next try when a key came that means nothing.
        otherwise: Where it leads after the last try.
        interruptible: Whether a key ends what is said.
    """

    say: Say = Field(min_length=1)
    keys: dict[Key, Annotated[KeySpec, BeforeValidator(_key)]] = Field(min_length=1)
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    no_input: Say = []
    wrong_key: Say = []
    otherwise: Name
    interruptible: bool = True


class MenuNode(NodeSpec):
    """Offers a choice, one key each."""

    menu: ChoiceSpec


class CheckSpec(Spec):
    """What digits must be; all that is given must hold.

    Attributes:
        pattern: They match this regular expression as a whole.
        luhn: Their last one is the check digit of the others, as of cards (ISO/IEC 7812-1).
    """

    pattern: Pattern | None = None
    luhn: bool = False


class ConfirmSpec(Spec):
    """Whether digits are right, asked of the caller.

    Attributes:
        say: The digits and the question.
        yes: The key that says so.
        no: The key to enter them anew.
    """

    say: Say = Field(min_length=1)
    yes: Key = "1"
    no: Key = "2"

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.yes == self.no:
            raise ValueError("yes and no are the same key")
        return self


class CollectSpec(Spec):
    """Digits that are asked for.

    Attributes:
        into: The attribute that holds them.
        say: What is asked; a key ends it if ``interruptible``.
        min: How many digits there must be.
        max: After so many, it goes on by itself.
        terminator: Ends the digits, and is none of them; empty for no such key.
        timeout_seconds: How long to wait for the first digit after the last word.
        between_seconds: How long to wait for each further one.
        tries: How often it is asked in all.
        check: What else the digits must be.
        confirm: Asks whether they are right.
        no_input: Said before the next try when none came.
        invalid: Said before the next try when they were not right.
        sensitive: The digits are in no log, journal, event, record or variable; only lookups see them.
        interruptible: Whether a key ends what is said.
        then: Where it leads.
        otherwise: Where it leads after the last try.
    """

    into: AttributeKey
    say: Say = Field(min_length=1)
    min: Annotated[int, Field(ge=1, le=64)] = 1
    max: Annotated[int, Field(ge=1, le=64)]
    terminator: Key | Literal[""] = "#"
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 7
    between_seconds: Annotated[float, Field(gt=0, le=60)] = 4
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    check: CheckSpec = CheckSpec()
    confirm: ConfirmSpec | None = None
    no_input: Say = []
    invalid: Say = []
    sensitive: bool = False
    interruptible: bool = True
    then: Name
    otherwise: Name

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        if self.sensitive and self.confirm is not None:
            raise ValueError("sensitive digits are not read out, so there is nothing to confirm")
        return self


class CollectNode(NodeSpec):
    """Asks for digits."""

    collect: CollectSpec


class CaseSpec(Spec):
    """One case of a decision: exactly one of a condition and a share of calls.

    Attributes:
        when: It holds.
        percent: So many of a hundred calls, of those that come to this case; a call always gets the same answer.
        then: Where it leads.
    """

    when: FlowCondition | None = None
    percent: Annotated[float, Field(gt=0, le=100)] | None = None
    then: Name

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.when is None) == (self.percent is None):
            raise ValueError("give exactly one of when and percent")
        return self


class DecideNode(NodeSpec):
    """Decides by what is known; the first case that holds counts.

    Attributes:
        decide: The cases.
        otherwise: Where it leads if none holds.
    """

    decide: list[CaseSpec] = Field(min_length=1)
    otherwise: Name


class FetchSpec(Spec):
    """A lookup.

    Attributes:
        lookup: Which of the configuration's ``lookups``.
        give: Its parameters: name to text with attributes in braces; sensitive ones too.
        into: Attribute to the field of the answer that it takes; ``account.balance`` is a field in a field.
        say: Said while the answer is waited for; music follows it.
        then: Where it leads once the attributes are set.
        not_found: Where it leads if there is nothing of the kind; without, as ``failed``.
        failed: Where it leads if no answer could be had, or none that makes sense.
    """

    lookup: Name
    give: dict[AttributeKey, AttributeValue] = {}
    into: dict[AttributeKey, Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$")]] = {}
    say: Say = []
    then: Name
    not_found: Name | None = None
    failed: Name


class FetchNode(NodeSpec):
    """Asks another system."""

    fetch: FetchSpec


class SetNode(NodeSpec):
    """Attaches attributes.

    Attributes:
        set: Attribute to text, with other attributes in braces.
        then: Where it goes on.
    """

    set: dict[AttributeKey, AttributeValue] = Field(min_length=1)
    then: Name


class LanguageNode(NodeSpec):
    """Changes the caller's language.

    Attributes:
        language: From here on.
        then: Where it goes on.
    """

    language: Language
    then: Name


class CallNode(NodeSpec):
    """Goes through another flow, and comes back.

    Attributes:
        call: The flow.
        then: Where it goes on: by the result that the flow ends with, or always.
    """

    call: FlowName
    then: Name | Annotated[dict[Name, Name], Field(min_length=1)]


class EndNode(NodeSpec):
    """The flow ends: back to the flow that called it, to the agent who sent the caller here, or good-bye.

    Attributes:
        end: The result, for the calling flow.
    """

    end: Name


class RecordSpec(Spec):
    """Something that the caller says, recorded.

    Attributes:
        into: The attribute that holds the recording's id.
        say: What is said before the beep.
        max_seconds: How long it may be; ``#`` ends it sooner.
        silence_seconds: After so much silence it ends; 0 for never.
        then: Where it goes on.
        failed: Where it goes on if nothing can be recorded.
    """

    into: AttributeKey
    say: Say = []
    max_seconds: Annotated[int, Field(ge=1, le=3_600)] = 60
    silence_seconds: Annotated[int, Field(ge=0, le=60)] = 4
    then: Name
    failed: Name


class RecordNode(NodeSpec):
    """Records what the caller says."""

    record: RecordSpec


class GoSpec(Destination):
    """Where the contact goes, which leaves the flow.

    Attributes:
        agent: With ``queue``: for this agent alone at first, then for whomever the queue says.
        needs: With ``queue``: what the contact needs instead of what the queue's steps say.
    """

    agent: Name | None = None
    needs: Annotated[list[StepSpec], Field(max_length=32)] = []

    @model_validator(mode="after")
    def _with_queue(self) -> Self:
        if self.queue is None and (self.agent is not None or self.needs):
            raise ValueError("agent and needs go with queue")
        if self.agent is not None and self.needs:
            raise ValueError("give one of agent and needs")
        if self.needs:
            check_order(self.needs)
        return self


class GoNode(NodeSpec):
    """Leaves the flow: into a queue, to a number, to voicemail, to another flow."""

    go: GoSpec


KINDS: Final = ("say", "menu", "collect", "decide", "fetch", "set", "language", "call", "end", "record", "go")


def _kind(data: Any) -> str | None:
    if not isinstance(data, dict):
        return next((kind for kind in KINDS if hasattr(data, kind)), None)
    kinds = [kind for kind in KINDS if kind in data]
    return kinds[0] if len(kinds) == 1 else None


Node = Annotated[
    Annotated[SayNode, Tag("say")]
    | Annotated[MenuNode, Tag("menu")]
    | Annotated[CollectNode, Tag("collect")]
    | Annotated[DecideNode, Tag("decide")]
    | Annotated[FetchNode, Tag("fetch")]
    | Annotated[SetNode, Tag("set")]
    | Annotated[LanguageNode, Tag("language")]
    | Annotated[CallNode, Tag("call")]
    | Annotated[EndNode, Tag("end")]
    | Annotated[RecordNode, Tag("record")]
    | Annotated[GoNode, Tag("go")],
    Discriminator(
        _kind,
        custom_error_type="node_kind",
        custom_error_message=f"a node needs exactly one of: {', '.join(KINDS)}",
    ),
]
