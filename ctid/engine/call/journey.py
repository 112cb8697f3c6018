"""A caller's way: announcements, flows, into queues and out of them, and the end of their leg."""

from __future__ import annotations

from ctid.engine.agent import detours, leaving, offers, own_calls
from ctid.engine.call import dialling, talks
from ctid.engine.contact import contacts, unseen, voicemail
from ctid.engine.contact.contacts import MAX_STEPS
from ctid.engine.flow import decisions, flows, surveys
from ctid.engine.queue import callbacks, queueing, treatment, ways_out
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import places
from ctid.ivr.effects import Leave
from ctid.model.commands import PlayAndCollect
from ctid.model.contact import Contact
from ctid.model.events import DigitsCollected, LookupAnswered, RecordSaved
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.position import IvrPosition
from ctid.model.states import WAITING, ContactState, Outcome
from ctid.spec.destination import Destination, VoicemailTarget
from ctid.spec.nodes import GoSpec
from ctid.spec.references import destination_at
from ctid.spec.site import SiteSpec


def go(turn: Turn, contact: Contact, place: str) -> None:
    """Send the contact to a destination, by way of its announcement if it has one.

    Args:
        turn: The turn.
        contact: The contact.
        place: Where the destination stands in the configuration, so that a caller who was cut off can resume.
    """
    destination = destination_at(turn.site, place)
    leg = turn.legs.get(contact.caller_leg)
    if leg is None:
        _arrive_without_call(turn, contact, destination)
        return
    if destination is not None and destination.callback is not None and not detours.is_on_one(contact):
        call_back(turn, contact, leg, destination)
        return
    if destination is None or not destination.play:
        arrive(turn, contact, destination)
        return
    token = turn.mint("tk")
    contact.ivr = IvrPosition(node=f"play:{place}", token=token, then=place)
    contacts.step(turn, contact, "announcement", place)
    if leg.has_agi:
        turn.emit(PlayAndCollect(pbx=leg.pbx, unique_id=leg.unique_id, token=token, prompts=list(destination.play)))


def arrive(turn: Turn, contact: Contact, destination: Destination | None) -> None:
    """The contact is at its destination; one that a reload took away is the dialplan's fallback."""
    leg = turn.state.legs[contact.caller_leg]
    if detours.is_on_one(contact) and (destination is None or not _leads_on(turn, destination)):
        contact.attributes.update(destination.set if destination is not None else {})
        detours.over(turn, contact)
        return
    if destination is None or not _exists(turn, destination):
        leaving.hand_off(turn, contact, leg)
        return
    contact.attributes.update(destination.set)
    contact.priority += destination.priority
    if destination.queue is not None:
        surveys.goes_on(turn, contact)
        if isinstance(destination, GoSpec):
            _need(turn, contact, destination)
        enter_queue(turn, contact, destination.queue)
        if contact.meant_for and contact.state not in WAITING:
            # The queue has sent them elsewhere.
            queueing.mean_for_nobody(turn, contact)
    elif destination.flow is not None:
        enter_flow(turn, contact, destination.flow)
    elif destination.number is not None:
        leaving.leave_for(turn, contact, "number", destination.number)
    elif isinstance(destination.voicemail, VoicemailTarget):
        target = destination.voicemail
        voicemail.begin(turn, contact, agent_id=target.agent or "", queue=target.queue or "")
    elif destination.voicemail is not None:
        leaving.leave_for(turn, contact, "voicemail", destination.voicemail)
    else:
        contact.ivr = None
        wanted_queue = any(step.kind == "queue" for step in contact.path) and not surveys.has_talked(contact)
        contact.outcome = Outcome.OVERFLOW if wanted_queue else Outcome.HANDLED
        leaving.release(turn, leg)


def _leads_on(turn: Turn, destination: Destination) -> bool:
    """Whether it is another part of the IVR, so that a detour goes on."""
    return destination.flow in turn.site.flows


def _need(turn: Turn, contact: Contact, go: GoSpec) -> None:
    """What the contact needs in the queue, where the flow says so."""
    if go.agent is not None:
        queueing.mean_for(turn, contact, go.agent)
    elif go.needs:
        contact.steps = [step.model_dump(mode="json") for step in go.needs]


def _arrive_without_call(turn: Turn, contact: Contact, destination: Destination | None) -> None:
    """A contact of another channel: nothing can be played to it, so of all destinations only a queue holds it."""
    if destination is not None and destination.queue is not None and _exists(turn, destination):
        contact.attributes.update(destination.set)
        contact.priority += destination.priority
        queueing.enqueue(turn, contact, destination.queue)
    else:
        contacts.close(turn, contact, Outcome.OVERFLOW)


