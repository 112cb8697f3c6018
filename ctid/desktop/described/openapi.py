"""The API's description (OpenAPI 3.1), made of the very table that the routes are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ctid.desktop import problems
from ctid.desktop.endpoint.endpoint import JSON_TYPES
from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.schemas import general as schemas

_REF: Final = "#/components/schemas/{model}"
_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_DESCRIPTION: Final = """\
REST for commands and queries; events come over the WebSocket `/v1/events`, which [has a page of its own](/docs/events).

### Commands

Commands answer 202 with the `command_id` that resulting events carry as `caused_by`. With `Idempotency-Key` a command
that arrives twice is carried out once. With `If-Match: "<version>"` it is refused with 412 if the resource has
changed. A command that does not fit the present state is refused with 409, `current` and `allowed_actions`.
"""
_PROBLEMS: Final = {
    HTTPStatus.BAD_REQUEST: "The request is no JSON, or a header is malformed.",
    HTTPStatus.UNAUTHORIZED: "No token, an expired one (code token-expired), or one of somebody else.",
    HTTPStatus.FORBIDDEN: "The token's role may not do this, or it is somebody else's agent, contact or offer.",
    HTTPStatus.NOT_FOUND: "There is no such resource.",
    HTTPStatus.CONFLICT: "It does not fit the present state; see current and allowed_actions.",
    HTTPStatus.PRECONDITION_FAILED: "The resource has changed since the version in If-Match.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 64 kB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not sent as JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The input does not fit; errors names every place.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts failed; try again after Retry-After seconds, at retry_at.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Overloaded, or the database is away; try again after Retry-After seconds.",
}


def describe(operations: Iterable[Operation], release: str) -> dict[str, Any]:
    """The OpenAPI document of these operations.

    Args:
        operations: All of the API.
        release: Version of ctid.
    """
    known = tuple(operations)
    paths: dict[str, dict[str, Any]] = {}
    queries = {
        operation.query: operation.query.model_json_schema(ref_template=_REF)
        for operation in known
        if operation.query is not None
    }
    for operation in known:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, queries)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ctid desktop API",
            "version": release,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(operation) for operation in known)],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": _schemas(known, queries.values()),
        },
    }


def problem_statuses(operation: Operation) -> list[HTTPStatus]:
    """The errors that an operation may answer with."""
    statuses = {HTTPStatus.UNPROCESSABLE_ENTITY, *operation.refusals}
    if not operation.public:
        statuses |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if "{" in operation.path:
        statuses.add(HTTPStatus.NOT_FOUND)
    if operation.searches_store:
        statuses |= {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_REQUEST}
    if operation.is_command:
        statuses |= {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.CONFLICT,
            HTTPStatus.PRECONDITION_FAILED,
            HTTPStatus.SERVICE_UNAVAILABLE,
        }
    if operation.body is not None:
        statuses |= {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
    return sorted(statuses)


def _operation(operation: Operation, queries: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": "No token needed." if operation.public else f"Roles: {', '.join(sorted(operation.roles))}.",
        "tags": [_tag(operation)],
        "parameters": [*_path_parameters(operation), *_headers(operation)],
        "responses": _responses(operation),
    }
    if operation.public:
        content["security"] = []
    if operation.query is not None:
        content["parameters"] += _query_parameters(queries[operation.query])
    if operation.body is not None:
        content["requestBody"] = {
            "required": not operation.body_optional,
            "content": {kind: {"schema": _ref(operation.body)} for kind in JSON_TYPES},
        }
    return content


def _tag(operation: Operation) -> str:
    return operation.path.split("/")[2]


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema} for name in _VARIABLE.findall(operation.path)
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    headers = []
    if operation.is_command and not operation.public:
        headers.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Any text of your making; the same key and request give the same answer for an hour.",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
            }
        )
    if operation.content_type:
        headers.append(
            {
                "name": "Range",
                "in": "header",
                "description": "One range of bytes.",
                "schema": {"type": "string", "pattern": "^bytes=([0-9]{1,12}-[0-9]{0,12}|-[0-9]{1,12})$"},
            }
        )
    if operation.versioned:
        headers.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "The version the client saw, as its ETag.",
                "schema": {"type": "string", "pattern": '^("[0-9]{1,18}"|\\*)$'},
            }
        )
    return headers


def _query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": _not_null(shape)}
        for name, shape in schema["properties"].items()
    ]


def _not_null(shape: dict[str, Any]) -> dict[str, Any]:
    # A parameter of a query is absent, never null.
    kinds = [kind for kind in shape.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {key: value for key, value in shape.items() if key not in ("anyOf", "title")}
    if len(kinds) == 1:
        rest |= kinds[0]
        if rest.get("default", "") is None:
            del rest["default"]
    return rest


def _responses(operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": operation.status.phrase}
    if operation.answer is not None:
        success["content"] = {"application/json": {"schema": _ref(operation.answer)}}
    elif operation.content_type:
        success["content"] = {operation.content_type: {"schema": {"type": "string", "format": "binary"}}}
    return (
        {str(operation.status.value): success}
        | _of_ranges(operation, success)
        | {
            str(status.value): {
                "description": _PROBLEMS[status],
                "content": {problems.CONTENT_TYPE: {"schema": _ref(schemas.ProblemView)}},
            }
            for status in problem_statuses(operation)
        }
    )


def _of_ranges(operation: Operation, success: dict[str, Any]) -> dict[str, Any]:
    if not operation.content_type:
        return {}
    return {
        str(HTTPStatus.PARTIAL_CONTENT.value): {**success, "description": "The range that was asked for."},
        str(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE.value): {"description": "There is no such range."},
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(operations: tuple[Operation, ...], queries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    shapes: dict[str, Any] = {}
    for query in queries:
        shapes |= query.get("$defs", {})
    bodies = {operation.body: None for operation in operations if operation.body is not None}
    answers = {each.answer: None for each in operations if each.answer is not None} | {schemas.ProblemView: None}
    _, inputs = models_json_schema([(body, "validation") for body in bodies], ref_template=_REF)
    _, outputs = models_json_schema([(answer, "serialization") for answer in answers], ref_template=_REF)
    shapes |= inputs["$defs"]
    shapes |= outputs["$defs"]
    return shapes
