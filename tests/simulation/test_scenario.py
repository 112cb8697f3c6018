"""Scenario files: what is read, and faults with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctid.errors import ConfigError
from ctid.simulation.scenario import check_other, load_scenario

pytestmark = pytest.mark.simulation

SITE = """\
site: demo
country: DE
skills: [sales]
entries: {}
queues:
  sales: {steps: [{skills: {sales: 1}}]}
agents:
  alice: {name: Alice, device: PJSIP/1, pbx: main, skills: {sales: 3}}
"""
SCENARIO = """\
config: site.yaml
interval_seconds: 600
streams:
  buyers:
    queue: sales
    per_interval: [10, 20]
    handling: {distribution: exponential, mean_seconds: 60}
    patience:
      - {distribution: exponential, mean_seconds: 60}
      - {distribution: deterministic, seconds: 90}
crews:
  temps: {count: 3, skills: {sales: 1}}
shifts:
  - {crew: temps, hours: "08:00-09:00"}
  - {agents: [alice]}
"""


def written(folder: Path, scenario: str, site: str = SITE) -> Path:
    (folder / "site.yaml").write_text(site, encoding="utf-8")
    path = folder / "scenario.yaml"
    path.write_text(scenario, encoding="utf-8")
    return path


def faults(folder: Path, old: str, new: str) -> list[str]:
    assert old in SCENARIO
    with pytest.raises(ConfigError) as caught:
        load_scenario(written(folder, SCENARIO.replace(old, new)))
    return [fault.removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_a_scenario_comes_with_its_configuration(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, SCENARIO))
    assert scenario.site.site == "demo"
    assert [
        len(each or []) for each in (scenario.spec.streams["buyers"].handling, scenario.spec.streams["buyers"].patience)
    ] == [1, 2]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "queue: sales",
            "queue: service",
            "scenario.yaml:5: streams.buyers.queue: there is no queue 'service'; there is: sales",
        ),
        (
            "queue: sales",
            "keys: '1'",
            "scenario.yaml:4: streams.buyers: give either dnis, the number they dial, or queue",
        ),
        (
            "mean_seconds: 60}\n    patience",
            "mean_seconds: 0}\n    patience",
            "scenario.yaml:7: streams.buyers.handling.mean_seconds: Input should be greater than 0",
        ),
        ("seconds: 90", "minutes: 2", "scenario.yaml:10: streams.buyers.patience[1].seconds: is needed and missing"),
        (
            "[10, 20]",
            "[10, 20, 30]",
            "scenario.yaml:4: streams.buyers: patience: give one distribution, or one for each of 3 intervals",
        ),
        (
            "skills: {sales: 1}",
            "skills: {golf: 1}",
            "scenario.yaml:12: crews.temps.skills.golf: there is no skill 'golf'; there is: sales",
        ),
        ("crew: temps", "crew: tempts", "scenario.yaml:14: shifts[0].crew: there is no crew 'tempts'; there is: temps"),
        ("[alice]", "[alicia]", "scenario.yaml:15: shifts[1].agents: there is no agent 'alicia'; there is: alice"),
        (
            "08:00-09:00",
            "9 to 5",
            "scenario.yaml:14: shifts[0].hours: '9 to 5' is no span of time; write for example 09:00-17:30",
        ),
        ("interval_seconds: 600", "intervals: 600", "scenario.yaml:2: intervals: is not known; there is:"),
        ("config: site.yaml", "config: elsewhere.yaml", "elsewhere.yaml:1: cannot be read"),
    ],
)
def test_faults_name_file_line_and_key(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert any(each.startswith(fault) for each in faults(tmp_path, old, new)), faults(tmp_path, old, new)


def test_a_site_can_stand_in_the_scenario_and_its_faults_have_their_place(tmp_path: Path) -> None:
    inline = "site:\n" + "".join(f"  {line}\n" for line in SITE.splitlines())
    whole = SCENARIO.replace("config: site.yaml\n", inline)
    assert load_scenario(written(tmp_path, whole)).site.site == "demo"
    with pytest.raises(ConfigError) as caught:
        load_scenario(written(tmp_path, whole.replace("skills: [sales]", "skills: [golf]")))
    assert f"{tmp_path}/scenario.yaml:7: site.queues.sales.steps[0].skills.sales: there is no skill 'sales'" in str(
        caught.value
    )


def test_so_can_one_with_menus(tmp_path: Path) -> None:
    menus = (
        "  menus:\n    main:\n      prompts: [hi]\n      keys: {'1': {queue: sales}}\n      otherwise: {queue: sales}\n"
    )
    inline = "site:\n" + "".join(f"  {line}\n" for line in SITE.splitlines()) + menus
    whole = SCENARIO.replace("config: site.yaml\n", inline)
    assert load_scenario(written(tmp_path, whole)).site.flows.keys() == {"main"}
    for old, new, told in (
        ("[hi]", "[]", "12: site.menus.main.prompts: List should have at least 1 item"),
        (
            "otherwise: {queue: sales}",
            "otherwise: {queue: s}",
            "14: site.menus.main.otherwise.queue: there is no queue",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            load_scenario(written(tmp_path, whole.replace(old, new)))
        (fault,) = caught.value.faults
        assert fault.startswith(f"{tmp_path}/scenario.yaml:{told}")


def test_another_configuration_needs_the_queues_but_not_the_agents(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, SCENARIO))
    check_other(scenario.spec, scenario.site.model_copy(update={"agents": {}}), tmp_path)
    with pytest.raises(ConfigError, match="there is no queue 'sales'; there is: none at all, which the scenario needs"):
        check_other(scenario.spec, scenario.site.model_copy(update={"queues": {}}), tmp_path / "other.yaml")
