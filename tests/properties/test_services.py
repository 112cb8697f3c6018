"""A hundred random sequences of services by four agents on twenty calls, checked against a model at every step."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.properties.call_rules import CallRules

pytestmark = pytest.mark.properties

settings.register_profile(
    "services",
    max_examples=int(os.environ.get("CTID_SERVICE_EXAMPLES", "100")),
    stateful_step_count=int(os.environ.get("CTID_SERVICE_STEPS", "50")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

CallRules.TestCase.settings = settings.get_profile("services")
TestServices = CallRules.TestCase
