"""Desk data over REST: the pop and the contact, the day, history, directory, statistics, messages; and whose it is."""

from __future__ import annotations

import copy
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from ctid.desktop.schemas import (
    agent_day_schemas,
    contact_schemas,
    desk_schemas,
    offer_schemas,
    queue_schemas,
    record_schemas,
)
from ctid.model import events as ev
from ctid.model.access import Grant, Role
from ctid.model.customer import Case, Customer, RecentContact
from ctid.model.day import Quarter, QueueDay
from tests.desktop.site import Desk
from tests.desktop.test_rest import ask, go_ready, offered

GRETA = Customer(id="c-1001", name="Greta Lindqvist", cases=[Case(id="4711", title="Order on its way", state="open")])
EARLIER = RecentContact(
    contact_id="ct-old",
    at_utc_ms=1_794_000_000_000,
    channel="voice",
    queue="sales",
    agent_id="bob",
    outcome="handled",
    disposition="order",
    notes="two pairs",
)


def known(desk: Desk, contact_id: str) -> None:
    desk.site.handle(ev.CustomerLookedUp(contact_id=contact_id, customer=GRETA, recent=[EARLIER]))


def reload(desk: Desk, **queue: Any) -> None:
    """Bring a changed queue sales into force."""
    spec = copy.deepcopy(desk.site.spec.model_dump(mode="json", by_alias=True))
    spec["queues"]["sales"].update(queue)
    desk.site.handle(ev.ConfigLoaded(spec=spec))


