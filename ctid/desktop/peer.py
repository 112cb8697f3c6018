"""Where a request comes from: its address, scheme and origin, through proxies that are trusted to tell."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Peer:
    """The client of a request.

    Attributes:
        address: Its IP address.
        secure: Whether it came over TLS.
        host: What it called us, with the port.
        origin: The page that made the request, as its browser says; empty if none did.
        cookies: What it keeps for us.
    """

    address: str = ""
    secure: bool = False
    host: str = ""
    origin: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Our address as the client sees it, without a path."""
        return f"{'https' if self.secure else 'http'}://{self.host}"

    def is_ours(self, origins: Iterable[str]) -> bool:
        """Whether a page of ours, or of these origins, made the request. A request without an origin is not."""
        # An origin is a scheme and, as the host, just what comes behind it (RFC 6454, 6.2).
        scheme, _, host = self.origin.partition("://")
        return bool(scheme) and ((bool(host) and host == self.host) or self.origin in origins)


def peer_of(request: web.Request, proxies: Iterable[Network]) -> Peer:
    """Tell who made a request.

    Args:
        request: The request.
        proxies: Addresses whose ``X-Forwarded-For``, ``-Proto`` and ``-Host`` are believed; no others' are.
    """
    address = request.remote or ""
    secure = request.url.scheme == "https"
    host = request.host
    if _among(address, proxies):
        secure = request.headers.get("X-Forwarded-Proto", "https" if secure else "http").strip().lower() == "https"
        host = request.headers.get("X-Forwarded-Host", host).strip()
        told = [each.strip() for value in request.headers.getall("X-Forwarded-For", []) for each in value.split(",")]
        # From the right: what stands left of the last address that is no proxy of ours, anybody may have written.
        for each in reversed(told):
            if not _is_address(each):
                break
            address = each
            if not _among(each, proxies):
                break
    return Peer(
        address=address, secure=secure, host=host, origin=request.headers.get("Origin", ""), cookies=request.cookies
    )


def _among(address: str, networks: Iterable[Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
