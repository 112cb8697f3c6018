"""All checks of a configuration's flows, beyond what their form and the names in them tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctid.ivr.checks.attributes import faulty_attributes
from ctid.ivr.checks.conditions import faulty_conditions
from ctid.ivr.checks.needs import faulty_needs
from ctid.ivr.checks.site import Fault, Flows
from ctid.ivr.checks.texts import faulty_texts
from ctid.ivr.checks.ways import faulty_ways


def faulty_flows(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Every fault of the flows in a configuration's plain data, with its key path.

    Flows that are not of the right form are left out, so that the others' faults are told all the same.
    """
    flows = Flows(data)
    for check in (faulty_ways, faulty_attributes, faulty_conditions, faulty_texts, faulty_needs):
        yield from check(flows)
