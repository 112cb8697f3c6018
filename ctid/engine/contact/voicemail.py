"""Voicemail: a caller leaves a message for an agent or a queue, and whom it concerns is told when it is in the store.

What counts is the beep: who hangs up before has left nothing, who hangs up after has left what they said.
"""

from __future__ import annotations

from ctid.engine.contact import contacts, recordings, statements
from ctid.engine.turn import Turn
from ctid.engine.waiting.serving import serving
from ctid.errors import ConflictError, RequestError
from ctid.model.commands import PlayAndCollect, RecordMessage, ReleaseLeg
from ctid.model.contact import Contact
from ctid.model.events import CollectEnd, DigitsCollected, MessageBegun
from ctid.model.leg import Leg
from ctid.model.position import MessagePosition
from ctid.model.recording import Recording, RecordingKind, StoredRecording
from ctid.model.speech import Utterance
from ctid.model.states import Outcome
from ctid.spec.site import SiteSpec


def exists(site: SiteSpec, agent_id: str, queue: str) -> bool:
    """Whether a message can be left there."""
    return site.voicemail is not None and (agent_id in site.agents or queue in site.queues)


def check(turn: Turn, agent_id: str, queue: str) -> None:
    """Raise if no message can be left there now."""
    if agent_id and agent_id not in turn.site.agents:
        raise RequestError(f"there is no agent {agent_id!r}")
    if queue and queue not in turn.site.queues:
        raise RequestError(f"there is no queue {queue!r}; there is: {', '.join(sorted(turn.site.queues))}")
    if turn.site.voicemail is None:
        raise ConflictError("this site has no voicemail")
    if turn.state.recording_fault:
        raise ConflictError(f"nothing can be recorded now: {turn.state.recording_fault}")


def begin(turn: Turn, contact: Contact, *, agent_id: str = "", queue: str = "") -> None:
    """Have the caller leave a message; one that is on their way to us does so when they are there."""
    contact.ivr = None
    contacts.step(turn, contact, "message", agent_id or queue)
    contact.message = MessagePosition(agent_id=agent_id, queue=queue, token="")
    contact.version += 1
    leg = turn.state.legs[contact.caller_leg]
    if leg.has_agi:
        resume(turn, contact, leg)


def resume(turn: Turn, contact: Contact, leg: Leg) -> None:
    """The caller is with us: they hear what to do, for the first time or again, unless they have done it."""
    position, spec = contact.message, turn.site.voicemail
    if position is None:
        return
    if position.begun:
        finish(turn, contact)
        _release(turn, leg)
        return
    position.token = turn.mint("tk")
    if spec is None or turn.state.recording_fault:
        _no_room(turn, contact, leg)
        return
    if not position.recording_id:
        position.recording_id = _arm(turn, contact, leg, position, spec.retention_days)
    turn.emit(
        RecordMessage(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            token=position.token,
            prompts=list(spec.prompts),
            record=position.recording_id,
            max_seconds=spec.max_seconds,
            silence_seconds=spec.silence_seconds,
        )
    )


def _arm(turn: Turn, contact: Contact, leg: Leg, position: MessagePosition, retention_days: int | None) -> str:
    recording = Recording(
        id=turn.mint("rc"),
        contact_id=contact.id,
        leg_id=leg.id,
        pbx=leg.pbx,
        agent_id=position.agent_id,
        queue=position.queue,
        ani=contact.ani,
        asked=True,
        kind=RecordingKind.VOICEMAIL,
        retention_days=retention_days,
    )
    turn.state.recordings[recording.id] = recording
    return recording.id


def _no_room(turn: Turn, contact: Contact, leg: Leg) -> None:
    """Nothing can be recorded: the caller is told, and let go."""
    position, spec = contact.message, turn.site.voicemail
    assert position is not None
    contact.outcome = Outcome.OVERFLOW
    turn.note("voicemail-no-room", turn.state.recording_fault)
    _forget(turn, position)
    prompts: list[Utterance] = [] if spec is None else list(spec.no_room_prompts)
    turn.emit(PlayAndCollect(pbx=leg.pbx, unique_id=leg.unique_id, token=position.token, prompts=prompts))


def begun(turn: Turn, event: MessageBegun) -> None:
    """The beep has come."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    contact = turn.state.contacts.get(leg.contact_id) if leg is not None else None
    if contact is not None and contact.ivr is not None and contact.ivr.flow and contact.ivr.token == event.token:
        statements.begun(turn, contact.ivr.flow, event)
        return
    position = contact.message if contact is not None else None
    if contact is None or position is None or position.token != event.token:
        return
    position.begun = True
    contact.outcome = Outcome.VOICEMAIL
    contact.version += 1
    recording = turn.state.recordings.get(position.recording_id)
    if recording is not None:
        recording.answered_at = recording.began_at = recording.asked_at = turn.now


def collected(turn: Turn, contact: Contact, leg: Leg, event: DigitsCollected) -> None:
    """The message has ended, or the caller has heard that there can be none."""
    position = contact.message
    if position is None or position.token != event.token:
        return
    if event.ended_by is CollectEnd.FAILED and position.recording_id:
        # The PBX could not write it: the caller is to know.
        contact.outcome, position.begun = None, False
        _no_room(turn, contact, leg)
        return
    finish(turn, contact)
    _release(turn, leg)


def finish(turn: Turn, contact: Contact) -> None:
    """The caller says no more, and maybe is gone: what they have said goes into the store."""
    position = contact.message
    if position is None:
        return
    contact.message = None
    recording = turn.state.recordings.get(position.recording_id)
    if position.begun and recording is not None and recording.ended_at is None:
        recordings.finish(turn, recording)
    else:
        _forget(turn, position)


def _forget(turn: Turn, position: MessagePosition) -> None:
    # Nothing was written before the beep.
    turn.state.recordings.pop(position.recording_id, None)
    position.recording_id = ""


def _release(turn: Turn, leg: Leg) -> None:
    turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next="hangup"))


def left(turn: Turn, stored: StoredRecording) -> None:
    """A message is in the store: tell whom it is for."""
    found = {stored.agent_id} if stored.agent_id else set()
    if stored.queue in turn.site.queues:
        found |= serving(turn, stored.queue)
    turn.publish(
        "voicemail.left",
        {
            "voicemail": {
                "id": stored.id,
                "contact_id": stored.contact_id,
                "agent_id": stored.agent_id or None,
                "queue": stored.queue or None,
                "ani": stored.ani or None,
                "duration_ms": stored.duration_ms,
            }
        },
        contact_id=stored.contact_id,
        agent_ids=sorted(found & turn.site.agents.keys()),
        queue=stored.queue,
    )
