"""The agent state machine: every pair of states, and what asking for one does."""

from __future__ import annotations

import itertools

import pytest

from ctid.acd.agent_states import REQUESTS, TRANSITIONS, Effect, effect_of
from ctid.engine.contact import contacts
from ctid.errors import IllegalTransitionError
from ctid.model.states import AgentState, ContactState

pytestmark = pytest.mark.unit

LEGAL = """
LOGGED_OUT > NOT_READY READY
NOT_READY > LOGGED_OUT NOT_READY READY RESERVED BUSY
READY > LOGGED_OUT NOT_READY RESERVED BUSY
RESERVED > LOGGED_OUT NOT_READY READY BUSY
BUSY > LOGGED_OUT NOT_READY READY WRAP_UP
WRAP_UP > LOGGED_OUT NOT_READY READY
"""
ASKED = """
LOGGED_OUT nothing move move
NOT_READY move move move
READY move move nothing
RESERVED pend pend unpend
BUSY pend pend unpend
WRAP_UP end_wrap_up end_wrap_up end_wrap_up
"""


def test_every_pair_of_states_is_decided() -> None:
    legal = {
        (AgentState(line.split(" > ")[0]), AgentState(to))
        for line in LEGAL.strip().splitlines()
        for to in line.split(" > ")[1].split()
    }
    decided = {(a, b) for a, b in itertools.product(AgentState, AgentState) if b in TRANSITIONS[a]}
    assert decided == legal


@pytest.mark.parametrize("line", ASKED.strip().splitlines())
def test_what_asking_for_a_state_does(line: str) -> None:
    present, *effects = line.split()
    asked = (AgentState.LOGGED_OUT, AgentState.NOT_READY, AgentState.READY)
    assert [effect_of(AgentState(present), each) for each in asked] == [Effect(each) for each in effects]


@pytest.mark.parametrize("asked", [AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP])
@pytest.mark.parametrize("present", list(AgentState))
def test_what_the_system_sets_cannot_be_asked_for(present: AgentState, asked: AgentState) -> None:
    with pytest.raises(IllegalTransitionError) as caught:
        effect_of(present, asked)
    assert caught.value.current == present
    assert set(caught.value.allowed_actions) == set(REQUESTS[present])


def test_every_move_that_a_request_makes_is_legal() -> None:
    for present, effects in REQUESTS.items():
        for asked, effect in effects.items():
            if effect in (Effect.MOVE, Effect.END_WRAP_UP):
                assert asked in TRANSITIONS[present]


def test_no_contact_leaves_its_end() -> None:
    assert set(contacts.TRANSITIONS) == set(ContactState)
    assert contacts.TRANSITIONS[ContactState.CLOSED] == frozenset()
    assert all(ContactState.CLOSED in to for state, to in contacts.TRANSITIONS.items() if state != "closed")
