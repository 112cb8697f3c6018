"""Why somebody was not let in."""

from __future__ import annotations

import math
from datetime import datetime

from ctid.errors import RequestError


class NotSignedInError(RequestError):
    """Who signs in, or stays so, was not let in."""


class SignInFailedError(NotSignedInError):
    """Name or password is wrong; which of them, nobody is told."""

    code = "sign-in-failed"


class RefreshRefusedError(NotSignedInError):
    """The refresh token is none that counts: sign in again."""

    code = "refresh-refused"


class SignInLockedError(RequestError):
    """Too many attempts failed.

    Attributes:
        retry_at: When to try again.
        retry_seconds: The same from now on, rounded up.
    """

    code = "sign-in-locked"

    def __init__(self, retry_at: datetime, now: datetime) -> None:
        super().__init__("too many attempts failed; try again later, or have an administrator unlock the name")
        self.retry_at = retry_at
        self.retry_seconds = max(1, math.ceil((retry_at - now).total_seconds()))


class ProviderError(NotSignedInError):
    """The identity provider's word does not let somebody in, or could not be had.

    Attributes:
        reason: Which, for the page to say: ``oidc-state``, ``oidc-refused``, ``oidc-token``, ``oidc-unreachable``,
            ``oidc-no-role``, ``oidc-no-agent`` or ``oidc-no-scope``.
    """

    code = "oidc-failed"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
