"""What a desktop is shown when it connects: all that it may see, at one position of the stream."""

from __future__ import annotations

from typing import Any

from ctid.desktop.auth import Principal
from ctid.desktop.ports import Site
from ctid.engine.views import agent_view, contact_view, offer_view, queue_view


def snapshot(site: Site, principal: Principal) -> dict[str, Any]:
    """The site as this principal may see it; every event after ``seq`` comes on top."""
    state, spec, now = site.state, site.spec, site.now()
    if principal.sees_all:
        agents = [agent for _, agent in sorted(state.agents.items())]
        contacts = sorted(state.contacts.values(), key=lambda contact: contact.seq)
        offers = list(state.offers.values())
    else:
        own = state.agents.get(principal.agent_id)
        agents = [] if own is None else [own]
        offers = [offer for offer in state.offers.values() if offer.agent_id == principal.agent_id]
        ids = {agent.contact_id for agent in agents} | {offer.contact_id for offer in offers}
        ids |= {contact_id for agent in agents for contact_id in agent.tasks}
        contacts = [state.contacts[contact_id] for contact_id in sorted(ids) if contact_id in state.contacts]
    return {
        "type": "snapshot",
        "epoch": site.epoch,
        "seq": state.stream_seq,
        "time": now.iso(),
        "data": {
            "site": spec.site,
            "agents": [agent_view(state, spec, agent, now) for agent in agents],
            "contacts": [contact_view(state, contact, now, site.floor) for contact in contacts],
            "offers": [offer_view(state, offer, now) for offer in offers],
            "queues": [queue_view(state, spec, name, now, site.floor) for name in spec.queues],
            "pbxes": {name: pbx.up for name, pbx in state.pbxes.items()},
        },
    }
