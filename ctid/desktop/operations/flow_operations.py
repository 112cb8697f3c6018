"""Operations on flows of the IVR: what they are, and reports."""

from __future__ import annotations

from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import flows
from ctid.desktop.schemas import flow_schemas as shapes

SUPERVISION: Final = frozenset({Role.SUPERVISOR, Role.ADMIN})

FLOW_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="listFlows",
        method="GET",
        path="/v1/flows",
        summary="The flows of the IVR, and how many callers are in them now",
        roles=SUPERVISION,
        handler=flows.list_flows,
        answer=shapes.FlowsView,
    ),
    Operation(
        name="getFlow",
        method="GET",
        path="/v1/flows/{flow_id}",
        summary="A flow with its nodes: what they say, where they lead, how many callers are in them now",
        roles=SUPERVISION,
        handler=flows.get_flow,
        answer=shapes.WholeFlowView,
    ),
    Operation(
        name="getFlowPicture",
        method="GET",
        path="/v1/flows/{flow_id}/picture.svg",
        summary="A flow drawn as SVG; the element of a node has its id as `data-node`",
        roles=SUPERVISION,
        handler=flows.get_picture,
        query=shapes.FlowPictureQuery,
        answer=None,
        content_type="image/svg+xml",
    ),
    Operation(
        name="getFlowReport",
        method="GET",
        path="/v1/flows/{flow_id}/report",
        summary="What became of the callers who entered a flow: in all, by intervals, by nodes",
        roles=SUPERVISION,
        handler=flows.get_report,
        query=shapes.FlowReportQuery,
        answer=shapes.FlowReportView,
        searches_store=True,
    ),
    Operation(
        name="getFlowReportCsv",
        method="GET",
        path="/v1/flows/{flow_id}/report.csv",
        summary="The same report as CSV (RFC 4180)",
        roles=SUPERVISION,
        handler=flows.get_report_csv,
        query=shapes.FlowReportQuery,
        answer=None,
        content_type="text/csv",
        searches_store=True,
    ),
)
