"""REST: contacts taken elsewhere than ctid would, by whom it is allowed to and by nobody else."""

from __future__ import annotations

from typing import Any

import aiohttp

from ctid.desktop.schemas import contact_schemas, diversion_schemas, offer_schemas
from ctid.desktop.stream import socket_messages
from ctid.desktop.stream.audience import Audience
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.desktop.stream.snapshot import snapshot
from tests.desktop.site import Desk
from tests.desktop.test_agents_and_offers import reload
from tests.desktop.test_rest import ask, offered


async def test_a_parked_caller_is_shown_to_whom_they_are_for(desk: Desk, http: aiohttp.ClientSession) -> None:
    reload(desk, lambda spec: spec["agents"]["bob"].update(queues={"support": {}}))
    contact_id, _ = await offered(http, desk)
    await on_a_break(http, desk, "bob")
    desk.site.answer(contact_id)
    path = f"/v1/contacts/{contact_id}"
    status, problem, _ = await ask(http, desk, "bob", "POST", f"{path}/park")
    assert (status, problem["code"]) == (403, "forbidden")
    status, problem, _ = await ask(http, desk, "alice", "POST", f"{path}/park", json={"agent": "bob"})
    assert (status, "does not serve" in problem["detail"]) == (409, True)
    reload(desk, lambda spec: spec["agents"]["bob"].update(queues={}))
    assert (await ask(http, desk, "bob", "GET", path))[0] == 403
    status, body, _ = await ask(http, desk, "alice", "POST", f"{path}/park", json={"agent": "bob"})
    shown = contact_schemas.ContactAcceptedView.model_validate(body).contact.park
    assert status == 202
    assert shown is not None
    assert (shown.by, shown.agent, shown.returned) == ("alice", "bob", False)
    audience, numbers = Audience.of(desk.authority.verify(desk.token("bob")), None), QueueNumbers(desk.site)
    data = snapshot(desk.site, audience, "bob", desk.hub.team_of, numbers, "bob")
    socket_messages.SnapshotView.model_validate(data)
    assert [each["contact"]["id"] for each in data["data"]["parked"]] == [contact_id]
    assert snapshot(desk.site, audience, "", desk.hub.team_of, numbers, "")["data"]["parked"] == []
    # To see, not to command.
    assert (await ask(http, desk, "bob", "GET", path))[0] == 200
    assert (await ask(http, desk, "bob", "PATCH", f"{path}/attributes", json={"case": "7"}))[0] == 403
    _, listed, _ = await ask(http, desk, "bob", "GET", "/v1/agents/bob/waiting")
    park = diversion_schemas.WaitingContactsView.model_validate(listed).items[0].park
    assert park is not None
    assert (park.by, park.agent) == ("alice", "bob")


async def on_a_break(http: aiohttp.ClientSession, desk: Desk, agent_id: str) -> None:
    body = {"state": "NOT_READY", "reason": "lunch"}
    status, _, _ = await ask(http, desk, agent_id, "PUT", f"/v1/agents/{agent_id}/state", json=body)
    assert status == 202


