"""Who asks: bearer tokens (JWT, HS256), issued and verified with the site's secret."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import jwt

from ctid.errors import RequestError

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "ctid"
_NEEDED: Final = ["exp", "iat", "iss", "jti", "role", "site", "sub"]


class Role(StrEnum):
    """What a token lets its bearer do."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class TokenError(RequestError):
    """No token, or none that counts here."""

    code = "token-invalid"


class TokenMissingError(TokenError):
    """The request carries no bearer token."""

    code = "token-missing"


class TokenExpiredError(TokenError):
    """The token was good once."""

    code = "token-expired"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a verified token speaks for.

    Attributes:
        subject: The token's ``sub``, for the audit.
        role: What they may do.
        agent_id: The agent they are; empty for a supervisor or admin who takes no contacts.
        expires_at: When the token ends, in seconds since 1970-01-01 UTC.
    """

    subject: str
    role: Role
    agent_id: str
    expires_at: float

    @property
    def sees_all(self) -> bool:
        """Whether other people's agents, contacts and events are theirs to see."""
        return self.role is not Role.AGENT


class Authority:
    """Issues and verifies the tokens of one site."""

    def __init__(self, secret: str, site: str) -> None:
        """Take the HMAC key, 32 characters at least, and the name of the site."""
        self._secret = secret
        self._site = site

    def issue(self, subject: str, role: Role, agent_id: str = "", lifetime_seconds: float = 28_800) -> str:
        """Make a token.

        Args:
            subject: Who it is for, as the audit shall name them.
            role: What they may do.
            agent_id: The agent they are; needed for ``Role.AGENT``.
            lifetime_seconds: How long it holds; a working day by default.

        Raises:
            ValueError: If an agent's token names no agent.
        """
        if role is Role.AGENT and not agent_id:
            raise ValueError("a token of role agent needs the id of the agent")
        now = time.time()
        claims = {
            "iss": _ISSUER,
            "site": self._site,
            "sub": subject,
            "role": role.value,
            "iat": int(now),
            "exp": now + lifetime_seconds,
            "jti": uuid.uuid4().hex,
        }
        if agent_id:
            claims["agent"] = agent_id
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def verify(self, token: str) -> Principal:
        """Say who the token speaks for.

        Raises:
            TokenExpiredError: It was good once.
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
        agent_id = claims.get("agent", "")
        if not isinstance(agent_id, str) or (role is Role.AGENT and not agent_id):
            raise TokenError("the token of an agent has to name the agent")
        # PyJWT compares whole seconds; the socket and the requests shall end at the same moment.
        expires_at = float(claims["exp"])
        if expires_at <= time.time():
            raise TokenExpiredError("the token has expired")
        return Principal(claims["sub"], role, agent_id, expires_at)

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
