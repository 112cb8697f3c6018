"""Commands to their executors: the pop before the ring, a cancelled ring, and what has nobody to go to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from ctid.errors import StoreError
from ctid.lookups.lookups import Lookups as FlowLookups
from ctid.model import commands as do
from ctid.model import events as ev
from ctid.model.customer import Customer, RecentContact
from ctid.model.instant import Instant
from ctid.model.record import LastCall
from ctid.runtime import lookups
from ctid.runtime.clock import SiteClock
from ctid.runtime.dispatch import Dispatcher
from ctid.runtime.fetches import Fetches
from ctid.runtime.lookups import MAX_WAITING, Lookups
from ctid.runtime.observer import Observer
from ctid.runtime.record_writer import RecordWriter
from ctid.runtime.sealed import SealedDigits
from ctid.runtime.timers import Timers
from ctid.store.directory import LookupFailed
from ctid.telemetry.metrics import Metrics
from sip_test_rig.eventually import eventually

RING = do.RingAgent(
    pbx="main", unique_id="lg-1", device="PJSIP/1001", peer_unique_id="u1", caller_number="", caller_name="",
    timeout_ms=1, headers={}, agent_id="alice",
)  # fmt: skip
POP = do.Publish(
    seq=1, at=Instant(0, 0), type="offer.created", data={"offer": {"id": "of-1", "cause": None}}, agent_ids=["alice"]
)


class Webhooks:
    """Takes down what it is given."""

    def __init__(self) -> None:
        self.published: list[do.Publish] = []

    def publish(self, command: do.Publish) -> None:
        self.published.append(command)


class World:
    """All that a dispatcher works on, taking down in one list what happens in which order."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.events: list[ev.Event] = []
        self.flushed = asyncio.Event()
        self.flushed.set()
        self.sessions = True
        self.answer_with: Customer | Exception | None = None
        self.last: LastCall | Exception | None = None
        self.earlier: dict[str, list[RecentContact] | Exception] = {}
        self.asked = asyncio.Event()
        self.metrics = Metrics("test")
        self.webhooks = Webhooks()

    # AMI and FastAGI
    def execute(self, command: do.AmiCommand | do.AgiCommand) -> bool:
        self.log.append(command)
        return self.sessions

    # desktops
    def publish(self, command: do.Publish) -> None:
        self.log.append(command.type)

    async def flush_offer(self, agent_ids: Sequence[str], timeout: float = 0.05) -> bool:
        await self.flushed.wait()
        self.log.append(f"flushed {','.join(agent_ids)}")
        return True

    # directory
    async def find(self, ani: str) -> Customer | None:
        self.asked.set()
        await self.flushed.wait()
        if isinstance(self.answer_with, Exception):
            raise self.answer_with
        return self.answer_with

    # records
    async def recent(self, ani: str, customer_id: str) -> list[RecentContact]:
        found = self.earlier.get(customer_id or ani, [])
        if isinstance(found, TimeoutError):
            await asyncio.Event().wait()
        if isinstance(found, Exception):
            raise found
        return found

    async def last_call(self, ani: str) -> LastCall | None:
        if isinstance(self.last, TimeoutError):
            await asyncio.Event().wait()
        if isinstance(self.last, Exception):
            raise self.last
        return self.last

    async def save_many(self, records: Sequence[Any]) -> None:
        raise AssertionError("no record here")


@asynccontextmanager
async def dispatching(world: World) -> AsyncIterator[Dispatcher]:
    async with asyncio.TaskGroup() as group:
        yield Dispatcher(
            links={"main": world},
            agi=world,
            desktops=world,
            webhooks=world.webhooks,
            timers=Timers(SiteClock(), world.events.append),
            lookups=Lookups(world, world, world.events.append, group),
            fetches=Fetches(FlowLookups({}, world.metrics), SealedDigits(), world.events.append, group),
            records=RecordWriter(world, world.events.append),
            answer=world.log.append,
            emit=world.events.append,
            group=group,
            observer=Observer(world.metrics),
            metrics=world.metrics,
        )


async def test_what_is_published_goes_to_desktops_and_webhooks() -> None:
    world = World()
    async with dispatching(world) as dispatcher:
        dispatcher.execute([POP])
    assert world.log == ["offer.created"]
    assert world.webhooks.published == [POP]


async def test_the_phone_rings_after_the_pop_has_left() -> None:
    world = World()
    world.flushed.clear()
    async with dispatching(world) as dispatcher:
        dispatcher.execute([POP, RING])
        await asyncio.sleep(0)
        assert world.log == ["offer.created"]
        world.flushed.set()
    assert world.log == ["offer.created", "flushed alice", RING]


async def test_a_ring_that_is_cancelled_before_it_began_never_rings_and_is_told_as_failed() -> None:
    world = World()
    world.flushed.clear()
    async with dispatching(world) as dispatcher:
        dispatcher.execute([POP, RING])
        dispatcher.execute([do.HangUpLeg(pbx="main", unique_id="lg-1")])
        world.flushed.set()
    assert RING not in world.log
    assert world.events == [ev.LegFailed(pbx="main", unique_id="lg-1", reason=0)]


async def test_a_ring_that_has_begun_is_hung_up_behind_it() -> None:
    world = World()
    hang_up = do.HangUpLeg(pbx="main", unique_id="lg-1")
    async with dispatching(world) as dispatcher:
        dispatcher.execute([RING])
        await eventually(lambda: RING in world.log, "the phone is rung", every=0)
        dispatcher.execute([hang_up])
    assert world.log[-2:] == [RING, hang_up]


DIAL = do.DialCustomer(
    pbx="main",
    unique_id="lg-2",
    device="PJSIP/+4930123456@trunk",
    peer_unique_id="lg-1",
    caller_number="",
    timeout_ms=1,
)


