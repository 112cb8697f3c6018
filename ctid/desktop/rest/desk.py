"""What agents have beside their contacts: their day, their history, a directory; and messages to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ctid.acd.needs import resolve
from ctid.acd.steps import steps_of
from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.scope import sees_contact
from ctid.desktop.rest.rights import own_agent, own_queue
from ctid.desktop.schemas.desk_bodies import DirectoryQuery, HistoryQuery, MessageBody
from ctid.desktop.schemas.record_views import record_view
from ctid.engine.shown.desk_view import agent_day_view
from ctid.engine.shown.views import contact_view
from ctid.engine.waiting.requirement import names_of
from ctid.errors import ForbiddenError, NotFoundError
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.events import MessageRequested
from ctid.model.record import RecordFilter
from ctid.spec.flow import flow_name
from ctid.spec.requirement import NeedSpec


async def get_day(call: Call) -> Answer:
    """An agent's times and counts of today, and the callbacks that are theirs."""
    agent, site = _agent(call), call.site
    now = site.now()
    own = [
        contact_view(site.state, contact, now, site.floor)
        for contact_ids in site.state.callbacks.values()
        for contact_id in contact_ids
        if _is_meant_for(call, contact := site.state.contacts[contact_id], agent.id)
        and (agent.id == call.principal.agent_id or sees_contact(site.state, call.principal, contact))
    ]
    return Answer({**agent_day_view(site.state, agent, now), "callbacks": own})


def _is_meant_for(call: Call, contact: Contact, agent_id: str) -> bool:
    """Whether what the contact needs, at any step, names the agent or prefers them by name."""
    named = names_of(contact)
    for step in steps_of(call.site.spec.queues[contact.queue], contact):
        needs: list[NeedSpec] = [step] if step.prefer is None else [step, step.prefer]
        if any(agent_id in resolve(need, named).agents for need in needs):
            return True
    return False


async def list_own_contacts(call: Call) -> Answer:
    """Records of the contacts that an agent served, newest first."""
    query: HistoryQuery = call.query
    agent = _agent(call)
    own = agent.id == call.principal.agent_id
    labels = call.site.spec.dispositions.items()
    which = RecordFilter(
        served_by=agent.id,
        queues=[] if own else sorted(call.principal.queues),
        created_from=query.since,
        created_to=query.until,
        search=query.search,
        search_dispositions=[code for code, label in labels if query.search and _has(query.search, label)],
    )
    page = await call.site.records.find(which, limit=query.limit, cursor=query.cursor)
    return Answer({"items": [record_view(record) for record in page.records], "next_cursor": page.next_cursor})


async def get_directory(call: Call) -> Answer:
    """Agents, queues and the phone book, or the flows, as far as they match."""
    query: DirectoryQuery = call.query
    found = (
        entry
        for entry in (_flows(call) if query.kind == "flow" else _entries(call))
        if query.kind in (None, entry["kind"])
        if query.search is None or _has(query.search, entry["name"], entry["id"], entry["number"] or "")
    )
    return Answer({"entries": [entry for entry, _ in zip(found, range(query.limit), strict=False)]})


def _entries(call: Call) -> Iterator[dict[str, Any]]:
    spec, state = call.site.spec, call.site.state
    for agent_id, agent in spec.agents.items():
        yield {
            "kind": "agent",
            "id": agent_id,
            "name": agent.name,
            "number": agent.device.partition("/")[2],
            "state": state.agents[agent_id].state,
            "team": agent.team,
        }
    for name, queue in spec.queues.items():
        yield _entry("queue", name, queue.name or name, None)
    for each in spec.phone_book:
        yield _entry("number", each.number, each.name, each.number)


def _flows(call: Call) -> Iterator[dict[str, Any]]:
    for name, flow in call.site.spec.flows.items():
        # Not the earlier versions that somebody is still in.
        if name == flow_name(name):
            yield _entry("flow", name, flow.title or name, None)


def _entry(kind: str, id_: str, name: str, number: str | None) -> dict[str, Any]:
    return {"kind": kind, "id": id_, "name": name, "number": number, "state": None, "team": None}


def _has(search: str, *texts: str) -> bool:
    wanted = search.casefold()
    return any(wanted in text.casefold() for text in texts)


async def send_message(call: Call) -> Answer:
    """Send agents a few words."""
    body: MessageBody = call.body
    teams = call.principal.teams
    for agent_id in body.to.agents:
        own_agent(call, agent_id)
    for queue in body.to.queues:
        own_queue(call, queue)
    if teams and not teams.issuperset(body.to.teams):
        raise ForbiddenError("this team is not yours")
    result = await call.site.request(
        MessageRequested(
            command_id=call.command_id,
            principal=call.principal.subject,
            sender=call.principal.name or call.principal.subject,
            text=body.text,
            agents=body.to.agents,
            teams=body.to.teams,
            queues=body.to.queues,
            everybody=body.to.all,
            among=sorted(teams) or None,
        )
    )
    return accepted(call, result)


def _agent(call: Call) -> Agent:
    agent_id = call.params["agent_id"]
    own_agent(call, agent_id)
    agent = call.site.state.agents.get(agent_id)
    if agent is None:
        raise NotFoundError("there is no such agent")
    return agent