async def ask_as(
    http: aiohttp.ClientSession, desk: Desk, grant: Grant, method: str, path: str, **more: Any
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {desk.authority.grant(grant, time.time() + 60)}"}
    async with http.request(method, path, headers=headers, **more) as answer:
        return answer.status, await answer.json(content_type=None)


def supervisor(**scope: Any) -> Grant:
    return Grant(subject="sam", role=Role.SUPERVISOR, name="Sam Sommer", **scope)


# ---- pop, contact, queue --------------------------------------------------------------------------------------


async def test_pop_and_contact_have_script_links_cases_and_earlier_contacts(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    contact_id, offer_id = await offered(http, desk)
    known(desk, contact_id)
    _, offer, _ = await ask(http, desk, "alice", "GET", f"/v1/offers/{offer_id}")
    pop = offer_schemas.OfferView.model_validate(offer).pop
    assert pop is not None
    assert pop.script is not None
    assert [link.url for link in pop.links] == [
        "https://crm.example/customers/c-1001",
        f"https://crm.example/orders/new?phone=%2B4917612345678&contact={contact_id}",
    ]
    assert [each.notes for each in pop.recent] == ["two pairs"]
    assert pop.customer is not None
    assert pop.customer.cases[0].title == "Order on its way"
    desk.site.answer(contact_id)
    _, body, _ = await ask(http, desk, "alice", "GET", f"/v1/contacts/{contact_id}")
    contact = contact_schemas.ContactView.model_validate(body)
    assert (contact.script, contact.links, contact.recent) == (pop.script, pop.links, pop.recent)


async def test_a_queue_tells_its_day_and_what_it_is_measured_by(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, _ = await offered(http, desk)
    desk.site.answer(contact_id)
    desk.site.hang_up(desk.site.call())
    _, body, _ = await ask(http, desk, "sue", "GET", "/v1/queues/sales")
    queue = queue_schemas.QueueView.model_validate(body)
    assert (queue.today.offered, queue.today.handled, queue.today.short_abandoned) == (2, 1, 1)
    assert (queue.today.service_level, queue.today.within_service_level) == (1.0, 1)
    assert body["service_level_target"] == {"seconds": 20, "percent": 80}
    assert body["thresholds"]["service_level_percent"] == {"warn": 80, "alarm": 60}
    assert (queue.dispositions, queue.disposition_required) == (["order", "follow-up"], False)
    _, body, _ = await ask(http, desk, "sue", "GET", "/v1/queues/support")
    assert body["dispositions"] == ["solved", "order", "follow-up"]
    assert "abandoned_percent" not in body["thresholds"]


async def test_numbers_that_change_while_the_line_looks_the_same_are_told(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    first = desk.site.call()
    async with http.ws_connect("/v1/events", headers=desk.bearer("sue")) as socket:
        await socket.send_json({"type": "hello"})

        async def stats() -> dict[str, Any]:
            while True:
                message = await socket.receive(timeout=30)
                assert message.type is WSMsgType.TEXT
                body: dict[str, Any] = message.json()
                if body["type"] == "queue.stats" and body["data"]["id"] == "sales":
                    return body["data"]

        assert (await stats())["today"]["offered"] == 1
        # Between two beats one goes and another comes: as many wait as before.
        desk.site.hang_up(first)
        desk.site.call()
        data = await stats()
    assert (data["waiting"], data["today"]["offered"], data["today"]["short_abandoned"]) == (1, 2, 1)


async def test_a_submitted_contact_brings_its_customers_cases(desk: Desk, http: aiohttp.ClientSession) -> None:
    customer = {"id": "7", "name": "Ada", "cases": [{"id": "1", "title": "Refund", "url": "https://crm.example/1"}]}
    body = {"channel": "chat", "queue": "sales", "customer": customer}
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/contacts", json=body)
    assert status == 202
    contact = contact_schemas.ContactAcceptedView.model_validate(answer).contact
    assert contact.customer is not None
    assert (contact.customer.cases[0].title, contact.customer.cases[0].url) == ("Refund", "https://crm.example/1")
    customer["cases"] = [{"id": "1", "title": "Refund", "url": "javascript:alert(1)"}]
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/contacts", json=body)
    assert (status, answer["pointer"]) == (422, "#/customer/cases/0/url")


# ---- an agent's day and history -------------------------------------------------------------------------------


async def test_an_agent_sees_their_day_and_the_callbacks_that_are_theirs(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    steps = [{"skills": {"sales": 1}, "prefer": {"agent_from": "last_agent"}}]
    reload(desk, steps=steps)
    body = {"number": "+4930901820", "queue": "sales", "attributes": {"last_agent": "alice"}}
    _, answer, _ = await ask(http, desk, "sue", "POST", "/v1/callbacks", json=body)
    await ask(http, desk, "sue", "POST", "/v1/callbacks", json={"number": "+4930901821", "queue": "sales"})
    await ask(http, desk, "alice", "PUT", "/v1/agents/alice/state", json={"state": "NOT_READY", "reason": "break"})
    status, body, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice/day")
    day = agent_day_schemas.AgentDayView.model_validate(body)
    assert (status, list(day.by_reason)) == (200, ["break"])
    assert [contact.id for contact in day.callbacks] == [answer["contact"]["id"]]
    _, body, _ = await ask(http, desk, "sue", "GET", "/v1/agents/bob/day")
    assert body["callbacks"] == []
    # Whose scope has not the queue sees the agent's times, not the customers in it.
    status, body = await ask_as(http, desk, supervisor(queues=["support"]), "GET", "/v1/agents/alice/day")
    assert (status, body["callbacks"], list(body["by_reason"])) == (200, [], ["break"])
    for path in ("/v1/agents/alice/day", "/v1/agents/alice/contacts"):
        status, body, _ = await ask(http, desk, "bob", "GET", path)
        assert (status, body["code"]) == (403, "forbidden")
    status, _ = await ask_as(http, desk, supervisor(teams=["blue"]), "GET", "/v1/agents/alice/day")
    assert status == 403
    status, _, _ = await ask(http, desk, "sue", "GET", "/v1/agents/nobody/day")
    assert status == 404


async def test_an_agent_searches_the_contacts_they_served(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, _ = await offered(http, desk)
    desk.site.answer(contact_id)
    result = {"disposition": "follow-up", "notes": "calls again"}
    await ask(http, desk, "alice", "PUT", f"/v1/contacts/{contact_id}/wrap-up", json=result)
    desk.site.hang_up(contact_id)
    await ask(http, desk, "alice", "PUT", f"/v1/contacts/{contact_id}/wrap-up", json={"complete": True})
    desk.site.hang_up(desk.site.call())
    path = "/v1/agents/alice/contacts"
    _, page, _ = await ask(http, desk, "alice", "GET", path)
    assert [record_schemas.RecordsView.model_validate(page).items[0].contact_id, len(page["items"])] == [contact_id, 1]
    # By the notes, and by what people read for the code.
    for search, found in (("again", 1), ("SOMEBODY has to", 1), ("nothing", 0)):
        _, page, _ = await ask(http, desk, "alice", "GET", path, params={"search": search})
        assert len(page["items"]) == found, search
    _, page, _ = await ask(http, desk, "bob", "GET", "/v1/agents/bob/contacts")
    assert page["items"] == []
    status, page = await ask_as(http, desk, supervisor(queues=["support"]), "GET", path)
    assert (status, page["items"]) == (200, [])
    for bad in ("search=", "search=%00", "limit=0", "since=yesterday"):
        status, body, _ = await ask(http, desk, "alice", "GET", f"{path}?{bad}")
        assert (status, body["code"]) == (422, "invalid-input"), bad


# ---- directory ------------------------------------------------------------------------------------------------


async def test_the_directory_has_colleagues_queues_and_the_phone_book(desk: Desk, http: aiohttp.ClientSession) -> None:
    await go_ready(http, desk, "bob")
    _, body, _ = await ask(http, desk, "alice", "GET", "/v1/directory")
    entries = desk_schemas.DirectoryView.model_validate(body).entries
    assert [(each.kind, each.id) for each in entries] == [
        ("agent", "alice"), ("agent", "bob"), ("queue", "sales"), ("queue", "support"),
        ("number", "+49305550170"), ("number", "+493020202"),
    ]  # fmt: skip
    assert body["entries"][1] == {
        "kind": "agent", "id": "bob", "name": "Bob Berger", "number": "1002", "state": "READY", "team": "red",
    }  # fmt: skip
    for search, found in (("BERG", ["bob"]), ("1001", ["alice"]), ("taxi", ["+493020202"]), ("zoe", [])):
        _, body, _ = await ask(http, desk, "alice", "GET", "/v1/directory", params={"search": search})
        assert [each["id"] for each in body["entries"]] == found
    _, body, _ = await ask(http, desk, "crm", "GET", "/v1/directory?limit=1")
    assert [each["id"] for each in body["entries"]] == ["alice"]


async def test_the_directory_lists_where_callers_may_be_sent_in_the_ivr(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    spec = copy.deepcopy(desk.site.spec.model_dump(mode="json", by_alias=True))
    spec["flows"] |= {"pay": {"title": "Card payment", "start": "end", "nodes": {"end": {"end": "ok"}}}}
    desk.site.handle(ev.ConfigLoaded(spec=spec))
    _, body, _ = await ask(http, desk, "alice", "GET", "/v1/directory?kind=flow")
    entries = desk_schemas.DirectoryView.model_validate(body).entries
    found = [(each.kind, each.id, each.name) for each in entries]
    assert set(found) > {("flow", "main", "main"), ("flow", "pay", "Card payment")}, "menus are flows"
    _, body, _ = await ask(http, desk, "alice", "GET", "/v1/directory?kind=queue&search=sal")
    assert [each["id"] for each in body["entries"]] == ["sales"]
    _, body, _ = await ask(http, desk, "alice", "GET", "/v1/directory?kind=flow&search=none")
    assert body["entries"] == []
    status, _, _ = await ask(http, desk, "alice", "GET", "/v1/directory?kind=entry")
    assert status == 422


# ---- statistics -----------------------------------------------------------------------------------------------


def quarter(at: datetime, queue: str, **numbers: int) -> Quarter:
    return Quarter(start_utc_ms=int(at.timestamp() * 1000), queue=queue, numbers=QueueDay(**numbers))


async def test_statistics_come_by_intervals_of_the_sites_clock(desk: Desk, http: aiohttp.ClientSession) -> None:
    noon = datetime(2026, 10, 25, 11, tzinfo=UTC)
    desk.site.records.done_by_quarters = [
        quarter(noon, "sales", offered=3, handled=2, answered=2, within=1, judged=2, waited_ms=9_000),
        quarter(noon + timedelta(minutes=15), "sales", offered=1, finished=1, handling_ms=7_000),
        quarter(noon, "support", offered=5),
    ]
    query = "since=2026-10-25T00:00:00Z&until=2026-10-26T00:00:00Z"
    _, body, _ = await ask(http, desk, "sue", "GET", f"/v1/statistics?{query}&interval_minutes=60&queue=sales")
    desk_schemas.StatisticsView.model_validate(body)
    assert body["intervals"] == [
        {
            "at": "2026-10-25T12:00:00+01:00",
            "queue": "sales",
            "offered": 4,
            "handled": 2,
            "abandoned": 0,
            "short_abandoned": 0,
            "overflowed": 0,
            "failed": 0,
            "callbacks": 0,
            "within_service_level": 1,
            "service_level": 0.5,
            "mean_wait_ms": 4_500,
            "mean_handling_ms": 7_000,
        }
    ]
    _, body, _ = await ask(http, desk, "sue", "GET", f"/v1/statistics?{query}")
    assert [each["queue"] for each in body["intervals"]] == ["sales", "support", "sales"]
    _, body = await ask_as(http, desk, supervisor(queues=["support"]), "GET", f"/v1/statistics?{query}")
    assert [each["queue"] for each in body["intervals"]] == ["support"]
    status, _ = await ask_as(http, desk, supervisor(queues=["support"]), "GET", "/v1/statistics?queue=sales")
    assert status == 403
    _, body, _ = await ask(http, desk, "sue", "GET", "/v1/statistics")
    assert (body["intervals"], body["interval_minutes"]) == ([], 15)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("interval_minutes=20", "interval_minutes"),
        ("interval_minutes=2880", "interval_minutes"),
        ("queue=none", "queue"),
        ("since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
        ("since=2026-01-01", "since"),
    ],
)
async def test_other_statistics_are_refused(
    desk: Desk, http: aiohttp.ClientSession, query: str, parameter: str
) -> None:
    status, body, _ = await ask(http, desk, "sue", "GET", f"/v1/statistics?{query}")
    assert (status, body["errors"][0]["parameter"]) == (422, parameter)


# ---- messages -------------------------------------------------------------------------------------------------


async def test_a_message_reaches_the_desktops_it_is_for(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect("/v1/events", headers=desk.bearer("bob")) as socket:
        await socket.send_json({"type": "hello"})
        while (await socket.receive_json(timeout=30))["type"] != "live":
            pass
        for to, text in (({"agents": ["alice"]}, "for Alice"), ({"queues": ["support"]}, "for support")):
            status, body, _ = await ask(http, desk, "sue", "POST", "/v1/messages", json={"to": to, "text": text})
            assert status == 202
        message = desk_schemas.MessageAcceptedView.model_validate(body)
        while (event := await socket.receive_json(timeout=30))["type"] != "message.sent":
            pass
    assert event["data"]["message"] == {**body["message"], "text": "for support", "from": "sue"}
    assert event["caused_by"] == message.command_id
    assert "bob" in message.message.agent_ids


async def test_a_message_goes_no_further_than_the_senders_scope(desk: Desk, http: aiohttp.ClientSession) -> None:
    blue = supervisor(teams=["blue"])
    for to in ({"agents": ["alice"]}, {"teams": ["red"]}):
        status, body = await ask_as(http, desk, blue, "POST", "/v1/messages", json={"to": to, "text": "Hi"})
        assert (status, body["code"]) == (403, "forbidden")
    status, body = await ask_as(http, desk, blue, "POST", "/v1/messages", json={"to": {"all": True}, "text": "Hi"})
    assert (status, body["current"]) == (409, "nobody")
    own = supervisor(teams=["red"], queues=["sales"])
    status, body = await ask_as(http, desk, own, "POST", "/v1/messages", json={"to": {"all": True}, "text": "Hi"})
    assert (status, body["message"]["from"], body["message"]["agent_ids"]) == (202, "Sam Sommer", ["alice", "bob"])
    to = {"queues": ["support"]}
    status, _ = await ask_as(http, desk, own, "POST", "/v1/messages", json={"to": to, "text": "Hi"})
    assert status == 403


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"to": {}, "text": "Hi"}, "#/to"),
        ({"to": {"all": True}, "text": " "}, "#/text"),
        ({"to": {"all": True}, "text": "x" * 501}, "#/text"),
        ({"to": {"all": True}}, "#/text"),
        ({"text": "Hi"}, "#/to"),
    ],
)
async def test_a_message_needs_words_and_somebody(
    desk: Desk, http: aiohttp.ClientSession, body: dict[str, Any], pointer: str
) -> None:
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/messages", json=body)
    assert (status, answer["errors"][0]["pointer"]) == (422, pointer)


async def test_a_message_to_nobody_there_is_told_what_there_is(desk: Desk, http: aiohttp.ClientSession) -> None:
    body = {"to": {"agents": ["zoe"]}, "text": "Hi"}
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/messages", json=body)
    assert (status, answer["code"]) == (400, "request-invalid")
    assert "alice, bob" in answer["detail"]
