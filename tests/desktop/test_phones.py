"""What the agent's own page gets to be their phone, and nobody else."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from ctid.desktop.identity.auth import Role
from ctid.desktop.schemas import agent_schemas
from ctid.desktop.schemas.phone_schemas import PhoneView
from ctid.spec.web_phone import IceServerSpec, WebPhonesSpec
from tests.desktop.site import Desk
from tests.desktop.test_agents_and_offers import reload
from tests.desktop.test_audit import trail
from tests.desktop.test_rest import ask

PHONES = WebPhonesSpec(
    url="wss://pbx.example.org/ws",
    domain="pbx.example.org",
    secret=SecretStr("demo-only-secret-of-the-web-phones-0"),
    ice_servers=[
        IceServerSpec(urls=["stun:stun.example.org:3478"]),
        IceServerSpec(urls=["turn:turn.example.org"], username="demo", credential=SecretStr("demo-only-credential")),
    ],
)


def with_web_phone(desk: Desk, **agent: Any) -> None:
    desk.site.web_phones["main"] = PHONES
    reload(desk, lambda spec: spec["agents"]["alice"].update(web_phone=True, **agent))


async def test_the_agents_page_gets_what_it_registers_with(desk: Desk, http: aiohttp.ClientSession) -> None:
    with_web_phone(desk)
    status, phone, headers = await ask(http, desk, "alice", "GET", "/v1/agents/alice/phone")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    PhoneView.model_validate(phone)
    assert phone == {
        "kind": "web",
        "device": "PJSIP/1001",
        "auto_answer": False,
        "web": {
            "url": "wss://pbx.example.org/ws",
            "uri": "sip:1001@pbx.example.org",
            "username": "1001",
            "password": PHONES.password("1001"),
            "ice_servers": [
                {"urls": ["stun:stun.example.org:3478"]},
                {"urls": ["turn:turn.example.org"], "username": "demo", "credential": "demo-only-credential"},
            ],
        },
    }


async def test_a_phone_on_the_desk_has_no_secrets_to_tell(desk: Desk, http: aiohttp.ClientSession) -> None:
    desk.site.web_phones["main"] = PHONES
    _, phone, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice/phone")
    assert phone == {"kind": "device", "device": "PJSIP/1001", "auto_answer": False, "web": None}


async def test_the_page_is_told_that_calls_answer_themselves(desk: Desk, http: aiohttp.ClientSession) -> None:
    for answer, told in (("auto", True), ("desktop", True), ("phone", False)):
        with_web_phone(desk, answer=answer)
        _, phone, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice/phone")
        assert phone["auto_answer"] is told, answer


async def test_nobody_else_gets_the_password(desk: Desk, http: aiohttp.ClientSession) -> None:
    with_web_phone(desk)
    for who in ("bob", "sue", "adam"):
        status, problem, _ = await ask(http, desk, who, "GET", "/v1/agents/alice/phone")
        assert (status, problem["code"]) == (403, "forbidden"), who
        assert PHONES.password("1001") not in str(problem)


async def test_a_supervisor_who_is_an_agent_too_has_a_phone(desk: Desk, http: aiohttp.ClientSession) -> None:
    with_web_phone(desk)
    token = desk.authority.issue("sue", Role.SUPERVISOR, "alice", 600)
    async with http.get("/v1/agents/alice/phone", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert (answer.status, (await answer.json())["kind"]) == (200, "web")


async def test_web_phones_that_came_with_a_reload_need_a_restart(desk: Desk, http: aiohttp.ClientSession) -> None:
    with_web_phone(desk)
    desk.site.web_phones.clear()
    status, problem, _ = await ask(http, desk, "alice", "GET", "/v1/agents/alice/phone")
    assert (status, problem["detail"]) == (404, "the PBX has no web phones as long as the daemon is not restarted")


async def test_secrets_are_no_part_of_what_is_journalled(desk: Desk) -> None:
    with_web_phone(desk)
    kept = desk.site.spec.model_dump_json()
    assert '"web_phone":true' in kept
    assert PHONES.secret.get_secret_value() not in kept
    assert PHONES.password("1001") not in kept


# ---- not to be disturbed, forwarded ----------------------------------------------------------------------------------

PHONE = "/v1/agents/alice/phone"


async def test_an_agent_or_their_supervisor_sets_what_becomes_of_calls(desk: Desk, http: aiohttp.ClientSession) -> None:
    status, answer, headers = await ask(http, desk, "alice", "PATCH", PHONE, json={"do_not_disturb": True})
    assert (status, answer["agent"]["phone"]["state"]) == (202, "do_not_disturb")
    agent_schemas.AgentAcceptedView.model_validate(answer)
    status, answer, headers = await ask(http, desk, "sue", "PATCH", PHONE, json={"forwarded_to": "030123"})
    phone = answer["agent"]["phone"]
    assert (phone["state"], phone["do_not_disturb"], phone["forwarded_to"]) == ("forwarded", True, "030123")
    _, agent, headers = await ask(http, desk, "alice", "GET", "/v1/agents/alice")
    assert agent_schemas.AgentView.model_validate(agent).phone.forwarded_to == "030123"
    status, refused, _ = await ask(
        http, desk, "alice", "PATCH", PHONE, json={"forwarded_to": None}, headers={"If-Match": '"0"'}
    )
    assert (status, refused["code"]) == (412, "version-mismatch")
    status, answer, _ = await ask(
        http,
        desk,
        "alice",
        "PATCH",
        PHONE,
        json={"forwarded_to": None, "do_not_disturb": False},
        headers={"If-Match": headers["ETag"]},
    )
    assert answer["agent"]["phone"] == {"state": "rings", "do_not_disturb": False, "forwarded_to": None, "said": None}


@pytest.mark.parametrize(
    ("who", "body", "status", "says"),
    [
        ("bob", {"do_not_disturb": True}, 403, "not yours"),
        ("alice", {"do_not_disturb": None}, 422, "boolean"),
        ("alice", {"do_not_disturb": "perhaps"}, 422, "boolean"),
        ("alice", {"forwarded_to": ""}, 422, "character"),
        ("alice", {"forwarded_to": "sip:evil@example.org"}, 400, "no number that can be dialled"),
        ("alice", {"forwarded_to": "112"}, 400, "emergency"),
        ("alice", {"forwarded_to": "1001"}, 400, "leads back"),
        ("alice", {"ring": 1}, 422, "Extra"),
        ("sue", {}, 202, ""),
    ],
    ids=str,
)
async def test_what_is_refused_changes_nothing(
    desk: Desk, http: aiohttp.ClientSession, who: str, body: dict[str, Any], status: int, says: str
) -> None:
    version = desk.site.state.agents["alice"].version
    got, answer, _ = await ask(http, desk, who, "PATCH", PHONE, json=body)
    assert (got, says in str(answer)) == (status, True), answer
    assert desk.site.state.agents["alice"].version == version


async def test_the_same_order_twice_is_one(desk: Desk, http: aiohttp.ClientSession) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await ask(http, desk, "alice", "PATCH", PHONE, json={"do_not_disturb": True}, headers=key)
    await ask(http, desk, "alice", "PATCH", PHONE, json={"do_not_disturb": False})
    again = await ask(http, desk, "alice", "PATCH", PHONE, json={"do_not_disturb": True}, headers=key)
    assert first[:2] == again[:2]
    assert not desk.site.state.agents["alice"].do_not_disturb


async def test_it_is_in_the_audit_trail(desk: Desk, http: aiohttp.ClientSession) -> None:
    await ask(http, desk, "sue", "PATCH", PHONE, json={"do_not_disturb": True})
    (entry,) = await trail(desk, http, 1)
    assert (entry["subject"], entry["operation"], entry["target"], entry["status"]) == (
        "sue",
        "changePhone",
        PHONE,
        202,
    )
