"""What is counted of callers in flows: once for each closed contact, by names of the configuration alone."""

from __future__ import annotations

import pytest

from ctid.model.commands import SaveRecord
from ctid.runtime.observer import Observer
from ctid.telemetry.metrics import Metrics
from tests.store.sample_records import flow_record, sample_record
from tests.unit.engine.flow_site import flow_site, press


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("test")


def test_stays_in_flows_and_nodes_by_how_they_were_left(metrics: Metrics) -> None:
    observer = Observer(metrics)
    observer.executed(SaveRecord(record=flow_record(0)))
    observer.executed(SaveRecord(record=flow_record(1, path=flow_record(1).path[:4])))
    observer.executed(SaveRecord(record=sample_record(2)))
    lines = metrics.exposition().decode().splitlines()
    for line in (
        'ctid_flow_visits_total{flow="bank",result="left"} 1.0',
        'ctid_flow_visits_total{flow="bank",result="hung_up"} 1.0',
        'ctid_flow_node_total{flow="bank",node="hello",result="on"} 2.0',
        'ctid_flow_node_total{flow="bank",node="topic",result="key"} 1.0',
        'ctid_flow_node_total{flow="bank",node="topic",result="hung_up"} 1.0',
        'ctid_flow_seconds_count{flow="bank"} 2.0',
        'ctid_flow_seconds_bucket{flow="bank",le="10.0"} 1.0',
    ):
        assert line in lines


def test_callers_in_flows_now(metrics: Metrics) -> None:
    site, observer = flow_site(), Observer(metrics)
    spec = site.engine.site

    def inside(flow: str) -> float | None:
        observer.gauge(site.engine.state, spec, 0)
        return metrics.registry.get_sample_value("ctid_flow_callers", {"flow": flow})

    assert (inside("identify"), inside("bye")) == (0, 0)
    site.call(dnis="104", ani="")
    assert (inside("identify"), inside("bye")) == (1, 0)
    press(site)
    press(site, "4")
    assert (inside("identify"), inside("bye")) == (0, 1)
    site.ended("c1")
    assert (inside("identify"), inside("bye")) == (0, 0)
