"""REST: offers accepted at the desktop, wrap-ups extended and refused, tasks, and agents' live profiles."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from ctid.desktop.schemas import agent_schemas, contact_schemas, offer_schemas, record_schemas
from ctid.desktop.stream.audience import Audience
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.desktop.stream.snapshot import snapshot
from ctid.model import events as ev
from tests.desktop.site import Desk
from tests.desktop.test_rest import ask, go_ready, offered

Change = Callable[[dict[str, Any]], None]


def reload(desk: Desk, change: Change) -> None:
    """Bring a changed configuration into force."""
    spec = copy.deepcopy(desk.site.spec.model_dump(mode="json", by_alias=True))
    change(spec)
    desk.site.handle(ev.ConfigLoaded(spec=spec))


async def test_an_offer_is_accepted_at_the_desktop(desk: Desk, http: aiohttp.ClientSession) -> None:
    reload(desk, lambda spec: spec["agents"]["alice"].update(answer="desktop"))
    contact_id, offer_id = await offered(http, desk)
    _, offer, _ = await ask(http, desk, "alice", "GET", f"/v1/offers/{offer_id}")
    assert offer_schemas.OfferView.model_validate(offer).allowed_actions == [
        "accept_offer",
        "reject_offer",
        "deflect_offer",
    ]
    status, body, _ = await ask(http, desk, "bob", "POST", f"/v1/offers/{offer_id}/accept")
    assert (status, body["code"]) == (403, "forbidden")
    status, body, _ = await ask(http, desk, "alice", "POST", f"/v1/offers/{offer_id}/accept")
    assert (status, body["offer"]["state"]) == (202, "accepted")
    offer_schemas.OfferAcceptedView.model_validate(body)
    status, body, _ = await ask(http, desk, "alice", "POST", f"/v1/offers/{offer_id}/accept", json={})
    assert (status, body["current"]) == (409, "accepted")
    desk.site.answer(contact_id)
    assert desk.site.state.contacts[contact_id].state == "connected"


async def test_an_offer_whose_phone_rings_is_answered_there(desk: Desk, http: aiohttp.ClientSession) -> None:
    _, offer_id = await offered(http, desk)
    status, body, _ = await ask(http, desk, "alice", "POST", f"/v1/offers/{offer_id}/accept")
    assert (status, body["code"], body["allowed_actions"]) == (
        409,
        "conflict",
        ["answer_offer", "reject_offer", "deflect_offer"],
    )
    assert "rings" in body["detail"]


async def test_a_wrap_up_is_extended_and_asks_for_its_disposition(desk: Desk, http: aiohttp.ClientSession) -> None:
    reload(desk, lambda spec: spec["queues"]["sales"].update(disposition_required=True, wrap_up_max_seconds=60))
    contact_id, _ = await offered(http, desk)
    desk.site.answer(contact_id)
    path = f"/v1/contacts/{contact_id}/wrap-up"
    status, body, _ = await ask(http, desk, "alice", "PUT", path, json={"extend_seconds": 10})
    assert (status, body["current"]) == (409, "BUSY")
    desk.site.hang_up(contact_id)
    _, before, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice")
    status, body, _ = await ask(http, desk, "alice", "PUT", path, json={"extend_seconds": 10})
    assert (status, body["contact"]["disposition_missing"]) == (202, True)
    _, after, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice")
    assert after["wrap_up_until"] > before["wrap_up_until"]
    assert after["allowed_actions"] == ["wrap_up", "extend_wrap_up"]
    status, body, _ = await ask(http, desk, "alice", "PUT", path, json={"complete": True})
    assert (status, body["code"]) == (409, "conflict")
    assert "disposition" in body["detail"]
    status, body, _ = await ask(http, desk, "alice", "PUT", path, json={"extend_seconds": 0})
    assert (status, body["pointer"]) == (422, "#/extend_seconds")
    status, _, _ = await ask(http, desk, "sue", "PUT", path, json={"complete": True})
    assert status == 202, "a supervisor can always end it"
    _, record, _ = await ask(http, desk, "sue", "GET", f"/v1/records/{contact_id}")
    assert record_schemas.RecordView.model_validate(record).disposition_missing


async def test_a_task_from_its_submission_to_its_record(desk: Desk, http: aiohttp.ClientSession) -> None:
    reload(desk, lambda spec: spec["agents"]["alice"].update(capacity={"voice": 1, "chat": 2}))
    desk.site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
    await go_ready(http, desk, "alice")
    task = {
        "channel": "chat",
        "queue": "sales",
        "priority": 3,
        "attributes": {"topic": "billing"},
        "customer": {"id": "7", "name": "Carla"},
    }
    status, body, _ = await ask(http, desk, "alice", "POST", "/v1/contacts", json=task)
    assert (status, body["code"]) == (403, "forbidden")
    status, body, _ = await ask(http, desk, "sue", "POST", "/v1/contacts", json=task, headers={"Idempotency-Key": "1"})
    _, again, _ = await ask(http, desk, "sue", "POST", "/v1/contacts", json=task, headers={"Idempotency-Key": "1"})
    assert (status, again) == (202, body)
    contact = contact_schemas.ContactAcceptedView.model_validate(body).contact
    assert (contact.channel, contact.priority, contact.customer and contact.customer.name) == ("chat", 3, "Carla")
    assert "withdraw" in contact.allowed_actions
    (offer_id,) = desk.site.state.contacts[contact.id].offer_ids
    status, body, _ = await ask(http, desk, "alice", "POST", f"/v1/offers/{offer_id}/accept")
    assert status == 202, body
    _, agent, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice")
    view = agent_schemas.AgentView.model_validate(agent)
    assert [(each.contact_id, each.channel, each.interrupted) for each in view.tasks] == [(contact.id, "chat", False)]
    assert (view.channels["chat"].in_use, view.channels["chat"].capacity, view.state) == (1, 2, "READY")
    own = desk.authority.verify(desk.token("alice"))
    audience, numbers = Audience.of(own, None), QueueNumbers(desk.site)
    shown = snapshot(desk.site, audience, "alice", desk.hub.team_of, numbers, "alice")["data"]
    assert [each["id"] for each in shown["contacts"]] == [contact.id]
    status, body, _ = await ask(
        http,
        desk,
        "alice",
        "PUT",
        f"/v1/contacts/{contact.id}/wrap-up",
        json={"disposition": "order", "complete": True},
    )
    assert (status, body["contact"]["state"]) == (202, "closed")
    _, record, _ = await ask(http, desk, "sue", "GET", f"/v1/records/{contact.id}")
    assert (record["channel"], record["outcome"], record["agent_id"]) == ("chat", "handled", "alice")


async def test_the_customer_of_a_task_leaves(desk: Desk, http: aiohttp.ClientSession) -> None:
    _, body, _ = await ask(http, desk, "sue", "POST", "/v1/contacts", json={"channel": "email", "queue": "support"})
    path = f"/v1/contacts/{body['contact']['id']}"
    status, refused, _ = await ask(http, desk, "alice", "DELETE", path)
    assert (status, refused["code"]) == (403, "forbidden")
    status, refused, _ = await ask(http, desk, "sue", "DELETE", path, headers={"If-Match": '"99"'})
    assert (status, refused["code"]) == (412, "version-mismatch")
    status, body, _ = await ask(http, desk, "sue", "DELETE", path)
    assert (status, body["contact"]["outcome"]) == (202, "short_abandon")
    call = desk.site.call()
    status, refused, _ = await ask(http, desk, "sue", "DELETE", f"/v1/contacts/{call}")
    assert (status, refused["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"channel": "voice", "queue": "sales"}, 400, None),
        ({"channel": "chat", "queue": "kitchen"}, 400, None),
        ({"channel": "Chat!", "queue": "sales"}, 422, "#/channel"),
        ({"queue": "sales"}, 422, "#/channel"),
        ({"channel": "chat", "queue": "sales", "customer": {"name": "x"}}, 422, "#/customer/id"),
        ({"channel": "chat", "queue": "sales", "ani": "1"}, 422, "#/ani"),
    ],
    ids=str,
)
async def test_a_task_that_does_not_fit_is_refused(
    desk: Desk, http: aiohttp.ClientSession, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    code, answer, _ = await ask(http, desk, "sue", "POST", "/v1/contacts", json=body)
    assert (code, answer.get("pointer")) == (status, pointer)
    assert not desk.site.state.contacts


async def test_skills_and_queues_are_changed_live_and_given_back(desk: Desk, http: aiohttp.ClientSession) -> None:
    path = "/v1/agents/bob"
    status, body, _ = await ask(http, desk, "bob", "PATCH", path, json={"skills": {"sales": 9}})
    assert (status, body["code"]) == (403, "forbidden")
    status, body, headers = await ask(
        http,
        desk,
        "sue",
        "PATCH",
        path,
        json={"skills": {"sales": 9, "support": None}, "queues": {"sales": {"priority": 2}}},
    )
    assert status == 202, body
    agent = agent_schemas.AgentAcceptedView.model_validate(body).agent
    assert (agent.skills, agent.live_changes) == ({"sales": 9}, ["skills", "queues"])
    assert (agent.queues["sales"].priority, agent.queues["support"].priority) == (2, 0)
    status, _, _ = await ask(http, desk, "sue", "PATCH", path, json={"skills": None}, headers={"If-Match": '"0"'})
    assert status == 412
    status, body, _ = await ask(
        http, desk, "sue", "PATCH", path, json={"skills": None}, headers={"If-Match": headers["ETag"]}
    )
    assert (status, body["agent"]["skills"]) == (202, {"support": 7, "sales": 2})
    assert body["agent"]["live_changes"] == ["queues"]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"skills": {"cooking": 3}}, 400, None),
        ({"skills": {"sales": 11}}, 422, "#/skills/sales"),
        ({"queues": {"kitchen": {}}}, 400, None),
        ({"queues": {"sales": {"priority": 0.5}}}, 422, "#/queues/sales/priority"),
        ({"queues": {"sales": None, "support": None}}, 400, None),
        ({"groups": []}, 422, "#/groups"),
    ],
    ids=str,
)
async def test_a_profile_that_does_not_fit_the_site_is_refused(
    desk: Desk, http: aiohttp.ClientSession, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    code, answer, _ = await ask(http, desk, "sue", "PATCH", "/v1/agents/bob", json=body)
    assert (code, answer.get("pointer")) == (status, pointer)
    agent = desk.site.state.agents["bob"]
    assert (agent.skills, agent.queues, agent.version) == (None, None, 0)
