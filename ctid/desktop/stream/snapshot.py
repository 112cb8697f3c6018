"""What a desktop is shown when it connects: all that it may see and wants to, at one position of the stream."""

from __future__ import annotations

from typing import Any

from ctid.desktop.ports import Site
from ctid.desktop.stream.audience import Audience, TeamOf
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.desktop.topics import Topic
from ctid.engine.shown.parked import may_fetch
from ctid.engine.shown.supervision_view import supervision_view
from ctid.engine.shown.views import agent_view, consultation_view, contact_view, offer_view, screen_pop


def snapshot(
    site: Site, audience: Audience, agent_id: str, team_of: TeamOf, numbers: QueueNumbers, person: str
) -> dict[str, Any]:
    """The site as this desktop may see it; every event after ``seq`` comes on top.

    Args:
        site: The site.
        audience: What the desktop hears of.
        agent_id: The agent whose work is its own; empty for none.
        team_of: Tells an agent's team.
        numbers: Of the queues.
        person: The agent who looks at it, be it their desktop or not; empty for none.
    """
    state, spec, now = site.state, site.spec, site.now()
    own = state.agents.get(agent_id)
    offers = [
        offer
        for offer in state.offers.values()
        if (own and offer.agent_id == agent_id) or audience.sees_offer(offer.queue, offer.agent_id, team_of)
    ]
    mine = set() if own is None else {own.contact_id, *own.tasks}
    mine |= {offer.contact_id for offer in offers if own and offer.agent_id == agent_id}
    if audience.supervises:
        agents = [
            agent for _, agent in sorted(state.agents.items()) if agent is own or audience.sees_agent(agent.id, team_of)
        ]
        seen = [each for each in state.contacts.values() if each.id in mine or audience.sees_contact(each.queue)]
    else:
        # Most desktops are agents', and when all come back at once, none may look through everybody else's.
        agents = [] if own is None else [own]
        seen = [state.contacts[contact_id] for contact_id in mine if contact_id in state.contacts]
    contacts = sorted(seen, key=lambda contact: contact.seq)
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
            "consultations": [
                {**consultation_view(each), "pop": screen_pop(state.contacts[each.contact_id], now, site.floor)}
                for each in state.consultations.values()
                if agent_id in (each.from_agent, each.to_agent)
            ],
            "supervisions": [
                supervision_view(each)
                for each in state.supervisions.values()
                if (each.told or each.agent_id != person)
                and (each.agent_id == agent_id or audience.sees_agent(each.agent_id, team_of))
            ],
            "parked": [
                {
                    "contact": contact_view(state, contact, now, site.floor),
                    "pop": screen_pop(contact, now, site.floor),
                }
                for contact in map(state.contacts.__getitem__, state.parked)
                if own is not None and may_fetch(site.floor, contact, agent_id)
            ],
            "queues": [numbers.view(name) for name in spec.queues if audience.sees_queue(name)],
            "pbxes": pbxes,
        },
    }
