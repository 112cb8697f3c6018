"""Conditions over a contact."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.model.instant import Instant
from ctid.routing.conditions import Chosen, choose, facts, holds
from ctid.spec.condition import Condition
from ctid.spec.requirement import RequirementSpec, StepSpec

pytestmark = pytest.mark.unit

CARLA = Customer(id="7", name="Carla", tier="gold", language="de", attributes={"last_agent": "alice"})


def contact(customer: Customer | None = CARLA, **attributes: str) -> Contact:
    return Contact(
        id="ct",
        seq=1,
        created_at=Instant(0, 0),
        ani="+4930123456",
        dnis="100",
        entry="hotline",
        priority=3,
        customer=customer,
        attributes=attributes,
    )


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("customer.tier == 'gold'", True),
        ("customer.attributes.last_agent == 'alice'", True),
        ("attributes.topic == 'order' && priority >= 3", True),
        ("has(attributes.topic) && !has(attributes.other)", True),
        ("'topic' in attributes", True),
        ("ani.startsWith('+49') && dnis == '100' && entry == 'hotline'", True),
        ("channel == 'voice' && queue == 'sales'", True),
        ("['order', 'help'].exists(each, each == attributes.topic)", True),
        ("int(attributes.amount) > 500", True),
        ("attributes.topic == 'help'", False),
        ("attributes.other == 'x'", None),
        ("customer.attributes.nothing == 'x'", None),
        ("int(attributes.topic) > 1", None),
        ("priority > 'a'", None),
        ("priority / 0 == 1", None),
        ("9223372036854775807 + priority > 1", None),
        ("[1][priority] == 1", None),
        ("attributes.topic", None),
        ("attributes.topic.matches('(')", None),
    ],
)
def test_whether_it_holds(condition: str, answer: bool | None) -> None:
    assert holds(condition, facts(contact(topic="order", amount="900"), "sales")) is answer


def test_a_caller_nobody_knows_has_empty_data() -> None:
    about = facts(contact(None), "sales")
    assert holds("customer.tier == '' && customer.id == '' && customer.language == ''", about) is True
    assert holds("has(customer.attributes.last_agent)", about) is False


def test_the_first_that_holds_is_chosen_and_those_nobody_can_tell_are_named() -> None:
    steps = [StepSpec()]
    requirements = [
        RequirementSpec(when="attributes.lang == 'zh'", steps=steps),
        RequirementSpec(when="customer.tier == 'silver'", steps=steps),
        RequirementSpec(when="customer.tier == 'gold'", steps=steps),
        RequirementSpec(when="true", steps=steps),
    ]
    assert choose(requirements, contact(), "sales") == Chosen(2, (0,))
    assert choose(requirements, contact(lang="zh"), "sales") == Chosen(0)
    assert choose(requirements[:2], contact(), "sales") == Chosen(-1, (0,))
    assert choose([], contact(), "sales") == Chosen()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("customer.tier ==", "no CEL expression"),
        ("true || costumer.tier == 'gold'", "there is no 'costumer' to a contact; there is: ani, attributes"),
        ("x > 1 && [1].all(y, y > 0)", "there is no 'x' to a contact"),
        ("true || lower(ani) == ''", "there is no function 'lower'"),
        ("size(ani)", "gives 11, which is neither true nor false"),
        ("customer.tier", "gives 'gold', which is neither true nor false"),
    ],
)
def test_what_the_configuration_refuses(text: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TypeAdapter(Condition).validate_python(text)


def test_what_the_configuration_takes() -> None:
    for text in (
        "attributes.lang == 'zh'",
        "[1, 2].exists_one(x, x == priority) && ['a'].map(name, size(name)) == [1]",
        "timestamp(attributes.due).getFullYear() == 2030",
        "type(ani) == type(dnis)",
    ):
        assert TypeAdapter(Condition).validate_python(text) == text
