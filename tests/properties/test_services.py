"""A hundred random sequences of services by four agents on twenty calls: ids kept, no leg leaked, times add up.

One step after another, each is checked against the model of who hears whom; in haste, by what the world's watch knows.
``CTID_SERVICES=1000`` has ten times as many, of other chance each time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.properties.desk_rules import DeskRules
from tests.properties.race_rules import RaceRules

# A limit that strikes in the midst of an example is a fault to hypothesis, which it then can't find again.
pytestmark = [pytest.mark.properties, pytest.mark.timeout(900)]

MORE = int(os.environ.get("CTID_SERVICES", "0"))

# Without the explaining phase, which traces every line.
SETTINGS = settings(
    max_examples=MORE or 100,
    stateful_step_count=50,
    deadline=None,
    derandomize=not MORE,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)

DeskRules.TestCase.settings = SETTINGS
TestServices = DeskRules.TestCase

RaceRules.TestCase.settings = SETTINGS
TestServicesInHaste = RaceRules.TestCase
