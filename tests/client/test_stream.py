"""The client's event stream against the real socket: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ctid.client import (
    Client,
    ElsewhereError,
    Event,
    EventStream,
    Live,
    Lost,
    Message,
    NotSignedInError,
    ReplacedError,
    SignedOutError,
    Snapshot,
    TakenOverError,
    UnknownAgentError,
)
from ctid.desktop.stream.close_codes import CloseCode
from ctid.model import events as ev
from tests.client.conftest import PASSWORD
from tests.desktop.site import Desk, open_desk, until


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctid.client.stream.delay", lambda tries: 0.01)


@pytest.fixture
async def sue(desk: Desk) -> AsyncIterator[Client]:
    async with Client(desk.url, desk.token("sue")) as client:
        yield client


async def take(stream: EventStream) -> Message:
    async with asyncio.timeout(30):
        return await anext(stream)


async def take_until(stream: EventStream, last: Callable[[Message], bool]) -> list[Message]:
    taken = [await take(stream)]
    while not last(taken[-1]):
        taken.append(await take(stream))
    return taken


def is_live(message: Message) -> bool:
    return isinstance(message, Live)


def reaches(desk: Desk) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, Event) and message.seq == desk.site.state.stream_seq


async def test_a_snapshot_then_every_event_over_lost_connections(desk: Desk, sue: Client) -> None:
    desk.site.call()
    async with sue.events() as stream:
        snapshot, _ = await take_until(stream, is_live)
        assert isinstance(snapshot, Snapshot)
        assert len(snapshot.data["contacts"]) == 1
        start = snapshot.position.seq
        seen: list[int] = []
        lost = 0
        for number in range(6):
            desk.site.call()
            if number % 2:
                for client in desk.hub.clients:
                    desk.hub.cut(client, CloseCode.TOO_SLOW)
                desk.site.call()
            for message in await take_until(stream, reaches(desk)):
                assert not isinstance(message, Snapshot)
                lost += isinstance(message, Lost)
                if isinstance(message, Event) and message.seq is not None:
                    seen.append(message.seq)
        assert lost == 3
        assert seen == list(range(start + 1, desk.site.state.stream_seq + 1))
        assert stream.position is not None
        assert stream.position.seq == seen[-1]


async def test_another_process_goes_on_where_the_first_one_stopped(desk: Desk, sue: Client) -> None:
    async with sue.events() as stream:
        await take_until(stream, is_live)
        desk.site.call()
        await take_until(stream, reaches(desk))
        position = stream.position
    assert position is not None
    missed = desk.site.call()
    async with sue.events(resume_from=position) as stream:
        messages = await take_until(stream, is_live)
    assert {message.contact_id for message in messages if isinstance(message, Event)} == {missed}
    assert not [message for message in messages if isinstance(message, Snapshot)]


async def test_what_cannot_be_replayed_is_shown_anew() -> None:
    desk = open_desk(replay_events=5)
    await desk.server.start()
    async with Client(desk.url, desk.token("sue")) as client, client.events() as stream:
        await take_until(stream, is_live)
        for each in desk.hub.clients:
            desk.hub.cut(each, CloseCode.TOO_SLOW)
        for _ in range(5):
            desk.site.call()
        lost, snapshot, *_ = await take_until(stream, is_live)
        assert isinstance(lost, Lost)
        assert isinstance(snapshot, Snapshot)
        assert len(snapshot.data["contacts"]) == 5
    await desk.server.stop()


async def test_numbers_of_queues_have_no_place(desk: Desk, sue: Client) -> None:
    async with sue.events(subscribe=["queues"]) as stream:
        await take_until(stream, is_live)
        desk.site.call(key="2")
        stats = (await take_until(stream, lambda message: getattr(message, "type", "") == "queue.stats"))[-1]
        assert isinstance(stats, Event)
        assert (stats.seq, stats.subject, stats.data["waiting"]) == (None, "queues/support", 1)


async def test_iterating_without_more_ado(desk: Desk) -> None:
    seen: list[Any] = []
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client:

        async def follow() -> None:
            async for message in client.events():
                seen.append(message)

        following = asyncio.create_task(follow())
        await until(lambda: len(seen) == 2)
    await asyncio.wait_for(following, 30)
    assert isinstance(seen[0], Snapshot)
    await until(lambda: not desk.hub.clients)


async def test_a_daemon_that_goes_is_waited_for() -> None:
    desk = open_desk()
    await desk.server.start()
    port = desk.server.port
    async with Client(desk.url, desk.token("sue")) as client, client.events() as stream:
        await take_until(stream, is_live)
        await desk.server.stop()
        assert isinstance(await take(stream), Lost)
        desk = open_desk(port=port)
        await desk.server.start()
        # It is told once that the connection is lost, however often it is tried.
        snapshot_or_live = await take(stream)
        assert isinstance(snapshot_or_live, Snapshot | Live)
    await desk.server.stop()


async def test_the_agent_is_elsewhere_and_may_take_over(desk: Desk) -> None:
    async with (
        Client.sign_in(desk.url, "alice", PASSWORD) as first,
        Client.sign_in(desk.url, "alice", PASSWORD) as second,
    ):
        old = first.events()
        async with old:
            await take_until(old, is_live)
            async with second.events() as refused:
                # Who asks again is told again.
                for _ in range(2):
                    with pytest.raises(ElsewhereError):
                        await take(refused)
            async with second.events(takeover=True) as new:
                await take_until(new, is_live)
                with pytest.raises(TakenOverError) as ended:
                    await take(old)
                assert ended.value.close_code == 4011
                with pytest.raises(TakenOverError):
                    await take(old)
                async with second.events(client_id=new.client_id) as newest:
                    await take_until(newest, is_live)
                    with pytest.raises(ReplacedError):
                        await take(new)
    await until(lambda: not desk.hub.clients)
    assert len(desk.of_type(ev.DesktopConnected)) == len(desk.of_type(ev.DesktopLost)) == 3


async def test_a_session_that_ends_is_begun_anew_by_who_has_a_password(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client, client.events() as stream:
        await take_until(stream, is_live)
        session_id = desk.authority.verify(await client._transport.token()).session_id
        await client.sign_out()
        lost, *_, live = await take_until(stream, is_live)
        assert isinstance(lost, Lost)
        (joined,) = desk.hub.clients
        assert joined.principal.session_id not in ("", session_id)
        await desk.access.users.remove("alice")
        await client.sign_out()
        await take_until(stream, lambda message: isinstance(message, Lost))
        with pytest.raises(NotSignedInError):
            await take(stream)
    assert isinstance(live, Live)


async def test_a_token_given_by_hand_ends_the_stream_with_it(desk: Desk) -> None:
    async with Client(desk.url, desk.token("sue", 4)) as client, client.events() as stream:
        await take_until(stream, is_live)
        with pytest.raises(SignedOutError) as ended:
            await take(stream)
        assert ended.value.close_code == CloseCode.TOKEN_EXPIRED
    async with Client(desk.url, desk.token("nobody")) as client, client.events() as stream:
        with pytest.raises(UnknownAgentError):
            await take(stream)


async def test_the_sockets_token_is_renewed_before_it_ends(desk: Desk) -> None:
    async with Client.sign_in(desk.url, "alice", PASSWORD) as client, client.events() as stream:
        await take_until(stream, is_live)
        (socket,) = desk.hub.clients
        before = socket.principal
        socket.warn_at = 0
        await until(lambda: socket.principal is not before)
        assert socket.principal.session_id == before.session_id
        assert socket.principal.expires_at > before.expires_at
        desk.site.handle(ev.PbxLost(pbx="main", reason="gone"))
        event = await take(stream)
        assert isinstance(event, Event)
        assert event.type == "pbx.down"


async def test_who_hears_of_nothing_still_gets_on_and_notices_a_dead_line(desk: Desk, sue: Client) -> None:
    async with Client(desk.url, desk.token("bob")) as client, client.events(subscribe=["own"]) as stream:
        await take_until(stream, is_live)
        desk.site.call()
        seq = desk.site.state.stream_seq
        await until(lambda: stream._read is not None and stream._read.seq == seq)
        (socket,) = desk.hub.clients
        # A line that is dead, though nobody says so: the server neither answers nor pings any more.
        desk.hub.leave(socket)
        socket.send = lambda message: None  # type: ignore[method-assign]
        assert isinstance(await take(stream), Lost)
        assert isinstance(await take(stream), Live)


async def test_who_is_slow_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream stops reading; ctid cuts it off; it comes back and goes on where it got to."""
    monkeypatch.setattr("ctid.client.stream._BUFFER", 20)
    desk = open_desk(client_buffer=50)
    await desk.server.start()
    async with Client(desk.url, desk.token("sue")) as client, client.events() as stream:
        snapshot, _ = await take_until(stream, is_live)
        assert isinstance(snapshot, Snapshot)
        contact_id = desk.site.call()
        for number in range(5_000):
            attributes = {f"a{n}": str(number % 10) * 2_000 for n in range(4)}
            desk.site.handle(
                ev.AttributesSet(command_id="c", principal="p", contact_id=contact_id, attributes=attributes)
            )
            await asyncio.sleep(0)
            if not desk.hub.clients:
                break
        assert not desk.hub.clients
        seqs: list[int] = []
        shown = snapshot.position.seq
        while not seqs or seqs[-1] < desk.site.state.stream_seq:
            match await take(stream):
                case Snapshot(position=position):
                    # More was missed than is replayed at once: what lies before is in the snapshot.
                    assert seqs == list(range(shown + 1, seqs[-1] + 1))
                    seqs, shown = [position.seq], position.seq - 1
                case Event(seq=int(seq)):
                    seqs.append(seq)
        assert seqs == list(range(shown + 1, desk.site.state.stream_seq + 1))
    await desk.server.stop()
