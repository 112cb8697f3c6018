"""Refuses what is not the principal's to see or command, once their role lets them in; ``scope`` decides."""

from __future__ import annotations

from ctid.desktop.endpoint.operation import Call
from ctid.desktop.identity.scope import sees_agent, sees_contact, sees_offer, sees_queue, sees_record, sees_recording
from ctid.errors import ForbiddenError
from ctid.model.contact import Contact
from ctid.model.offer import Offer
from ctid.model.record import ContactRecord
from ctid.model.recording import StoredRecording


def own_agent(call: Call, agent_id: str) -> None:
    """Refuse what concerns an agent who is not theirs.

    Raises:
        ForbiddenError: It is somebody else, or of a team outside their scope.
    """
    if not sees_agent(call.site.spec, call.principal, agent_id):
        raise ForbiddenError("this agent is not yours")


def own_queue(call: Call, queue: str) -> None:
    """Refuse what concerns a queue outside their scope.

    Raises:
        ForbiddenError: So it is.
    """
    if not sees_queue(call.principal, queue):
        raise ForbiddenError("this queue is not yours")


def own_contact(call: Call, contact: Contact) -> None:
    """Refuse what concerns a live contact that is not theirs.

    Raises:
        ForbiddenError: Somebody else works on it, or it is of a queue outside their scope.
    """
    if not sees_contact(call.site.state, call.principal, contact):
        raise ForbiddenError("this contact is not yours")


def own_offer(call: Call, offer: Offer) -> None:
    """Refuse what concerns an offer that is not theirs.

    Raises:
        ForbiddenError: It is somebody else's, or its queue or agent is outside their scope.
    """
    if not sees_offer(call.site.spec, call.principal, offer):
        raise ForbiddenError("this offer is not yours")


def own_record(call: Call, record: ContactRecord) -> None:
    """Refuse a record that is not theirs.

    Raises:
        ForbiddenError: Somebody else served it, or it is of a queue outside their scope.
    """
    if not sees_record(call.principal, record):
        raise ForbiddenError("this contact is not yours")


def own_recording(call: Call, recording: StoredRecording) -> None:
    """Refuse a recording that is not theirs to hear.

    Raises:
        ForbiddenError: Its queue or its agent is outside their scope.
    """
    if not sees_recording(call.site.spec, call.principal, recording):
        raise ForbiddenError("this recording is not yours")
