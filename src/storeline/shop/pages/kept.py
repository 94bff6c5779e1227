"""What a form held that was refused: kept on the visitor's own device until it is shown again, for some minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.core import signing
from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.kernel.api import Error
from storeline.shop.pages import reach
from storeline.shop.pages.delivery import FIELDS

COOKIE = "asked"
_SALT = "shop.asked"
_AGE_S = 600
_NAMES = ("by", "near", "day", "slot", "point", "card", "substitutes", *FIELDS, *reach.FIELDS)
_LONGEST = 500
_MOST = 3_800
_PATH = "/checkout"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why it was refused, as `words.refusal` needs it."""

    code: str
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A form's values with why it was refused; nothing where none was."""

    given: Mapping[str, str] = field(default_factory=dict)
    refused: Refused | None = None


def write(response: HttpResponse, given: Mapping[str, str], error: Error) -> None:
    """Keep what was typed. No card's number is among it: the shop never has one."""
    typed = {name: str(given[name])[:_LONGEST] for name in _NAMES if given.get(name)}
    refused = [error.code, error.field or "", error.detail]
    text = signing.dumps([typed, *refused], salt=_SALT, compress=True)
    if len(text) > _MOST:  # a browser would drop it whole
        text = signing.dumps([{key: typed[key] for key in typed if key != "note"}, *refused], salt=_SALT, compress=True)
    response.set_cookie(
        COOKIE, text, max_age=_AGE_S, path=_PATH, samesite="Lax", httponly=True, secure=settings.PRODUCTION
    )


def read(request: Request) -> Kept:
    """What was kept. What cannot be read is nothing."""
    if COOKIE not in request.COOKIES:
        return Kept()
    try:
        given, *refused = signing.loads(request.COOKIES[COOKIE], salt=_SALT, max_age=_AGE_S)
    except signing.BadSignature:
        return Kept()
    return Kept(given, Refused(*refused))


def forget(response: HttpResponse) -> None:
    """It was shown."""
    response.delete_cookie(COOKIE, path=_PATH)
