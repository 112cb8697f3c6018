"""Signing in at a real daemon: users from the command line, a `kill -9`, a database that both processes write."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ctid.model.access import Role
from sip_test_rig.site import RigSite
from tests.integration.floor import PATIENCE_S, assert_log_clean, floor_config

pytestmark = pytest.mark.timeout(180)

PASSWORD = "demo-only-correct-horse"
CHECKOUT = Path(__file__).parents[2]


async def user(site: RigSite, *arguments: str, typed: str = "") -> str:
    """Run ``ctid user`` with something on its standard input."""
    command, *rest = arguments
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ctid", "user", command, "--config", str(site.folder / "config"), *rest,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(typed.encode()), 60)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def answer_of(
    http: aiohttp.ClientSession, method: str, path: str, token: str = "", body: Any = None
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with http.request(method, path, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def until_told(http: aiohttp.ClientSession, site: RigSite, entries: int) -> list[tuple[str, int]]:
    """The audit trail, oldest first, once so many entries are there: they are written beside the requests."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            _, trail = await answer_of(http, "GET", "/v1/audit", site.token("adam", Role.ADMIN))
            if len(trail["items"]) >= entries:
                return [(entry["operation"], entry["status"]) for entry in reversed(trail["items"])]
            await asyncio.sleep(0.05)


async def test_a_user_of_the_command_line_signs_in_works_and_stays_out_over_kill_9() -> None:
    async with RigSite(floor_config(1)) as site:
        await user(site, "add", "ann", "--agent", "a01", typed=f"{PASSWORD}\n")
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(site.ctid.url, connector=connector) as http:
            sessions = []
            for _ in range(2):
                body = {"username": "ann", "password": PASSWORD}
                status, session = await answer_of(http, "POST", "/v1/sessions", body=body)
                assert (status, session["me"]["agent_id"]) == (201, "a01")
                sessions.append(session)
            tokens = [session["access_token"] for session in sessions]
            state = {"state": "NOT_READY"}
            status, done = await answer_of(http, "PUT", "/v1/agents/a01/state", tokens[0], state)
            assert (status, done["agent"]["state"]) == (202, "NOT_READY")
            assert (await answer_of(http, "DELETE", "/v1/sessions/current", tokens[0]))[0] == 204
            assert (await answer_of(http, "GET", "/v1/me", tokens[0]))[0] == 401

            await until_told(http, site, 5)
            await site.ctid.kill()
            await site.ctid.start()
            status, problem = await answer_of(http, "GET", "/v1/me", tokens[0])
            assert (status, problem["code"]) == (401, "session-ended")
            assert (await answer_of(http, "GET", "/v1/me", tokens[1]))[0] == 200
            refresh = {"refresh_token": sessions[1]["refresh_token"]}
            status, refreshed = await answer_of(http, "POST", "/v1/sessions/refresh", body=refresh)
            assert status == 201

            # Another process takes the user away; this one learns of it within seconds.
            await user(site, "remove", "ann")
            async with asyncio.timeout(PATIENCE_S):
                while (await answer_of(http, "GET", "/v1/me", refreshed["access_token"]))[0] != 401:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert await until_told(http, site, 7) == [
                ("addUser", 200),
                ("signIn", 201),
                ("signIn", 201),
                ("setAgentState", 202),
                ("signOut", 204),
                ("refreshSession", 201),
                ("removeUser", 200),
            ]
            assert PASSWORD not in site.ctid.log.read_text(errors="replace")
        assert_log_clean(site)
