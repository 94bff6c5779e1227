"""Where the shop's pages are declared: at the site's root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.safestring import SafeString

from storeline.identity.api import Pages, Request
from storeline.shop import basket, mine, shelf
from storeline.shop.templatetags.cards import draw
from storeline.shop.where import Here, here
from storeline.web.kept import Own
from storeline.web.pages import render

pages = Pages("")
_KEPT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("departments", "product", "basket"), ()),
    "checkout": ("order_id",),
    "home": ("path", "again", "offers"),
    "offers": ("path", "cards"),
    "category": ("path", "cards", "next"),
    "search": ("path", "q", "cards", "next"),
}
"""Pages that are drawn once for all that they show (`web/kept.py`), with what is new in each: where there is none of it that is shown."""


def show(
    request: Request, template: str, at: Here | None = None, lines: Mapping[UUID, int] | None = None, **context: Any
) -> HttpResponse:
    """A page of the shop with its frame: the shop chosen, and how much is in the basket."""
    at = at or here(request)
    lines = basket.read(request) if lines is None else lines
    count = sum(max(1, quantity // 1000) for quantity in lines.values())
    own = _own(_KEPT[template], {"path": request.get_full_path(), **context}) if template in _KEPT else None
    context = {name: value for name, value in context.items() if not own or name not in own}
    frame = {"at": at, "count": count, "has_orders": mine.COOKIE in request.COOKIES}
    page = render(request, f"shop/{template}.html", frame | context, own=own)
    page.headers.setdefault("Cache-Control", "private, no-cache")
    return page


def _own(names: Iterable[str], context: Mapping[str, Any]) -> Own:
    path = context["path"]
    values = {name: context[name] for name in names if context[name]}
    return {
        name: partial(_cards, value, path) if isinstance(value, list) else str(value) for name, value in values.items()
    }


def _cards(cards: Sequence[shelf.Card], path: str, token: str) -> SafeString:
    return draw(cards, token, path)
