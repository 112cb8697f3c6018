"""Who hears of what on the event socket: topics, scopes, one desktop for an agent, tokens that are renewed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from ctid.desktop.identity.auth import Authority, Principal, Role
from ctid.desktop.stream.close_codes import CloseCode
from ctid.model import events as ev
from ctid.model.states import AgentState
from tests.desktop.site import EPOCH, Desk, open_desk, until
from tests.desktop.test_socket import Socket, close_code, take, take_until

TAB = "tab-0001"
OTHER = "tab-0002"


@asynccontextmanager
async def said(
    desk: Desk, http: aiohttp.ClientSession, who: str, **hello: Any
) -> AsyncIterator[tuple[Socket, list[dict[str, Any]]]]:
    """A socket that is live after this hello, and what came before."""
    async with http.ws_connect("/v1/events", headers=desk.bearer(who)) as ws:
        await ws.send_json({"type": "hello", **hello})
        yield ws, await take_until(ws, "live")


@pytest.fixture
def scoped(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives every verified supervisor these queues and teams."""
    verify = Authority.verify

    def narrow(queues: set[str] = frozenset(), teams: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        def narrowed(self: Authority, token: str) -> Principal:
            principal = verify(self, token)
            if principal.role is not Role.SUPERVISOR:
                return principal
            return replace(principal, queues=frozenset(queues), teams=frozenset(teams))

        monkeypatch.setattr(Authority, "verify", narrowed)

    return narrow


async def all_said(desk: Desk, ws: Socket) -> list[dict[str, Any]]:
    """Everything that was sent so far; numbers of queues left out."""
    await ws.send_json({"type": "ping", "id": "end"})
    taken = await take_until(ws, "pong")
    return [message for message in taken[:-1] if message["type"] != "queue.stats"]


def go_ready(desk: Desk) -> None:
    for state in (AgentState.NOT_READY, AgentState.READY):
        desk.site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state=state))


def something_of_everything(desk: Desk) -> str:
    """A call that alice is offered, a state change of bob's, a PBX that goes: gives the contact's id."""
    go_ready(desk)
    contact_id = desk.site.call()
    desk.site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="bob", state=AgentState.NOT_READY))
    desk.site.handle(ev.PbxLost(pbx="main", reason="gone"))
    return contact_id


@pytest.mark.parametrize(
    ("who", "subscribe", "kinds"),
    [
        ("sue", ["queues"], {"contact", "offer"}),
        ("sue", ["agents"], {"agent"}),
        ("sue", ["site"], {"pbx"}),
        ("sue", ["agents", "site"], {"agent", "pbx"}),
        ("sue", ["own"], set()),
        ("sue", [], set()),
        ("alice", ["own"], {"agent", "offer"}),
        ("alice", ["queues", "agents"], set()),
        ("alice", ["own", "site"], {"agent", "offer", "pbx"}),
    ],
)
async def test_only_what_was_subscribed_to(
    desk: Desk, http: aiohttp.ClientSession, who: str, subscribe: list[str], kinds: set[str]
) -> None:
    desk.site.notify(ev.DesktopConnected(agent_id="alice", session_id="somewhere"))
    async with said(desk, http, who, subscribe=subscribe) as (ws, (snapshot, _)):
        something_of_everything(desk)
        heard = await all_said(desk, ws)
    assert {event["type"].partition(".")[0] for event in heard} == kinds
    if who == "alice":
        assert {agent for event in heard for agent in _agents(event)} <= {"alice"}
    assert bool(snapshot["data"]["pbxes"]) == ("site" in subscribe)
    assert bool(snapshot["data"]["queues"]) == ("queues" in subscribe)
    data = (await _snapshot(desk, http, who, subscribe))["data"]
    assert bool(data["contacts"]) == bool(kinds & {"contact", "offer"})
    assert {agent["id"] for agent in data["agents"]} == (
        set(desk.site.spec.agents)
        if who == "sue" and "agents" in subscribe
        else {"alice"} & ({who} if "own" in subscribe else set())
    )


async def test_a_replay_obeys_the_subscription_too(desk: Desk, http: aiohttp.ClientSession) -> None:
    position = {"epoch": EPOCH, "seq": desk.site.state.stream_seq}
    something_of_everything(desk)
    async with said(desk, http, "sue", subscribe=["agents"], resume_from=position) as (_, messages):
        head, *events, _ = messages
        assert head["events"] == len(events) > 0
        assert {event["type"] for event in events} == {"agent.state_changed"}


