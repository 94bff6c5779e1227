"""What was typed at the checkout: kept on the visitor's own device until the order is there, for half an hour at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpResponse, QueryDict

from storeline.identity.api import Request
from storeline.kernel.api import Error
from storeline.shop.pages import reach
from storeline.shop.pages.delivery import FIELDS

COOKIE = "asked"
_SALT = "shop.typed"
_AGE_S = 1_800
_NAMES = ("by", "near", "point", "card", "substitutes", *FIELDS, *reach.FIELDS)
_OF_A_WAY = ("day", "slot")
"""What is another for each way of receiving."""
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
    """All that was typed, for whichever way; under which id, where it was not refused, or why it was."""

    typed: Mapping[str, str] = field(default_factory=dict)
    order_id: UUID | None = None
    refused: Refused | None = None

    def given(self, asked: Mapping[str, str]) -> dict[str, str]:
        """What the form begins with: what the address asks for, else what was typed."""
        values = {name: value for name, value in self.typed.items() if name in _NAMES} | dict(asked)
        own = {name: self.typed.get(f"{name}.{values.get('by', '')}", "") for name in _OF_A_WAY}
        return {name: value for name, value in own.items() if value} | values


def write(
    request: Request, response: HttpResponse, *, order_id: UUID | None = None, error: Error | None = None
) -> None:
    """Keep what was typed, with what was typed before for other ways. No card's number is among it: the shop never has one."""
    typed = dict(read(request).typed) | _typed(request.POST)
    refused = Refused(error.code, error.field or "", error.detail) if error is not None else None
    _put(request, response, Kept({name: value for name, value in typed.items() if value}, order_id, refused))


def _typed(form: QueryDict) -> dict[str, str]:
    """What one form holds. Where a way or a day is being chosen, the first of two is what the form was made for."""
    by = (form.getlist("by") or [""])[0]
    typed = {name: str(form[name])[:_LONGEST] for name in _NAMES if name in form}
    return typed | {f"{name}.{by}": str(form[name])[:_LONGEST] for name in _OF_A_WAY if name in form}


def read(request: Request) -> Kept:
    """What was kept; of a member's, nothing for anybody else. What cannot be read is nothing."""
    if COOKIE not in request.COOKIES:
        return Kept()
    try:
        typed, order_id, owner, refused = signing.loads(request.COOKIES[COOKIE], salt=_SALT, max_age=_AGE_S)
    except (signing.BadSignature, ValueError):
        return Kept()
    if owner and owner != str(request.actor.id):
        return Kept()
    return Kept(typed, order_id and UUID(order_id), Refused(*refused) if refused else None)


def shown(request: Request, response: HttpResponse, kept: Kept) -> None:
    """Why it was refused was said: that is not said again."""
    if kept.refused is not None:
        _put(request, response, Kept(kept.typed))


def forget(request: Request, response: HttpResponse) -> None:
    """The order is there."""
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=_PATH)


def _put(request: Request, response: HttpResponse, kept: Kept) -> None:
    owner = str(request.actor.id) if request.actor.kind == "user" else ""
    order_id = str(kept.order_id) if kept.order_id else ""
    why = [kept.refused.code, kept.refused.field, kept.refused.detail] if kept.refused else []

    def text(typed: Mapping[str, str]) -> str:
        return signing.dumps([typed, order_id, owner, why], salt=_SALT, compress=True)

    value = text(kept.typed)
    if len(value) > _MOST:  # a browser would drop it whole
        value = text({name: each for name, each in kept.typed.items() if name != "note"})
    response.set_cookie(
        COOKIE, value, max_age=_AGE_S, path=_PATH, samesite="Lax", httponly=True, secure=settings.PRODUCTION
    )
