"""Treatment: what waiting callers are told between the music, and the keys by which they leave their queue.

Nothing is said while an agent is being rung; what is just being said is cut short. A place is said only if it is not
worse than the last one; the expected wait is what was promised, which only ever falls
(``ctid.engine.waiting.outlook``), and is not said if nobody can tell it.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ctid.engine.contact import contacts
from ctid.engine.queue import queueing
from ctid.engine.shown.parked import is_parked
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import outlook
from ctid.ivr.saying import utterances
from ctid.model.commands import CutPrompts, PlayAndCollect
from ctid.model.contact import Contact
from ctid.model.events import CollectEnd, DigitsCollected
from ctid.model.position import Treatment
from ctid.model.speech import Utterance
from ctid.model.states import ContactState
from ctid.spec.flow import LANGUAGE, language_of
from ctid.spec.say import SayItem
from ctid.spec.waiting import EXPECTED_WAIT, POSITION, WaitingSpec

RETRY_MS = 1_000
"""How often it is looked whether an announcement may be made that is due."""

LEAST_WAIT_MS = 10_000
"""A shorter wait is over before it is said."""


def due(turn: Turn, contact: Contact) -> None:
    """Make the next announcement, or wait until it may be made."""
    treatment = contact.treatment
    spec = turn.site.queues[contact.queue].waiting if contact.queue in turn.site.queues else None
    leg = turn.legs.get(contact.caller_leg)
    if treatment is None or spec is None:
        return
    if contact.state is not ContactState.QUEUED or leg is None or not leg.has_agi or is_parked(contact):
        turn.start_timer(f"treat:{contact.id}", RETRY_MS)
        return
    said = _announcement(turn, contact, treatment, spec)
    if not said:
        turn.start_timer(f"treat:{contact.id}", ms(spec.every_seconds))
        return
    treatment.announcing, treatment.token = True, turn.mint("tk")
    turn.emit(
        PlayAndCollect(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            token=treatment.token,
            prompts=said,
            accept="".join(spec.keys),
        )
    )


def cut(turn: Turn, contact: Contact) -> None:
    """An agent is about to be rung for the contact: no announcement keeps them from each other."""
    treatment, leg = contact.treatment, turn.legs.get(contact.caller_leg)
    if treatment is not None and treatment.announcing and leg is not None and leg.has_agi:
        turn.emit(CutPrompts(pbx=leg.pbx, unique_id=leg.unique_id, token=treatment.token))


def heard(turn: Turn, contact: Contact, treatment: Treatment, event: DigitsCollected) -> str | None:
    """An announcement is over, or a key was pressed; gives back where it leads, if it leads anywhere."""
    spec = turn.site.queues[contact.queue].waiting
    treatment.token = ""
    if event.ended_by is CollectEnd.FAILED:
        turn.note("prompt-failed", f"queue {contact.queue}")
    key = event.digits if spec is not None and event.digits in spec.keys else ""
    if key and contact.state is ContactState.QUEUED:
        contacts.step(turn, contact, "key", key, "valid")
        return f"queues/{contact.queue}/waiting/keys/{key}"
    # An agent is being rung for them: what they wanted is about to be had.
    queueing.play_music(turn, contact)
    return None


def _announcement(turn: Turn, contact: Contact, treatment: Treatment, spec: WaitingSpec) -> list[Utterance]:
    told = outlook.told(turn.state, turn.floor, contact, turn.now)
    said: list[Utterance] = []
    if told.position is not None and told.position <= (treatment.position or told.position):
        treatment.position = told.position
        said += _words(turn, contact, spec, spec.position, {POSITION: str(told.position)})
    if told.expected_wait_ms is not None and told.expected_wait_ms >= LEAST_WAIT_MS:
        seconds = str(round(told.expected_wait_ms / 1000))
        said += _words(turn, contact, spec, spec.expected_wait, {EXPECTED_WAIT: seconds})
    if spec.messages:
        said += _words(turn, contact, spec, spec.messages[treatment.message % len(spec.messages)], {})
        treatment.message += 1
    return said + _words(turn, contact, spec, spec.offer, {}) if said or spec.keys else []


def _words(
    turn: Turn, contact: Contact, spec: WaitingSpec, items: list[SayItem], values: dict[str, str]
) -> list[Utterance]:
    known = contact.customer.language if contact.customer is not None else ""
    language = language_of(spec.languages, contact.attributes.get(LANGUAGE, known))
    attributes = {**contact.attributes, **values}
    today = turn.now.utc().astimezone(ZoneInfo(turn.site.timezone)).date()
    return utterances(items, language, attributes, lambda: attributes, lambda: today)
