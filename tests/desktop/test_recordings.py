"""Recordings by REST: found, played in ranges, deleted, and each on the audit trail; asked of a call that lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from ctid.model import events as ev
from ctid.model.recording import RecordingKind, StoredRecording
from ctid.model.states import AgentState
from tests.desktop.kept_recordings import AUDIO, KeptRecordings, kept
from tests.desktop.site import Desk, until

PATH = "/v1/recordings/rc-1/audio"
SIZE = len(AUDIO)


@pytest.fixture
def recorded(desk: Desk) -> Desk:
    for number in range(1, 6):
        recording = kept(f"rc-{number}", queue="sales" if number % 2 else "support", contact_id=f"ct-{number}")
        desk.site.recordings.recordings[recording.id] = recording
    return desk


async def test_found_by_what_is_known_of_them_page_by_page(recorded: Desk, http: aiohttp.ClientSession) -> None:
    found: list[str] = []
    query = "?queue=sales&limit=2"
    while True:
        async with http.get(f"/v1/recordings{query}", headers=recorded.bearer("sue")) as answer:
            page = await answer.json()
        found += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?queue=sales&limit=2&cursor={page['next_cursor']}"
    assert found == ["rc-5", "rc-3", "rc-1"]
    async with http.get("/v1/recordings?contact_id=ct-4", headers=recorded.bearer("sue")) as answer:
        (item,) = (await answer.json())["items"]
    assert (item["id"], item["began_at"], item["bytes"]) == ("rc-4", "2026-11-18T11:06:40.000Z", SIZE)


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        (None, 200, 0, SIZE),
        ("bytes=0-", 206, 0, SIZE),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=99999-100000", 206, 99_999, 100_001),
        (f"bytes={SIZE - 1}-", 206, SIZE - 1, SIZE),
        ("bytes=-1", 206, SIZE - 1, SIZE),
        (f"bytes=-{SIZE * 2}", 206, 0, SIZE),
        (f"bytes=5-{SIZE * 2}", 206, 5, SIZE),
        (f"bytes={SIZE}-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        # What is no range, or several, is answered with the whole.
        ("bytes=9-5", 200, 0, SIZE),
        ("bytes=0-1,5-6", 200, 0, SIZE),
        ("samples=0-1", 200, 0, SIZE),
        ("bytes=-", 200, 0, SIZE),
    ],
)
async def test_played_whole_or_in_a_range(
    recorded: Desk, http: aiohttp.ClientSession, wanted: str | None, status: int, start: int, end: int
) -> None:
    headers = recorded.bearer("sue") | ({"Range": wanted} if wanted is not None else {})
    async with http.get(PATH, headers=headers) as answer:
        assert answer.status == status
        assert await answer.read() == AUDIO[start:end]
        told = answer.headers
    assert told["Accept-Ranges"] == "bytes"
    if status == 206:
        assert told["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    elif status == 416:
        assert told["Content-Range"] == f"bytes */{SIZE}"
        return
    assert (told["Content-Type"], told["Content-Length"]) == ("audio/wav", str(end - start))
    async with http.head(PATH, headers=headers) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (status, str(end - start))


async def test_a_range_of_another_recording_than_was_begun_is_none(recorded: Desk, http: aiohttp.ClientSession) -> None:
    etag = f'"{kept("rc-1").sha256}"'
    for condition, status in ((etag, 206), ('"another"', 200)):
        headers = {**recorded.bearer("sue"), "Range": "bytes=0-9", "If-Range": condition}
        async with http.get(PATH, headers=headers) as answer:
            assert answer.status == status


async def test_what_is_not_what_was_written_is_refused(recorded: Desk, http: aiohttp.ClientSession) -> None:
    recorded.site.recordings.damaged = True
    async with http.get(PATH, headers=recorded.bearer("sue")) as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "recording-error")


async def test_what_callers_said_in_flows_is_among_them(recorded: Desk, http: aiohttp.ClientSession) -> None:
    said = kept("rc-6", agent_id="", queue="", contact_id="ct-4", kind=RecordingKind.STATEMENT)
    recorded.site.recordings.recordings[said.id] = said

    async def listed(who: str, query: str = "") -> list[tuple[str, str]]:
        async with http.get(f"/v1/recordings{query}", headers=recorded.bearer(who)) as answer:
            assert answer.status == 200, await answer.text()
            return [(each["id"], each["kind"]) for each in (await answer.json())["items"]]

    assert await listed("sue", "?contact_id=ct-4") == [("rc-6", "statement"), ("rc-4", "call")]
    assert await listed("sue", "?kind=statement") == [("rc-6", "statement")]
    assert ("rc-6", "statement") not in await listed("sue", "?kind=call")
    for query in ("kind=voicemail", "kind=nothing"):
        async with http.get(f"/v1/recordings?{query}", headers=recorded.bearer("sue")) as answer:
            assert answer.status == 422
    async with http.get("/v1/recordings/rc-6/audio", headers=recorded.bearer("sue")) as answer:
        assert (answer.status, await answer.read()) == (200, AUDIO)
    async with http.get("/v1/recordings/rc-6/audio", headers=recorded.bearer("alice")) as answer:
        assert answer.status == 403
    async with http.get("/v1/voicemails/rc-6", headers=recorded.bearer("sue")) as answer:
        assert answer.status == 404, "it is nobody's message"
    async with http.delete("/v1/recordings/rc-6", headers=recorded.bearer("adam")) as answer:
        assert (answer.status, (await answer.json())["recording"]["kind"]) == (202, "statement")


async def test_who_listens_and_who_deletes_is_on_record(recorded: Desk, http: aiohttp.ClientSession) -> None:
    async with http.get(PATH, headers=recorded.bearer("sue")) as answer:
        await answer.read()
    async with http.get(PATH, headers=recorded.bearer("alice")) as answer:
        assert answer.status == 403
    async with http.delete("/v1/recordings/rc-1", headers=recorded.bearer("adam")) as answer:
        assert (answer.status, (await answer.json())["recording"]["id"]) == (202, "rc-1")
    async with http.delete("/v1/recordings/rc-1", headers=recorded.bearer("adam")) as answer:
        assert answer.status == 404
    async with http.get(PATH, headers=recorded.bearer("sue")) as answer:
        assert answer.status == 404
    entries: list[dict[str, Any]] = []

    async def written() -> list[dict[str, Any]]:
        async with http.get("/v1/audit", headers=recorded.bearer("adam")) as answer:
            entries[:] = (await answer.json())["items"]
        return entries

    async def whole() -> None:
        while len(await written()) < 5:
            pass

    await asyncio.wait_for(whole(), 30)
    assert [(each["subject"], each["operation"], each["status"]) for each in reversed(entries)] == [
        ("sue", "playRecording", 200),
        ("alice", "playRecording", 403),
        ("adam", "deleteRecording", 202),
        ("adam", "deleteRecording", 404),
        ("sue", "playRecording", 404),
    ]
    assert entries[-1]["target"] == PATH


async def test_asked_of_a_call_that_lasts(desk: Desk, http: aiohttp.ClientSession) -> None:
    site = desk.site
    spec = site.spec.model_dump(mode="json", by_alias=True)
    spec["queues"]["sales"]["recording"] = {"percent": 0, "on_demand": True}
    site.handle(ev.ConfigLoaded(spec=spec))
    site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
    for state in (AgentState.NOT_READY, AgentState.READY):
        site.handle(ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state=state))
    contact_id = site.call()
    site.answer(contact_id)
    await until(lambda: site.state.contacts[contact_id].recording is not None)

    async def ask(what: str, who: str = "alice") -> tuple[int, Any]:
        async with http.post(f"/v1/contacts/{contact_id}/{what}", headers=desk.bearer(who)) as answer:
            return answer.status, await answer.json()

    status, problem = await ask("pause-recording")
    assert (status, problem["current"], "record" in problem["allowed_actions"]) == (409, "armed", True)
    status, answer = await ask("record")
    assert (status, answer["contact"]["recording"]["state"]) == (202, "recording")
    assert "pause_recording" in answer["contact"]["allowed_actions"]
    assert (await ask("pause-recording", "sue"))[1]["contact"]["recording"]["state"] == "paused"
    assert (await ask("resume-recording"))[1]["contact"]["recording"]["state"] == "recording"
    assert (await ask("pause-recording", "bob"))[0] == 403


async def test_a_daemon_that_keeps_none_says_so(recorded: Desk, http: aiohttp.ClientSession) -> None:
    recorded.site.recorder = None  # type: ignore[assignment]
    async with http.get(PATH, headers=recorded.bearer("sue")) as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "conflict")


async def test_messages_are_heard_marked_and_deleted_by_whom_they_are_for(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    kind = RecordingKind.VOICEMAIL
    for message in (
        kept("rc-1", agent_id="", queue="sales", kind=kind),
        kept("rc-2", agent_id="alice", queue="", kind=kind),
        kept("rc-3", agent_id="bob", queue="", kind=kind),
        kept("rc-4"),
    ):
        desk.site.recordings.recordings[message.id] = message

    async def listed(who: str, query: str = "") -> list[str]:
        async with http.get(f"/v1/voicemails{query}", headers=desk.bearer(who)) as answer:
            assert answer.status == 200, await answer.text()
            return [each["id"] for each in (await answer.json())["items"]]

    async def ask(method: str, path: str, who: str, body: Any = None) -> tuple[int, Any]:
        async with http.request(method, f"/v1/voicemails/{path}", headers=desk.bearer(who), json=body) as answer:
            return answer.status, await answer.json()

    assert await listed("alice") == ["rc-2", "rc-1"]
    assert await listed("bob") == ["rc-3", "rc-1"]
    assert await listed("sue") == ["rc-3", "rc-2", "rc-1"]
    assert await listed("sue", "?queue=sales") == ["rc-1"]
    for message_id, status in (("rc-1", 200), ("rc-2", 200), ("rc-3", 403), ("rc-4", 404), ("rc-9", 404)):
        assert (await ask("GET", message_id, "alice"))[0] == status
    async with http.get("/v1/recordings/rc-1", headers=desk.bearer("sue")) as answer:
        assert answer.status == 404
    headers = {**desk.bearer("alice"), "Range": "bytes=10-19"}
    async with http.get("/v1/voicemails/rc-2/audio", headers=headers) as answer:
        assert (answer.status, await answer.read()) == (206, AUDIO[10:20])
    status, told = await ask("PUT", "rc-2/heard", "alice", {"heard": True})
    assert (status, told["voicemail"]["heard_by"]) == (202, "alice")
    assert await listed("alice", "?heard=false") == ["rc-1"]
    assert (await ask("PUT", "rc-2/heard", "alice", {"heard": False}))[1]["voicemail"]["heard_at"] is None
    assert (await ask("DELETE", "rc-3", "alice"))[0] == 403
    assert (await ask("DELETE", "rc-2", "alice"))[0] == 202
    assert await listed("alice") == ["rc-1"]


async def test_a_listener_who_leaves_in_the_middle_is_no_fault(
    recorded: Desk, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A player that seeks breaks off one answer for the next."""
    left = asyncio.Event()

    async def audio(_: KeptRecordings, recording: StoredRecording, start: int, end: int) -> AsyncIterator[bytes]:
        try:
            for _ in range(start, end, 64 * 1024):
                yield bytes(64 * 1024)
        finally:
            left.set()

    monkeypatch.setattr(KeptRecordings, "audio", audio)
    long = msgspec.structs.replace(recorded.site.recordings.recordings["rc-1"], size=1 << 30)
    recorded.site.recordings.recordings["rc-1"] = long
    with capture_logs() as logs:
        async with http.get(PATH, headers=recorded.bearer("sue")) as answer:
            assert answer.status == 200
            assert len(await answer.content.readexactly(100_000)) == 100_000
            answer.close()
        await asyncio.wait_for(left.wait(), 30)
        async with http.get("/v1/me", headers=recorded.bearer("sue")) as answer:
            assert answer.status == 200
    assert [each for each in logs if each["log_level"] == "error"] == []
