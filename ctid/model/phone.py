"""What an agent's phone has said by itself: refusals that no human had the time for."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant
from ctid.model.offer import OfferCause


class PhoneRefusal(msgspec.Struct, kw_only=True):
    """A phone refuses what it is called for, without having rung or at once: a setting of its own, as it seems.

    Attributes:
        cause: ``busy`` (486), ``rejected`` (603), ``no_answer`` (480) or ``forwarded`` (302).
        forwarded_to: Where it sends its calls, as far as the PBX tells.
        since: When it did so first.
        times: How often it did so, one after the other.
    """

    cause: OfferCause
    forwarded_to: str = ""
    since: Instant
    times: int = 1
