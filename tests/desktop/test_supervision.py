"""Supervision over the API: who is told, who must not be, whose it is, what the audit trail says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from ctid.desktop.identity.auth import Authority
from ctid.desktop.schemas.supervision_schemas import SupervisionView
from ctid.model import events as ev
from tests.desktop.site import EPOCH, Desk
from tests.desktop.test_audit import trail
from tests.desktop.test_subscriptions import all_said, go_ready, said, scoped

__all__ = ["scoped"]

PHONE = "PJSIP/1090"
BODY = {"of": {"agent": "alice"}, "phone": {"device": PHONE}}


@pytest.fixture
async def talk(desk: Desk) -> str:
    """A call that alice talks to; agents are told of barge and whisper only. Gives the contact's id."""
    spec = desk.site.spec.model_dump(mode="json", by_alias=True)
    spec["policy"]["supervision"] = {"tell_agent": {"monitor": False}, "devices": [PHONE]}
    desk.site.handle(ev.ConfigLoaded(spec=spec))
    desk.site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
    go_ready(desk)
    contact_id = desk.site.call()
    desk.site.answer(contact_id)
    desk.site.notify(ev.DesktopLost(agent_id="alice", session_id="by-hand"))
    return contact_id


async def ask(
    desk: Desk, http: aiohttp.ClientSession, who: str, method: str, path: str = "", body: Any = None, **headers: str
) -> tuple[int, Any]:
    given = {**desk.bearer(who), **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with http.request(method, f"/v1/supervisions{path}", json=body, headers=given) as answer:
        return answer.status, await answer.json()


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [each["type"] for each in messages if each["type"].startswith("supervision.")]


async def test_who_is_not_told_can_find_nothing_out(desk: Desk, http: aiohttp.ClientSession, talk: str) -> None:
    async with said(desk, http, "alice") as (alice, _), said(desk, http, "sue") as (sue, _):
        async with http.get(f"/v1/contacts/{talk}", headers=desk.bearer("alice")) as answer:
            before = await answer.json()
        supervision = desk.site.supervise("alice", PHONE)
        assert kinds(await all_said(desk, sue)) == ["supervision.started", "supervision.changed"]
        assert await all_said(desk, alice) == []
        assert await ask(desk, http, "alice", "GET") == (200, {"items": []})
        told = [await ask(desk, http, "alice", "GET", f"/{each}") for each in (supervision, "su-none")]
        assert told[0][0] == 404
        assert {**told[0][1], "instance": ""} == {**told[1][1], "instance": ""}
        async with http.get(f"/v1/contacts/{talk}", headers=desk.bearer("alice")) as answer:
            after = await answer.json()
        assert {**after, "wait_ms": 0} == {**before, "wait_ms": 0}
        seq = desk.site.state.stream_seq
    for hello in ({}, {"resume_from": {"epoch": EPOCH, "seq": seq - 2}}):
        async with said(desk, http, "alice", **hello) as (_, came):
            assert kinds(came) == []
            assert all(not each["data"]["supervisions"] for each in came if each["type"] == "snapshot")
    async with said(desk, http, "sue") as (_, came):
        (shown,) = came[0]["data"]["supervisions"]
        SupervisionView.model_validate(shown)
        assert (shown["id"], shown["state"], shown["told"]) == (supervision, "active", False)


async def test_who_is_told_hears_of_it_and_sees_it(desk: Desk, http: aiohttp.ClientSession, talk: str) -> None:
    async with said(desk, http, "alice") as (alice, _):
        supervision = desk.site.supervise("alice", PHONE, mode="barge")
        assert kinds(await all_said(desk, alice)) == ["supervision.started", "supervision.changed"]
        status, view = await ask(desk, http, "alice", "GET", f"/{supervision}")
        assert (status, view["contact_id"], view["supervisor"]) == (200, talk, "sue")
        assert [each["id"] for each in (await ask(desk, http, "alice", "GET"))[1]["items"]] == [supervision]
        for method, path, body in (
            ("PATCH", "", {"mode": "monitor"}),
            ("POST", "/take-over", None),
            ("DELETE", "", None),
        ):
            assert (await ask(desk, http, "alice", method, f"/{supervision}{path}", body))[0] == 403
        await ask(desk, http, "sue", "DELETE", f"/{supervision}")
        assert kinds(await all_said(desk, alice)) == ["supervision.ended"]
    async with said(desk, http, "alice") as (_, came):
        assert came[0]["data"]["supervisions"] == []


async def test_it_is_limited_to_ones_teams(
    desk: Desk, http: aiohttp.ClientSession, talk: str, scoped: Callable[..., None]
) -> None:
    team = desk.site.spec.agents["alice"].team
    scoped(teams={"elsewhere"})
    for of in ({"agent": "alice"}, {"contact": talk}):
        assert (await ask(desk, http, "sue", "POST", body={**BODY, "of": of}))[0] == 403
    scoped(teams={team})
    async with said(desk, http, "sue") as (sue, _):
        status, answer = await ask(desk, http, "sue", "POST", body={**BODY, "of": {"contact": talk}})
        assert (status, answer["supervision"]["follows"]) == (202, "contact")
        assert kinds(await all_said(desk, sue)) == ["supervision.started"]
        assert desk.site.state.supervisions[answer["supervision"]["id"]].teams == [team]
    scoped(teams={"elsewhere"}, queues=set())
    async with said(desk, http, "sue") as (sue, came):
        # One's own stays one's own.
        assert came[0]["data"]["supervisions"] == []
        assert (await ask(desk, http, "sue", "GET", f"/{answer['supervision']['id']}"))[0] == 200


async def test_somebody_elses_is_not_ones_own_but_an_admins(desk: Desk, http: aiohttp.ClientSession, talk: str) -> None:
    supervision = desk.site.supervise("alice", PHONE, who="another")
    assert (await ask(desk, http, "sue", "PATCH", f"/{supervision}", {"mode": "barge"}))[0] == 403
    status, answer = await ask(desk, http, "adam", "PATCH", f"/{supervision}", {"mode": "barge"})
    assert (status, answer["supervision"]["mode"]) == (202, "barge")


async def test_the_same_again_and_another_version(desk: Desk, http: aiohttp.ClientSession, talk: str) -> None:
    first = await ask(desk, http, "sue", "POST", body=BODY, Idempotency_Key="one")
    assert await ask(desk, http, "sue", "POST", body=BODY, Idempotency_Key="one") == first
    assert len(desk.site.state.supervisions) == 1
    status, problem = await ask(desk, http, "sue", "POST", body=BODY)
    assert (status, problem["code"], problem["current"]) == (409, "conflict", "ringing")
    assert problem["allowed_actions"] == ["whisper", "barge", "end"]
    view = first[1]["supervision"]
    path, body = f"/{view['id']}", {"mode": "barge"}
    assert (await ask(desk, http, "sue", "PATCH", path, body, If_Match='"7"'))[0] == 412
    assert (await ask(desk, http, "sue", "PATCH", path, body, If_Match=f'"{view["version"]}"'))[0] == 202
    status, problem = await ask(desk, http, "sue", "PATCH", path, body)
    assert (status, "already" in problem["detail"], problem["current"]) == (409, True, "barge")


async def test_each_is_in_the_audit_trail_with_whose_it_is(desk: Desk, http: aiohttp.ClientSession, talk: str) -> None:
    view = (await ask(desk, http, "sue", "POST", body=BODY))[1]
    path = f"/{view['supervision']['id']}"
    await ask(desk, http, "sue", "POST", f"{path}/take-over")
    await ask(desk, http, "sue", "DELETE", path)
    await ask(desk, http, "bob", "POST", body=BODY)
    entries = (await trail(desk, http, 4))[::-1]
    assert [(e["subject"], e["operation"], e["target"], e["status"]) for e in entries] == [
        ("sue", "supervise", "/v1/agents/alice", 202),
        ("sue", "takeOver", f"/v1/supervisions{path}/take-over", 409),
        ("sue", "endSupervision", f"/v1/supervisions{path}", 202),
        ("bob", "supervise", "/v1/supervisions", 403),
    ]
    assert entries[0]["command_id"] == view["command_id"]


async def test_a_supervisor_who_is_an_agent_is_not_told_of_what_is_hidden_from_them(
    desk: Desk, http: aiohttp.ClientSession, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alice leads a team, and hears of supervisions of its agents, but of none of herself."""
    verify = Authority.verify
    monkeypatch.setattr(
        Authority,
        "verify",
        lambda self, token: (
            replace(principal, agent_id="alice") if (principal := verify(self, token)).subject == "adam" else principal
        ),
    )
    async with said(desk, http, "adam", subscribe=["agents", "queues"]) as (adam, _):
        seq = desk.site.state.stream_seq
        desk.site.supervise("alice", PHONE)
        assert kinds(await all_said(desk, adam)) == []
        assert (await ask(desk, http, "adam", "GET"))[1] == {"items": []}
    resume = {"epoch": EPOCH, "seq": seq}
    async with said(desk, http, "adam", subscribe=["agents", "queues"], resume_from=resume) as (_, came):
        assert kinds(came) == []
