"""The event socket's description (AsyncAPI 3.0), made of the very models and tables that it works with."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ctid.desktop.stream import socket_messages as said
from ctid.desktop.stream.close_codes import ADVICE
from ctid.desktop.stream.event_types import EVENT_TYPES, EnvelopeView, EventType, StreamEnvelopeView
from ctid.desktop.topics import topic_of

_REF: Final = "#/components/schemas/{model}"
_INPUTS: Final[tuple[type[BaseModel], ...]] = (said.Hello, said.Ping, said.NewToken)
_OUTPUTS: Final[tuple[type[BaseModel], ...]] = (
    said.SnapshotView,
    said.ReplayView,
    said.ResyncView,
    said.LiveView,
    said.PongView,
    said.TokenExpiringView,
    said.TokenAcceptedView,
    said.SocketErrorView,
)
_DESCRIPTION: Final = """\
One WebSocket, subprotocol `ctid.v1`. The client speaks first: `hello`, with the token unless that came in
`Authorization` or as a second subprotocol `bearer.<token>`. It is answered with `snapshot`; or, if it said
`resume_from`, with `replay` and the events it missed; or, if these are not kept any more, with `resync_required` and
`snapshot`. Then comes `live`, and from there on events as they happen: CloudEvents 1.0 in JSON, with `seq`, `epoch`,
`contact_id` and `caused_by` beside the standard attributes. An event holds the whole resource as it is then.

Who hears of what is decided by `subscribe`, the role and its scope. Gaps in `seq` are events for others. Whoever sees
only some queues is told of a contact that leaves them with the event that takes it away, and of nothing after it.

The server pings the WebSocket; a desktop asks `{"type": "ping"}` and is answered `pong`. Types and fields that are not
known are to be ignored: any release may add some.
"""
_CODES_HEAD: Final = """
| close code | why | what to do |
|---|---|---|
"""


def describe(release: str) -> dict[str, Any]:
    """The AsyncAPI document.

    Args:
        release: Version of ctid.
    """
    to_us = {_kind(model): _message(model) for model in _INPUTS}
    to_desktops = {_kind(model): _message(model) for model in _OUTPUTS} | {
        each.name: _event_message(each) for each in EVENT_TYPES
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ctid event socket",
            "version": release,
            "description": _DESCRIPTION
            + _CODES_HEAD
            + "\n".join(f"| {int(code)} | {why} | {what} |" for code, (why, what) in ADVICE.items()),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "/v1/events",
                "messages": {
                    _key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in to_us | to_desktops
                },
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            "hear": {
                "action": "receive",
                "summary": "What desktops say.",
                "channel": {"$ref": "#/channels/events"},
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
                "messages": [{"$ref": f"#/channels/events/messages/{_key(name)}"} for name in to_us],
            },
            "tell": {
                "action": "send",
                "summary": "What desktops are told.",
                "channel": {"$ref": "#/channels/events"},
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
                "messages": [{"$ref": f"#/channels/events/messages/{_key(name)}"} for name in to_desktops],
            },
        },
        "components": {
            "messages": {_key(name): message for name, message in (to_us | to_desktops).items()},
            "schemas": _schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _kind(model: type[BaseModel]) -> str:
    (kind,) = model.model_fields["type"].annotation.__args__  # type: ignore[union-attr]
    return str(kind)


def _key(name: str) -> str:
    # Component names may hold no more than letters, digits and these.
    return name.replace(".", "_")


def _message(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": _kind(model),
        "summary": (model.__doc__ or "").strip(),
        "payload": {"$ref": _REF.format(model=model.__name__)},
    }


def _event_message(each: EventType) -> dict[str, Any]:
    return {
        "name": each.name,
        "summary": each.when,
        "tags": [{"name": topic_of(each.name).value}],
        "payload": {"$ref": _REF.format(model=_event_schema(each))},
    }


def _event_schema(each: EventType) -> str:
    return "".join(part.capitalize() for part in each.name.replace("_", ".").split(".")) + "Event"


def _schemas() -> dict[str, Any]:
    _, inputs = models_json_schema([(model, "validation") for model in _INPUTS], ref_template=_REF)
    data: dict[type[BaseModel], None] = {each.data: None for each in EVENT_TYPES}
    outputs_of: list[type[BaseModel]] = [*_OUTPUTS, EnvelopeView, StreamEnvelopeView, *data]
    _, outputs = models_json_schema([(model, "serialization") for model in outputs_of], ref_template=_REF)
    schemas: dict[str, Any] = inputs["$defs"] | outputs["$defs"]
    for each in EVENT_TYPES:
        envelope = schemas["EnvelopeView" if each.name == "queue.stats" else "StreamEnvelopeView"]
        schemas[_event_schema(each)] = envelope | {
            "title": _event_schema(each),
            "description": each.when,
            "properties": envelope["properties"]
            | {
                "type": {"const": each.name, "type": "string", "title": "Type"},
                "data": {"$ref": _REF.format(model=each.data.__name__)},
            },
        }
    del schemas["EnvelopeView"], schemas["StreamEnvelopeView"]
    return schemas
