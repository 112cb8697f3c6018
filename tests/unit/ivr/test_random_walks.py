"""Whatever a flow is and whatever its callers do: no step fails, all is the same again, and everybody gets out."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

from ctid.ivr.checks.checks import faulty_flows
from ctid.ivr.effects import Answer, Effect, Ended, Fetch, Fetched, Hear, Heard, Leave, TakeDown, TakenDown
from ctid.ivr.machine import MAX_FRAMES
from ctid.spec.flow import FlowSpec
from ctid.spec.nodes import CollectNode, FetchNode, GoNode, MenuNode, RecordNode, SayNode
from tests.unit.ivr import random_flows
from tests.unit.ivr.walking import TIMEOUT, Caller, Known

pytestmark = pytest.mark.unit

STEPS = int(os.environ.get("CTID_WALK_STEPS", "100000"))
"""More are for by hand."""

FITTING: dict[type[Any], tuple[type[Any], ...]] = {
    Hear: (SayNode, MenuNode, CollectNode),
    Fetch: (FetchNode,),
    TakeDown: (RecordNode,),
    Leave: (GoNode,),
}
LOST = {"", "endless", "no_way_on"}


def check(who: Caller) -> None:
    """What always holds after a step."""
    effect, position = who.effect, who.position
    node = who.flows[position.flow].nodes[position.node]
    if isinstance(effect, Ended):
        assert effect.lost in LOST
        return
    assert isinstance(node, FITTING[type(effect)])
    assert len(position.frames) < MAX_FRAMES
    assert len(position.ahead) <= 7
    assert not position.confirming or isinstance(node, CollectNode)
    if isinstance(node, MenuNode):
        assert position.tries < node.menu.tries
    assert "pin" not in who.attributes


def walk(flows: dict[str, FlowSpec], seed: int, most: int) -> tuple[list[Effect], int, bool]:
    """What a caller came upon, at most so much, how many steps they went for it, and whether they got out."""
    chance = Random(seed)
    known = random_flows.Changing(seed=f"call-{seed}", attributes={"text": "x"}, chance=chance)
    who = Caller(flows, known=known)
    effects, steps = [who.effect], len(who.trail)
    check(who)
    while len(effects) < most and not isinstance(who.effect, Leave | Ended):
        if chance.random() < 0.05:
            who.again()
        else:
            who.answer(random_flows.answer(chance))
        check(who)
        effects.append(who.effect)
        steps += len(who.trail)
    return effects, steps, isinstance(who.effect, Leave | Ended)


@pytest.mark.timeout(300)
def test_a_hundred_thousand_steps_that_nobody_has_thought_of() -> None:
    steps = callers = out = 0
    while steps < STEPS:
        chance = Random(steps)
        flows = {name: FlowSpec.model_validate(spec) for name, spec in random_flows.flows(chance).items()}
        for _ in range(40):
            callers += 1
            effects, went, is_out = walk(flows, callers, most=100)
            steps += went
            out += is_out
            if callers % 20 == 0:
                assert walk(flows, callers, most=100)[0] == effects
    # Most come out by chance alone; those who don't are in a flow that none gets out of.
    assert out > callers / 2


IDLE: dict[type[Any], Answer] = {
    Hear: Heard("", TIMEOUT),
    Fetch: Fetched(failure="unavailable"),
    TakeDown: TakenDown(""),
}
"""Of somebody who has put the receiver down beside the phone, while nothing works that they need."""


def test_of_flows_without_a_fault_everybody_gets_out_who_does_nothing() -> None:
    right = wrong = 0
    for seed in range(600):
        chance = Random(seed)
        plain = random_flows.flows(chance, changing=True)
        if list(faulty_flows({"flows": plain, "queues": {"sales": {}}, "calendars": {"office": {}}})):
            wrong += 1
            continue
        right += 1
        who = Caller(plain, known=random_flows.Changing(chance=chance))
        for _ in range(2_000):
            if isinstance(who.effect, Leave | Ended):
                break
            who.answer(IDLE[type(who.effect)])
        assert isinstance(who.effect, Leave | Ended), (seed, plain)
        assert getattr(who.effect, "lost", "") == "", (seed, who.effect, plain)
    # Else it would say little.
    assert right > 100
    assert wrong > 100


def test_nobody_is_told_to_have_got_out_of_a_flow_that_goes_round() -> None:
    plain = {"main": {"start": "a", "nodes": {"a": {"say": "Hi.", "then": "b"}, "b": {"say": "Hi.", "then": "a"}}}}
    who = Caller(plain, known=Known())
    for _ in range(50):
        who.answer(Heard("", TIMEOUT))
        assert isinstance(who.effect, Hear)
    assert [what for _, what in faulty_flows({"flows": plain})] == [
        "goes round for ever with nothing to press or to wait for (a → b → a); let one of these nodes lead elsewhere"
    ]
