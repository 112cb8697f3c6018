"""Shapes of what is asked of flows, and of what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ctid.desktop.schemas.bodies import Input, Moment
from ctid.desktop.schemas.desk_bodies import Minutes
from ctid.desktop.schemas.general import View


class FlowReportQuery(Input):
    """Of which callers a flow's report is: those who entered it then."""

    since: Annotated[Moment | None, Field(description="Without, the site's last midnight.")] = None
    until: Annotated[Moment | None, Field(description="Without, now.")] = None
    interval_minutes: Minutes = 60


class FlowPictureQuery(Input):
    """How a flow is drawn."""

    language: Annotated[
        str, Field(max_length=16, description="Of its texts; without, or if it does not have it, the flow's first.")
    ] = ""


class FlowView(View):
    """A flow of the configuration."""

    id: str
    title: str | None
    version: str = Field(description="Names its very content; in records each stay has the version that it was of.")
    languages: list[str] = Field(description="That its texts are in; the first is for everybody else.")
    nodes: int
    callers: int = Field(description="Who are in it now, or in a flow that it has called.")


class FlowsView(View):
    """All flows."""

    items: list[FlowView]


class WayView(View):
    """A way on from a node."""

    label: str | None = Field(description="What leads there: a key, a condition; null for what always does.")
    to: str = Field(description="The node.")
    place: str = Field(description="Where it stands, below the node.")


class SaidView(View):
    """Things that a node may say."""

    place: str = Field(description="Where they stand, below the node.")
    items: list[dict[str, Any]] = Field(
        description="Each a `prompt`, a `text` by language (under the empty key what is the same for all), or an "
        "attribute under what it is spoken as: digits, number, ordinal, money, date, time, datetime, duration."
    )


class NodeView(View):
    """A node of a flow."""

    id: str
    kind: str = Field(description="say, menu, collect, decide, fetch, set, language, call, end, record or go.")
    title: str | None
    callers: int = Field(description="Who are in it now.")
    ways: list[WayView]
    says: list[SaidView]


class WholeFlowView(View):
    """A flow with all that it is made of."""

    id: str
    title: str | None
    version: str
    languages: list[str]
    callers: int
    start: str = Field(description="Its first node.")
    attributes: dict[str, str] = Field(description="Attribute to what it holds.")
    sensitive: list[str] = Field(description="Attributes whose digits only lookups see.")
    nodes: list[NodeView]


class FlowNumbersView(View):
    """What became of those who entered a flow."""

    entered: int
    contained: int = Field(description="Of these, in calls for which the IVR alone did all that was to be done.")
    ended: int = Field(description="By one of its ends.")
    left: int = Field(description="For a destination; `to` tells which.")
    released: int = Field(description="It hung up.")
    dropped_out: int = Field(description="They hung up.")
    back: int = Field(description="Back to the agent who had sent them.")
    taken_back: int = Field(description="That agent took them out of it.")
    given_on: int = Field(description="That agent gave them on from it.")
    lost: int = Field(description="No way on, or the PBX failed.")
    hung_up_content: int = Field(description="They hung up having what they came for: after a node with `goal: true`.")
    to: dict[str, int] = Field(description="queue, number, voicemail, message, flow … to how many.")
    mean_seconds: float | None = Field(description="Time in it; null if nobody entered.")


class FlowIntervalView(FlowNumbersView):
    """The same of one interval."""

    at: datetime = Field(description="When it began, on the clock of the site's zone.")


class NodeNumbersView(View):
    """What became of them in a node."""

    node: str
    title: str | None = Field(description="As it is now; null, too, for a node that there is no more.")
    entered: int
    mean_seconds: float
    median_seconds: float = Field(description="To half a second.")
    dropped_out: int = Field(description="They hung up there.")
    timeouts: int = Field(description="How often nothing was pressed.")
    invalid: int = Field(description="How often it was what meant nothing.")
    failed: int = Field(description="Lookups and recordings of which nothing came.")
    left_by: dict[str, int] = Field(description="As `left_by` in records.")
    failures: dict[str, int] = Field(description="Why: timeout, unavailable, invalid, overloaded …")


class FlowReportView(View):
    """A flow's report, of closed contacts that entered it in a stretch of time."""

    flow: str
    title: str | None
    since: datetime
    until: datetime
    interval_minutes: int
    versions: dict[str, int] = Field(description="Version to how often it was entered.")
    total: FlowNumbersView
    intervals: list[FlowIntervalView] = Field(description="Those in which nobody entered are left out.")
    nodes: list[NodeNumbersView] = Field(description="Most often entered first.")
