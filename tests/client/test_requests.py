"""The client's requests against the real API: signing in, commands, errors, tries again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from ctid.client import (
    Client,
    ClientError,
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    UnavailableError,
    UnreachableError,
    VersionMismatchError,
)
from ctid.model import events as ev
from ctid.model.states import AgentState
from tests.client.conftest import PASSWORD
from tests.desktop.site import Desk, until


async def test_an_agents_day(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client, client.events():
        await until(lambda: desk.site.state.agents["alice"].desktops)
        assert (await client.me())["agent_id"] == "alice"
        agent = await client.set_state("NOT_READY", "lunch")
        assert (agent["state"], agent["reason"]) == ("NOT_READY", "lunch")
        assert (await client.set_state("READY", if_match=agent["version"]))["state"] == "READY"
        contact_id = desk.site.call()
        (offer_id,) = desk.site.state.contacts[contact_id].offer_ids
        assert (await client.contact(contact_id))["state"] == "offered"
        assert (await client.set_attributes(contact_id, {"case": "4711"}))["attributes"]["case"] == "4711"
        assert (await client.reject_offer(offer_id))["state"] == "rejected"
        assert [queue["id"] for queue in await client.queues()] == list(desk.site.spec.queues)


async def test_an_agents_phone_is_set(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client:
        agent = await client.set_phone(do_not_disturb=True)
        assert agent["phone"]["state"] == "do_not_disturb"
        agent = await client.set_phone(forwarded_to="030123", if_match=agent["version"])
        assert (agent["phone"]["state"], agent["phone"]["do_not_disturb"]) == ("forwarded", True)
        with pytest.raises(VersionMismatchError):
            await client.set_phone(forwarded_to="", if_match=agent["version"] - 1)
        agent = await client.set_phone(forwarded_to="", do_not_disturb=False)
        assert agent["phone"]["state"] == "rings"
        with pytest.raises(InvalidRequestError):
            await client.set_phone(forwarded_to="nobody")


async def test_a_talk_is_supervised(desk: Desk) -> None:
    spec = desk.site.spec.model_dump(mode="json", by_alias=True)
    spec["policy"]["supervision"]["devices"] = ["PJSIP/1090"]
    desk.site.handle(ev.ConfigLoaded(spec=spec))
    desk.site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
    for state in (AgentState.NOT_READY, AgentState.READY):
        desk.site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state=state))
    contact_id = desk.site.call()
    leg = desk.site.answer(contact_id)
    async with Client.sign_in(desk.url, "sue", PASSWORD) as client:
        begun = await client.supervise(contact=contact_id, device="PJSIP/1090", stays=True)
        assert (begun["mode"], begun["state"], begun["stays"]) == ("monitor", "ringing", True)
        (theirs,) = desk.site.state.supervisors
        desk.site.handle(ev.LegAnswered(pbx="main", unique_id=theirs))
        desk.site.handle(ev.SpyStarted(pbx="main", unique_id=theirs, spied=leg))
        assert [each["state"] for each in await client.supervisions()] == ["active"]
        assert (await client.set_mode(begun["id"], "whisper"))["mode"] == "whisper"
        with pytest.raises(ConflictError):
            await client.set_mode(begun["id"], "whisper")
        assert (await client.take_over(begun["id"]))["state"] == "taking_over"
        with pytest.raises(ConflictError):
            await client.end_supervision(begun["id"])
        for wrong in ({}, {"agent": "alice", "contact": "c"}, {"agent": "alice", "device": "PJSIP/1", "number": "1"}):
            with pytest.raises(ValueError, match="one of"):
                await client.supervise(**wrong)  # type: ignore[arg-type]


async def test_a_call_of_the_agents_own(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client, client.events():
        await until(lambda: desk.site.state.agents["alice"].desktops)
        await client.set_state("NOT_READY", "lunch")
        contact = await client.call("030123456", queue="sales", attributes={"case": "7"})
        assert (contact["direction"], contact["queue"], contact["attributes"]) == ("outbound", "sales", {"case": "7"})
        assert (await client.agent())["own_calls"] == [contact["id"]]
        with pytest.raises(ConflictError):
            await client.call("030123457")
        with pytest.raises(InvalidRequestError):
            await client.call("030123457", caller_id="+4930999")
        assert (await client.call("112"))["emergency"] is True


async def test_calls_are_held_asked_about_and_handed_over(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client, client.events():
        await until(lambda: desk.site.state.agents["alice"].desktops)
        for state in ("NOT_READY", "READY"):
            await client.set_state(state)  # type: ignore[arg-type]
        contact_id = desk.site.call()
        leg = desk.site.answer(contact_id)
        caller = desk.site.state.legs[desk.site.state.contacts[contact_id].caller_leg].unique_id
        assert "retrieve" in (await client.hold(contact_id))["allowed_actions"]
        with pytest.raises(ConflictError):
            await client.hold(contact_id)
        assert (await client.retrieve(contact_id))["id"] == contact_id
        desk.site.bridge("b2", leg, caller)
        desk.site.consult(contact_id, leg, "112")
        (consultation,) = desk.site.state.consultations.values()
        assert (await client.alternate(consultation.id))["allowed_actions"] == [
            "alternate",
            "complete",
            "confer",
            "withdraw",
        ]
        desk.site.bridge("b2", leg, caller)
        assert consultation.state == "held"
        await client.alternate(consultation.id)
        desk.site.unbridge("b2", leg, caller)
        desk.site.bridge("consultation", leg, consultation.leg_id)
        assert (await client.confer(consultation.id))["state"] == "connected"
        desk.site.bridge("b3", leg, caller, consultation.leg_id)
        with pytest.raises(ConflictError):
            await client.confer(consultation.id)
        (theirs,) = [each for each in desk.site.state.legs.values() if each.id == consultation.leg_id]
        muted = await client.mute_leg(contact_id, theirs.id, on=True)
        assert [each["muted"] for each in muted["legs"] if each["id"] == theirs.id] == [True]
        with pytest.raises(NotFoundError):
            await client.clear_leg(contact_id, "lg-none")
        party = await client.add_party(contact_id, number="110")
        assert party["state"] == "initiated"
        assert (await client.clear_leg(contact_id, party["leg_id"]))["id"] == contact_id
        assert (await client.complete(consultation.id))["allowed_actions"] == ["complete", "withdraw"]
        assert (await client.withdraw(consultation.id))["id"] == consultation.id
        with pytest.raises(ValueError, match="one of agent, number"):
            await client.consult(contact_id)
        assert (await client.consult(contact_id, number="112"))["state"] == "initiated"


async def test_contacts_are_taken_elsewhere(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client, client.events():
        await until(lambda: desk.site.state.agents["alice"].desktops)
        await client.set_state("NOT_READY")
        contact_id = desk.site.call()
        (shown,) = await client.waiting()
        assert (shown["id"], shown["allowed_actions"]) == (contact_id, ["pick_up"])
        with pytest.raises(VersionMismatchError):
            await client.pick_up(contact_id, if_match=99)
        with pytest.raises(ValueError, match="one of queue, agent, number"):
            await client.deflect_offer("of-none")
        with pytest.raises(NotFoundError):
            await client.deflect_offer("of-none", queue="support")
        assert (await client.pick_up(contact_id))["agent_id"] == "alice"
        with pytest.raises(ConflictError):
            await client.pick_up(contact_id)
        async with Client(desk.url, desk.token("sue")) as sue:
            with pytest.raises(ConflictError):
                await sue.pick_up(contact_id, agent="bob")
        desk.site.answer(contact_id)
        with pytest.raises(ConflictError, match="LOGGED_OUT"):
            await client.park(contact_id, agent="bob")
        assert (await client.park(contact_id))["park"]["by"] == "alice"


async def test_a_supervisors_day(desk: Desk) -> None:
    async with Client(desk.url, desk.token("sue")) as client:
        contact = await client.submit_contact("chat", "sales", attributes={"topic": "billing"})
        assert (await client.route(contact["id"], priority=5))["priority"] == 5
        assert [each["id"] for each in await client.contacts(queue="sales")] == [contact["id"]]
        assert "Waiting" in (await client.explain(contact["id"]))["text"]
        await client.set_state("NOT_READY", agent_id="bob")
        assert [agent["id"] for agent in await client.agents(state="NOT_READY")] == ["bob"]
        assert (await client.withdraw_contact(contact["id"]))["state"] == "closed"
        callback = await client.request_callback(number="+4930123456", queue="sales", priority=3)
        assert callback["callback"]["number"] == "+4930123456"
        with pytest.raises(ValueError, match="give an agent_id"):
            await client.set_state("READY")
        with pytest.raises(ValueError, match="one of queue, agent, number"):
            await client.transfer(contact["id"], queue="sales", number="110")
        with pytest.raises(NotFoundError):
            await client.send_to_flow(contact["id"], "identify")


async def test_each_refusal_has_a_class_of_its_own(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client:
        await client.set_state("NOT_READY")
        with pytest.raises(VersionMismatchError) as mismatch:
            await client.set_state("READY", if_match=99)
        assert mismatch.value.current == "NOT_READY"
        async with Client(desk.url, desk.token("sue")) as sue:
            with pytest.raises(ConflictError) as conflict:
                await sue.withdraw_contact(desk.site.call())
        assert (conflict.value.status, conflict.value.current) == (409, "queued")
        with pytest.raises(NotAllowedError):
            await client.submit_contact("chat", "sales")
        with pytest.raises(NotFoundError):
            await client.contact("nothing")
        with pytest.raises(InvalidRequestError) as invalid:
            await client.set_state("NOT_READY", "no such reason")
        assert invalid.value.problem["errors"]


async def test_who_may_not_sign_in_is_told_so(desk: Desk) -> None:
    with pytest.raises(NotSignedInError) as refused:
        async with Client.sign_in(desk.url, "alice", "wrong-password"):
            pass
    assert refused.value.code == "sign-in-failed"
    async with Client(desk.url, "nonsense") as client:
        with pytest.raises(NotSignedInError):
            await client.me()
    with pytest.raises(ClientError, match="async with"):
        await client.me()


async def test_tokens_are_refreshed_and_a_session_that_was_ended_is_begun_anew(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client:
        transport = client._transport
        first = await transport.token()
        assert await transport.token() == first
        tokens = await asyncio.gather(*(transport.token(instead_of=first) for _ in range(5)))
        assert len(set(tokens)) == 1
        assert tokens[0] != first
        session_id = desk.authority.verify(first).session_id
        assert desk.authority.verify(tokens[0]).session_id == session_id
        await client.sign_out()
        assert (await client.me())["agent_id"] == "alice"
        assert desk.authority.verify(await transport.token()).session_id != session_id


class Moody:
    """A server that fails in a chosen way before it answers."""

    def __init__(self, *moods: int | str) -> None:
        self.moods = list(moods)
        self.keys: list[str] = []
        self.left = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers["Idempotency-Key"])
        mood = self.moods.pop(0) if self.moods else 200
        if mood == "cut":
            assert request.transport is not None
            request.transport.abort()
        if mood == "slow":
            await self.left.wait()
        if isinstance(mood, int) and mood != 200:
            return web.json_response({"code": "overloaded"}, status=mood, headers={"Retry-After": "0"})
        return web.json_response({"agent": {}})


async def served(moody: Moody) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_put("/v1/agents/alice/state", moody.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.mark.parametrize("moods", [("cut",), (503,), ("slow",), (503, "cut", 502)])
async def test_a_command_is_tried_again_with_the_same_key(
    moods: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctid.client.transport.delay", lambda tries: 0.01)
    moody = Moody(*moods)
    runner, url = await served(moody)
    async with Client(url, "token", agent_id="alice", timeout=2 if "slow" in moods else 30) as client:
        await client.set_state("READY")
        assert len(moody.keys) == len(moods) + 1
        assert len(set(moody.keys)) == 1
        await client.set_state("READY")
        assert len(set(moody.keys)) == 2
    moody.left.set()
    await runner.cleanup()


async def test_trying_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctid.client.transport.delay", lambda tries: 0.01)
    moody = Moody(*[503] * 3)
    runner, url = await served(moody)
    async with Client(url, "token", agent_id="alice", tries=3) as client:
        with pytest.raises(UnavailableError):
            await client.set_state("READY")
        assert len(moody.keys) == 3
        await runner.cleanup()
        with pytest.raises(UnreachableError):
            await client.set_state("READY")


async def test_a_command_whose_answer_is_lost_is_carried_out_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctid.client.transport.delay", lambda tries: 0.01)
    async with Client(desk.url, desk.token("sue"), timeout=0.3, tries=1_000) as client:
        desk.site.gate.clear()
        asking = asyncio.create_task(client.submit_contact("chat", "sales"))
        await asyncio.sleep(0.4)
        desk.site.gate.set()
        contact = await asking
    assert list(desk.site.state.contacts) == [contact["id"]]
    assert len(desk.of_type(ev.ContactSubmitted)) == 1
