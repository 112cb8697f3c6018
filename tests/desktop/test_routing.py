"""``GET /v1/contacts/{id}/routing`` while a contact waits, is offered, talks, and when only its record is left."""

from __future__ import annotations

import aiohttp
import pytest

from ctid.desktop.schemas import routing_schemas
from tests.desktop.site import Desk
from tests.desktop.test_rest import ask, go_ready, offered


async def test_from_waiting_to_the_record(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id = desk.site.call()
    path = f"/v1/contacts/{contact_id}/routing"
    status, view, _ = await ask(http, desk, "sue", "GET", path)
    assert status == 200, view
    routing_schemas.RoutingView.model_validate(view)
    assert (view["state"], view["waiting"]["queue"], view["waiting"]["place"]) == ("queued", "sales", 1)
    assert view["waiting"]["able"]["by_hindrance"] == {"free": 0}
    assert "Nobody who is logged in is able" in view["text"]

    await go_ready(http, desk, "alice")
    status, view, _ = await ask(http, desk, "adam", "GET", path)
    routing_schemas.RoutingView.model_validate(view)
    assert (view["state"], view["waiting"], view["offers"][0]["agent_id"]) == ("offered", None, "alice")
    assert view["decisions"][0]["trigger"] == "freed"

    desk.site.answer(contact_id)
    desk.site.hang_up(contact_id)
    done = {"disposition": "order", "complete": True}
    status, body, _ = await ask(http, desk, "alice", "PUT", f"/v1/contacts/{contact_id}/wrap-up", json=done)
    assert status == 202, body
    assert contact_id not in desk.site.state.contacts
    status, view, _ = await ask(http, desk, "sue", "GET", path)
    routing_schemas.RoutingView.model_validate(view)
    assert (status, view["state"], view["agent_id"], view["offers"]) == (200, "closed", "alice", [])
    (decision,) = view["decisions"]
    assert (decision["by"], decision["offer_state"]) == ("alone", "accepted")
    assert view["text"].startswith("Closed: handled. ")


async def test_in_chinese(desk: Desk, http: aiohttp.ClientSession) -> None:
    path = f"/v1/contacts/{desk.site.call()}/routing"
    status, view, _ = await ask(http, desk, "sue", "GET", f"{path}?language=zh")
    assert status == 200
    assert view["text"].startswith("在队列 sales 中已等待")
    status, body, _ = await ask(http, desk, "sue", "GET", f"{path}?language=tlh")
    assert (status, body["errors"][0]["parameter"]) == (422, "language")


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_it_is_for_supervisors(desk: Desk, http: aiohttp.ClientSession, who: str) -> None:
    contact_id, _ = await offered(http, desk)
    status, body, _ = await ask(http, desk, who, "GET", f"/v1/contacts/{contact_id}/routing")
    assert (status, body["code"]) == (403, "forbidden")


async def test_a_contact_that_there_is_not(desk: Desk, http: aiohttp.ClientSession) -> None:
    status, body, _ = await ask(http, desk, "sue", "GET", "/v1/contacts/ct-none/routing")
    assert (status, body["code"]) == (404, "not-found")
