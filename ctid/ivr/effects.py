"""What a flow wants to happen, and what came of it: the two sides between the pure machine and whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctid.model.events import CollectEnd
from ctid.model.speech import Utterance
from ctid.spec.nodes import CheckSpec

ALL_KEYS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class Hear:
    """The caller is to hear something, and maybe to press keys; answered by ``Heard``.

    Attributes:
        utterances: What they hear.
        interruptible: Whether a key ends it.
        max_digits: How many keys are waited for; 0 for none: what ends the utterances comes back all the same.
        min_digits: With fewer, sensitive digits are not acceptable.
        terminator: The key that ends digits; empty for none.
        first_ms: How long the first key is waited for.
        between_ms: How long each further one is waited for.
        ahead: Keys that were pressed before; with some, nothing is said.
        sealed: Whether the digits are sensitive: what comes back is only whether they are acceptable.
        check: What sensitive digits must be.
    """

    utterances: list[Utterance]
    interruptible: bool = True
    max_digits: int = 0
    min_digits: int = 0
    terminator: str = ""
    first_ms: int = 0
    between_ms: int = 0
    ahead: str = ""
    sealed: bool = False
    check: CheckSpec = field(default_factory=CheckSpec)


@dataclass(frozen=True, slots=True)
class Fetch:
    """Another system is to be asked; answered by ``Fetched``.

    Attributes:
        lookup: Which of the configuration's lookups.
        give: Its parameters.
        sealed: Parameter to what stands for sensitive digits.
        fields: What is needed of the answer.
        utterances: What the caller hears meanwhile.
    """

    lookup: str
    give: dict[str, str]
    sealed: dict[str, str]
    fields: list[str]
    utterances: list[Utterance]


@dataclass(frozen=True, slots=True)
class TakeDown:
    """What the caller says is to be recorded; answered by ``TakenDown``."""

    utterances: list[Utterance]
    max_seconds: int
    silence_seconds: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller leaves the flow for a destination.

    Attributes:
        flow: The flow.
        node: Its node that tells the destination.
    """

    flow: str
    node: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The flow has come to its end.

    Attributes:
        result: Its own name for that.
        lost: Why it could not go on, in one word, if it is not an end that it has; empty if it is.
    """

    result: str
    lost: str = ""


Effect = Hear | Fetch | TakeDown | Leave | Ended


@dataclass(frozen=True, slots=True)
class Heard:
    """What ``Hear`` came to.

    Attributes:
        digits: The keys; empty if they are sensitive.
        ended_by: How it ended.
        sealed: What stands for sensitive digits; empty if none were pressed.
        acceptable: Whether sensitive digits are what they must be.
    """

    digits: str
    ended_by: CollectEnd
    sealed: str = ""
    acceptable: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What ``Fetch`` came to.

    Attributes:
        fields: Field to value, of those asked for; ``None`` where the answer has it as nothing.
        failure: Why there is no answer, in one word: ``not_found``, ``timeout``, ``unavailable``, ``invalid``,
            ``overloaded``, or ``sealed_lost``: the sensitive digits are gone; empty if there is one.
    """

    fields: dict[str, str | None] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What ``TakeDown`` came to.

    Attributes:
        recording_id: The recording; empty if nothing was recorded.
    """

    recording_id: str


Answer = Heard | Fetched | TakenDown


@dataclass(frozen=True, slots=True)
class Passed:
    """A step of the caller's way through flows.

    Attributes:
        kind: ``flow``, ``node``, ``key``, ``digits``, ``confirm``, ``fetch``, ``record`` or ``end``.
        name: The flow; the node as ``flow/node``; the key, or the lookup.
        result: What came of it: for a flow its version, for keys and digits ``valid``, ``invalid`` or ``timeout``, for
            lookups and recordings ``ok`` or why not, for an end its result.
        title: Of a flow or a node.
    """

    kind: str
    name: str
    result: str = ""
    title: str = ""
