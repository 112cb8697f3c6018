"""Contacts in queues: entering, keeping their place, what they need, widening that with time."""

from __future__ import annotations

from ctid.acd.line import able_to_serve
from ctid.acd.order import place
from ctid.acd.steps import next_step_ms, step_in_force, steps_of
from ctid.engine import outage
from ctid.engine.contact import contacts
from ctid.engine.queue import ways_out
from ctid.engine.shown.parked import is_parked
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import outlook, places, visits
from ctid.engine.waiting.requirement import line_key, pbx_of
from ctid.model.commands import AwaitKey, PlayMusic
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.position import Treatment
from ctid.model.states import WAITING, ContactState
from ctid.routing import conditions
from ctid.spec.agent import VOICE

MEANT_RECHECK_MS = 1_000
"""How often a decision that waits for an offer to be over is tried again."""

LOOK_MS = 2_000
"""How often the expected wait is looked at where something depends on it, while somebody waits."""


def enqueue(turn: Turn, contact: Contact, name: str) -> None:
    """Put the contact into a queue; the wait counts from the first queue it ever entered."""
    result = places.take(turn, contact)
    contact.queue = name
    contact.ivr = None
    if contact.queued_at is None:
        contact.queued_at = turn.now
    contacts.step(turn, contact, "queue", name, result)
    contacts.move(turn, contact, ContactState.QUEUED)
    _begin(turn, contact)
    contacts.publish(turn, contact, "contact.queued")


def requeue(turn: Turn, contact: Contact) -> None:
    """An offer came to nothing: back to waiting, with place and wait time kept."""
    contacts.move(turn, contact, ContactState.QUEUED)
    _stand(turn, contact)
    if not is_parked(contact):
        outlook.promise(turn, contact)
    contacts.publish(turn, contact, "contact.queued")
    if f"wait:{contact.id}" not in turn.state.timers:
        arm_wait(turn, contact)


def wait_again(turn: Turn, contact: Contact) -> None:
    """The contact was kept from everybody, and waits like any other from now on; place and wait time are kept."""
    choose(turn, contact, contact.queue)
    restart_steps(turn, contact)
    _stand(turn, contact)
    outlook.promise(turn, contact)
    arm_wait(turn, contact)
    contact.version += 1
    contacts.publish(turn, contact, "contact.queued")


def change_queue(turn: Turn, contact: Contact, name: str) -> None:
    """Move a waiting contact to another queue by somebody's decision; place and wait time are kept."""
    contacts.end_span(turn, contact)
    visits.leave(turn, contact, "overflowed")
    contact.queue = name
    visits.enter(turn, contact)
    contacts.step(turn, contact, "queue", name, "moved")
    contacts.begin_span(turn, contact)
    _begin(turn, contact)


def _begin(turn: Turn, contact: Contact) -> None:
    """The contact waits in a queue from now on."""
    contact.step = contact.delay_ms = 0
    treat(turn, contact)
    play_music(turn, contact)
    choose(turn, contact, contact.queue)
    arm_step(turn, contact)
    _stand(turn, contact)
    outlook.promise(turn, contact)
    arm_wait(turn, contact)


def _stand(turn: Turn, contact: Contact) -> None:
    """Take a place in line at once, so that it can be told; whether the contact can be served, matching finds out."""
    turn.touch_contact(contact.id)
    leg = turn.legs.get(contact.caller_leg)
    on_the_line = leg is not None and outage.is_up(turn, leg.pbx)
    if is_parked(contact):
        return
    if contact.state is ContactState.QUEUED and contact.callback is None and (on_the_line or contact.channel != VOICE):
        where = place(contact, turn.site.queues[contact.queue], turn.site.policy)
        turn.floor.wait(line_key(turn, contact, pbx_of(turn, contact)), where, contact.excluded)


def exclude(turn: Turn, contact: Contact, agent_id: str) -> None:
    """Keep the contact from an agent who did not take it, for a while."""
    after = ms(turn.site.policy.exclude_seconds)
    contact.excluded[agent_id] = turn.now.mono_ms + after
    turn.touch_contact(contact.id)
    if f"exclude:{contact.id}" not in turn.state.timers:
        turn.start_timer(f"exclude:{contact.id}", after)


