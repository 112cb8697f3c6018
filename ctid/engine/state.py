"""All that the engine knows between two events; nothing else is remembered, so a snapshot of this is a snapshot."""

from __future__ import annotations

import msgspec

from ctid.model.agent import Agent
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.day import Today
from ctid.model.leg import Leg
from ctid.model.offer import Offer
from ctid.model.phone import PhoneRefusal
from ctid.model.recording import Recording
from ctid.model.supervision import Supervision


class Pbx(msgspec.Struct, kw_only=True):
    """A PBX as the engine sees it.

    Attributes:
        up: Whether its legs are known now: connected and reconciled.
        boot: Names the run of the PBX that was last reconciled.
        reconciled_ms: Monotonic moment at which that was.
    """

    up: bool = False
    boot: str = ""
    reconciled_ms: int = 0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the order of waiting contacts that its caller left by hanging up.

    Attributes:
        place_ms: Monotonic moment the place counts from.
        left_ms: Monotonic moment it was left.
    """

    place_ms: int
    left_ms: int


class Pace(msgspec.Struct, kw_only=True):
    """How fast a queue moves.

    Attributes:
        handling_ms: Mean time of talk and wrap-up of its recent contacts.
        handled: How many that mean is of, as far as that matters still; 0 if nothing was measured.
        abandons: Contacts that gave up waiting here, of late.
        waited_ms: How long all contacts waited here meanwhile, together.
    """

    handling_ms: int = 0
    handled: int = 0
    abandons: int = 0
    waited_ms: int = 0


class SiteState(msgspec.Struct, kw_only=True):
    """The state of one site.

    Attributes:
        site: Its name.
        epoch: Of the process that owns the site now; part of every id minted.
        minted: Ids minted in this epoch.
        arrivals: Contacts ever taken; gives each its ``seq``.
        offers_made: Offers ever made; gives each agent's ``last_offer``.
        stream_epoch: Of the published stream: the epoch of the site's first process, kept while the journal is.
        stream_seq: Last position in the published stream.
        draining: No new offers are made.
        spec: The configuration in force, as plain data of ``SiteSpec``.
        pbxes: What is known of each PBX.
        devices: ``pbx|device`` to whether it can be reached; unknown ones are taken to be reachable.
        consulted: Live legs of those whom ctid has called to be asked, with their agents' ids, empty for nobody's.
        devices_in_use: Those of ``devices`` that are in a call or ring, each with ``True``.
        refusals: Those of ``devices`` that refuse by themselves, each with what they said.
        phones_told: ``pbx|extension`` of a phone that is not to ring to what the PBX was told of it (``SetPhone``).
        contacts: Live contacts, and closed ones whose record is not saved yet.
        legs: Live legs.
        aliases: ``pbx|unique_id`` to leg id.
        early_ends: ``pbx|unique_id`` of legs that ended before they were known, and when that was told.
        offers: Offers whose leg may still live.
        agents: Every agent of the configuration, and removed ones still at work.
        places: Number of a caller who hung up while waiting to the place they left, in order of leaving.
        consultations: Enquiries that were announced and are not over, by id.
        supervisions: Supervisions that are not over, by id.
        supervisors: Live legs of supervisors' phones, with their agents' ids, empty for nobody's.
        recordings: Recordings that the PBXes make, and those that are not in the store yet, by id.
        recording_fault: Why nothing can be recorded now; empty if all is well.
        parked: Contacts that agents have parked and that nobody has fetched yet, each with for whom; empty for anybody.
        callbacks: Queue to the contacts there who are to be called back, in the order in which it was asked for.
        paces: Queue to how fast it moves.
        today: The present day of the site and its numbers.
        timers: Timer id to the monotonic moment it is due.
    """

    site: str = ""
    epoch: str = ""
    minted: int = 0
    arrivals: int = 0
    offers_made: int = 0
    stream_epoch: str = ""
    stream_seq: int = 0
    draining: bool = False
    spec: dict[str, object] = {}
    pbxes: dict[str, Pbx] = {}
    devices: dict[str, bool] = {}
    devices_in_use: dict[str, bool] = {}
    refusals: dict[str, PhoneRefusal] = {}
    phones_told: dict[str, str] = {}
    consulted: dict[str, str] = {}
    contacts: dict[str, Contact] = {}
    legs: dict[str, Leg] = {}
    aliases: dict[str, str] = {}
    early_ends: dict[str, int] = {}
    offers: dict[str, Offer] = {}
    agents: dict[str, Agent] = {}
    places: dict[str, Place] = {}
    consultations: dict[str, Consultation] = {}
    supervisions: dict[str, Supervision] = {}
    supervisors: dict[str, str] = {}
    recordings: dict[str, Recording] = {}
    recording_fault: str = ""
    parked: dict[str, str] = {}
    callbacks: dict[str, list[str]] = {}
    paces: dict[str, Pace] = {}
    today: Today = msgspec.field(default_factory=Today)
    timers: dict[str, int] = {}


def alias_key(pbx: str, name: str) -> str:
    """Key of a channel or device of one PBX."""
    return f"{pbx}|{name}"