async def test_a_supervisor_of_some_queues_sees_a_contact_come_and_go(
    desk: Desk, http: aiohttp.ClientSession, scoped: Callable[..., None]
) -> None:
    scoped(queues={"sales"})
    position = {"epoch": EPOCH, "seq": desk.site.state.stream_seq}
    support = desk.site.call(key="2")
    sales = desk.site.call(key="1")
    async with said(desk, http, "sue") as (ws, (snapshot, _)):
        assert [contact["id"] for contact in snapshot["data"]["contacts"]] == [sales]
        assert [queue["id"] for queue in snapshot["data"]["queues"]] == ["sales"]
        desk.site.handle(ev.RoutingSet(command_id="c", principal="p", contact_id=sales, queue="support"))
        desk.site.handle(
            ev.AttributesSet(command_id="c", principal="p", contact_id=sales, attributes={"no": "longer theirs"})
        )
        heard = [event for event in await all_said(desk, ws) if "contact_id" in event]
        assert {event["contact_id"] for event in heard} == {sales}
        assert heard[-1]["data"]["contact"]["queue"] == "support"
        assert "longer" not in str(heard)
    async with said(desk, http, "sue", resume_from=position) as (_, messages):
        contacts = [event for event in messages if "contact_id" in event]
        assert {event["contact_id"] for event in contacts} == {sales}
        assert support not in str(messages)


async def test_a_supervisor_of_some_teams_sees_their_agents(
    desk: Desk, http: aiohttp.ClientSession, scoped: Callable[..., None]
) -> None:
    spec = desk.site.spec.model_dump(mode="json", by_alias=True)
    spec["agents"]["bob"]["team"] = "blue"
    desk.site.handle(ev.ConfigLoaded(spec=spec))
    teams, theirs = {"alice", "bob"}, {"alice"}
    scoped(teams={"red"})
    position = {"epoch": EPOCH, "seq": desk.site.state.stream_seq}
    async with said(desk, http, "sue") as (ws, (snapshot, _)):
        assert {agent["id"] for agent in snapshot["data"]["agents"]} == theirs
        for agent_id in teams:
            desk.site.handle(
                ev.AgentStateRequested(command_id="c", principal="p", agent_id=agent_id, state=AgentState.NOT_READY)
            )
        assert {agent for event in await all_said(desk, ws) for agent in _agents(event)} == theirs
    async with said(desk, http, "sue", resume_from=position) as (_, messages):
        assert {agent for event in messages for agent in _agents(event)} == theirs


async def test_a_second_desktop_of_an_agent_is_refused(desk: Desk, http: aiohttp.ClientSession) -> None:
    for first, second in (({"client_id": TAB}, {"client_id": OTHER}), ({"client_id": TAB}, {}), ({}, {})):
        async with said(desk, http, "alice", **first) as (ws, _):
            async with http.ws_connect("/v1/events", headers=desk.bearer("alice")) as late:
                await late.send_json({"type": "hello", **second})
                assert await close_code(late) == CloseCode.ELSEWHERE
            await ws.send_json({"type": "ping"})
            assert (await take(ws))["type"] == "pong"
        await until(lambda: not desk.hub.clients)
    assert len(desk.of_type(ev.DesktopConnected)) == 3


