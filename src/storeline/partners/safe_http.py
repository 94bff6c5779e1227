"""One HTTP request to a partner: to public addresses only, checked when the name is resolved, within seconds.

The connection goes to the very address that was checked, so a name that changes its mind between
the check and the call (DNS rebinding) leads nowhere. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from storeline.kernel.api import Invalid
from storeline.partners.domain import Outcome, Target, is_loopback, is_public, parse_url

TIMEOUT = 10.0
"""Seconds for each step: to connect, to send, to be answered."""
READ_AT_MOST = 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A signed body on its way."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _resolve(target: Target) -> str:
    """An address of the host, all of whose addresses must be allowed; raises OSError."""
    found = {info[4][0] for info in socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)}
    allowed = is_loopback if target.loopback else is_public
    if not found or not all(allowed(str(address)) for address in found):
        raise OSError("the host is inside a private network")
    return str(min(found, key=str))


class _Pinned(http.client.HTTPConnection):
    """A connection to one address under the host's name."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT)
        self._target = target
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT)
        if self._target.scheme == "https":
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self._target.host)


def post(request: Request, *, development: bool) -> Outcome:
    """Send one webhook; whatever happens becomes an Outcome, whose error holds nothing of the body."""
    try:
        target = parse_url(request.url, development=development)
        connection = _Pinned(target, _resolve(target))
    except (OSError, Invalid, UnicodeError) as error:
        return Outcome(None, f"not sent: {error}"[:200])
    try:
        connection.request("POST", target.path, request.body, dict(request.headers))
        response = connection.getresponse()
        response.read(READ_AT_MOST)
        return Outcome(response.status, "", _asked(response.getheader("Retry-After")))
    except (OSError, http.client.HTTPException) as error:
        return Outcome(None, type(error).__name__)
    finally:
        connection.close()


_SECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)


def _asked(header: str | None) -> timedelta | None:
    """How long the partner asks us to wait (Retry-After in seconds; dates are not read)."""
    return timedelta(seconds=int(header)) if header and _SECONDS.fullmatch(header) else None