def call_back(turn: Turn, contact: Contact, leg: Leg, destination: Destination) -> None:
    """Let the caller go with the promise of a call. Who can't be called back goes on waiting, in the same queue.

    The promise holds from here on: who hangs up in the middle of the prompts will be called as well.
    """
    queue = destination.callback or ""
    surveys.goes_on(turn, contact)
    contact.attributes.update(destination.set)
    contact.priority += destination.priority
    refusal = callbacks.refusal(turn, queue, contact.ani)
    if refusal in ("", "duplicate"):
        if refusal:
            # The older one keeps its place, and this contact has nothing more to do.
            contacts.step(turn, contact, "callback", queue, refusal)
            contact.ivr, contact.outcome = None, Outcome.CALLBACK
        else:
            callbacks.ask(turn, contact, queue, contact.ani)
        spec = turn.site.queues[queue].callback
        dialling.say_goodbye(turn, leg, [*destination.play, *(spec.prompts if spec is not None else ())])
        return
    contacts.step(turn, contact, "callback", queue, refusal)
    if queue in turn.site.queues:
        enter_queue(turn, contact, queue)
    else:
        leaving.hand_off(turn, contact, leg)


def _exists(turn: Turn, destination: Destination) -> bool:
    site = turn.site
    return (
        destination.hangup
        or destination.number is not None
        or _takes_messages(site, destination)
        or (destination.queue is not None and destination.queue in site.queues)
        or (destination.flow is not None and destination.flow in site.flows)
    )


def _takes_messages(site: SiteSpec, destination: Destination) -> bool:
    target = destination.voicemail
    if isinstance(target, VoicemailTarget):
        return voicemail.exists(site, target.agent or "", target.queue or "")
    return target is not None


def enter_queue(turn: Turn, contact: Contact, name: str) -> None:
    """Into the queue, or the way that it has for contacts which it does not take."""
    queue = turn.site.queues[name]
    if queue.nobody is not None or queue.overflow:
        queueing.choose(turn, contact, name)
    way = ways_out.on_entering(turn, contact, name)
    if way is None:
        queueing.enqueue(turn, contact, name)
        return
    been_here = any((step.kind, step.name, step.at) == ("queue", name, turn.now) for step in contact.path)
    contacts.step(turn, contact, "queue", name, way.result)
    contact.version += 1
    if been_here or len(contact.path) >= MAX_STEPS:
        # Each of these queues sends the contact on to another of them: nobody takes it.
        turn.note("endless-journey", f"queue {name}")
        leaving.hand_off(turn, contact, turn.state.legs[contact.caller_leg])
        return
    go(turn, contact, way.place)


def enter_flow(turn: Turn, contact: Contact, name: str, *, survey: bool = False) -> None:
    """Lead the caller into a flow."""
    if name in turn.site.flows:
        survey = survey or surveys.has_talked(contact)
        way = flows.begin(turn, contact, name, survey=survey)
        if detours.is_on_one(contact):
            # The agent waits, and sees where the caller is.
            contacts.publish(turn, contact, "contact.updated")
        go_on(turn, contact, way)
    else:
        leaving.hand_off(turn, contact, turn.state.legs[contact.caller_leg])


def go_on(turn: Turn, contact: Contact, way: flows.Way | None) -> None:
    """Where a caller goes who has come out of a flow; ``None`` for one who is still in it."""
    if way is None:
        return
    leg = turn.legs.get(contact.caller_leg)
    if isinstance(way, Leave):
        place = f"flows/{way.flow}/nodes/{way.node}/go"
        if decisions.is_one(contact) and leg is not None:
            flows.left(turn, contact)
            decisions.leads_to(turn, contact, leg, place)
            leaving.let_go(turn, contact, leg, Outcome.HANDLED)
            return
        if not detours.is_on_one(contact):
            flows.left(turn, contact)
        elif contact.ivr is not None and contact.ivr.flow is not None:
            # They are in the IVR until they are with their agent again.
            destination = destination_at(turn.site, place)
            leads_on = destination is not None and _leads_on(turn, destination)
            flows.tidy(turn, contact, contact.ivr.flow, "left" if leads_on else "back")
        go(turn, contact, place)
        return
    if way.lost:
        turn.note("flow-lost", way.lost)
    if detours.is_on_one(contact):
        detours.over(turn, contact)
        return
    position = flows.left(turn, contact, "lost" if way.lost else "ended")
    if leg is None:
        return
    if position is not None and position.decision:
        decisions.tell(turn, contact, leg, decisions.UNDECIDED if way.lost else "end", way.result)
        leaving.let_go(turn, contact, leg, Outcome.FAILED if way.lost else Outcome.HANDLED)
        return
    if way.lost and not (position is not None and position.survey):
        leaving.hand_off(turn, contact, leg)
        return
    if contact.outcome is None:
        contact.outcome = Outcome.HANDLED
    contact.version += 1
    leaving.release(turn, leg)


def fetched(turn: Turn, event: LookupAnswered) -> None:
    """A lookup of a flow has answered."""
    found = flows.fetched(turn, event)
    if found is not None:
        go_on(turn, *found)


