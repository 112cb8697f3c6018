"""What answers hold that belongs to no subject of its own: site, codes, problems, health; and the base of all views."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    """Base of all answers: nothing goes out that is not documented."""

    model_config = ConfigDict(extra="forbid")


class AcceptedView(View):
    """A command was carried out."""

    command_id: str = Field(description="Events that result carry it as caused_by.")


class CodeView(View):
    """A code and what people read for it."""

    code: str
    label: str
    system: bool = Field(description="Given by the system; not to be chosen.")


class CodesView(View):
    """Codes, as configured."""

    items: list[CodeView]


class SiteView(View):
    """The site and the process that owns it now."""

    site: str
    release: str
    epoch: str = Field(description="Of the event stream.")
    seq: int = Field(description="Last position of the event stream.")
    timezone: str
    country: str


class FaultView(View):
    """One thing wrong with a request."""

    pointer: str | None = Field(None, description="JSON pointer into the body, as a URI fragment.")
    parameter: str | None = Field(None, description="Parameter of the query.")
    header: str | None = None
    detail: str


class ProblemView(View):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; branch on this one.")
    instance: str
    pointer: str | None = Field(None, description="The first fault's place in the body.")
    errors: list[FaultView] | None = None
    current: str | None = Field(None, description="The present state that stands against it.")
    allowed_actions: list[str] | None = None
    retry_at: datetime | None = Field(None, description="Of a locked sign-in: when to try again.")


class ComponentView(View):
    """One part of the daemon."""

    name: str
    ok: bool
    detail: str


class ReadinessView(View):
    """Whether the daemon can do its work, and which part cannot."""

    status: Literal["ready", "not ready"]
    components: list[ComponentView]


class HealthView(View):
    """Whether the process is alive."""

    status: Literal["ok", "stalled"]
    loop_lag_ms: float = Field(description="By how much the event loop was last late.")
