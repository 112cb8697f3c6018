"""One caller's way through flows without a PBX: keys go in, what they hear comes out, and how they leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ctid.ivr.effects import Answer, Effect, Ended, Fetch, Fetched, Hear, Heard, Leave, Passed, TakeDown, TakenDown
from ctid.ivr.fields import fields as taken
from ctid.ivr.machine import Walk
from ctid.model.events import CollectEnd
from ctid.model.flow import FlowPosition
from ctid.model.speech import Utterance
from ctid.rehearsal.world import GivenWorld
from ctid.spec.destination import VoicemailTarget
from ctid.spec.flow import acceptable
from ctid.spec.flow_tests import GivenSpec
from ctid.spec.nodes import GoNode, GoSpec
from ctid.spec.site import SiteSpec

MAX_EFFECTS: Final = 1_000
"""Without anything that the caller does; more are a loop."""


@dataclass(frozen=True, slots=True)
class Left:
    """How the caller has left.

    Attributes:
        way: ``queue``, ``number``, ``voicemail``, ``callback``, ``menu``, ``hangup``, ``end``, or ``lost``.
        name: Which one, or the result; for ``lost`` why, in one word.
        node: The node that they left from, as ``flow/node``.
        agent: Whom they are for.
    """

    way: str
    name: str
    node: str
    agent: str = ""


@dataclass
class Rehearsal:
    """One caller's way.

    Attributes:
        site: The site.
        given: What there is.
        world: What is known of the caller now.
        heard: What they have heard since they last did something.
        trail: All that they have passed.
        untold: Conditions that could not be evaluated, and therefore did not hold.
        waits_for: What has to be answered next; ``None`` once they have left.
        left: How they have left; ``None`` until then.
    """

    site: SiteSpec
    given: GivenSpec
    heard: list[Utterance] = field(default_factory=list)
    trail: list[Passed] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    waits_for: Hear | Fetch | TakeDown | None = None
    left: Left | None = None

    def __post_init__(self) -> None:
        self.world = GivenWorld(self.site, self.given)
        self._position = FlowPosition(flow="", node="")
        self._keys = ""
        self._sealed = 0

    @property
    def node(self) -> str:
        """Where they are, as ``flow/node``."""
        return f"{self._position.flow}/{self._position.node}"

    # ---- what may happen -------------------------------------------------------------------------------------

    def begin(self, flow: str) -> None:
        """The caller enters a flow."""
        self._follow(self._enter(flow))

    def press(self, keys: str) -> None:
        """They press keys; those that nobody asked for count where the next are asked for, if they may."""
        self.heard.clear()
        self._keys = keys
        hear = self.waits_for
        assert isinstance(hear, Hear)
        self._follow(self._answer(self._pressed(hear)))

    def silence(self) -> None:
        """They press nothing."""
        self.heard.clear()
        self._follow(self._answer(Heard("", CollectEnd.TIMEOUT)))

    def answer(self, fields: dict[str, Any], failure: str = "") -> None:
        """A lookup answers."""
        fetch = self.waits_for
        assert isinstance(fetch, Fetch)
        try:
            found = {} if failure else taken(fields, fetch.fields)
        except ValueError:
            found, failure = {}, "invalid"
        self._follow(self._answer(Fetched(found, failure)))

    def speak(self) -> None:
        """They say what is asked of them, and it is recorded if anything can be."""
        self._follow(self._answer(TakenDown("recorded" if self.given.recording else "")))

    # ---- private ---------------------------------------------------------------------------------------------

    def _enter(self, flow: str, ahead: str = "") -> Effect:
        self._position = FlowPosition(flow=flow, node="", ahead=ahead)
        walk = self._walk()
        return self._done(walk, walk.begin())

    def _answer(self, answer: Answer) -> Effect:
        walk = self._walk()
        return self._done(walk, walk.answered(answer))

    def _walk(self) -> Walk:
        return Walk(self.site.flows, self._position, self.world)

    def _done(self, walk: Walk, effect: Effect) -> Effect:
        self.trail += walk.trail
        self.untold += walk.untold
        return effect

    def _follow(self, effect: Effect) -> None:
        """Go on until somebody has to answer."""
        for _ in range(MAX_EFFECTS):
            following = self._next(effect)
            if following is None:
                return
            effect = following
        self.waits_for, self.left = None, Left("lost", "endless", self.node)

    def _next(self, effect: Effect) -> Effect | None:
        self.waits_for = None
        match effect:
            case Ended(result=result, lost=lost):
                self.left = Left("lost", lost, self.node) if lost else Left("end", result, self.node)
                return None
            case Leave():
                return self._leave(effect)
            case Fetch() | TakeDown():
                # Keys are lost where nobody listens for any.
                self._keys = ""
                self.heard += effect.utterances
                self.waits_for = effect
                return None
            case Hear(max_digits=0):
                if self._keys and effect.interruptible:
                    key, self._keys = self._keys[0], self._keys[1:]
                    return self._answer(Heard(key, CollectEnd.DIGITS))
                self._keys = ""
                self.heard += effect.utterances
                return self._answer(Heard("", CollectEnd.PLAYED))
            case Hear():
                if effect.ahead or (self._keys and effect.interruptible):
                    return self._answer(self._pressed(effect))
                self._keys = ""
                self.heard += effect.utterances
                self.waits_for = effect
                return None

    def _pressed(self, hear: Hear) -> Heard:
        digits = hear.ahead
        while not (digits and digits[-1] == hear.terminator) and len(digits) < hear.max_digits and self._keys:
            key, self._keys = self._keys[0], self._keys[1:]
            digits += key
        if hear.terminator:
            digits = digits.removesuffix(hear.terminator)
        if not hear.sealed:
            return Heard(digits, CollectEnd.DIGITS)
        good = len(digits) >= hear.min_digits and acceptable(hear.check, digits)
        self._sealed += good
        return Heard("", CollectEnd.DIGITS, sealed=f"sealed-{self._sealed}" if good else "", acceptable=good)

    def _leave(self, leave: Leave) -> Effect | None:
        node = self.site.flows[leave.flow].nodes[leave.node]
        assert isinstance(node, GoNode)
        self.heard += node.go.play
        self.world.attributes.update(node.go.set)
        if node.go.flow is not None:
            if node.go.play:
                self._keys = ""
            return self._enter(node.go.flow, "" if node.go.play else self._position.ahead)
        self.left = _left(node.go, f"{leave.flow}/{leave.node}")
        return None


def _left(go: GoSpec, node: str) -> Left:
    if isinstance(go.voicemail, VoicemailTarget):
        return Left("voicemail", go.voicemail.queue or go.voicemail.agent or "", node)
    for way in ("queue", "number", "voicemail", "callback", "menu"):
        name = getattr(go, way)
        if name is not None:
            return Left(way, name, node, go.agent or "")
    return Left("hangup", "", node)