def readmit(turn: Turn, contact: Contact) -> None:
    """The first exclusion is over; the others have their own times."""
    contact.excluded = {agent: until for agent, until in contact.excluded.items() if until > turn.now.mono_ms}
    if contact.excluded:
        turn.start_timer(f"exclude:{contact.id}", min(contact.excluded.values()) - turn.now.mono_ms)
    turn.touch_contact(contact.id)


def mean_for(turn: Turn, contact: Contact, agent_id: str) -> None:
    """The contact, which is about to wait, is for one agent alone, for a while."""
    contact.meant_for, contact.steps = agent_id, [{"agents": [agent_id]}]
    contact.excluded.pop(agent_id, None)
    turn.start_timer(f"meant:{contact.id}", ms(turn.site.policy.transfer_seconds))


def mean_for_nobody(turn: Turn, contact: Contact) -> None:
    """The contact does not wait where it was meant for one agent."""
    contact.meant_for, contact.steps = "", []
    turn.cancel_timer(f"meant:{contact.id}")


def mean_for_all(turn: Turn, contact: Contact) -> None:
    """The agent whom the contact was meant for did not take it: it is for whomever its queue says."""
    mean_for_nobody(turn, contact)
    restart_steps(turn, contact)


def patience_over(turn: Turn, contact: Contact) -> None:
    """The contact has waited long enough for one agent; while they are being rung, the offer decides."""
    if contact.state is ContactState.QUEUED:
        mean_for_all(turn, contact)
        reconsider(turn, contact)
    elif contact.state is ContactState.OFFERED:
        turn.start_timer(f"meant:{contact.id}", MEANT_RECHECK_MS)


def waited(turn: Turn, contact: Contact) -> int:
    """Milliseconds since the contact's first queue, but for the time with agents."""
    return 0 if contact.queued_at is None else turn.now.mono_ms - contact.queued_at.mono_ms - contact.served_ms


def play_music(turn: Turn, contact: Contact) -> None:
    """Let the waiting caller hear the queue's music, if their leg is with us; the usual one if there is no queue."""
    leg = turn.legs.get(contact.caller_leg)
    if leg is not None and leg.has_agi:
        turn.emit(PlayMusic(pbx=leg.pbx, unique_id=leg.unique_id, music_class=music_of(turn, contact)))
        if contact.treatment is not None and contact.state in WAITING:
            _listen(turn, contact, leg, contact.treatment)


def music_of(turn: Turn, contact: Contact) -> str:
    """The music that the contact hears: the queue's; the usual one if there is no queue, or a reload took it away."""
    queue = turn.site.queues.get(contact.queue)
    return queue.music if queue is not None else "default"


def treat(turn: Turn, contact: Contact) -> None:
    """Have announcements made to the caller while they wait in the queue, if it has any."""
    spec = turn.site.queues[contact.queue].waiting
    turn.cancel_timer(f"treat:{contact.id}")
    contact.treatment = None
    if spec is not None and contact.callback is None and contact.channel == VOICE:
        contact.treatment = Treatment()
        turn.start_timer(f"treat:{contact.id}", ms(spec.first_seconds))


def _listen(turn: Turn, contact: Contact, leg: Leg, treatment: Treatment) -> None:
    """Music plays, and the keys by which the caller leaves the queue count."""
    spec = turn.site.queues[contact.queue].waiting
    treatment.announcing = False
    if spec is None:
        return
    if f"treat:{contact.id}" not in turn.state.timers:
        turn.start_timer(f"treat:{contact.id}", ms(spec.every_seconds))
    if spec.keys:
        treatment.token = turn.mint("tk")
        until_told_ms = max(0, turn.state.timers[f"treat:{contact.id}"] - turn.now.mono_ms)
        turn.emit(
            AwaitKey(
                pbx=leg.pbx,
                unique_id=leg.unique_id,
                token=treatment.token,
                accept="".join(spec.keys),
                for_ms=until_told_ms,
            )
        )


# ---- what the contact needs --------------------------------------------------------------------------------------


