"""Browsers on the loopback: one site and one Chromium for each module, profiles of their own for each test."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from sip_test_rig.desktop import Desktop
from sip_test_rig.site import RigSite
from tests.browser.chromium import launched
from tests.browser.desk import Desk, add_people
from tests.browser.network import WEB_HOST
from tests.browser.profiles import Profiles
from tests.integration.floor import assert_log_clean, assert_replays

TRACES: Final = Path(os.environ.get("CTID_TRACES", Path(__file__).parents[2] / "build" / "traces"))
"""Where a failed test leaves what its browsers did."""


@pytest.fixture(scope="session", autouse=True)
def only_the_loopback() -> None:
    """Refuse to run where a browser could reach more than this machine's loopback."""
    links = subprocess.run(["ip", "-j", "link", "show", "up"], capture_output=True, check=True, timeout=60)
    names = [link["ifname"] for link in json.loads(links.stdout) if link]
    assert names == ["lo"], f"there is more than the loopback, {names}: run bootstrap/on-loopback pytest tests/browser"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(request: pytest.FixtureRequest) -> AsyncIterator[RigSite]:
    """The module's site. At the end its journal comes out the same again, and its log holds no error."""
    given = {"web_host": WEB_HOST, **getattr(request.module, "SITE", {})}
    async with RigSite(request.module.CONFIG, **given) as site:
        yield site
        await assert_replays(site)
        assert_log_clean(site, getattr(request.module, "EXPECTED_ERRORS", set()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """The module's browser."""
    async with launched(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def profiles(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Profiles]:
    """Opens profiles, and closes them at the end; after a failure their traces stay."""
    profiles = Profiles(browser)
    yield profiles
    failed = request.node.stash.get(FAILED, False)
    await profiles.close(TRACES / re.sub(r"\W+", "-", request.node.name) if failed else None)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(site: RigSite, profiles: Profiles) -> Desk:
    """The site with its people, who sign in at its pages."""
    await add_people(site)
    return Desk(site, profiles)


@pytest_asyncio.fixture(loop_scope="module")
async def boss(site: RigSite) -> AsyncIterator[Desktop]:
    """A supervisor's desktop, which sees all from the test's beginning."""
    async with site.supervisor() as desktop:
        yield desktop


FAILED: Final = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show beside a test that failed what the daemon logged last, and what the pages complained about."""
    report = yield
    if not report.failed:
        return report
    item.stash[FAILED] = True
    given = getattr(item, "funcargs", {})
    if isinstance(site := given.get("site"), RigSite) and site.ctid.log.exists():
        lines = site.ctid.log.read_text(errors="replace").splitlines()
        report.sections.append(("ctid's log", "\n".join(lines[-60:])))
    if isinstance(profiles := given.get("profiles"), Profiles):
        report.sections.append(("problems of the pages", "\n".join(profiles.problems)))
        report.sections.append(("traces", f"{TRACES}: open them with playwright show-trace"))
    return report