async def test_a_ringing_call_is_sent_on(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, offer_id = await offered(http, desk)
    path = f"/v1/offers/{offer_id}/deflect"
    for wrong in ({}, {"queue": "support", "agent": "bob"}, {"number": "sip:x"}, {"to": {"queue": "support"}}):
        status, problem, _ = await ask(http, desk, "alice", "POST", path, json=wrong)
        assert (status, bool(problem["errors"])) == (422, True), wrong
    status, problem, _ = await ask(http, desk, "alice", "POST", path, json={"agent": "bob"})
    assert (status, problem["current"]) == (409, "LOGGED_OUT")
    status, _, _ = await ask(http, desk, "bob", "POST", path, json={"queue": "support"})
    assert status == 403
    status, body, _ = await ask(http, desk, "alice", "POST", path, json={"queue": "support"})
    assert (status, body["offer"]["cause"]) == (202, "deflected")
    offer_schemas.OfferAcceptedView.model_validate(body)
    contact = desk.site.state.contacts[contact_id]
    assert (contact.queue, contact.state) == ("support", "queued")


async def test_a_colleagues_ringing_call_is_picked_up(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, _ = await offered(http, desk)
    await on_a_break(http, desk, "bob")
    status, body, _ = await ask(http, desk, "bob", "GET", "/v1/agents/bob/waiting")
    (shown,) = diversion_schemas.WaitingContactsView.model_validate(body).items
    assert (status, shown.id, shown.offered_to, shown.allowed_actions) == (200, contact_id, ["alice"], ["pick_up"])
    status, body, headers = await ask(
        http, desk, "bob", "POST", f"/v1/contacts/{contact_id}/pick-up", headers={"If-Match": f'"{shown.version}"'}
    )
    assert (status, body["contact"]["agent_id"]) == (202, "bob")
    contact_schemas.ContactAcceptedView.model_validate(body)
    assert headers["ETag"] == f'"{body["contact"]["version"]}"'
    _, body, _ = await ask(http, desk, "bob", "GET", "/v1/agents/bob/waiting")
    assert body["items"] == []
    status, body, _ = await ask(http, desk, "sue", "POST", f"/v1/contacts/{contact_id}/pick-up", json={"agent": "bob"})
    assert (status, body["code"]) == (409, "conflict")


async def test_who_does_not_serve_the_queue_does_not_even_see_it(desk: Desk, http: aiohttp.ClientSession) -> None:
    reload(desk, lambda spec: spec["agents"]["bob"].update(queues={"support": {}}))
    contact_id, _ = await offered(http, desk)
    await on_a_break(http, desk, "bob")
    for body in ({}, {"agent": "bob"}, {"agent": "alice"}):
        status, problem, _ = await ask(http, desk, "bob", "POST", f"/v1/contacts/{contact_id}/pick-up", json=body)
        assert (status, problem["code"]) == (403, "forbidden")
    _, listed, _ = await ask(http, desk, "bob", "GET", "/v1/agents/bob/waiting")
    assert listed["items"] == []


async def test_nobody_is_made_to_pick_up_but_by_supervisors(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, _ = await offered(http, desk)
    await on_a_break(http, desk, "bob")
    path = f"/v1/contacts/{contact_id}/pick-up"
    answers: list[tuple[str, dict[str, Any], int]] = [
        ("alice", {"agent": "bob"}, 403),
        ("crm", {"agent": "bob"}, 403),
        ("sue", {}, 400),
        ("sue", {"agent": "nobody"}, 400),
        ("sue", {"agent": "alice"}, 409),
        ("sue", {"agent": "bob"}, 202),
    ]
    for who, body, expected in answers:
        status, told, _ = await ask(http, desk, who, "POST", path, json=body)
        assert status == expected, (who, body, told)
    status, _, _ = await ask(http, desk, "bob", "POST", "/v1/contacts/none/pick-up")
    assert status == 404
    status, _, _ = await ask(http, desk, "sue", "GET", "/v1/agents/nobody/waiting")
    assert status == 404


async def test_what_is_asked_of_a_talk_names_whose_it_is(desk: Desk, http: aiohttp.ClientSession) -> None:
    """So that the engine can refuse it if the contact is somebody else's by then."""
    contact_id, _ = await offered(http, desk)
    desk.site.answer(contact_id)
    asked: dict[str, Any] = {
        "hold": None, "retrieve": None, "mute": {"on": True}, "digits": {"digits": "1"}, "menu": {"menu": "main"},
        "consultations": {"agent": "bob"}, "parties": {"agent": "bob"}, "record": None,
        "transfer": {"to": {"agent": "bob"}}, "hang-up": None, "park": None,
    }  # fmt: skip
    for what, body in asked.items():
        status, answer, _ = await ask(http, desk, "sue", "POST", f"/v1/contacts/{contact_id}/{what}", json=body)
        assert status in (202, 400, 409), (what, answer)
        assert desk.site.events[-1].of_agent == "alice", what
