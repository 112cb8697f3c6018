"""The base of what desktops and integrators ask for."""

from __future__ import annotations

from ctid.model.events.event import Event


class Request(Event, frozen=True, kw_only=True):
    """A command of a desktop or an integrator; answered by ``Accept`` or ``Refuse`` with the same command id.

    Attributes:
        command_id: Minted by the desktop API; events that result carry it as ``caused_by``.
        principal: Who asks, for the audit.
        if_version: Version the client saw (``If-Match``); ``None`` to not compare.
    """

    command_id: str
    principal: str
    if_version: int | None = None
