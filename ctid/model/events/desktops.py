"""That agents' desktops are there or gone."""

from __future__ import annotations

from ctid.model.events.event import Event


class DesktopConnected(Event, frozen=True, kw_only=True, tag="desktop.connected"):
    """An agent's desktop session has its socket and its snapshot."""

    agent_id: str
    session_id: str


class DesktopLost(Event, frozen=True, kw_only=True, tag="desktop.lost"):
    """An agent's desktop session lost its socket."""

    agent_id: str
    session_id: str
