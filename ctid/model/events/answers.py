"""What lookups and stores answer to commands."""

from __future__ import annotations

from ctid.model.customer import Customer, RecentContact
from ctid.model.events.event import Event
from ctid.model.record import LastCall
from ctid.model.recording import StoredRecording


class CustomerLookedUp(Event, frozen=True, kw_only=True, tag="customer.looked_up"):
    """The directory answered, or failed to.

    Attributes:
        customer: ``None`` if nobody was found.
        failure: Why the lookup failed (``timeout``, ``unavailable``), empty if it did not.
        last_call: Who served this number last, by the records; ``None`` if nobody did, or that could not be found out.
        recent: The last contacts of this customer or number, newest first; none if that could not be found out.
    """

    contact_id: str
    customer: Customer | None
    failure: str = ""
    last_call: LastCall | None = None
    recent: list[RecentContact] = []


class LookupAnswered(Event, frozen=True, kw_only=True, tag="lookup.answered"):
    """A lookup of a flow answered, or failed to.

    Attributes:
        token: As in the command.
        fields: Field to value as text, of those asked for; ``None`` where the answer says that there is nothing.
        failure: Why there is no answer, in one word: ``not_found``, ``timeout``, ``unavailable``, ``invalid``,
            ``overloaded``, or ``sealed_lost`` if sensitive digits are gone; empty if there is one.
    """

    contact_id: str
    token: str
    fields: dict[str, str | None] = {}
    failure: str = ""


class RecordSaved(Event, frozen=True, kw_only=True, tag="record.saved"):
    """The store has the closed contact's record for good; the engine may forget the contact."""

    contact_id: str


class RecordingSettled(Event, frozen=True, kw_only=True, tag="recording.settled"):
    """A recording is in the store for good, deleted, or lost; the engine may forget it.

    Attributes:
        recording_id: Which; one that the engine does not know was found by the store in a PBX's spool.
        stored: What the store has; ``None`` if there is nothing.
        failure: Why there is nothing although there should be; empty if it was to be deleted.
    """

    recording_id: str
    stored: StoredRecording | None = None
    failure: str = ""


class RecordingSpaceTold(Event, frozen=True, kw_only=True, tag="recording.space_told"):
    """Whether there is room for recordings.

    Attributes:
        fault: Why there is none, in one word: ``disk_full``, ``folder_missing``; empty if there is.
    """

    fault: str
