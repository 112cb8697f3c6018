"""Events to a real receiver: signed, in order, again when it fails, given up when it refuses."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from typing import Any

import pytest
from aiohttp import web

from ctid.errors import NotFoundError
from ctid.store.database import Database
from sip_test_rig.eventually import eventually
from sip_test_rig.ports import free_port
from tests.webhooks.receiver import SECRET, Receiver, verified
from tests.webhooks.running import Stream, running, spec


async def test_an_event_arrives_signed_as_desktops_have_it(database: Database, receiver: Receiver) -> None:
    async with running(database, Stream(), crm=spec(receiver)) as life:
        (event_id,) = life.publish("ct-1", type_="contact.created")
        await eventually(lambda: receiver.ids == [event_id], "it arrives")
        await eventually(lambda: life.webhooks.states()[0].waiting == 0, "nothing waits")
        assert life.attempts("taken") == 1
        assert await life.outbox.waiting("crm") == []
        state = life.webhooks.state("crm")
    (event,) = receiver.events
    assert event["data"] == {"contact": {"id": "ct-1", "ani": "+4917612345678"}}
    assert (event["type"], event["seq"], event["source"]) == ("contact.created", 1, "/sites/demo")
    (headers,) = receiver.headers
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert headers["User-Agent"] == "ctid/test"
    assert state.delivered_at_ms
    assert "token" not in state.url


async def test_a_wrong_secret_does_not_verify(database: Database, receiver: Receiver) -> None:
    other = "whsec_" + base64.b64encode(b"demo-only-another-key-than-that").decode()
    body, headers = b"{}", {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    assert not verified(SECRET, headers, body)
    receiver.secret = other
    async with running(database, Stream(), crm=spec(receiver, secret=other, previous_secret=SECRET)) as life:
        life.publish("ct-1")
        await eventually(lambda: len(receiver.events) == 1, "the new secret's receiver takes it")
        receiver.secret = SECRET
        life.publish("ct-1")
        await eventually(lambda: len(receiver.events) == 2, "and so does that of the old secret")


async def test_only_what_was_asked_for_is_posted(database: Database, receiver: Receiver) -> None:
    hook = spec(receiver, events=["contact.closed", "offer.*"], queues=["sales"])
    async with running(database, Stream(), crm=hook) as life:
        for type_ in ("contact.closed", "contact.created", "offer.created", "offer.accepted"):
            for queue in ("sales", "support", ""):
                life.publish("ct-1", type_=type_, queue=queue)
        await eventually(lambda: len(receiver.events) == 3, "three of them arrive")
        await life.webhooks.flush(30)
        await eventually(lambda: life.webhooks.states()[0].waiting == 0, "nothing else waits")
    assert [event["type"] for event in receiver.events] == ["contact.closed", "offer.created", "offer.accepted"]


async def test_of_one_contact_one_event_goes_after_another_while_others_overtake(
    database: Database, receiver: Receiver
) -> None:
    """Every second attempt fails, so that without care events would change places."""
    turns: dict[str, int] = defaultdict(int)

    async def answering(request: web.Request, event: dict[str, Any]) -> web.Response:
        await asyncio.sleep(0)
        turns[event["id"]] += 1
        if turns[event["id"]] == 1 and event["seq"] % 2:
            return web.Response(status=500)
        receiver.events.append(event)
        return web.Response(status=204)

    receiver.answering = answering
    contacts = [f"ct-{number % 5}" for number in range(60)]
    async with running(database, Stream(), crm=spec(receiver, max_parallel=3)) as life:
        ids = life.publish(*contacts)
        await eventually(lambda: len(receiver.events) == len(ids), "all arrive")
    assert sorted(receiver.ids, key=ids.index) == ids
    for contact in set(contacts):
        own = [event["seq"] for event in receiver.events if event["contact_id"] == contact]
        assert own == sorted(own), contact
    assert receiver.ids != ids
    assert 1 < receiver.most_at_once <= 3


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408, 425])
async def test_what_may_work_later_is_tried_again_with_the_same_id(
    database: Database, receiver: Receiver, status: int
) -> None:
    receiver.answers.extend([status, status])
    async with running(database, Stream(), crm=spec(receiver)) as life:
        (event_id,) = life.publish("ct-1")
        await eventually(lambda: receiver.ids == [event_id], "it arrives in the end")
        assert receiver.attempts(event_id) == 3
        assert life.webhooks.state("crm").failure == f"status-{status}"
        assert life.attempts("failed") == 2


async def test_a_receiver_that_asks_for_a_pause_gets_it(database: Database, receiver: Receiver) -> None:
    receiver.answers.append(web.Response(status=429, headers={"Retry-After": "1"}))
    async with running(database, Stream(), crm=spec(receiver)) as life:
        (event_id,) = life.publish("ct-1")
        await eventually(lambda: life.attempts("failed") == 1, "the first attempt has come to nothing")
        life.publish("ct-2")
        await eventually(lambda: len(receiver.events) == 2, "both arrive")
    assert receiver.attempts(event_id) == 2
    # Nothing at all came in between, not even of another contact.
    assert receiver.seen[1][1] - receiver.seen[0][1] > 0.95


async def test_a_receiver_that_was_away_gets_all_in_order(database: Database) -> None:
    receiver = Receiver()
    receiver.port = free_port()
    async with running(database, Stream(), crm=spec(receiver)) as life:
        ids = life.publish("ct-1", "ct-2", "ct-1", "ct-3", "ct-4")
        await eventually(lambda: life.webhooks.state("crm").failure == "connection", "it cannot be reached")
        await receiver.start()
        try:
            await eventually(lambda: set(receiver.ids) == set(ids), "all arrive")
        finally:
            await receiver.stop()
    assert receiver.ids.index(ids[0]) < receiver.ids.index(ids[2])


@pytest.mark.parametrize("status", [400, 401, 404, 422, 301, 307])
async def test_what_is_refused_becomes_a_dead_letter_at_once(
    database: Database, receiver: Receiver, status: int
) -> None:
    location = {"Location": receiver.url} if status < 400 else {}
    receiver.answers.append(web.Response(status=status, headers=location))
    async with running(database, Stream(), crm=spec(receiver)) as life:
        refused, taken = life.publish("ct-1", "ct-1")
        await eventually(lambda: receiver.ids == [taken], "the next of the same contact arrives")
        page = await life.webhooks.dead_letters("crm", limit=10, cursor=None)
        assert [(letter.id, letter.cause, letter.attempts) for letter in page.letters] == [
            (refused, f"status-{status}", 1)
        ]
        assert page.next_cursor is None
        assert receiver.attempts(refused) == 1
        assert life.figure("ctid_webhook_dead_letters", webhook="crm") == 1


async def test_a_dead_letter_can_be_looked_at_tried_again_and_deleted(database: Database, receiver: Receiver) -> None:
    receiver.answers.extend([400, 400, 400])
    async with running(database, Stream(), crm=spec(receiver)) as life:
        first, second, third = life.publish("ct-1", "ct-2", "ct-3")
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 3, "all are refused")
        letter, body = await life.webhooks.dead_letter("crm", first)
        assert (letter.type, '"contact_id":"ct-1"' in body) == ("contact.updated", True)
        state = await life.webhooks.retry("crm", first)
        assert state.dead_letters == 2
        await eventually(lambda: receiver.ids == [first], "it arrives now")
        assert (await life.webhooks.remove("crm", second)).id == second
        for gone in (first, second):
            with pytest.raises(NotFoundError):
                await life.webhooks.dead_letter("crm", gone)
            with pytest.raises(NotFoundError):
                await life.webhooks.retry("crm", gone)
            with pytest.raises(NotFoundError):
                await life.webhooks.remove("crm", gone)
        state, retried = await life.webhooks.retry_all("crm")
        assert retried == 1
        await eventually(lambda: receiver.ids == [first, third], "the last arrives too")
        assert life.webhooks.state("crm").dead_letters == 0


async def test_dead_letters_are_paged_newest_first(database: Database, receiver: Receiver) -> None:
    receiver.answers.extend([400] * 5)
    async with running(database, Stream(), crm=spec(receiver)) as life:
        ids = life.publish(*["ct-1"] * 5)
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 5, "all are refused")
        found, cursor = [], None
        while True:
            page = await life.webhooks.dead_letters("crm", limit=2, cursor=cursor)
            found.append([letter.id for letter in page.letters])
            cursor = page.next_cursor
            if cursor is None:
                break
    assert found == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]


async def test_who_refuses_again_is_not_asked_for_ever(database: Database, receiver: Receiver) -> None:
    receiver.answers.extend([400] * 6)
    async with running(database, Stream(), crm=spec(receiver)) as life:
        life.publish("ct-1", "ct-2", "ct-3")
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 3, "all are refused")
        _, retried = await life.webhooks.retry_all("crm")
        assert retried == 3
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 3, "and again")
    assert len(receiver.seen) == 6


async def test_what_fails_for_too_long_is_given_up(database: Database, receiver: Receiver) -> None:
    receiver.answers.extend([500] * 100)
    hook = spec(receiver, give_up_after_seconds=1, backoff_max_seconds=0.02)
    async with running(database, Stream(), crm=hook) as life:
        (event_id,) = life.publish("ct-1")
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 1, "it is given up")
        letter, _ = await life.webhooks.dead_letter("crm", event_id)
    assert letter.attempts == len(receiver.seen) > 2
    assert receiver.seen[-1][1] - receiver.seen[0][1] > 0.15


async def test_gone_disables_until_somebody_enables(database: Database, receiver: Receiver) -> None:
    receiver.answers.append(410)
    stream = Stream()
    hooks = {"crm": spec(receiver, max_parallel=1)}
    async with running(database, stream, **hooks) as life:
        gone, waits = life.publish("ct-1", "ct-1")
        await eventually(lambda: not life.webhooks.state("crm").enabled, "it is disabled")
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 1, "with a dead letter")
        life.publish("ct-2")
        await life.webhooks.flush(30)
    async with running(database, stream, **hooks) as life:
        await eventually(lambda: life.webhooks.state("crm").waiting == 1, "what waited still does")
        assert not life.webhooks.state("crm").enabled
        await life.webhooks.enable("crm")
        await eventually(lambda: receiver.ids == [waits], "it goes on")
        await life.webhooks.retry("crm", gone)
        await eventually(lambda: receiver.ids == [waits, gone], "the dead letter too")
        life.publish("ct-3")
        await eventually(lambda: len(receiver.events) == 3, "and what comes now")
    # What came while it was disabled was never meant for it.
    assert [event["contact_id"] for event in receiver.events] == ["ct-1", "ct-1", "ct-3"]
