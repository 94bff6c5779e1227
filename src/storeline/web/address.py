"""Who asks, by network address: what throttles count by. Never logged."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(request: HttpRequest) -> str:
    """The address that a request came from, an IPv6 one as the /64 that a subscriber holds whole.

    `X-Forwarded-For` is believed only from a peer in STORELINE_TRUSTED_PROXIES, and of it only what trusted
    proxies wrote: from the right, the first address that is none of theirs. What is left of it anybody may have written.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    return throttled(client_of(request.META.get("REMOTE_ADDR", ""), forwarded, settings.TRUSTED_PROXIES))


def client_of(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The rightmost address that no trusted proxy has; `peer` where there is none. What cannot be read ends the chain."""
    client = peer
    for text in [peer, *reversed(forwarded.split(","))]:
        address = _address(text)
        if address is None:
            break
        client = str(address)
        if not any(address in network for network in trusted):
            break
    return client


def throttled(text: str) -> str:
    """What one subscriber counts as."""
    address = _address(text)
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else text


def _address(text: str) -> Address | None:
    """An address as proxies write it: some add a port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