async def test_a_customer_is_dialled_at_once_and_a_hang_up_follows() -> None:
    world = World()
    hang_up = do.HangUpLeg(pbx="main", unique_id="lg-2")
    async with dispatching(world) as dispatcher:
        dispatcher.execute([DIAL, hang_up])
        assert world.log == [DIAL, hang_up]


async def test_an_unknown_pbx_fails_the_call_to_the_customer() -> None:
    world = World()
    async with dispatching(world) as dispatcher:
        dispatcher.execute([msgspec.structs.replace(DIAL, pbx="elsewhere")])
    assert world.events == [ev.LegFailed(pbx="elsewhere", unique_id="lg-2", reason=0)]


async def test_what_happens_to_callbacks_is_counted() -> None:
    world = World()
    async with dispatching(world) as dispatcher:
        told = do.Publish(seq=1, at=Instant(0, 0), type="callback.waited", data={}, contact_id="ct-1", queue="sales")
        dispatcher.observe([told, told])
    assert b'ctid_callbacks_total{event="waited",queue="sales"} 2.0' in world.metrics.exposition()


async def test_an_unknown_pbx_fails_the_ring_and_swallows_the_hang_up() -> None:
    world = World()
    other = do.HangUpLeg(pbx="elsewhere", unique_id="x")
    ring = do.RingAgent(**{**{name: getattr(RING, name) for name in RING.__struct_fields__}, "pbx": "elsewhere"})
    async with dispatching(world) as dispatcher:
        dispatcher.execute([ring, other])
    assert world.events == [ev.LegFailed(pbx="elsewhere", unique_id="lg-1", reason=0)]


async def test_a_command_for_a_caller_without_session_is_counted() -> None:
    world = World()
    world.sessions = False
    async with dispatching(world) as dispatcher:
        dispatcher.execute([do.PlayMusic(pbx="main", unique_id="u1", music_class="default")])
    assert b'ctid_notes_total{code="no-agi-session"} 1.0' in world.metrics.exposition()


async def test_a_lookup_answers_as_an_event_whatever_becomes_of_it() -> None:
    found = Customer(id="4711", name="Test")
    for answer, customer, failure in (
        (found, found, ""),
        (None, None, ""),
        (LookupFailed("timeout"), None, "timeout"),
        (ZeroDivisionError("a bug in a directory"), None, "unavailable"),
    ):
        world = World()
        world.answer_with = answer
        async with dispatching(world) as dispatcher:
            dispatcher.execute([do.LookUpCustomer(contact_id="ct-1", ani="+4930555010")])
        assert world.events == [ev.CustomerLookedUp(contact_id="ct-1", customer=customer, failure=failure)]


@pytest.mark.parametrize(
    "trouble", [StoreError("away"), TimeoutError(), ZeroDivisionError("a bug")], ids=lambda each: type(each).__name__
)
async def test_records_that_do_not_tell_who_served_last_are_no_failure(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "LAST_CALL_SECONDS", 0.01)
    world = World()
    world.answer_with, world.last = Customer(id="4711", name="Test"), trouble
    async with dispatching(world) as dispatcher:
        dispatcher.execute([do.LookUpCustomer(contact_id="ct-1", ani="+4930555010")])
    assert world.events == [ev.CustomerLookedUp(contact_id="ct-1", customer=world.answer_with)]


async def test_a_lookup_tells_who_served_the_caller_last() -> None:
    world = World()
    world.last = LastCall(agent_id="alice", queue="sales")
    async with dispatching(world) as dispatcher:
        dispatcher.execute([do.LookUpCustomer(contact_id="ct-1", ani="+4930555010")])
    assert world.events == [ev.CustomerLookedUp(contact_id="ct-1", customer=None, last_call=world.last)]


def earlier(contact_id: str) -> RecentContact:
    return RecentContact(
        contact_id=contact_id,
        at_utc_ms=1_795_000_000_000,
        channel="voice",
        queue="sales",
        agent_id="alice",
        outcome="handled",
        disposition="order",
        notes="two of them",
    )


@pytest.mark.parametrize(
    ("customer", "of_customer", "told"),
    [
        (None, [earlier("ct-b")], "ct-a"),
        (Customer(id="4711", name="Test"), [earlier("ct-b")], "ct-b"),
        (Customer(id="4711", name="Test"), StoreError("away"), "ct-a"),
        (Customer(id="4711", name="Test"), TimeoutError(), "ct-a"),
    ],
)
async def test_a_lookup_tells_the_last_contacts_of_the_customer_or_else_of_the_number(
    customer: Customer | None,
    of_customer: list[RecentContact] | Exception,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookups, "RECENT_SECONDS", 0.01)
    world = World()
    world.answer_with = customer
    world.earlier = {"+4930555010": [earlier("ct-a")], "4711": of_customer}
    async with dispatching(world) as dispatcher:
        dispatcher.execute([do.LookUpCustomer(contact_id="ct-1", ani="+4930555010")])
    assert world.events == [ev.CustomerLookedUp(contact_id="ct-1", customer=customer, recent=[earlier(told)])]


async def test_a_directory_that_hangs_piles_up_so_many_lookups_and_no_more() -> None:
    world = World()
    world.flushed.clear()
    async with dispatching(world) as dispatcher:
        for number in range(MAX_WAITING + 1):
            dispatcher.execute([do.LookUpCustomer(contact_id=f"ct-{number}", ani="+4930555010")])
        assert world.events == [
            ev.CustomerLookedUp(contact_id=f"ct-{MAX_WAITING}", customer=None, failure="overloaded")
        ]
        world.flushed.set()
    assert len(world.events) == MAX_WAITING + 1
