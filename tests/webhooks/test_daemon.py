"""The daemon itself, without a PBX: killed in the middle, and what it published arrives all the same."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from ctid.desktop.identity.auth import Authority, Role
from ctid.runtime.stream_again import published_again
from ctid.store.journal import Journal
from sip_test_rig.eventually import eventually
from sip_test_rig.ports import free_port
from sip_test_rig.site import CtidProcess, demo_config
from tests.webhooks.receiver import SECRET, Receiver

pytestmark = pytest.mark.timeout(240)


class Site:
    """``ctid run`` with one webhook, and somebody who submits chats."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        config = demo_config()
        config["pbxes"]["main"]["ami"]["port"] = free_port()
        config["agi"]["port"] = 0
        config["api"]["port"] = 0
        config["store"] = {"url": f"sqlite:///{folder / 'ctid.db'}"}
        config["journal"] = {"path": str(folder / "journal.db"), "snapshot_events": 100}
        config["webhooks"] = {
            "crm": {"url": receiver.url, "secret": SECRET, "events": ["contact.*"], "backoff_max_seconds": 1}
        }
        (folder / "config").mkdir()
        (folder / "config" / "ctid.yaml").write_text(yaml.safe_dump(config))
        self.folder = folder
        self.process = CtidProcess(folder, 0)
        self.lives = 0
        token = Authority(config["api"]["token_secret"], config["site"]).issue("boss", Role.ADMIN)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.submitted = 0
        self.epoch = ""

    async def start(self) -> None:
        await self.process.start(ready=False)
        self.lives += 1
        await eventually(lambda: len(self._ports()) == self.lives, "the API listens", timeout=60)
        self.process.url = f"http://127.0.0.1:{self._ports()[-1]}"

    def _ports(self) -> list[int]:
        """Where the API listened in each life, as the log tells."""
        assert self.process.is_running
        # The last may not be written whole yet.
        lines = self.process.log.read_text().split("\n")[:-1]
        return [json.loads(line)["api_port"] for line in lines if "site.ready" in line]

    async def is_open(self) -> bool:
        (webhook,) = (await self.ask("GET", "/v1/webhooks"))["items"]
        return webhook["waiting"] is not None

    async def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(self.process.url, headers=self.headers) as session,
            session.request(method, path, json=body or None) as answer,
        ):
            found: dict[str, Any] = await answer.json(content_type=None)
            assert answer.status < 300, found
            return found

    async def submit(self) -> None:
        await self.ask("POST", "/v1/contacts", channel="chat", queue="sales", attributes={"n": str(self.submitted)})
        self.submitted += 1

    async def submit_until_it_dies(self) -> None:
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            while True:
                await self.submit()

    def published(self) -> list[str]:
        """Ids of all events that the webhook has to get, from the journal."""
        with Journal.read(self.folder / "journal.db") as journal:
            assert journal.first_seq == 1
        found = [each for piece in published_again(self.folder / "journal.db", 0, 2**62) for each in piece]
        return [f"{self.epoch}-{each.seq}" for each in found if each.type.startswith("contact.")]

    async def learn_epoch(self) -> None:
        self.epoch = (await self.ask("GET", "/v1/site"))["epoch"]


@pytest.fixture
async def site(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Site]:
    site = Site(tmp_path, receiver)
    await site.start()
    await site.learn_epoch()
    await eventually(site.is_open, "the database knows the webhook")
    yield site
    await site.process.stop()


def all_arrived(site: Site, receiver: Receiver) -> Callable[[], bool]:
    wanted = set(site.published())
    return lambda: wanted <= set(receiver.ids)


async def test_killed_again_and_again_every_event_arrives_in_order(site: Site, receiver: Receiver) -> None:
    for _ in range(3):
        so_far = site.submitted
        submitting = asyncio.create_task(site.submit_until_it_dies())
        await eventually(lambda so_far=so_far: site.submitted >= so_far + 40, "forty are submitted", timeout=60)
        await site.process.kill()
        await submitting
        await site.start()
    await eventually(all_arrived(site, receiver), "all that was published arrives", timeout=60)
    assert site.submitted >= 120
    ids = site.published()
    assert set(receiver.ids) == set(ids)
    by_contact: dict[str, list[int]] = {}
    for event in receiver.events:
        by_contact.setdefault(event["contact_id"], []).append(event["seq"])
    assert len(by_contact) >= 120
    # Twice is allowed, as a process may die between the receiver's answer and its own note of it; backwards is not.
    for contact, seqs in by_contact.items():
        assert seqs == sorted(seqs), contact
    await site.process.stop()
    log = site.process.log.read_text()
    assert "webhook.lost" not in log
    assert "Traceback" not in log


async def test_a_database_that_was_away_for_a_whole_life_misses_nothing(site: Site, receiver: Receiver) -> None:
    """What was published meanwhile is in the journal only, before a snapshot, as the daemon has stopped since."""
    await site.submit()
    await eventually(all_arrived(site, receiver), "the first arrives")
    await site.process.stop()
    database = site.folder / "ctid.db"
    aside = site.folder / "aside"
    aside.mkdir()
    for part in site.folder.glob("ctid.db*"):
        part.rename(aside / part.name)
    database.mkdir()
    await site.start()
    for _ in range(30):
        await site.submit()
    assert not await site.is_open()
    await site.process.stop()
    assert len(receiver.events) == 2
    database.rmdir()
    for part in aside.iterdir():
        part.rename(site.folder / part.name)
    await site.start()
    await eventually(all_arrived(site, receiver), "all that was published arrives", timeout=60)
    assert len({event["contact_id"] for event in receiver.events}) == 31
    await site.process.stop()