def collected(turn: Turn, event: DigitsCollected) -> None:
    """A prompt was played out, or a key was pressed."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    contact = turn.state.contacts.get(leg.contact_id) if leg is not None else None
    if leg is None or contact is None or not _awaits(contact, event):
        flows.unasked(turn, contact, event)
    if leg is None or contact is None:
        return
    if contact.outcome is Outcome.CALLBACK or callbacks.is_saying_goodbye(contact, leg):
        leaving.release(turn, leg)
        return
    if contact.message is not None:
        voicemail.collected(turn, contact, leg, event)
        return
    if contact.treatment is not None and contact.treatment.token == event.token:
        place = treatment.heard(turn, contact, contact.treatment, event)
        if place is not None:
            _leave_queue_for(turn, contact, "key", place)
        return
    if contact.ivr is None or contact.ivr.token != event.token:
        return
    if contact.ivr.flow is not None:
        go_on(turn, contact, flows.heard(turn, contact, contact.ivr.flow, event))
    else:
        arrive(turn, contact, destination_at(turn.site, contact.ivr.then))


def _awaits(contact: Contact, event: DigitsCollected) -> bool:
    return contact.ivr is not None and contact.ivr.token == event.token


def leave_queue(turn: Turn, contact: Contact) -> None:
    """The contact's wait may be over. While an agent is being rung, the offer decides first."""
    if contact.state is not ContactState.QUEUED:
        return
    way = ways_out.while_waiting(turn, contact)
    if way is None:
        queueing.arm_wait(turn, contact)
        return
    leg = turn.legs.get(contact.caller_leg)
    if leg is not None and not leg.has_agi:
        # Nothing can be played to a leg that is between two sessions; it will be back within a second or two.
        turn.start_timer(f"wait:{contact.id}", 1_000)
        return
    _leave_queue_for(turn, contact, way.result, way.place)


def _leave_queue_for(turn: Turn, contact: Contact, reason: str, place: str) -> None:
    turn.cancel_timer(f"step:{contact.id}")
    turn.cancel_timer(f"wait:{contact.id}")
    contacts.publish(turn, contact, "contact.overflowed", reason=reason)
    contacts.move(turn, contact, ContactState.CREATED)
    go(turn, contact, place)


def caller_gone(turn: Turn, leg: Leg, outcome: Outcome | None, cause: str) -> None:
    """The caller's leg ended.

    Args:
        turn: The turn.
        leg: The leg.
        outcome: Of the contact, where the end's manner decides it; else it follows from where the caller was.
        cause: Why a customer who is called back was not reached, if that is what ended.
    """
    own_calls.forget(turn, leg)
    unseen.end(turn, leg)
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is None:
        return
    if contact.callback is not None and contact.state in (ContactState.QUEUED, ContactState.OFFERED):
        dialling.customer_gone(turn, contact, leg, cause)
        return
    contact.caller_leg = ""
    if own_calls.is_being_placed(contact):
        own_calls.not_reached(turn, contact, outcome, cause)
        return
    if contact.state in WAITING:
        places.leave(turn, contact)
    voicemail.finish(turn, contact)
    if contact.ivr is not None and contact.ivr.flow is not None:
        content = contact.ivr.flow.goal and outcome is None
        if content and contact.state is ContactState.CREATED and contact.outcome is None:
            contact.outcome = Outcome.HANDLED
        flows.left(turn, contact, "lost" if outcome is Outcome.FAILED else "content" if content else "hung_up")
    match contact.state:
        case ContactState.CREATED:
            if leaving.is_given(contact):
                # They did not wait for the number to answer.
                contact.outcome = None
            contacts.close(turn, contact, outcome or Outcome.ABANDONED)
        case ContactState.QUEUED:
            contacts.close(turn, contact, outcome or abandoned(turn, contact))
        case ContactState.OFFERED:
            offers.rescind_all(turn, contact, OfferCause.PBX_LOST if outcome else OfferCause.CALLER_LEFT)
            contacts.close(turn, contact, outcome or abandoned(turn, contact))
        case ContactState.CONNECTED:
            talks.over(turn, contact, outcome or Outcome.HANDLED)
        case _:
            pass


def saved(turn: Turn, event: RecordSaved) -> None:
    """The record is safe; a closed contact whose legs are gone may be forgotten."""
    contact = turn.state.contacts.get(event.contact_id)
    if contact is not None and contact.state is ContactState.CLOSED:
        del turn.state.contacts[contact.id]


def abandoned(turn: Turn, contact: Contact) -> Outcome:
    """The outcome of a contact whose customer leaves while it waits; who was parked has talked to us already."""
    if contact.park is not None:
        return Outcome.ABANDONED
    limit = ms(turn.site.queues[contact.queue].short_abandon_seconds)
    return Outcome.SHORT_ABANDON if queueing.waited(turn, contact) < limit else Outcome.ABANDONED
