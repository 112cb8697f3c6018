"""One site for each module: Asterisk and ctid with the module's `CONFIG`, started once, proved sound at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio

from sip_test_rig.desktop import Desktop
from sip_test_rig.site import RigSite
from tests.integration.floor import assert_log_clean, assert_replays


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(request: pytest.FixtureRequest) -> AsyncIterator[RigSite]:
    """The module's site; its `SITE` holds further arguments. At the end its journal comes out the same again."""
    async with RigSite(request.module.CONFIG, **getattr(request.module, "SITE", {})) as site:
        yield site
        await assert_replays(site)
        assert_log_clean(site, getattr(request.module, "EXPECTED_ERRORS", set()))


@pytest_asyncio.fixture(loop_scope="module")
async def boss(site: RigSite) -> AsyncIterator[Desktop]:
    """A supervisor's desktop, which sees all from the test's beginning."""
    async with site.supervisor() as desktop:
        yield desktop


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the daemon logged last beside a test that failed."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, RigSite) and site.ctid.log.exists():
        lines = site.ctid.log.read_text(errors="replace").splitlines()
        report.sections.append(("ctid's log", "\n".join(lines[-60:])))
    return report
