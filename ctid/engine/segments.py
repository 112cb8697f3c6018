"""Each agent's part in a contact: talk, then a wrap-up that is theirs alone, whoever has the contact by then."""

from __future__ import annotations

from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.history import Segment


def begin(turn: Turn, contact: Contact, agent_id: str) -> Segment:
    """The agent is connected."""
    segment = Segment(agent_id=agent_id, queue=contact.queue, began_at=turn.now)
    contact.segments.append(segment)
    return segment


def leave(turn: Turn, segment: Segment, result: str) -> None:
    """The agent's talk is over."""
    if segment.left_at is None:
        segment.left_at, segment.result = turn.now, result


def finish(turn: Turn, segment: Segment, result: str = "ended") -> None:
    """The agent's work on the contact is over."""
    leave(turn, segment, result)
    segment.done_at = turn.now


def of(contact: Contact, agent_id: str) -> Segment | None:
    """The agent's part that is not over: they talk, or wrap up."""
    return next((each for each in contact.segments if each.agent_id == agent_id and each.done_at is None), None)


def talking(contact: Contact) -> list[Segment]:
    """The parts of those who talk."""
    return [each for each in contact.segments if each.left_at is None]


def workers(contact: Contact) -> list[str]:
    """The agents who talk or wrap up."""
    return [each.agent_id for each in contact.segments if each.done_at is None]


def owes_disposition(segment: Segment) -> bool:
    """Whether the agent's work is not over for want of a disposition."""
    return segment.disposition_required and not segment.disposition


def lacks_disposition(contact: Contact) -> bool:
    """Whether an agent gave no disposition although one was asked for."""
    return any(map(owes_disposition, contact.segments))


def set_result(contact: Contact, segment: Segment, disposition: str | None, notes: str | None) -> None:
    """Take an agent's disposition and notes; the contact's are those of the last agent who gave any."""
    if disposition is not None:
        segment.disposition = disposition
    if notes is not None:
        segment.notes = notes
    contact.disposition = next((each.disposition for each in reversed(contact.segments) if each.disposition), "")
    contact.notes = next((each.notes for each in reversed(contact.segments) if each.notes), "")
