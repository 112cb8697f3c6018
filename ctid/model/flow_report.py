"""What callers did in a flow in a stretch of time: counted in the database from the visits of records."""

from __future__ import annotations

import msgspec


class FlowNumbers(msgspec.Struct, kw_only=True):
    """Numbers of a flow, of the callers who entered it in a stretch of time.

    Attributes:
        entered: How often it was entered.
        contained: Of these, in calls for which the IVR alone did all that was to be done.
        results: How it was left: ``FlowVisit.result`` to how often.
        to: Where to, of those who left for a destination: kind of step to how often.
        versions: Version to how often it was entered.
        total_ms: Time in it, of all together.
    """

    entered: int = 0
    contained: int = 0
    results: dict[str, int] = {}
    to: dict[str, int] = {}
    versions: dict[str, int] = {}
    total_ms: int = 0


class NodeNumbers(msgspec.Struct, kw_only=True):
    """Numbers of a node, of the same callers.

    Attributes:
        node: The node.
        entered: How often it was entered.
        total_ms: Time in it, of all together.
        median_ms: Time in it of the one in the middle, to half a second.
        left_by: How it was left: ``NodeVisit.left_by`` to how often.
        timeouts: How often nothing was pressed.
        invalid: How often it was what meant nothing.
        failures: Why lookups and recordings failed, to how often.
    """

    node: str
    entered: int = 0
    total_ms: int = 0
    median_ms: int = 0
    left_by: dict[str, int] = {}
    timeouts: int = 0
    invalid: int = 0
    failures: dict[str, int] = {}


class FlowQuarter(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of a flow in a quarter of an hour.

    Attributes:
        start_utc_ms: Its begin.
        numbers: What they are.
    """

    start_utc_ms: int
    numbers: FlowNumbers


class FlowReport(msgspec.Struct, frozen=True, kw_only=True):
    """What callers did in a flow.

    Attributes:
        quarters: By quarters of an hour, in order; those in which nobody entered are left out.
        nodes: By nodes, most often entered first.
    """

    quarters: list[FlowQuarter]
    nodes: list[NodeNumbers]
