"""The machine that takes a caller through a flow: a position, what is known, an answer; then the next effect. Pure.

Nodes that need nobody's answer are passed at once; the others give an effect, and go on by its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from ctid.ivr.effects import (
    Answer,
    Effect,
    Ended,
    Fetch,
    Fetched,
    Hear,
    Heard,
    Leave,
    Passed,
    TakeDown,
    TakenDown,
)
from ctid.ivr.outline import asking_for, asks_for_secret
from ctid.ivr.saying import utterances
from ctid.ivr.values import MAX_VALUE_CHARS, normal, seen
from ctid.ivr.world import World, environment
from ctid.model.events import CollectEnd
from ctid.model.flow import FlowFrame, FlowPosition
from ctid.model.speech import Utterance
from ctid.spec.condition import holds
from ctid.spec.flow import LANGUAGE, FlowSpec, acceptable, flow_name, language_of
from ctid.spec.nodes import (
    CallNode,
    CaseSpec,
    ChoiceSpec,
    CollectNode,
    CollectSpec,
    DecideNode,
    EndNode,
    FetchNode,
    GoNode,
    LanguageNode,
    MenuNode,
    Node,
    RecordNode,
    SayNode,
    SetNode,
)
from ctid.spec.say import SayItem, filled

MAX_SILENT_NODES: Final = 200
"""Nodes passed without the caller hearing anything or being waited for; more are a loop."""

MAX_FRAMES: Final = 20
"""Flows that have called each other."""


class Walk:
    """One step of a caller's way through flows.

    Attributes:
        position: Where the caller is; changed in place.
        trail: What was passed in this step, in order.
        untold: Conditions that could not be evaluated, and therefore do not hold, by their place.
    """

    def __init__(self, flows: Mapping[str, FlowSpec], position: FlowPosition, world: World) -> None:
        self.position = position
        self.trail: list[Passed] = []
        self.untold: list[str] = []
        self._flows = flows
        self._world = world
        self._silent = 0

    # ---- what may happen -------------------------------------------------------------------------------------

    def begin(self) -> Effect:
        """Enter the flow at its start."""
        return self._into(self.position.flow)

    def again(self) -> Effect:
        """Do once more what the present node does: nothing has come of it, the caller was cut off."""
        node = self._node()
        if node is None:
            return Ended("", lost="node_gone")
        return self._perform(node)

    def answered(self, answer: Answer) -> Effect:
        """Go on by what the last effect came to."""
        node = self._node()
        if node is None:
            return Ended("", lost="node_gone")
        match node, answer:
            case SayNode(), Heard():
                if node.interruptible and answer.digits:
                    self.position.ahead = answer.digits
                return self._go(node.then)
            case MenuNode(), Heard():
                return self._chosen(node, answer)
            case CollectNode(), Heard():
                if self.position.confirming:
                    return self._confirmed(node.collect, answer)
                return self._entered(node.collect, answer)
            case FetchNode(), Fetched():
                return self._fetched(node, answer)
            case RecordNode(), TakenDown():
                self._pass("record", "", "ok" if answer.recording_id else "failed")
                if not answer.recording_id:
                    return self._go(node.record.failed)
                self._world.attributes[node.record.into] = answer.recording_id
                return self._go(node.record.then)
            case _:
                return self._perform(node)

    # ---- entering nodes --------------------------------------------------------------------------------------

    def _into(self, flow: str) -> Effect:
        spec = self._flows.get(flow)
        if spec is None:
            return Ended("", lost="flow_gone")
        self.position.flow = flow
        # A former flow that calls another one by its version is no more quite what its own version was told of.
        version = flow.partition("@")[2] or spec.version
        self.trail.append(Passed("flow", flow_name(flow), version, title=spec.title))
        return self._go(spec.start)

    def _go(self, name: str) -> Effect:
        self.position.node, self.position.tries = name, 0
        self.position.confirming, self.position.entered = False, ""
        node = self._node()
        if node is None:
            return Ended("", lost="node_gone")
        self.trail.append(Passed("node", f"{flow_name(self.position.flow)}/{name}", title=node.title))
        self.position.goal |= node.goal
        self._silent += 1
        if self._silent > MAX_SILENT_NODES:
            return Ended("", lost="endless")
        return self._perform(node)

    def _perform(self, node: Node) -> Effect:
        match node:
            case SayNode():
                return self._say(node)
            case MenuNode():
                return self._offer(node, [])
            case CollectNode(collect=spec) if self.position.confirming:
                return self._confirm(spec)
            case CollectNode(collect=spec):
                return self._ask(spec, [])
            case DecideNode():
                return self._go(self._decided(node))
            case FetchNode():
                return self._fetch(node)
            case SetNode():
                self._set(node.set)
                return self._go(node.then)
            case LanguageNode():
                self._world.attributes[LANGUAGE] = node.language
                return self._go(node.then)
            case CallNode():
                return self._call(node)
            case EndNode():
                return self._end(node.end)
            case RecordNode(record=record):
                return TakeDown(self._utterances(record.say), record.max_seconds, record.silence_seconds)
            case GoNode():
                return Leave(self.position.flow, self.position.node)

    def _say(self, node: SayNode) -> Effect:
        if self.position.ahead and node.interruptible:
            return self._go(node.then)
        heard = self._utterances(node.say)
        if not heard:
            return self._go(node.then)
        # A key counts in the node that asks next, and one of sensitive digits must not be told on its own.
        frames = tuple(self.position.frames)
        secret = node.interruptible and asks_for_secret(self._flows, self.position.flow, node.then, frames)
        return Hear(heard, interruptible=node.interruptible and not secret)

    def _call(self, node: CallNode) -> Effect:
        if len(self.position.frames) >= MAX_FRAMES:
            return Ended("", lost="endless")
        self.position.frames.append(FlowFrame(flow=self.position.flow, node=self.position.node))
        return self._into(node.call)

    def _end(self, result: str) -> Effect:
        self._pass("end", flow_name(self.position.flow), result)
        if not self.position.frames:
            return Ended(result)
        frame = self.position.frames.pop()
        self.position.flow, self.position.node = frame.flow, frame.node
        node = self._node()
        if not isinstance(node, CallNode):
            return Ended(result, lost="node_gone")
        then = node.then if isinstance(node.then, str) else node.then.get(result)
        return Ended(result, lost="no_way_on") if then is None else self._go(then)

    # ---- menus -----------------------------------------------------------------------------------------------

    def _offer(self, node: MenuNode, apology: list[SayItem]) -> Effect:
        spec, position = node.menu, self.position
        if position.ahead and not apology:
            digits, position.ahead = position.ahead, ""
            return self._chosen(node, Heard(digits, CollectEnd.DIGITS))
        self._silent = 0
        return Hear(
            self._utterances([*apology, *spec.say]),
            interruptible=spec.interruptible,
            max_digits=1,
            first_ms=round(spec.timeout_seconds * 1000),
        )

    def _chosen(self, node: MenuNode, heard: Heard) -> Effect:
        spec = node.menu
        pressed = heard.ended_by is CollectEnd.DIGITS
        key = spec.keys.get(heard.digits) if pressed else None
        result = "valid" if key is not None else "invalid" if pressed else "timeout"
        self._pass("key", heard.digits, result)
        if key is not None:
            self._set(key.set)
            if key.language is not None:
                self._world.attributes[LANGUAGE] = key.language
            return self._go(key.then)
        return self._again(spec.tries, spec.otherwise, lambda: self._offer(node, self._apology(spec, pressed)))

    # ---- digits ----------------------------------------------------------------------------------------------

    def _ask(self, spec: CollectSpec, apology: list[SayItem]) -> Effect:
        ahead, self.position.ahead = self.position.ahead, ""
        self._silent = 0
        return Hear(
            self._utterances([*apology, *spec.say]),
            interruptible=spec.interruptible,
            max_digits=spec.max,
            min_digits=spec.min,
            terminator=spec.terminator,
            first_ms=round(spec.timeout_seconds * 1000),
            between_ms=round(spec.between_seconds * 1000),
            ahead="" if apology else ahead,
            sealed=spec.sensitive,
            check=spec.check,
        )

    def _entered(self, spec: CollectSpec, heard: Heard) -> Effect:
        pressed = heard.ended_by is CollectEnd.DIGITS
        if spec.sensitive:
            good = pressed and heard.acceptable
        else:
            good = pressed and spec.min <= len(heard.digits) <= spec.max and acceptable(spec.check, heard.digits)
        self._pass("digits", "", "valid" if good else "invalid" if pressed else "timeout")
        if not good:
            return self._again(spec.tries, spec.otherwise, lambda: self._ask(spec, self._apology(spec, pressed)))
        if spec.confirm is not None:
            self._world.attributes.pop(spec.into, None)
            # They have got so far: this question has tries of its own.
            self.position.confirming, self.position.entered, self.position.tries = True, heard.digits, 0
            return self._confirm(spec)
        if spec.sensitive:
            self._world.attributes.pop(spec.into, None)
            self.position.sealed[spec.into] = heard.sealed
        else:
            self._world.attributes[spec.into] = heard.digits
        return self._go(spec.then)

    def _confirm(self, spec: CollectSpec) -> Effect:
        assert spec.confirm is not None
        self._silent = 0
        return Hear(self._utterances(spec.confirm.say), max_digits=1, first_ms=round(spec.timeout_seconds * 1000))

    def _confirmed(self, spec: CollectSpec, heard: Heard) -> Effect:
        assert spec.confirm is not None
        if heard.digits == spec.confirm.yes:
            self._pass("confirm", heard.digits, "valid")
            self._world.attributes.update(self._unconfirmed())
            return self._go(spec.then)
        if heard.digits == spec.confirm.no:
            # They do not err in what they say, so that this is none of their tries.
            self._pass("confirm", heard.digits, "no")
            self.position.confirming, self.position.entered = False, ""
            return self._ask(spec, [])
        pressed = heard.ended_by is CollectEnd.DIGITS
        self._pass("confirm", heard.digits, "invalid" if pressed else "timeout")
        return self._again(spec.tries, spec.otherwise, lambda: self._confirm(spec))

    def _again(self, tries: int, otherwise: str, ask: Callable[[], Effect]) -> Effect:
        self.position.tries += 1
        return self._go(otherwise) if self.position.tries >= tries else ask()

    @staticmethod
    def _apology(spec: ChoiceSpec | CollectSpec, pressed: bool) -> list[SayItem]:
        if not pressed:
            return spec.no_input
        return spec.invalid if isinstance(spec, CollectSpec) else spec.wrong_key

    # ---- decisions and lookups -------------------------------------------------------------------------------

    def _decided(self, node: DecideNode) -> str:
        for index, case in enumerate(node.decide):
            if self._holds(case, index):
                return case.then
        return node.otherwise

    def _holds(self, case: CaseSpec, index: int) -> bool:
        # Without its version: a reload must not change what a call was given by chance.
        place = f"{flow_name(self.position.flow)}/{self.position.node}/decide/{index}"
        if case.when is None:
            return case.percent is not None and _chance(f"{self._world.seed}/{place}") < case.percent
        spec = self._flows[self.position.flow]
        attributes = seen(spec.attributes, self._world.attributes)
        answer = holds(case.when, environment(self._world, case.when, attributes))
        if answer is None:
            self.untold.append(place)
        return bool(answer)

    def _fetch(self, node: FetchNode) -> Effect:
        spec = node.fetch
        whole = {name: text[1:-1] for name, text in spec.give.items() if text.startswith("{") and text.endswith("}")}
        sensitive = self._flows[self.position.flow].sensitive
        sealed = {
            name: self.position.sealed.get(attribute, "")
            for name, attribute in whole.items()
            if attribute in sensitive or attribute in self.position.sealed
        }
        known = self._known()
        self._silent = 0
        return Fetch(
            lookup=spec.lookup,
            give={name: filled(text, known) for name, text in spec.give.items() if name not in sealed},
            sealed=sealed,
            fields=sorted(set(spec.into.values())),
            utterances=self._utterances(spec.say),
        )

    def _fetched(self, node: FetchNode, answer: Fetched) -> Effect:
        spec = node.fetch
        failure = answer.failure
        if failure == "sealed_lost":
            self._pass("fetch", spec.lookup, failure)
            return self._ask_anew(node)
        found: dict[str, str | None] = {}
        kinds = self._flows[self.position.flow].attributes
        if not failure:
            try:
                for attribute, path in spec.into.items():
                    text = answer.fields[path]
                    found[attribute] = None if text is None else normal(kinds.get(attribute, "text"), text)
            except (KeyError, ValueError):
                failure = "invalid"
        self._pass("fetch", spec.lookup, failure or "ok")
        if failure:
            missing = failure == "not_found" and spec.not_found is not None
            return self._go(spec.not_found or spec.failed) if missing else self._go(spec.failed)
        for attribute, value in found.items():
            if value is None:
                self._world.attributes.pop(attribute, None)
            else:
                self._world.attributes[attribute] = value[:MAX_VALUE_CHARS]
        return self._go(spec.then)

    def _ask_anew(self, node: FetchNode) -> Effect:
        """Sensitive digits did not outlive a restart: the caller is asked for them again."""
        lost = {text[1:-1] for text in node.fetch.give.values()} & self.position.sealed.keys()
        for attribute in lost:
            del self.position.sealed[attribute]
        flows = [*(frame.flow for frame in self.position.frames), self.position.flow]
        while flows:
            asking = asking_for(self._flows, flows[-1], lost)
            if asking is not None:
                self._back_to(len(flows) - 1)
                return self._go(asking)
            flows.pop()
        return self._go(node.fetch.failed)

    def _back_to(self, depth: int) -> None:
        """Give up the flows that the caller is in, down to one of those that have called them."""
        while len(self.position.frames) > depth:
            self._pass("end", flow_name(self.position.flow), "sealed_lost")
            self.position.flow = self.position.frames.pop().flow

    # ---- small things ----------------------------------------------------------------------------------------

    def _node(self) -> Node | None:
        spec = self._flows.get(self.position.flow)
        return None if spec is None else spec.nodes.get(self.position.node)

    def _set(self, values: Mapping[str, str]) -> None:
        if not values:
            return
        known = self._known()
        for name, text in values.items():
            self._world.attributes[name] = filled(text, known)[:MAX_VALUE_CHARS]

    def _known(self) -> dict[str, str]:
        """What texts may name."""
        contact = self._world.contact()
        customer = contact["customer"]
        return {
            "ani": contact["ani"],
            "dnis": contact["dnis"],
            **{f"customer.{name}": customer[name] for name in ("id", "name", "tier", "language")},
            **{f"customer.{name}": text for name, text in customer["attributes"].items()},
            **self._world.attributes,
            **self._unconfirmed(),
        }

    def _unconfirmed(self) -> dict[str, str]:
        """The digits that the caller is asked about."""
        node, entered = self._node(), self.position.entered
        return {node.collect.into: entered} if entered and isinstance(node, CollectNode) else {}

    def _utterances(self, items: list[SayItem]) -> list[Utterance]:
        attributes = {**self._world.attributes, **self._unconfirmed()}
        language = language_of(self._flows[self.position.flow].languages, attributes.get(LANGUAGE, ""))
        return utterances(items, language, attributes, self._known, lambda: self._world.now.date())

    def _pass(self, kind: str, name: str, result: str = "") -> None:
        self.trail.append(Passed(kind, name, result))


def _chance(seed: str) -> float:
    """A number from 0 up to 100 that looks like chance and is always the same for the same seed."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6], "big") / (1 << 48) * 100
