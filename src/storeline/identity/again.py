"""What a form held that was sent without a sign-in: kept in the visitor's own session until they sent it themselves, for an hour at most.

Nothing is sent by itself. No secret is kept: no password, code, token or card, and no file.
"""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from storeline.identity.sessions import throttle
from storeline.kernel.api import TooMany

AGE_S = 3600
MOST_FORMS = 4
MOST_CHARS = 40_000
PER_ADDRESS = 60
_LONGEST = 2_000
_KEPT = "again"
_EXPIRY = "_session_expiry"  # Django's own name
_SECRET = frozenset(
    {"card", "code", "cvc", "cvv", "csrfmiddlewaretoken", "iban", "otp", "password", "pin", "secret", "token"}
)
_TYPED_AGAIN = frozenset({"code", "otp", "password", "pin"})
_NO_SECRET = frozenset({"postal_code"})
_ID = re.compile("[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_MADE = frozenset({"id", "key"})
"""The fields of a form that hold its own id, so that what it asks for is done once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was sent to `address` from the page `stood_on`, but for the fields `missing`, which held secrets."""

    id: str
    address: str
    stood_on: str
    permission: str
    missing: list[str]
    fields: list[list[str]]
    """Name and value of each, in order."""
    at: float

    @property
    def asks(self) -> list[str] | None:
        """What of it is asked for again; None where it can only be chosen on its own page."""
        return None if any(_TYPED_AGAIN.isdisjoint(_parts(name)) for name in self.missing) else self.missing


def keep(request: HttpRequest, permission: str, stood_on: str) -> str | None:
    """Keep what was sent; the address at which its sender finds it again, or None where there is nothing that can be kept."""
    session = getattr(request, "session", None)
    if session is None or request.method != "POST" or request.FILES:
        return None
    fields, missing = _fields(request.POST)
    if not any(_says_something(name, value) for name, value in fields):
        return None
    address = request.get_full_path()
    whole = "".join(part for field in fields for part in field)
    if len(whole) > MOST_CHARS or len(address) > _LONGEST or "\x00" in whole:
        return None
    try:
        throttle(request, "identity.again", PER_ADDRESS)
    except TooMany:
        return None
    one = Kept(
        str(uuid4()), request.get_full_path(), local(request, stood_on), permission, missing, fields, time.time()
    )
    others = [each for each in _read(session) if (each.address, each.fields) != (one.address, one.fields)]
    _write(session, _within([*others, one]))
    if "_auth_user_id" not in session:
        session.set_expiry(AGE_S)  # of a session that holds nothing else
    return reverse("identity:again", args=[one.id])


def find(request: HttpRequest, kept_id: UUID) -> Kept | None:
    """What is kept under this id in the visitor's session."""
    return next((one for one in _read(request.session) if one.id == str(kept_id)), None)


def forget(request: HttpRequest, kept_id: UUID) -> None:
    """Keep it no longer."""
    _write(request.session, [one for one in _read(request.session) if one.id != str(kept_id)])


def was_sent(request: HttpRequest) -> None:
    """This form was taken: what is kept of it is no longer needed."""
    kept = _read(request.session)
    if not kept:
        return
    address, (fields, _) = request.get_full_path(), _fields(request.POST)
    own = _own_id(fields)
    left = [
        one
        for one in kept
        if one.address != address or (one.fields != fields and (not own or _own_id(one.fields) != own))
    ]
    if len(left) < len(kept):
        _write(request.session, left)


def typed(kept: Kept) -> list[list[str]]:
    """What there is to show of it."""
    return [one for one in kept.fields if _says_something(*one)]


def local(request: HttpRequest, address: str) -> str:
    """A page of ours by its path; the front door instead of anybody else's."""
    if len(address) > _LONGEST or not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return "/start"
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return path if url_has_allowed_host_and_scheme(path, None) else "/start"


def _fields(given: QueryDict) -> tuple[list[list[str]], list[str]]:
    """Name and value of all that may be kept, and the names of what was typed beside it."""
    kept: list[list[str]] = []
    missing = []
    for name, values in given.lists():
        if name in _NO_SECRET or _SECRET.isdisjoint(_parts(name)):
            kept.extend([name, str(value)] for value in values)
        elif name != "csrfmiddlewaretoken" and any(values):
            missing.append(name)
    return kept, missing


def _parts(name: str) -> list[str]:
    return re.split(r"[^a-z]+", name.lower())


def _says_something(name: str, value: str) -> bool:
    """Whether it is more than an id, which nobody types."""
    return name not in _MADE and bool(value.strip()) and not _ID.fullmatch(value)


def _own_id(fields: list[list[str]]) -> list[list[str]]:
    return [one for one in fields if one[0] in _MADE and one[1]]


def _read(session: Any) -> list[Kept]:
    since = time.time() - AGE_S
    return [Kept(**one) for one in cast("list[dict[str, Any]]", session.get(_KEPT, [])) if one["at"] > since]


def _write(session: Any, kept: list[Kept]) -> None:
    if kept:
        session[_KEPT] = [asdict(one) for one in kept]
    else:
        session.pop(_KEPT, None)


def _within(kept: list[Kept]) -> list[Kept]:
    """The newest of them, so many as a session holds."""
    found: list[Kept] = []
    room = MOST_CHARS
    for one in reversed(kept[-MOST_FORMS:]):
        room -= sum(len(name) + len(value) for name, value in one.fields)
        if room < 0:
            break
        found.insert(0, one)
    return found


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, **_: Any) -> None:
    """The session lives as long as any other from now on."""
    session = getattr(request, "session", None)
    if session is not None and session.get(_EXPIRY) == AGE_S:
        del session[_EXPIRY]
