"""Signing in at an identity provider (OpenID Connect), and what its word is worth here."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ctid.model.access import Role
from ctid.spec.base import Spec
from ctid.spec.secret import Secret

HttpUrl = Annotated[str, StringConstraints(pattern=r"^(https://|http://(127(\.[0-9]+){3}|localhost)[:/])[^\s?#]+$")]
"""Of a provider or of ours; without TLS on this machine only."""
ClaimPath = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A claim of the ID token; inner ones by their path, as in ``realm_access.roles``."""


class OidcSpec(Spec):
    """The provider, and how its claims become a role, an agent and scopes.

    Attributes:
        issuer: As its ID tokens name it; ``/.well-known/openid-configuration`` is found below.
        client_id: Ours there.
        client_secret: Likewise; without one we are a public client, and PKCE alone vouches for us.
        name: On the button.
        redirect_url: Ours, as registered there, if it can't be told from the request:
            ``https://ctid.example.org/v1/sessions/oidc/callback``.
        scopes: Asked for.
        subject_claim: Whom the audit trail names.
        name_claim: For people to read.
        role_claim: Text or list of texts; the strongest role among ``roles`` counts, without any nobody is let in.
        roles: Value of the claim to role.
        agent_claim: The agent that they are; needed for role agent.
        queues_claim: The queues that supervisors and integrations see; a token without it lets none of them in.
        teams_claim: The teams, likewise.
        timeout_seconds: How long the provider may take for an answer.
    """

    issuer: HttpUrl
    client_id: Annotated[str, StringConstraints(min_length=1)]
    client_secret: Secret | None = None
    name: str = "OpenID Connect"
    redirect_url: HttpUrl | None = None
    scopes: list[str] = ["openid", "profile", "email"]
    subject_claim: ClaimPath = "sub"
    name_claim: ClaimPath = "name"
    role_claim: ClaimPath
    roles: Annotated[dict[str, Role], Field(min_length=1)]
    agent_claim: ClaimPath | None = None
    queues_claim: ClaimPath | None = None
    teams_claim: ClaimPath | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if "openid" not in self.scopes:
            raise ValueError("scopes must have openid")
        if Role.AGENT in self.roles.values() and self.agent_claim is None:
            raise ValueError("a role agent needs agent_claim: the claim that says which agent it is")
        return self
