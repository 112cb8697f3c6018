"""What a waiting contact needs now, as the floor's lines know it."""

from __future__ import annotations

from collections.abc import Callable

from ctid.acd.line import LineKey
from ctid.acd.needs import names_agents, resolve
from ctid.acd.steps import steps_of
from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.spec.agent import VOICE


def line_key(turn: Turn, contact: Contact, pbx: str) -> LineKey:
    """What the contact needs of agents at its present step.

    Args:
        turn: The turn.
        contact: The contact; it is in a queue.
        pbx: The PBX that its agent's phone has to be at; it does not matter for channels without a phone.
    """
    pbx = pbx if contact.channel == VOICE else ""
    known = (contact.channel, pbx, contact.queue, contact.delay_ms, contact.requirement, contact.step)
    if not contact.steps and (key := turn.floor.keys.get(known)) is not None:
        return key
    steps = steps_of(turn.site.queues[contact.queue], contact)[: contact.step + 1]
    preferring = next((step.prefer for step in reversed(steps) if step.prefer is not None), None)

    named = names_of(contact)
    key = LineKey(
        channel=contact.channel,
        pbx=pbx,
        queue=contact.queue,
        delay_ms=contact.delay_ms,
        needs=tuple(dict.fromkeys(resolve(step, named) for step in steps)),
        prefer=None if preferring is None else resolve(preferring, named),
    )
    personal = any(map(names_agents, steps)) or (preferring is not None and names_agents(preferring))
    if not contact.steps and not personal:
        turn.floor.keys[known] = key
    return key


def names_of(contact: Contact) -> Callable[[str], str]:
    """What an attribute of the contact, or else of its customer, holds; empty if neither has it."""
    of_customer = contact.customer.attributes if contact.customer is not None else {}
    return lambda attribute: contact.attributes.get(attribute) or of_customer.get(attribute, "")


def pbx_of(turn: Turn, contact: Contact) -> str:
    """The PBX that an agent of the contact has to have their phone at."""
    leg = turn.legs.get(contact.caller_leg)
    if leg is not None:
        return leg.pbx
    return contact.callback.pbx if contact.callback is not None else ""
