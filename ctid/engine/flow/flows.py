"""Callers in flows: carries out what the flow machine wants, and gives it what came of it.

A caller who is cut off, or whose daemon was, is led back into the node they were in. What leaves the flow is not
decided here: it is given back to whoever asked (``ctid.engine.call.journey``).
"""

from __future__ import annotations

from ctid.engine.contact import contacts, recordings, statements
from ctid.engine.contact.contacts import MAX_STEPS
from ctid.engine.flow.flow_world import ContactWorld
from ctid.engine.queue import queueing
from ctid.engine.turn import Turn
from ctid.ivr.effects import (
    ALL_KEYS,
    Answer,
    Effect,
    Ended,
    Fetch,
    Fetched,
    Hear,
    Heard,
    Leave,
    TakeDown,
    TakenDown,
)
from ctid.ivr.machine import Walk
from ctid.model.commands import FetchLookup, ForgetSealed, PlayAndCollect, SealedCheck, SetVariable
from ctid.model.contact import Contact
from ctid.model.events import CollectEnd, DigitsCollected, LookupAnswered
from ctid.model.flow import FlowPosition
from ctid.model.leg import Leg
from ctid.model.position import IvrPosition
from ctid.spec.flow import LANGUAGE, flow_name
from ctid.spec.nodes import FetchNode, GoNode, RecordNode

Way = Leave | Ended
"""How a flow is left."""

HUSH_MS = 1_000
"""A lookup that takes longer is waited for with music."""


def begin(turn: Turn, contact: Contact, name: str, *, survey: bool = False, decision: bool = False) -> Way | None:
    """Lead the caller into a flow; gives back how they leave it, if they do so at once."""
    start = turn.site.flows[name].start
    position = FlowPosition(flow=name, node=start, ahead=contact.ahead, survey=survey, decision=decision)
    contact.ahead = ""
    contact.ivr = IvrPosition(node=f"flow:{name}", token="", flow=position)
    if LANGUAGE not in contact.attributes and contact.customer is not None and contact.customer.language:
        contact.attributes[LANGUAGE] = contact.customer.language
    walk = _walk(turn, contact, contact.ivr.flow)
    return _carry_out(turn, contact, walk, walk.begin())


def again(turn: Turn, contact: Contact, position: FlowPosition) -> Way | None:
    """Lead the caller back into the node they were in."""
    position.language = ""
    walk = _walk(turn, contact, position)
    effect = walk.again()
    # With a trail they are further on by now.
    return _carry_out(turn, contact, walk, effect, again=not walk.trail)


def heard(turn: Turn, contact: Contact, position: FlowPosition, event: DigitsCollected) -> Way | None:
    """The caller has heard what there was to hear, or pressed keys."""
    if event.ended_by is CollectEnd.FAILED:
        turn.note("prompt-failed", f"flow {position.flow}/{position.node}")
    node = turn.site.flows[position.flow].nodes.get(position.node)
    if isinstance(node, FetchNode):
        # That was what is said while the answer is waited for.
        queueing.play_music(turn, contact)
        return None
    if isinstance(node, RecordNode):
        # Where nothing could be recorded, they have heard what comes before the beep.
        taken = statements.end(turn, position, failed=event.ended_by is CollectEnd.FAILED)
        return _answered(turn, contact, position, TakenDown(taken))
    return _answered(turn, contact, position, Heard(event.digits, event.ended_by, event.sealed, event.acceptable))


def fetched(turn: Turn, event: LookupAnswered) -> tuple[Contact, Way | None] | None:
    """A lookup has answered; gives back whose it was, unless the caller is not there any more."""
    contact = turn.state.contacts.get(event.contact_id)
    position = contact.ivr.flow if contact is not None and contact.ivr is not None else None
    if contact is None or position is None or contact.ivr is None or contact.ivr.token != event.token:
        return None
    leg = turn.legs.get(contact.caller_leg)
    if leg is None or not leg.has_agi:
        # Once they are with us again, the lookup is made again.
        return None
    return contact, _answered(turn, contact, position, Fetched(event.fields, event.failure))


def unasked(turn: Turn, contact: Contact | None, event: DigitsCollected) -> None:
    """Digits that nobody waits for any more: sensitive ones are forgotten, unless they have been taken before."""
    position = contact.ivr.flow if contact is not None and contact.ivr is not None else None
    if event.sealed and (position is None or event.sealed not in position.sealed.values()):
        turn.emit(ForgetSealed(sealed=[event.sealed]))


def still_waiting(turn: Turn, contact: Contact) -> None:
    """The answer of a lookup takes its time: music, so that the caller knows that they are still there."""
    position = contact.ivr.flow if contact.ivr is not None else None
    flow = turn.site.flows.get(position.flow) if position is not None else None
    if position is not None and flow is not None and isinstance(flow.nodes.get(position.node), FetchNode):
        queueing.play_music(turn, contact)


def left(turn: Turn, contact: Contact, how: str = "left") -> FlowPosition | None:
    """The caller is in no flow any more; gives back where they were.

    Args:
        turn: The turn.
        contact: The contact.
        how: For its path: see ``ctid.model.flow_visit.FlowVisit.result``.
    """
    position = contact.ivr.flow if contact.ivr is not None else None
    if position is not None:
        tidy(turn, contact, position, how)
    contact.ivr = None
    return position


def tidy(turn: Turn, contact: Contact, position: FlowPosition, how: str) -> None:
    """Whatever the caller does next, nothing of the flow is needed any more; for ``how`` see ``left``."""
    if position.over:
        return
    position.over = True
    if position.recording_id:
        _said(turn, contact, position)
    contacts.step(turn, contact, "left", f"{flow_name(position.flow)}/{position.node}", how)
    turn.cancel_timer(f"hush:{contact.id}")
    _hush(turn, contact, position, on=False)
    if position.sealed:
        turn.emit(ForgetSealed(sealed=sorted(position.sealed.values())))


