"""Pure rules: who hears of what, where a webhook may go, when it is tried again."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from urllib.parse import urlsplit
from uuid import UUID

from storeline.partners.errors import UnsafeAddress

PATTERN = r"^(\*|[a-z][a-z_]*\.(\*|[a-z][a-z_]*))$"
"""A type of event (``orders.confirmed``), all of a module (``orders.*``) or all."""
BEARERS = ("retailer", "partner")
"""Who bears what is missing of a partner's goods."""
LONGEST_URL = 2000
HTTPS_PORT = 443

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Pauses between attempts, as Standard Webhooks 1.1 proposes; after the last a delivery has failed."""
PATIENCE = timedelta(days=5)
"""An endpoint that has taken nothing for this long is switched off."""
LONGEST_WAIT = timedelta(hours=24)
_OK = range(200, 300)
_NAT64 = ipaddress.ip_network("64:ff9b::/32")
GONE = 410


@dataclass(frozen=True, slots=True)
class Reach:
    """What one agreement lets its organisation hear of, and from when to when."""

    events: tuple[str, ...]
    entity_ids: frozenset[UUID] | None
    place_ids: frozenset[UUID] | None
    starts_at: datetime
    ends_at: datetime | None

    def covers(self, kind: str, entity_id: UUID | None, place_id: UUID | None, at: datetime) -> bool:
        """Whether an event may be told: agreed type, in force then, and in a place or entity that is agreed."""
        if at < self.starts_at or (self.ends_at is not None and at >= self.ends_at):
            return False
        if not matches(self.events, kind):
            return False
        if self.entity_ids is None and self.place_ids is None:
            return True
        return place_id in (self.place_ids or ()) or entity_id in (self.entity_ids or ())


def matches(patterns: Iterable[str], kind: str) -> bool:
    """Whether a type of event is among the patterns."""
    return any(fnmatchcase(kind, pattern) for pattern in patterns)


def is_pattern(text: str) -> bool:
    return re.fullmatch(PATTERN, text) is not None


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address in its parts; `loopback` addresses are for development."""

    scheme: str
    host: str
    port: int
    path: str
    loopback: bool


def parse_url(url: str, *, development: bool) -> Target:
    """Read a webhook's address: https, no sign-in in it, no private host. Raises UnsafeAddress.

    In development a loopback address is taken, by http too. Names are judged again when they are
    resolved, at each sending.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeAddress("That is not an address.", field="url") from None
    host = parts.hostname or ""
    loopback = development and is_loopback(host)
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise UnsafeAddress("A webhook's address begins with https://", field="url")
    if not host or parts.username is not None or parts.fragment or len(url) > LONGEST_URL or not url.isascii():
        raise UnsafeAddress("An address needs a host, and no sign-in or fragment.", field="url")
    if any(char.isspace() or not char.isprintable() for char in url):
        raise UnsafeAddress("An address has no spaces.", field="url")
    if not loopback and (is_local_name(host) or (is_address(host) and not is_public(host))):
        raise UnsafeAddress("That host is inside a private network.", field="url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (HTTPS_PORT if parts.scheme == "https" else 80), path, loopback)


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_local_name(host: str) -> bool:
    """Names that only mean something at home; also numbers in odd forms, which resolvers take for addresses."""
    name = host.rstrip(".")
    last = name.rpartition(".")[2]
    if is_address(host):
        return False
    return "." not in name or last in {"localhost", "local", "internal", "home", "lan", "arpa"} or last[:1].isdigit()


def is_public(address: str) -> bool:
    """Whether an IP address is a public host's: not private, loopback, link-local, shared, multicast or a tunnel to one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.sixtofour is not None or ip.teredo is not None or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: the HTTP status, or none and why. `wait` is what the partner asked for."""

    status: int | None
    error: str = ""
    wait: timedelta | None = None

    @property
    def ok(self) -> bool:
        return self.status in _OK


def next_attempt(attempts: int, outcome: Outcome, moment: datetime) -> datetime | None:
    """When to try again after `attempts` of them, None when that was the last."""
    if attempts > len(RETRIES):
        return None
    asked = min(outcome.wait or timedelta(0), LONGEST_WAIT)
    return moment + max(RETRIES[attempts - 1], asked)


def unknown_patterns(patterns: Sequence[str]) -> list[str]:
    """Those that are no patterns."""
    return [pattern for pattern in patterns if not is_pattern(pattern)]
