"""What the answer about an agent's day holds."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ctid.desktop.schemas.contact_schemas import ContactView
from ctid.desktop.schemas.general import View


class AgentDayView(View):
    """An agent's times and counts of today, up to now; without the time for which they were logged out."""

    since: datetime = Field(description="The site's local midnight.")
    contacts: int = Field(description="Contacts they were connected with, of any channel.")
    own_calls: int = Field(description="Calls outside the ACD, made or taken.")
    missed: int = Field(description="Offers they did not answer.")
    talk_ms: int = Field(description="In calls, hold taken out.")
    own_call_ms: int = Field(description="Part of talk_ms and hold_ms that calls took which ctid placed for them.")
    hold_ms: int = Field(description="For which they had a caller on hold.")
    wrap_up_ms: int
    ready_ms: int
    reserved_ms: int = Field(description="That offers took.")
    not_ready_ms: int
    by_reason: dict[str, int] = Field(description="Of not_ready_ms, by reason; empty if none was given.")
    callbacks: list[ContactView] = Field(description="Contacts to be called back that name or prefer this agent.")
