"""Recordings: armed as an agent's phone is rung, begun as they are connected, silent on hold, ended with their leg.

The PBX records on the agent's channel, from its answer to its end and wherever it is moved. What must not be kept is
kept from the recording by muting it: it was not asked for yet, somebody has asked for silence, the caller is on hold.
"""

from __future__ import annotations

from hashlib import blake2b

from ctid.engine.shown.views import View, recording_view
from ctid.engine.turn import Turn
from ctid.model.commands import DiscardRecording, MuteRecording, StopRecording, StoreRecording
from ctid.model.contact import Contact, ContactRecording
from ctid.model.events import RecordingRefused, RecordingSpaceTold
from ctid.model.leg import Leg
from ctid.model.recording import Recording, RecordingKind, RecordingState
from ctid.model.states import LegState
from ctid.spec.recording import RecordingPolicySpec
from ctid.spec.site import SiteSpec

_SHARES = 10_000
"""Parts of the whole that a percentage with two decimals tells apart."""

NOT_RECORDED, PHONE_REPLACED = "not_recorded", "phone_replaced"
"""Why there is no recording, or no more of it."""


# ---- policy -------------------------------------------------------------------------------------------------------


def policy_of(site: SiteSpec, queue: str, agent_id: str) -> RecordingPolicySpec | None:
    """Which calls of this queue with this agent are recorded; the agent's own policy goes before the queue's."""
    agent, waited_in = site.agents.get(agent_id), site.queues.get(queue)
    own = agent.recording if agent is not None else None
    return own or (waited_in.recording if waited_in is not None else None)


def is_chosen(contact_id: str, percent: float) -> bool:
    """Whether the contact is of those that are recorded from the start: always the same for all its agents."""
    number = int.from_bytes(blake2b(contact_id.encode(), digest_size=8).digest())
    return number % _SHARES < round(percent * _SHARES / 100)


# ---- from ringing to the end ---------------------------------------------------------------------------------------


def arm(turn: Turn, contact: Contact, leg: Leg) -> str:
    """Have the channel of an agent's leg recorded from its answer on; give the name of the files, empty for none."""
    policy = policy_of(turn.site, contact.queue, leg.agent_id)
    if policy is None:
        return ""
    chosen = is_chosen(contact.id, policy.percent)
    if not chosen and not policy.on_demand:
        return ""
    recording = Recording(
        id=turn.mint("rc"),
        contact_id=contact.id,
        leg_id=leg.id,
        pbx=leg.pbx,
        agent_id=leg.agent_id,
        queue=contact.queue,
        ani=contact.ani,
        asked=chosen,
        on_demand=not chosen,
        consultations=policy.consultations,
        retention_days=policy.retention_days,
    )
    leg.recording = recording.id
    turn.state.recordings[recording.id] = recording
    return "" if turn.state.recording_fault else recording.id


def answered(turn: Turn, leg: Leg) -> None:
    """The leg's channel is up: its files begin now."""
    recording = turn.state.recordings.get(leg.recording)
    if recording is not None and recording.answered_at is None:
        recording.answered_at = turn.now


def begin(turn: Turn, contact: Contact, leg: Leg | None) -> None:
    """The agent talks to the customer."""
    recording = turn.state.recordings.get(leg.recording) if leg is not None else None
    contact.recording = None
    if leg is None or recording is None:
        return
    answered(turn, leg)
    recording.leg_id, recording.began_at, recording.queue = leg.id, turn.now, contact.queue
    if turn.state.recording_fault:
        _lose(turn, recording, turn.state.recording_fault)
        return
    if recording.asked:
        recording.asked_at = turn.now
        publish(turn, recording, "recording.started")
    follow(turn, leg)


def follow(turn: Turn, leg: Leg) -> None:
    """The leg or what is wanted of its recording has changed: have the PBX record what is said, or silence."""
    recording = turn.state.recordings.get(leg.recording)
    contact = turn.state.contacts.get(leg.contact_id)
    if recording is None or recording.began_at is None or recording.ended_at is not None:
        return
    state = state_of(recording, leg)
    if contact is not None and (contact.recording is None or contact.recording.id == recording.id):
        contact.recording = ContactRecording(id=recording.id, state=state)
    muted = state is not RecordingState.RECORDING
    if muted is not (recording.muted or False):
        turn.emit(MuteRecording(pbx=leg.pbx, unique_id=leg.unique_id, on=muted))
    recording.muted = muted


def state_of(recording: Recording, leg: Leg) -> RecordingState:
    """What becomes of the words that are said now."""
    if not recording.asked:
        return RecordingState.ARMED
    if recording.paused:
        return RecordingState.PAUSED
    if leg.state is LegState.HELD and not recording.consultations:
        return RecordingState.HELD
    return RecordingState.RECORDING