def choose(turn: Turn, contact: Contact, name: str) -> None:
    """Choose which of the queue's requirements is for the contact, or would be, as far as is known of it now."""
    chosen = conditions.choose(turn.site.queues[name].requirements, contact, name)
    for index in chosen.untold if contact.queue == name else ():
        turn.note("condition-untold", f"queues/{name}/requirements/{index}")
    contact.requirement = chosen.index


def reconsider(turn: Turn, contact: Contact) -> None:
    """Something that conditions or needs may name has changed: choose anew for who waits, place and wait time kept."""
    if contact.state not in WAITING:
        return
    before = contact.requirement
    choose(turn, contact, contact.queue)
    if contact.requirement != before:
        restart_steps(turn, contact)
    # An agent may be named by an attribute, so that who is able changed even where the requirement did not.
    _stand(turn, contact)
    arm_wait(turn, contact)


def restart_steps(turn: Turn, contact: Contact) -> None:
    """Another requirement: the step in force is what the time already waited says."""
    contact.step = 0
    arm_step(turn, contact)


def arm_step(turn: Turn, contact: Contact, expected_ms: int | None = None) -> None:
    """Put the requirement's step in force, never one before the present, let agents help whose delay is over.

    A timer is set on what comes next of either.

    Args:
        turn: The turn.
        contact: The contact.
        expected_ms: Its expected wait, where steps are looked at that depend on it.
    """
    steps, waited_ms = steps_of(turn.site.queues[contact.queue], contact), waited(turn, contact)
    present = min(contact.step, len(steps) - 1)
    contact.step = max(present, step_in_force(steps, waited_ms, expected_ms))
    while _nobody_there(turn, contact, len(steps)):
        contact.step += 1
    delays = turn.floor.roster.delays(contact.queue)
    contact.delay_ms = max((delay for delay in delays if delay <= waited_ms), default=0)
    coming = [delay - waited_ms for delay in delays if delay > waited_ms]
    step_due = next_step_ms(steps, contact.step, waited_ms)
    due = min([*coming, step_due] if step_due is not None else coming, default=None)
    turn.touch_contact(contact.id)
    if due is None:
        turn.cancel_timer(f"step:{contact.id}")
    else:
        turn.start_timer(f"step:{contact.id}", due)


def widen(turn: Turn, contact: Contact) -> None:
    """A step's time has come; more agents may be able now."""
    if contact.state in WAITING:
        arm_step(turn, contact)


def _nobody_there(turn: Turn, contact: Contact, steps: int) -> bool:
    """Whether the step is not worth waiting for: it says so, and nobody who is logged in meets it."""
    there = steps_of(turn.site.queues[contact.queue], contact)
    if contact.step + 1 >= steps or not there[contact.step].skip_if_absent:
        return False
    key = line_key(turn, contact, pbx_of(turn, contact))
    return not able_to_serve(key, turn.floor.roster) & turn.floor.roster.on_duty


# ---- the end of the wait -----------------------------------------------------------------------------------------


def arm_wait(turn: Turn, contact: Contact) -> None:
    """Put a timer on the moment at which a way out of the queue may be the contact's."""
    due = ways_out.due_ms(turn, contact)
    if due is None:
        turn.cancel_timer(f"wait:{contact.id}")
    else:
        turn.start_timer(f"wait:{contact.id}", max(0, due - turn.now.mono_ms))
    if f"ewt:{contact.queue}" not in turn.state.timers and outlook.matters(turn, contact):
        turn.start_timer(f"ewt:{contact.queue}", LOOK_MS)


def look_ahead(turn: Turn, name: str) -> None:
    """Put steps in force, and send contacts on, whose expected wait has become too long; look again in a while."""
    for contact, expected_ms in outlook.too_long(turn, name):
        step = contact.step
        arm_step(turn, contact, expected_ms)
        if contact.step != step:
            _stand(turn, contact)
        elif ways_out.expected_rule(turn, contact, expected_ms) is not None:
            turn.start_timer(f"wait:{contact.id}", 0)
    if any(contact.queue == name and outlook.matters(turn, contact) for contact in turn.state.contacts.values()):
        turn.start_timer(f"ewt:{name}", LOOK_MS)
