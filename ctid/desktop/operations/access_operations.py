"""The operations of signing in, of users, and of the audit trail."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import audit, sessions, users
from ctid.desktop.schemas import access_schemas as shapes

_EVERYBODY: Final = frozenset(Role)
_ADMIN: Final = frozenset({Role.ADMIN})

ACCESS_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="getSignIn",
        method="GET",
        path="/v1/sign-in",
        summary="The ways to sign in here",
        roles=_EVERYBODY,
        handler=sessions.get_sign_in,
        answer=shapes.SignInView,
        public=True,
    ),
    Operation(
        name="signIn",
        method="POST",
        path="/v1/sessions",
        summary="Sign in with name and password",
        roles=_EVERYBODY,
        handler=sessions.sign_in,
        body=shapes.SignInBody,
        answer=shapes.SessionView,
        success=HTTPStatus.CREATED,
        refusals=frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}),
        public=True,
    ),
    Operation(
        name="refreshSession",
        method="POST",
        path="/v1/sessions/refresh",
        summary="Get the next tokens, for the refresh token in the body or in the cookie",
        roles=_EVERYBODY,
        handler=sessions.refresh,
        body=shapes.RefreshBody,
        body_optional=True,
        answer=shapes.SessionView,
        success=HTTPStatus.CREATED,
        refusals=frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}),
        public=True,
    ),
    Operation(
        name="signOut",
        method="DELETE",
        path="/v1/sessions/current",
        summary="End the session of this token, and close its event sockets",
        roles=_EVERYBODY,
        handler=sessions.sign_out,
        answer=None,
        success=HTTPStatus.NO_CONTENT,
        refusals=frozenset({HTTPStatus.NOT_FOUND}),
    ),
    Operation(
        name="getMe",
        method="GET",
        path="/v1/me",
        summary="Who this token speaks for",
        roles=_EVERYBODY,
        handler=sessions.get_me,
        answer=shapes.MeView,
    ),
    Operation(
        name="listUsers",
        method="GET",
        path="/v1/users",
        summary="Those who sign in with a password kept here",
        roles=_ADMIN,
        handler=users.list_users,
        answer=shapes.UsersView,
        searches_store=True,
    ),
    Operation(
        name="addUser",
        method="POST",
        path="/v1/users",
        summary="Add a user",
        roles=_ADMIN,
        handler=users.add_user,
        body=shapes.UserBody,
        answer=shapes.UserView,
        success=HTTPStatus.CREATED,
    ),
    Operation(
        name="getUser",
        method="GET",
        path="/v1/users/{name}",
        summary="One user",
        roles=_ADMIN,
        handler=users.get_user,
        answer=shapes.UserView,
        searches_store=True,
    ),
    Operation(
        name="changeUser",
        method="PATCH",
        path="/v1/users/{name}",
        summary="Change or unlock a user; other rights or another password sign them out everywhere",
        roles=_ADMIN,
        handler=users.change_user,
        body=shapes.UserPatch,
        answer=shapes.UserView,
        success=HTTPStatus.OK,
    ),
    Operation(
        name="removeUser",
        method="DELETE",
        path="/v1/users/{name}",
        summary="Remove a user, and sign them out everywhere",
        roles=_ADMIN,
        handler=users.remove_user,
        answer=None,
        success=HTTPStatus.NO_CONTENT,
    ),
    Operation(
        name="listAudit",
        method="GET",
        path="/v1/audit",
        summary="Who did what, newest first: every command, sign-in and failure",
        roles=_ADMIN,
        handler=audit.list_audit,
        query=shapes.AuditQuery,
        answer=shapes.AuditView,
        searches_store=True,
    ),
)
