"""What is asked of recordings: begin one, be silent for a while, go on."""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.agent import holding
from ctid.engine.contact import contacts, recordings
from ctid.engine.service.requests import compare, live_contact
from ctid.engine.shown.allowed_actions import contact_actions
from ctid.engine.shown.views import View
from ctid.engine.turn import Turn
from ctid.errors import ConflictError
from ctid.model.contact import Contact
from ctid.model.events import RecordingRequested
from ctid.model.states import ContactState

_ACTIONS = {"record": "record", "pause": "pause_recording", "resume": "resume_recording"}
_EVENTS = {"record": "recording.started", "pause": "recording.paused", "resume": "recording.resumed"}


def act(turn: Turn, request: RecordingRequested) -> View:
    """Carry it out; nothing said before ``record`` or between ``pause`` and ``resume`` is kept."""
    contact = live_contact(turn, request.contact_id)
    compare(contact.version, request, contact.state)
    allowed = contact_actions(turn.state, contact)
    leg = holding.agent_leg(turn, contact)
    recording = turn.state.recordings.get(leg.recording) if leg is not None else None
    if leg is None or recording is None or _ACTIONS[request.action] not in allowed:
        raise ConflictError(
            _hindrance(turn, contact),
            current=contact.recording.state if contact.recording is not None else contact.state,
            allowed_actions=tuple(allowed),
        )
    if not outage.is_up(turn, leg.pbx):
        raise ConflictError("the PBX can't be reached now", current=contact.state)
    if request.action == "record":
        recording.asked, recording.asked_at = True, turn.now
    else:
        recording.paused = request.action == "pause"
    recordings.publish(turn, recording, _EVENTS[request.action])
    recordings.follow(turn, leg)
    contact.version += 1
    contacts.publish(turn, contact, "contact.updated")
    return contacts.answer(turn, contact)


def _hindrance(turn: Turn, contact: Contact) -> str:
    if contact.state is not ContactState.CONNECTED:
        return "only a call in which an agent talks is recorded"
    if contact.recording is not None:
        return f"the recording is {contact.recording.state}"
    if turn.state.recording_fault:
        return f"nothing can be recorded now: {turn.state.recording_fault}"
    return "this call is not to be recorded, by the policy of its agent or queue"