async def test_a_page_that_only_looks_is_no_desktop(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with (
        said(desk, http, "alice", client_id=TAB),
        said(desk, http, "alice", client_id=OTHER, subscribe=["queues", "site"]),
    ):
        assert len(desk.of_type(ev.DesktopConnected)) == 1


async def test_a_takeover_closes_the_other_one(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with (
        said(desk, http, "alice", client_id=TAB) as (old, _),
        said(desk, http, "alice", client_id=OTHER, takeover=True) as (new, _),
    ):
        assert await close_code(old) == CloseCode.TAKEN_OVER
        await until(lambda: len(desk.of_type(ev.DesktopLost)) == 1)
        assert len(desk.site.state.agents["alice"].desktops) == 1
        something_of_everything(desk)
        assert (await take(new))["type"] == "agent.state_changed"


async def test_the_same_tab_takes_its_place_again_though_its_old_connection_hangs(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    """F5, or the Wi-Fi is back: the old connection is not known to be dead yet."""
    go_ready(desk)
    async with said(desk, http, "alice", client_id=TAB) as (old, (_, live)):
        connection = old._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()  # type: ignore[attr-defined]
        contact_id = desk.site.call()
        position = {"epoch": live["epoch"], "seq": live["seq"]}
        async with said(desk, http, "alice", client_id=TAB, resume_from=position) as (ws, messages):
            assert "offer.created" in [message["type"] for message in messages]
            assert desk.site.state.contacts[contact_id].offer_ids
            await until(lambda: len(desk.of_type(ev.DesktopLost)) == 1, 10)
            agent = desk.site.state.agents["alice"]
            assert (agent.desktop_lost_ms, len(agent.desktops)) == (0, 1)
            assert agent.state is AgentState.RESERVED
            connection.transport.resume_reading()  # type: ignore[attr-defined]
            assert await close_code(old) in (CloseCode.REPLACED, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)
            await ws.send_json({"type": "ping"})
            await take_until(ws, "pong")


@pytest.mark.parametrize("client_id", ["short", "x" * 65, "with space", 7, ""])
async def test_a_client_id_that_does_not_fit(desk: Desk, http: aiohttp.ClientSession, client_id: object) -> None:
    async with http.ws_connect("/v1/events", headers=desk.bearer("alice")) as ws:
        await ws.send_json({"type": "hello", "client_id": client_id})
        assert await close_code(ws) == CloseCode.PROTOCOL


async def test_a_token_is_renewed_in_place() -> None:
    desk = open_desk(heartbeat_seconds=1)
    await desk.server.start()
    async with aiohttp.ClientSession(desk.url) as http:
        headers = {"Authorization": f"Bearer {desk.token('alice', 4)}"}
        async with http.ws_connect("/v1/events", headers=headers) as ws:
            await ws.send_json({"type": "hello"})
            live = (await take_until(ws, "live"))[-1]
            warning = (await take_until(ws, "token_expiring"))[-1]
            assert warning["expires_at"] == live["token_expires_at"]
            for token, code in (("nonsense", "token-invalid"), (desk.token("alice", -1), "token-expired")):
                await ws.send_json({"type": "token", "token": token})
                assert (await take_until(ws, "error"))[-1]["code"] == code
            await ws.send_json({"type": "token", "token": desk.token("bob")})
            assert (await take_until(ws, "error"))[-1]["detail"] == "the token is somebody else's"
            await ws.send_json({"type": "token", "token": desk.token("alice", 7)})
            accepted = await take(ws)
            assert accepted["type"] == "token_accepted"
            assert accepted["expires_at"] > warning["expires_at"]
            something_of_everything(desk)
            event = await take(ws)
            assert event["seq"] > live["seq"]
            assert (await take_until(ws, "token_expiring"))[-1]["expires_at"] == accepted["expires_at"]
            assert await close_code(ws) == CloseCode.TOKEN_EXPIRED
    await desk.server.stop()


async def test_a_token_with_other_rights_shows_the_site_anew(
    desk: Desk, http: aiohttp.ClientSession, scoped: Callable[..., None]
) -> None:
    desk.site.call(key="2")
    async with said(desk, http, "sue") as (ws, (snapshot, _)):
        assert len(snapshot["data"]["contacts"]) == 1
        scoped(queues={"sales"})
        await ws.send_json({"type": "token", "token": desk.token("sue")})
        kinds = [message for message in await take_until(ws, "live") if message["type"] != "queue.stats"]
        assert [message["type"] for message in kinds] == ["token_accepted", "resync_required", "snapshot", "live"]
        assert kinds[2]["data"]["contacts"] == []
        desk.site.call(key="2")
        assert not await all_said(desk, ws)


async def test_a_sign_in_that_ends_closes_its_sockets(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with said(desk, http, "alice") as (ws, _), said(desk, http, "bob") as (other, _):
        desk.hub.sign_out(lambda principal: principal.subject == "alice")
        assert await close_code(ws) == CloseCode.SIGNED_OUT
        await other.send_json({"type": "ping"})
        assert (await take(other))["type"] == "pong"


async def _snapshot(desk: Desk, http: aiohttp.ClientSession, who: str, subscribe: list[str]) -> dict[str, Any]:
    await until(lambda: not desk.hub.clients)
    async with said(desk, http, who, subscribe=subscribe) as (_, (snapshot, _)):
        return snapshot


def _agents(event: dict[str, Any]) -> list[str]:
    data = event.get("data", {})
    return [data[kind].get("agent_id") or data[kind]["id"] for kind in ("agent", "offer") if kind in data]
