"""Parked contacts: which they are, and who is shown them."""

from __future__ import annotations

from ctid.acd.floor import Floor
from ctid.acd.profile import serves
from ctid.acd.roster import numbers
from ctid.engine.state import SiteState
from ctid.model.contact import Contact


def is_parked(contact: Contact) -> bool:
    """Whether the contact's caller waits to be fetched, so that it is offered to nobody."""
    return contact.park is not None and not contact.park.returned


def may_fetch(floor: Floor, contact: Contact, agent_id: str) -> bool:
    """Whether the contact is parked for this agent, or was by them; else it is for all who serve its queue."""
    park, profile = contact.park, floor.roster.profiles.get(agent_id)
    if park is None or profile is None:
        return False
    return agent_id in (park.by, park.agent) or (not park.agent and serves(profile, contact.queue))


def watchers(state: SiteState, floor: Floor, contact: Contact) -> list[str]:
    """The agents who are shown a parked contact: those who may fetch it and look at a desktop just now."""
    park, roster = contact.park, floor.roster
    if park is None:
        return []
    if park.agent:
        return [park.by, park.agent]
    serving = (roster.ids[number] for number in numbers(roster.members(contact.queue)))
    return [park.by, *(agent_id for agent_id in serving if state.agents[agent_id].desktops)]