# ---- private -----------------------------------------------------------------------------------------------------


def _said(turn: Turn, contact: Contact, position: FlowPosition) -> None:
    """Who hangs up while they are recorded has said what they wanted to say."""
    recording_id = statements.end(turn, position)
    flow = turn.site.flows.get(position.flow)
    node = flow.nodes.get(position.node) if flow is not None else None
    if recording_id and isinstance(node, RecordNode):
        contact.attributes[node.record.into] = recording_id
        contacts.step(turn, contact, "record", "", "ok")


def _walk(turn: Turn, contact: Contact, position: FlowPosition | None) -> Walk:
    assert position is not None
    return Walk(turn.site.flows, position, ContactWorld(turn, contact))


def _answered(turn: Turn, contact: Contact, position: FlowPosition, answer: Answer) -> Way | None:
    _hush(turn, contact, position, on=False)
    walk, held = _walk(turn, contact, position), set(position.sealed.values())
    effect = walk.answered(answer)
    if replaced := held - set(position.sealed.values()):
        turn.emit(ForgetSealed(sealed=sorted(replaced)))
    return _carry_out(turn, contact, walk, effect)


def _carry_out(turn: Turn, contact: Contact, walk: Walk, effect: Effect, *, again: bool = False) -> Way | None:
    position = walk.position
    turn.cancel_timer(f"hush:{contact.id}")
    for passed in walk.trail:
        contacts.step(turn, contact, passed.kind, passed.name, passed.result, passed.title)
    for place in walk.untold:
        turn.note("condition-untold", f"flows/{place}")
    contact.version += 1
    leg = turn.legs.get(contact.caller_leg)
    if isinstance(effect, Leave):
        contact.ahead = position.ahead if _leads_straight_on(turn, effect) else ""
    if isinstance(effect, Leave | Ended) or leg is None:
        return effect if isinstance(effect, Leave | Ended) else Ended("", lost="caller_gone")
    if len(contact.path) >= MAX_STEPS:
        return Ended("", lost="endless")
    assert contact.ivr is not None
    contact.ivr.node, contact.ivr.token = f"flow:{position.flow}", turn.mint("tk")
    if leg.has_agi:
        _tell_language(turn, contact, leg, position)
        _emit(turn, contact, leg, position, effect, again=again)
    return None


def _leads_straight_on(turn: Turn, leave: Leave) -> bool:
    """Whether another flow comes next, so that a key that was pressed counts there."""
    node = turn.site.flows[leave.flow].nodes[leave.node]
    return isinstance(node, GoNode) and node.go.flow in turn.site.flows and not node.go.play


def _emit(
    turn: Turn, contact: Contact, leg: Leg, position: FlowPosition, effect: Hear | Fetch | TakeDown, *, again: bool
) -> None:
    assert contact.ivr is not None
    token = contact.ivr.token
    match effect:
        case Hear():
            if effect.sealed:
                _hush(turn, contact, position, on=True)
            turn.emit(_play(leg, token, effect))
        case Fetch():
            turn.emit(
                FetchLookup(
                    contact_id=contact.id,
                    token=token,
                    lookup=effect.lookup,
                    give=effect.give,
                    sealed=effect.sealed,
                    fields=effect.fields,
                    again=again,
                )
            )
            if effect.utterances:
                turn.emit(PlayAndCollect(pbx=leg.pbx, unique_id=leg.unique_id, token=token, prompts=effect.utterances))
            else:
                turn.start_timer(f"hush:{contact.id}", HUSH_MS)
        case TakeDown():
            statements.begin(turn, contact, leg, token, effect)


def _play(leg: Leg, token: str, hear: Hear) -> PlayAndCollect:
    asks = hear.max_digits > 0
    sealed = None
    if hear.sealed:
        sealed = SealedCheck(min_digits=hear.min_digits, pattern=hear.check.pattern or "", luhn=hear.check.luhn)
    return PlayAndCollect(
        pbx=leg.pbx,
        unique_id=leg.unique_id,
        token=token,
        prompts=hear.utterances,
        accept=ALL_KEYS if asks or hear.interruptible else "",
        max_digits=max(1, hear.max_digits),
        timeout_ms=hear.first_ms,
        between_ms=hear.between_ms,
        terminator=hear.terminator,
        interruptible=hear.interruptible,
        ahead=hear.ahead,
        sealed=sealed,
    )


def _tell_language(turn: Turn, contact: Contact, leg: Leg, position: FlowPosition) -> None:
    """Have the PBX take its own prompts in the caller's language."""
    language = contact.attributes.get(LANGUAGE, "")
    if language and language != position.language:
        position.language = language
        turn.emit(SetVariable(pbx=leg.pbx, unique_id=leg.unique_id, name="CHANNEL(language)", value=language))


def _hush(turn: Turn, contact: Contact, position: FlowPosition, *, on: bool) -> None:
    """Pause the recording of the talk while sensitive digits are entered, and go on with it after that."""
    if position.hushed is on:
        return
    recording = turn.state.recordings.get(contact.recording.id) if contact.recording is not None else None
    agent = turn.legs.get(recording.leg_id) if recording is not None else None
    if agent is None or recording is None or (on and (recording.paused or not recording.asked)):
        return
    position.hushed = recording.paused = on
    recordings.publish(turn, recording, "recording.paused" if on else "recording.resumed")
    recordings.follow(turn, agent)
