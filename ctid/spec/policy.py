"""Rules of a site that are not a queue's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ctid.spec.base import Seconds, Spec
from ctid.spec.supervision import SupervisionSpec

BackOff = Annotated[float, Field(ge=0.1, le=3_600)]
"""Never none at all: a phone that says no at once would be rung in a loop."""


class PolicySpec(Spec):
    """Rules of the site that are not a queue's own.

    Attributes:
        max_misses: Offers missed in a row that make an agent NOT_READY.
        no_answer_backoff_seconds: No offer to the agent for so long after a missed one.
        reject_backoff_seconds: After a rejected one.
        busy_backoff_seconds: After a busy phone.
        unreachable_backoff_seconds: After a phone that could not be reached.
        exclude_seconds: The contact is not offered to the same agent again for so long.
        order: ``wait``: who has waited longest goes first. ``service_level``: who is next to miss the queue's
            ``service_level_seconds`` goes first. Priority is a head start in both.
        priority_seconds: One point of priority is worth so many seconds of waiting, so that nobody waits for ever.
        regain_place_seconds: A caller who hung up while waiting and calls again within this time has their old place;
            0 for a new one.
        non_acd_calls: ``block``: nothing is offered to an agent whose phone is in a call that is not ctid's.
        transfer_seconds: A contact that was transferred to an agent waits so long for them alone, then for anybody of
            its queue.
        transfers_return: Whether a contact that was transferred to somebody who does not take it is offered to who
            transferred it, before anybody else.
        park_seconds: A parked contact that nobody has fetched for so long is offered to who parked it.
        hold_recall_seconds: An agent is reminded of a caller on hold each time that so much has passed; 0 for never.
        lease_seconds: Grace after the ringing time before a reservation is given up without word from the PBX.
        desktop_grace_seconds: State kept for an agent whose last desktop went away.
        pbx_grace_seconds: Contacts of a PBX that cannot be reached for so long are closed as failed.
        supervision: Of agents at their talks.
    """

    max_misses: Annotated[int, Field(ge=1, le=100)] = 2
    no_answer_backoff_seconds: BackOff = 2
    reject_backoff_seconds: BackOff = 2
    busy_backoff_seconds: BackOff = 10
    unreachable_backoff_seconds: BackOff = 5
    exclude_seconds: BackOff = 30
    order: Literal["wait", "service_level"] = "wait"
    priority_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60
    regain_place_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0
    non_acd_calls: Literal["block", "ignore"] = "block"
    transfer_seconds: Seconds = 20
    transfers_return: bool = True
    park_seconds: Seconds = 120
    hold_recall_seconds: Seconds = 60
    lease_seconds: Seconds = 10
    desktop_grace_seconds: Seconds = 60
    pbx_grace_seconds: Seconds = 60
    supervision: SupervisionSpec = SupervisionSpec()
