"""What flows need of the rest of the configuration: lookups, a place for recordings; names that people may give."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from ctid.ivr.checks.site import Fault, Flows
from ctid.spec.daemon import DaemonSpec
from ctid.spec.lookup import LookupSpec
from ctid.spec.nearest import nearest
from ctid.spec.nodes import FetchNode, FetchSpec, RecordNode


def faulty_needs(flows: Flows) -> Iterator[Fault]:
    """All of these faults."""
    section = flows.data.get("flows")
    for name in section if isinstance(section, dict) else ():
        if "@" in str(name):
            yield flows.at(name), "a flow's name has no @: what follows it is a version, which ctid itself gives"
    # A site without its daemon, for a simulation, need not tell what only the daemon uses.
    whole = "pbxes" in flows.data
    lookups = flows.data.get("lookups")
    told = isinstance(lookups, dict) or (whole and "lookups" in DaemonSpec.model_fields)
    for flow, _, node_name, node in flows.nodes():
        if isinstance(node, FetchNode) and told:
            known = lookups if isinstance(lookups, dict) else {}
            if node.fetch.lookup not in known:
                what = f"there is no lookup {node.fetch.lookup!r}; {nearest(node.fetch.lookup, known)}"
                yield flows.at(flow, node_name, "fetch/lookup"), what
        if isinstance(node, FetchNode):
            yield from _in_urls(flows, flow, node_name, node.fetch)
        if isinstance(node, RecordNode) and whole and not flows.data.get("recordings"):
            yield flows.at(flow, node_name, "record"), "there is no section recordings, which says where they are kept"


def _in_urls(flows: Flows, flow: str, node_name: str, fetch: FetchSpec) -> Iterator[Fault]:
    """Sensitive digits that would stand in a URL."""
    lookups = flows.data.get("lookups")
    try:
        http = LookupSpec.model_validate(lookups.get(fetch.lookup) if isinstance(lookups, dict) else None).http
    except ValidationError:
        return
    for parameter, text in fetch.give.items():
        if http is not None and parameter in http.in_url and text[1:-1] in flows.sensitive(flow):
            what = f"{text[1:-1]!r} is sensitive, and the lookup has {parameter} in its URL, which servers log"
            yield flows.at(flow, node_name, f"fetch/give/{parameter}"), f"{what}; let it POST it in its json"
