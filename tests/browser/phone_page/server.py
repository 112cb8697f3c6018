"""Server: serves the tests' own phone page, with JsSIP in it, from an address of the loopback.

A page that the browser is merely handed has no address, and Chromium lets it connect to nothing on the loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

_HERE: Final = Path(__file__).parent
_PACKAGES: Final = Path(__file__).resolve().parents[3] / "web" / "node_modules"
_PAGE: Final = """\
<!doctype html><meta charset="utf-8"><title>phone</title><link rel="icon" href="data:,">
<body data-phone="{phone}" data-state="begun"><audio autoplay></audio>
<script type="module" src="/phone.js"></script></body>
"""


def phone_server(phones: Mapping[str, Any]) -> TestServer:
    """A server of the page `/<agent id>`, bundled by the packages that `bootstrap/web` has installed.

    Args:
        phones: What ctid tells agents of their phones, by agent id.
    """
    script = _bundled()

    async def page(request: web.Request) -> web.Response:
        phone = escape(json.dumps(phones[request.match_info["agent_id"]]))
        return _closing(web.Response(text=_PAGE.format(phone=phone), content_type="text/html"))

    async def module(_: web.Request) -> web.Response:
        return _closing(web.Response(text=script, content_type="text/javascript"))

    app = web.Application()
    app.router.add_get("/phone.js", module)
    app.router.add_get("/{agent_id}", page)
    return TestServer(app)


def _closing(answer: web.Response) -> web.Response:
    # A connection that the browser keeps is a task of ours that outlives the test.
    answer.force_close()
    return answer


def _bundled() -> str:
    done = subprocess.run(
        [_PACKAGES / ".bin/esbuild", _HERE / "phone.js", "--bundle", "--format=esm", "--log-level=warning"],
        env={**os.environ, "NODE_PATH": str(_PACKAGES)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout
