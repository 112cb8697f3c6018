"""Every type of event of the published stream; what is not here is not published.

``queue.stats`` is told to desktops only: it is no part of the stream.
"""

from __future__ import annotations

from typing import Final

EVENT_TYPES: Final = frozenset(
    {
        "agent.state_changed",
        "agent.updated",
        "callback.attempted",
        "callback.canceled",
        "callback.dialled",
        "callback.exhausted",
        "callback.expired",
        "callback.requested",
        "callback.waited",
        "config.loaded",
        "consultation.created",
        "consultation.ended",
        "consultation.updated",
        "contact.closed",
        "contact.connected",
        "contact.created",
        "contact.deflected",
        "contact.hold_recalled",
        "contact.interrupted",
        "contact.overflowed",
        "contact.parked",
        "contact.queued",
        "contact.resumed",
        "contact.returned",
        "contact.transferred",
        "contact.unparked",
        "contact.updated",
        "contact.wrap_up",
        "leg.alerting",
        "leg.connected",
        "leg.disconnected",
        "leg.failed",
        "leg.held",
        "leg.muted",
        "leg.retrieved",
        "leg.unmuted",
        "message.sent",
        "offer.accepted",
        "offer.canceled",
        "offer.created",
        "offer.rejected",
        "offer.rescinded",
        "offer.timed_out",
        "pbx.down",
        "pbx.up",
        "recording.failed",
        "recording.finished",
        "recording.paused",
        "recording.resumed",
        "recording.started",
        "site.draining",
        "site.started",
        "supervision.changed",
        "supervision.ended",
        "supervision.started",
        "voicemail.left",
    }
)
