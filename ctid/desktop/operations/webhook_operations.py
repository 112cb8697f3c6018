"""The operations on webhooks."""

from __future__ import annotations

from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import webhooks
from ctid.desktop.schemas import webhook_schemas as schemas

ADMINS: Final = frozenset({Role.ADMIN})
READERS: Final = frozenset({Role.ADMIN, Role.INTEGRATION})

WEBHOOK_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="listWebhooks",
        method="GET",
        path="/v1/webhooks",
        summary="Receivers of events, and how they fare",
        roles=READERS,
        handler=webhooks.list_webhooks,
        answer=schemas.WebhooksView,
    ),
    Operation(
        name="getWebhook",
        method="GET",
        path="/v1/webhooks/{webhook}",
        summary="One receiver of events",
        roles=READERS,
        handler=webhooks.get_webhook,
        answer=schemas.WebhookView,
    ),
    Operation(
        name="enableWebhook",
        method="POST",
        path="/v1/webhooks/{webhook}/enable",
        summary="Send again to a receiver that answered 410 Gone, or at once to one that is left alone for a while",
        roles=ADMINS,
        handler=webhooks.enable_webhook,
        answer=schemas.WebhookAcceptedView,
    ),
    Operation(
        name="listDeadLetters",
        method="GET",
        path="/v1/webhooks/{webhook}/dead-letters",
        summary="Events that a receiver could not be given, newest first",
        roles=READERS,
        handler=webhooks.list_dead_letters,
        query=schemas.DeadLettersQuery,
        answer=schemas.DeadLettersView,
        searches_store=True,
    ),
    Operation(
        name="retryDeadLetters",
        method="POST",
        path="/v1/webhooks/{webhook}/dead-letters/retry",
        summary="Post all dead letters again, oldest first, as many as may wait",
        roles=ADMINS,
        handler=webhooks.retry_dead_letters,
        answer=schemas.DeadLettersRetriedView,
    ),
    Operation(
        name="getDeadLetter",
        method="GET",
        path="/v1/webhooks/{webhook}/dead-letters/{event_id}",
        summary="A dead letter with its event; not for tokens of some queues or teams only",
        roles=READERS,
        handler=webhooks.get_dead_letter,
        answer=schemas.DeadLetterEventView,
        searches_store=True,
    ),
    Operation(
        name="retryDeadLetter",
        method="POST",
        path="/v1/webhooks/{webhook}/dead-letters/{event_id}/retry",
        summary="Post a dead letter again, behind what waits for the same contact",
        roles=ADMINS,
        handler=webhooks.retry_dead_letter,
        answer=schemas.WebhookAcceptedView,
    ),
    Operation(
        name="removeDeadLetter",
        method="DELETE",
        path="/v1/webhooks/{webhook}/dead-letters/{event_id}",
        summary="Delete a dead letter",
        roles=ADMINS,
        handler=webhooks.remove_dead_letter,
        answer=schemas.DeadLetterRemovedView,
    ),
)