def end(turn: Turn, leg: Leg | None) -> None:
    """The leg's channel has ended, and what the PBX has recorded is whole: into the store, or away with it."""
    recording = turn.state.recordings.get(leg.recording) if leg is not None else None
    if recording is None or recording.ended_at is not None:
        return
    if recording.answered_at is None or recording.began_at is None or not recording.asked:
        _discard(turn, recording)
        return
    finish(turn, recording)


def replaced(turn: Turn, leg: Leg) -> None:
    """The phone has put another channel into the leg's place, on which nothing is recorded: so far, and no further."""
    recording = turn.state.recordings.get(leg.recording)
    leg.recording = ""
    if recording is not None and recording.ended_at is None:
        if recording.began_at is not None and recording.asked:
            finish(turn, recording, PHONE_REPLACED)
        else:
            _discard(turn, recording)


def leave(turn: Turn, recording_id: str, unique_id: str) -> None:
    """The channel is none of ours any more, and lives on: nothing of it is kept."""
    recording = turn.state.recordings.get(recording_id)
    if recording is not None:
        turn.emit(StopRecording(pbx=recording.pbx, unique_id=unique_id))
        _discard(turn, recording)


def finish(turn: Turn, recording: Recording, result: str = "") -> None:
    """Nothing more is recorded: into the store with it."""
    recording.ended_at, recording.result = turn.now, result
    _forget_in_contact(turn, recording)
    turn.emit(StoreRecording(site=turn.state.site, recording=recording))


def _discard(turn: Turn, recording: Recording) -> None:
    _forget_in_contact(turn, recording)
    if recording.answered_at is None:
        # No channel was ever up, so there are no files.
        del turn.state.recordings[recording.id]
        return
    recording.ended_at, recording.asked = turn.now, False
    turn.emit(DiscardRecording(pbx=recording.pbx, recording_id=recording.id))


def _lose(turn: Turn, recording: Recording, reason: str) -> None:
    """There is nothing to keep, although there should be."""
    if recording.asked:
        publish(turn, recording, "recording.failed", reason=reason)
    _discard(turn, recording)


def _forget_in_contact(turn: Turn, recording: Recording) -> None:
    contact = turn.state.contacts.get(recording.contact_id)
    if contact is not None and contact.recording is not None and contact.recording.id == recording.id:
        contact.recording = None
        contact.version += 1


# ---- what the PBX and the store tell ---------------------------------------------------------------------------------


def refused(turn: Turn, event: RecordingRefused) -> None:
    """The PBX records nothing there: it could not, or lacks the application."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    recording = turn.state.recordings.get(leg.recording) if leg is not None else None
    if recording is not None and recording.ended_at is None:
        _lose(turn, recording, NOT_RECORDED)


def reconciled(turn: Turn, pbx: str) -> None:
    """What was ordered while the PBX could not be reached did not reach it: order it anew."""
    for leg in turn.legs.on(pbx):
        recording = turn.state.recordings.get(leg.recording)
        if recording is not None and recording.began_at is not None and recording.ended_at is None:
            recording.muted = not recording.muted
            follow(turn, leg)


def space_told(turn: Turn, event: RecordingSpaceTold) -> None:
    """There is no room for recordings, or there is again. Those that run end; calls go on."""
    if event.fault and not turn.state.recording_fault:
        for recording in list(turn.state.recordings.values()):
            leg = turn.legs.get(recording.leg_id)
            is_talk = recording.kind is RecordingKind.CALL and recording.began_at is not None
            if leg is None or not is_talk or recording.ended_at is not None:
                # A message is over soon, and fits into what is kept free.
                continue
            turn.emit(StopRecording(pbx=leg.pbx, unique_id=leg.unique_id))
            if recording.asked:
                finish(turn, recording, event.fault)
            else:
                _discard(turn, recording)
    turn.state.recording_fault = event.fault


def restart(turn: Turn) -> None:
    """Have the store go on with those it had not told the end of."""
    for recording in turn.state.recordings.values():
        if recording.ended_at is not None and recording.asked:
            turn.emit(StoreRecording(site=turn.state.site, recording=recording))
        elif recording.ended_at is not None:
            turn.emit(DiscardRecording(pbx=recording.pbx, recording_id=recording.id))


def publish(turn: Turn, recording: Recording, type_: str, **more: object) -> None:
    """Tell of a recording."""
    view: View = {"recording": recording_view(recording), **more}
    turn.publish(
        type_,
        view,
        contact_id=recording.contact_id,
        agent_ids=[recording.agent_id] if recording.agent_id else [],
        queue=recording.queue,
    )
