"""What a desktop is shown when it connects: all that it may see and wants to, at one position of the stream."""

from __future__ import annotations

from typing import Any

from ctid.desktop.audience import Audience, TeamOf
from ctid.desktop.ports import Site
from ctid.desktop.topics import Topic
from ctid.engine.views import agent_view, contact_view, offer_view, queue_view


def snapshot(site: Site, audience: Audience, agent_id: str, team_of: TeamOf) -> dict[str, Any]:
    """The site as this desktop may see it; every event after ``seq`` comes on top.

    Args:
        site: The site.
        audience: What the desktop hears of.
        agent_id: The agent whose work is its own; empty for none.
        team_of: Tells an agent's team.
    """
    state, spec, now = site.state, site.spec, site.now()
    own = state.agents.get(agent_id)
    own_contacts = set() if own is None else {own.contact_id, *own.tasks}
    own_contacts |= {offer.contact_id for offer in state.offers.values() if agent_id and offer.agent_id == agent_id}
    agents = [
        agent for _, agent in sorted(state.agents.items()) if agent is own or audience.sees_agent(agent.id, team_of)
    ]
    contacts = [
        contact
        for contact in sorted(state.contacts.values(), key=lambda contact: contact.seq)
        if contact.id in own_contacts or audience.sees_contact(contact.queue)
    ]
    offers = [
        offer
        for offer in state.offers.values()
        if (agent_id and offer.agent_id == agent_id) or audience.sees_offer(offer.queue, offer.agent_id, team_of)
    ]
    pbxes = {name: pbx.up for name, pbx in state.pbxes.items()} if Topic.SITE in audience.topics else {}
    return {
        "type": "snapshot",
        "epoch": site.epoch,
        "seq": state.stream_seq,
        "time": now.iso(),
        "data": {
            "site": spec.site,
            "agents": [agent_view(state, spec, agent, now) for agent in agents],
            "contacts": [contact_view(state, contact, now, site.floor) for contact in contacts],
            "offers": [offer_view(state, offer, now, site.floor) for offer in offers],
            "queues": [
                queue_view(state, spec, name, now, site.floor) for name in spec.queues if audience.sees_queue(name)
            ],
            "pbxes": pbxes,
        },
    }
