"""Contacts in queues: entering, keeping their place, widening what they need."""

from __future__ import annotations

from ctid.acd.eligibility import step_in_force
from ctid.engine import contacts
from ctid.engine.turn import Turn, ms
from ctid.model.commands import PlayMusic
from ctid.model.contact import Contact
from ctid.model.states import ContactState


def enqueue(turn: Turn, contact: Contact, name: str) -> None:
    """Put the contact into a queue; the wait counts from the first queue it ever entered."""
    contact.queue = name
    contact.ivr = None
    if contact.queued_at is None:
        contact.queued_at = turn.now
    contacts.step(turn, contact, "queue", name)
    contacts.move(turn, contact, ContactState.QUEUED)
    play_music(turn, contact)
    arm_step(turn, contact)
    arm_wait(turn, contact)
    contacts.publish(turn, contact, "contact.queued")
    turn.rematch = True


def requeue(turn: Turn, contact: Contact) -> None:
    """An offer came to nothing: back to waiting, with place and wait time kept."""
    contacts.move(turn, contact, ContactState.QUEUED)
    contacts.publish(turn, contact, "contact.queued")
    if f"wait:{contact.id}" not in turn.state.timers:
        arm_wait(turn, contact)
    turn.rematch = True


def exclude(turn: Turn, contact: Contact, agent_id: str) -> None:
    """Keep the contact from an agent who did not take it, for a while."""
    after = ms(turn.site.policy.exclude_seconds)
    contact.excluded[agent_id] = turn.now.mono_ms + after
    if f"exclude:{contact.id}" not in turn.state.timers:
        turn.start_timer(f"exclude:{contact.id}", after)


def readmit(turn: Turn, contact: Contact) -> None:
    """The first exclusion is over; the others have their own times."""
    contact.excluded = {agent: until for agent, until in contact.excluded.items() if until > turn.now.mono_ms}
    if contact.excluded:
        turn.start_timer(f"exclude:{contact.id}", min(contact.excluded.values()) - turn.now.mono_ms)
    turn.rematch = True


def waited(turn: Turn, contact: Contact) -> int:
    """Milliseconds since the contact's first queue."""
    return 0 if contact.queued_at is None else turn.now.mono_ms - contact.queued_at.mono_ms


def play_music(turn: Turn, contact: Contact) -> None:
    """Let the waiting caller hear the queue's music, if their leg is with us."""
    leg = turn.legs.get(contact.caller_leg)
    if leg is not None and leg.has_agi:
        music = turn.site.queues[contact.queue].music
        turn.emit(PlayMusic(pbx=leg.pbx, unique_id=leg.unique_id, music_class=music))


def arm_step(turn: Turn, contact: Contact) -> None:
    """Put the requirement's step in force, and a timer on the next."""
    queue = turn.site.queues[contact.queue]
    contact.step = step_in_force(queue, waited(turn, contact))
    if contact.step + 1 < len(queue.steps):
        due = ms(queue.steps[contact.step + 1].after_seconds) - waited(turn, contact)
        turn.start_timer(f"step:{contact.id}", due)
    else:
        turn.cancel_timer(f"step:{contact.id}")


def arm_wait(turn: Turn, contact: Contact) -> None:
    """Put a timer on the end of the wait in this queue; each queue on the way grants its own."""
    rule = wait_rule(turn, contact)
    if rule is None:
        turn.cancel_timer(f"wait:{contact.id}")
    else:
        entered = next(step.at for step in reversed(contact.path) if step.kind == "queue")
        due = entered.mono_ms + ms(turn.site.queues[contact.queue].overflow[rule].wait_seconds or 0)
        turn.start_timer(f"wait:{contact.id}", max(0, due - turn.now.mono_ms))


def wait_rule(turn: Turn, contact: Contact) -> int | None:
    """Index of the queue's rule by which the contact's wait ends first."""
    rules = enumerate(turn.site.queues[contact.queue].overflow)
    limits = [(rule.wait_seconds, index) for index, rule in rules if rule.wait_seconds is not None]
    return min(limits)[1] if limits else None


def widen(turn: Turn, contact: Contact) -> None:
    """A step's time has come; more agents may be able now."""
    if contact.state in (ContactState.QUEUED, ContactState.OFFERED):
        arm_step(turn, contact)
        turn.rematch = True
