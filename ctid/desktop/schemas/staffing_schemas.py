"""What the answers about staffing hold: a load, the agents it needs, and what becomes of the calls with them."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from ctid.desktop.schemas.general import View


class DemandView(View):
    """A steady load of calls."""

    calls_per_hour: float
    handling_seconds: float
    patience_seconds: float | None = Field(description="Null if nothing is known of anybody hanging up.")
    erlangs: float = Field(description="Agents that would be busy if nobody hung up.")


class TargetView(View):
    """What is to be met; null is not asked for."""

    service_level_percent: float | None = Field(description="Of all calls, to be served within within_seconds.")
    within_seconds: float
    max_abandoned_percent: float | None
    max_mean_wait_seconds: float | None
    max_occupancy_percent: float | None


class OutcomeView(View):
    """What becomes of the calls. Percents are of all calls that arrive."""

    service_level_percent: float = Field(description="Served, and that within the target's time.")
    mean_wait_seconds: float = Field(description="Of all calls, those served at once and those abandoned among them.")
    abandoned_percent: float
    waiting_percent: float = Field(description="Those that find no agent free.")
    occupancy_percent: float = Field(description="Of the agents' time.")
    mean_queue: float = Field(description="Callers waiting, on average.")


class NeededView(View):
    """The least number of agents that meets the target."""

    agents: int = Field(description="At the phones.")
    scheduled: int = Field(description="On the roster, with shrinkage.")
    outcome: OutcomeView


class GivenView(View):
    """What becomes of the calls with as many agents as were asked about."""

    agents: int
    target_met: bool
    outcome: OutcomeView | None = Field(description="Null if the line grows without end.")


class PointView(View):
    """A number of agents."""

    agents: int
    outcome: OutcomeView | None = Field(description="Null if the line grows without end.")


class WhatIfView(View):
    """One assumption changed."""

    change: str
    demand: DemandView
    agents_needed: int
    outcome: OutcomeView | None = Field(
        description="With the agents asked about, else those needed before the change; null if the line grows "
        "without end."
    )


class PastCallsView(View):
    """The past calls that a load was taken from."""

    queue: str
    since: date = Field(description="First day, in the site's zone.")
    until: date = Field(description="Last day.")
    days_with_calls: int = Field(description="Calls of an hour are a mean over these.")
    hour: int | None = Field(description="Hour of the day that the load is of.")
    calls: int
    served: int
    abandoned: int


class StaffingView(View):
    """Agents that a load needs."""

    basis: PastCallsView | None = Field(description="Null if the load was given.")
    target: TargetView
    demand: DemandView
    erlang_c: NeededView = Field(description="If nobody ever hung up.")
    erlang_a: NeededView | None = Field(description="With the callers' patience; null if it is not known.")
    given: GivenView | None
    curve: list[PointView] = Field(description="Around the agents needed: by Erlang A where patience is known.")
    sensitivity: list[WhatIfView]
