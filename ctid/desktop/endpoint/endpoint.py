"""Serves one operation over HTTP: from the request through its checks to the answer, and to the audit trail."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ValidationError

from ctid.desktop.content import send
from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.idempotency import IdempotencyCache
from ctid.desktop.endpoint.operation import Call, Operation
from ctid.desktop.identity.auth import Authority, Principal, Role
from ctid.desktop.peer import Network, Peer, peer_of
from ctid.desktop.ports import Site
from ctid.desktop.problems import (
    Fault,
    InvalidInputError,
    MalformedBodyError,
    UnsupportedMediaTypeError,
    body_faults,
    query_faults,
    status_of,
)
from ctid.desktop.sign_in.access import Access, Trail
from ctid.errors import CtidError, ForbiddenError, NotFoundError, VersionMismatchError

JSON_TYPES: Final = ("application/json", "application/merge-patch+json")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ETAG: Final = re.compile(r'"([0-9]{1,18})"')

# Who asks where nobody has to say who they are: owns nothing, sees nothing.
_ANYBODY: Final = Principal("", Role.AGENT, "", 0.0)


class Endpoint:
    """Serves one operation over HTTP."""

    def __init__(
        self,
        operation: Operation,
        site: Site,
        authority: Authority,
        access: Access,
        idempotency: IdempotencyCache,
        proxies: Sequence[Network] = (),
    ) -> None:
        """Take the operation and what all operations share."""
        self._operation = operation
        self._site = site
        self._authority = authority
        self._access = access
        self._idempotency = idempotency
        self._proxies = proxies

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request; what becomes of a command goes to the audit trail.

        Raises:
            RequestError: It was refused; the middleware makes a problem document of it.
        """
        peer, trail, command_id = peer_of(request, self._proxies), Trail(), uuid.uuid4().hex
        status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "internal"
        try:
            answer = await self._answer(request, peer, trail, command_id)
            status, code = answer.status, ""
        except CtidError as error:
            status, code = status_of(error), error.code
            raise
        except TimeoutError:
            status, code = HTTPStatus.SERVICE_UNAVAILABLE, "timeout"
            raise
        finally:
            # Who has no token that counts, did nothing: only those who tried to get one are on record.
            on_record = self._operation.is_command or self._operation.audited
            if on_record and (self._operation.public or trail.subject):
                self._access.trail.record(
                    subject=trail.subject,
                    role=trail.role,
                    operation=self._operation.name,
                    target=trail.about or self._target(request),
                    status=status.value,
                    code=code,
                    command_id=command_id,
                    session_id=trail.session_id,
                    address=peer.address,
                )
        if answer.content is not None:
            return await send(request, answer.content)
        return answer.response()

    async def _answer(self, request: web.Request, peer: Peer, trail: Trail, command_id: str) -> Answer:
        operation = self._operation
        principal = _ANYBODY
        if not operation.public:
            principal = self._authority.verify_header(request.headers.get("Authorization"))
            trail.subject, trail.role, trail.session_id = principal.subject, principal.role, principal.session_id
            if principal.role not in operation.roles:
                raise ForbiddenError(f"a token of role {principal.role} may not do this")
        for value in request.match_info.values():
            if not _ID.fullmatch(value):
                raise NotFoundError("there is no such resource")
        body, raw = await self._read_body(request)
        call = Call(
            site=self._site,
            principal=principal,
            params=request.match_info,
            query=self._read_query(request),
            body=body,
            command_id=command_id,
            if_version=self._if_version(request),
            access=self._access,
            peer=peer,
            trail=trail,
        )
        key = self._key(request)
        if key is None or operation.public:
            # An answer with tokens in it is not kept to be given again.
            return await operation.handler(call)
        fingerprint = hashlib.sha256(
            b"\0".join(
                (
                    request.method.encode(),
                    request.path_qs.encode(),
                    request.headers.get("If-Match", "").encode(),
                    raw,
                )
            )
        ).digest()
        return await self._idempotency.run(principal.subject, key, fingerprint, lambda: operation.handler(call))

    def _target(self, request: web.Request) -> str:
        # A path that is none of ours may hold anything.
        ours = all(_ID.fullmatch(value) for value in request.match_info.values())
        return request.path if ours else self._operation.path

    def _read_query(self, request: web.Request) -> BaseModel | None:
        given = request.query
        model = self._operation.query
        twice = sorted({name for name in given if len(given.getall(name)) > 1})
        if twice:
            raise InvalidInputError([Fault("parameter", name, "is given more than once") for name in twice])
        if model is None:
            if given:
                raise InvalidInputError([Fault("parameter", name, "is not known") for name in given])
            return None
        try:
            return model.model_validate(dict(given))
        except ValidationError as error:
            raise InvalidInputError(query_faults(error)) from error

    async def _read_body(self, request: web.Request) -> tuple[BaseModel | None, bytes]:
        model = self._operation.body
        if model is None:
            return None, b""
        raw = await request.read()
        if not raw and self._operation.body_optional:
            return None, raw
        if request.content_type not in JSON_TYPES:
            raise UnsupportedMediaTypeError(f"send the body as {JSON_TYPES[0]}")
        try:
            return model.model_validate_json(raw, strict=True), raw
        except ValidationError as error:
            if any(fault["type"] == "json_invalid" for fault in error.errors(include_url=False)):
                raise MalformedBodyError("the body is not JSON in UTF-8") from error
            raise InvalidInputError(body_faults(error)) from error

    def _if_version(self, request: web.Request) -> int | None:
        value = request.headers.get("If-Match", "").strip()
        if not self._operation.is_command or value in ("", "*"):
            return None
        if not self._operation.versioned:
            raise VersionMismatchError("this resource has no version that If-Match could name")
        match = _ETAG.fullmatch(value)
        if match is None:
            raise InvalidInputError(
                [Fault("header", "If-Match", 'give one version in quotes, as in "7"')], HTTPStatus.BAD_REQUEST
            )
        return int(match[1])

    def _key(self, request: web.Request) -> str | None:
        if not self._operation.is_command or "Idempotency-Key" not in request.headers:
            return None
        key = request.headers["Idempotency-Key"].strip()
        if not _KEY.fullmatch(key):
            raise InvalidInputError(
                [Fault("header", "Idempotency-Key", "give 1 to 255 visible ASCII characters")],
                HTTPStatus.BAD_REQUEST,
            )
        return key
