"""``/v1/webhooks``: receivers of events, how they fare, and what they could not be given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.schemas.webhook_schemas import DeadLettersQuery
from ctid.errors import ForbiddenError
from ctid.model.instant import Instant
from ctid.model.webhook import DeadLetter, WebhookState


async def list_webhooks(call: Call) -> Answer:
    """All of the configuration."""
    return Answer({"items": [_webhook(state) for state in call.site.webhooks.states()]})


async def get_webhook(call: Call) -> Answer:
    """One of them."""
    return Answer(_webhook(call.site.webhooks.state(call.params["webhook"])))


async def enable_webhook(call: Call) -> Answer:
    """Send again after the receiver had said that it is gone."""
    state = await call.site.webhooks.enable(call.params["webhook"])
    return accepted(call, {"webhook": _webhook(state)})


async def list_dead_letters(call: Call) -> Answer:
    """What was given up, without its contents."""
    query: DeadLettersQuery = call.query
    page = await call.site.webhooks.dead_letters(call.params["webhook"], limit=query.limit, cursor=query.cursor)
    return Answer({"items": [_letter(letter) for letter in page.letters], "next_cursor": page.next_cursor})


async def get_dead_letter(call: Call) -> Answer:
    """A dead letter with the event, which is caller data: not for who sees a part of the site only."""
    if call.principal.queues or call.principal.teams:
        raise ForbiddenError("an event may concern queues and teams beyond this token's")
    letter, body = await call.site.webhooks.dead_letter(call.params["webhook"], call.params["event_id"])
    return Answer({**_letter(letter), "event": orjson.loads(body)})


async def retry_dead_letter(call: Call) -> Answer:
    """Have one wait again."""
    state = await call.site.webhooks.retry(call.params["webhook"], call.params["event_id"])
    return accepted(call, {"webhook": _webhook(state)})


async def retry_dead_letters(call: Call) -> Answer:
    """Have all wait again that there is room for."""
    state, retried = await call.site.webhooks.retry_all(call.params["webhook"])
    answer = accepted(call, {"webhook": _webhook(state)})
    return replace(answer, body={**answer.body, "retried": retried})


async def remove_dead_letter(call: Call) -> Answer:
    """Delete one."""
    letter = await call.site.webhooks.remove(call.params["webhook"], call.params["event_id"])
    return accepted(call, {"dead_letter": _letter(letter)})


def _webhook(state: WebhookState) -> dict[str, Any]:
    return {
        "name": state.name,
        "url": state.url,
        "events": state.events,
        "queues": state.queues,
        "enabled": state.enabled,
        "waiting": state.waiting,
        "dead_letters": state.dead_letters,
        "delivered_at": _iso(state.delivered_at_ms),
        "failed_at": _iso(state.failed_at_ms),
        "failure": state.failure,
        "resting_until": _iso(state.resting_until_ms),
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "type": letter.type,
        "at": _iso(letter.at_ms),
        "died_at": _iso(letter.died_at_ms),
        "attempts": letter.attempts,
        "cause": letter.cause,
    }


def _iso(utc_ms: int | None) -> str | None:
    return None if utc_ms is None else Instant(0, utc_ms).iso()
