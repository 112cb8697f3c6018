"""docs/webhooks.md: the example loads, and both ways to verify know right from wrong."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest
import yaml

from ctid.spec.webhook import WebhookSpec, signing_key
from ctid.webhooks.signature import signed_headers
from tests.docs.pages import CHECKOUT, examples

PAGE = "webhooks.md"
(EXAMPLE,) = examples(PAGE, "yaml")
SPEC = yaml.safe_load(EXAMPLE)["webhooks"]["crm"]
BODY = '{"type":"contact.closed","data":{"contact":{"notes":"für \\u0041 \'"}}}'.encode()


def cases() -> list[tuple[str, dict[str, str], bytes, bool]]:
    key, other = signing_key(SPEC["secret"]), b"demo-only-of-somebody-else!!"
    now = int(time.time())
    right = signed_headers([key], "e1-7", now, BODY)
    return [
        (SPEC["secret"], right, BODY, True),
        (SPEC["secret"], signed_headers([other, key], "e1-7", now, BODY), BODY, True),
        (SPEC["secret"], signed_headers([other], "e1-7", now, BODY), BODY, False),
        (SPEC["secret"], right, BODY + b" ", False),
        (SPEC["secret"], {**right, "webhook-id": "e1-8"}, BODY, False),
        (SPEC["secret"], {**right, "webhook-signature": "v1,"}, BODY, False),
        (SPEC["secret"], signed_headers([key], "e1-7", now - 3_600, BODY), BODY, False),
    ]


def test_the_example_can_be_used() -> None:
    WebhookSpec.model_validate(SPEC)


def test_verified_in_python() -> None:
    (code,) = examples(PAGE, "python")
    names: dict[str, Any] = {}
    exec(code, names)
    for secret, headers, body, genuine in cases():
        assert names["verify"](secret, headers, body) is genuine, headers


def test_verified_in_node() -> None:
    (code,) = examples(PAGE, "js")
    asked = json.dumps([[secret, headers, body.decode()] for secret, headers, body, _ in cases()])
    code += f"\nconsole.log(JSON.stringify({asked}.map((each) => verify(...each))));\n"
    answer = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(answer.stdout) == [genuine for *_, genuine in cases()]


@pytest.mark.parametrize("word", list(WebhookSpec.model_fields))
def test_every_setting_is_told(word: str) -> None:
    assert f"`{word}" in (CHECKOUT / "docs" / PAGE).read_text(encoding="utf-8")
