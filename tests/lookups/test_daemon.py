"""The daemon itself, without a PBX: a caller's keys lead to the bank, and a reload to another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sip_test_rig.bank import TOKEN, Bank
from sip_test_rig.eventually import eventually
from sip_test_rig.fake_agi import FakeAgiCall
from sip_test_rig.ports import free_port
from sip_test_rig.site import CtidProcess, demo_config
from tests.lookups.test_sealed import ACCOUNT, PIN, SITE

pytestmark = pytest.mark.timeout(240)


def lookup(url: str) -> dict[str, Any]:
    return {
        "balance": {
            "http": {
                "method": "POST",
                "url": f"{url}/balance",
                "headers": {"Authorization": f"Bearer {TOKEN}"},
                "json": {"account": "{account}", "pin": "{pin}"},
            }
        }
    }


def _holding(folder: Path, text: str) -> list[str]:
    """The files that a text is in."""
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


async def test_keys_lead_to_the_bank_and_a_reload_to_another_one(tmp_path: Path, bank: Bank) -> None:
    bank.accounts[ACCOUNT].pin = PIN
    config = demo_config()
    config["pbxes"]["main"]["ami"]["port"] = free_port()
    config["agi"]["port"] = 0
    config["api"]["port"] = 0
    config["store"] = {"url": f"sqlite:///{tmp_path / 'ctid.db'}"}
    config["journal"] = {"path": str(tmp_path / "journal.db")}
    config["entries"] = SITE["entries"]
    config["flows"] = SITE["flows"]
    for queue in config["queues"].values():
        queue.pop("survey", None)
    # Nobody is there yet; who runs the site finds out where the bank is while the daemon runs.
    config["lookups"] = lookup(f"http://127.0.0.1:{free_port()}")
    (tmp_path / "config").mkdir()
    file = tmp_path / "config" / "ctid.yaml"
    file.write_text(yaml.safe_dump(config))
    process = CtidProcess(tmp_path, 0)

    def logged(event: str) -> list[dict[str, Any]]:
        # The last may not be written whole yet.
        whole = process.log.read_text().split("\n")[:-1]
        lines = [json.loads(line) for line in whole if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    async def call(unique_id: str) -> None:
        caller = FakeAgiCall(
            agi_port, unique_id=unique_id, arguments=("pbx=main", f"account={ACCOUNT}"), callerid="+4930901820"
        )
        caller.replies["STREAM FILE"] = "200 result=0 endpos=8000"
        caller.replies["WAIT FOR DIGIT"] = [f"200 result={ord(digit)}" for digit in PIN]
        async with caller:
            await caller.commanded("EXEC StartMusicOnHold")

    await process.start(ready=False)
    try:
        await eventually(lambda: bool(logged("site.ready")), "it listens", timeout=60)
        agi_port = logged("site.ready")[0]["agi_port"]
        await call("1700000000.1")
        assert [(told["failure"], told["cause"]) for told in logged("lookup.failed")] == [("unavailable", "connection")]
        # A file that can't be read changes nothing, and the daemon goes on.
        file.write_text("site: " + 3_000 * "[" + 3_000 * "]")
        process.reload()
        await eventually(lambda: bool(logged("config.refused")), "it has refused the file")
        config["lookups"] = lookup(bank.url)
        file.write_text(yaml.safe_dump(config))
        process.reload()
        await eventually(lambda: bool(logged("config.reloaded")), "it has read its configuration again")
        assert logged("config.restart_needed") == []
        await call("1700000000.2")
        assert [json.loads(asked.body) for asked in bank.asked] == [{"account": ACCOUNT, "pin": PIN}]
    finally:
        await process.stop()
    assert _holding(tmp_path, PIN) == []
    # It would be found: the account is no secret, and in the journal.
    assert _holding(tmp_path, ACCOUNT) != []
