"""The configuration as it is simulated: the site's own, with the scenario's agents and ways straight into queues."""

from __future__ import annotations

import re
from typing import Any

from ctid.simulation.scenario import SIMULATED_PBX, CrewSpec, ScenarioSpec
from ctid.spec.site import SiteSpec


def staged(site: SiteSpec, spec: ScenarioSpec) -> dict[str, Any]:
    """Plain data of the configuration to simulate."""
    data = on_phones(site)
    pbx = pbxes(site)[0]
    for name, crew in spec.crews.items():
        member = {**crew.model_dump(mode="json", exclude={"count"}), "answer": "phone"}
        if crew.pbx == SIMULATED_PBX:
            member["pbx"] = pbx
        for agent_id in crew_names(name, crew):
            data["agents"][agent_id] = {**member, "name": agent_id, "device": f"PJSIP/{agent_id}"}
    direct = {
        f"direct-{queue}": {"dnis": re.escape(direct_number(queue)), "open": {"queue": queue}}
        for queue in sorted({stream.queue for stream in spec.streams.values() if stream.queue})
    }
    data["entries"] = {**direct, **data["entries"]}
    return data


def on_phones(site: SiteSpec) -> dict[str, Any]:
    """Plain data of the configuration; who accepts at the desktop answers the phone instead: there are no desktops."""
    data = site.model_dump(mode="json")
    for agent in data["agents"].values():
        agent["answer"] = "phone"
    return data


def pbxes(site: SiteSpec) -> list[str]:
    """The PBXes there are; callers who name none of them come to the first."""
    return list(dict.fromkeys(agent.pbx for agent in site.agents.values())) or [SIMULATED_PBX]


def crew_names(name: str, crew: CrewSpec) -> list[str]:
    """The agents of a crew; numbered so that their names sort as they count."""
    width = len(str(crew.count))
    return [f"{name}-{number:0{width}}" for number in range(1, crew.count + 1)]


def direct_number(queue: str) -> str:
    """The number that leads straight into a queue; nobody can dial it."""
    return f"queue:{queue}"


def agent_groups(site: SiteSpec) -> dict[str, list[str]]:
    """A configuration's agents by their first group, else their team."""
    found: dict[str, list[str]] = {}
    for agent_id, agent in site.agents.items():
        found.setdefault(agent.groups[0] if agent.groups else agent.team or "agents", []).append(agent_id)
    return found
