"""Who asks: bearer tokens (JWT, HS256), issued and verified with the site's secret."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

import jwt

from ctid.errors import RequestError
from ctid.model.access import Grant, Role

__all__ = [
    "Authority",
    "Principal",
    "Role",
    "SessionEndedError",
    "TokenError",
    "TokenExpiredError",
    "TokenMissingError",
]

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "ctid"
_NEEDED: Final = ["exp", "iat", "iss", "jti", "role", "site", "sub"]


class TokenError(RequestError):
    """No token, or none that counts here."""

    code = "token-invalid"


class TokenMissingError(TokenError):
    """The request carries no bearer token."""

    code = "token-missing"


class TokenExpiredError(TokenError):
    """The token was good once."""

    code = "token-expired"


class SessionEndedError(TokenError):
    """The token's session was signed out, or somebody ended it."""

    code = "session-ended"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a verified token speaks for. What of the site is theirs, ``ctid.desktop.identity.scope`` says.

    Attributes:
        subject: The token's ``sub``, for the audit.
        role: What they may do.
        agent_id: The agent they are; empty for those who take no contacts.
        expires_at: When the token ends, in seconds since 1970-01-01 UTC.
        name: For people to read.
        queues: The queues they see and command; empty for all.
        teams: The teams whose agents they see and command; empty for all.
        session_id: The session that the token is of; empty for a service token.
    """

    subject: str
    role: Role
    agent_id: str
    expires_at: float
    name: str = ""
    queues: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    session_id: str = ""

    @property
    def sees_all(self) -> bool:
        """Whether other people's agents, contacts and events may be theirs to see; scopes narrow it further."""
        return self.role is not Role.AGENT

    @property
    def limited(self) -> bool:
        """Whether they see less than the whole site."""
        return self.role is Role.AGENT or bool(self.queues or self.teams)


class Authority:
    """Issues and verifies the tokens of one site."""

    def __init__(self, secret: str, site: str) -> None:
        """Take the HMAC key, 32 characters at least, and the name of the site."""
        self._secret = secret
        self._site = site
        self._ended: dict[str, float] = {}

    def issue(self, subject: str, role: Role, agent_id: str = "", lifetime_seconds: float = 28_800) -> str:
        """Make a service token, which holds until it expires.

        Args:
            subject: Who it is for, as the audit shall name them.
            role: What they may do.
            agent_id: The agent they are; needed for ``Role.AGENT``.
            lifetime_seconds: How long it holds; a working day by default.

        Raises:
            ValueError: If an agent's token names no agent.
        """
        return self.grant(Grant(subject=subject, role=role, agent_id=agent_id), time.time() + lifetime_seconds)

    def grant(self, grant: Grant, expires_at: float, session_id: str = "") -> str:
        """Make a token.

        Args:
            grant: What its bearer may do.
            expires_at: When it ends, in seconds since 1970 UTC.
            session_id: The session it is of; it holds no longer than that.

        Raises:
            ValueError: If an agent's token names no agent.
        """
        if grant.role is Role.AGENT and not grant.agent_id:
            raise ValueError("a token of role agent needs the id of the agent")
        claims: dict[str, Any] = {
            "iss": _ISSUER,
            "site": self._site,
            "sub": grant.subject,
            "role": grant.role.value,
            "iat": int(time.time()),
            "exp": expires_at,
            "jti": uuid.uuid4().hex,
        }
        optional = {
            "agent": grant.agent_id,
            "name": grant.name,
            "queues": grant.queues,
            "teams": grant.teams,
            "sid": session_id,
        }
        claims.update({name: value for name, value in optional.items() if value})
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def end_session(self, session_id: str, until: float) -> None:
        """Take no token of this session any more.

        Args:
            session_id: The session.
            until: When the last token of it has expired by itself, in seconds since 1970 UTC.
        """
        now = time.time()
        self._ended = {ended: expiry for ended, expiry in self._ended.items() if expiry > now}
        self._ended[session_id] = until

    def has_ended(self, session_id: str) -> bool:
        """Whether tokens of this session are taken no more."""
        return session_id in self._ended

    def verify(self, token: str) -> Principal:
        """Say who the token speaks for.

        Raises:
            TokenExpiredError: It was good once.
            SessionEndedError: So it was, but its session has been ended.
            TokenError: It is not of this site, or no token of ours at all.
        """
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=[_ALGORITHM], issuer=_ISSUER, options={"require": _NEEDED}
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenExpiredError("the token has expired") from error
        except jwt.InvalidTokenError as error:
            raise TokenError("the token is not one of this site") from error
        if claims["site"] != self._site:
            raise TokenError("the token is of another site")
        try:
            role = Role(claims["role"])
        except ValueError as error:
            raise TokenError("the token names a role that is not known") from error
        texts = {name: claims.get(name, "") for name in ("agent", "name", "sid")}
        if not all(isinstance(text, str) for text in texts.values()) or (role is Role.AGENT and not texts["agent"]):
            raise TokenError("the token of an agent has to name the agent")
        # PyJWT compares whole seconds; the socket and the requests shall end at the same moment.
        expires_at = float(claims["exp"])
        if expires_at <= time.time():
            raise TokenExpiredError("the token has expired")
        if self.has_ended(texts["sid"]):
            raise SessionEndedError("the session has ended; sign in again")
        return Principal(
            claims["sub"],
            role,
            texts["agent"],
            expires_at,
            name=texts["name"] or claims["sub"],
            queues=_names(claims, "queues"),
            teams=_names(claims, "teams"),
            session_id=texts["sid"],
        )

    def verify_header(self, value: str | None) -> Principal:
        """Verify the token of an ``Authorization`` header (RFC 6750).

        Raises:
            TokenMissingError: There is no such header, or it is of another scheme.
            TokenError: As ``verify`` does.
        """
        scheme, _, token = (value or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenMissingError("give a token: Authorization: Bearer <token>")
        return self.verify(token.strip())


def _names(claims: dict[str, Any], name: str) -> frozenset[str]:
    # A scope that can't be read must not count as none, which would be all.
    names = claims.get(name, [])
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise TokenError(f"the token's {name} have to be a list of names")
    return frozenset(names)
