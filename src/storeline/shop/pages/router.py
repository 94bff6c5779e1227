"""Where the shop's pages are declared: at the site's root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.identity.api import Pages, Request
from storeline.shop import basket
from storeline.shop.where import Here, here
from storeline.web.pages import render

pages = Pages("")
_KEPT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("home", "offers", "departments", "category", "product", "basket"), ()),
    "checkout": ("order_id",),
}
"""Pages that are drawn once for all that they show (`web/kept.py`), with what is new in each."""


def show(
    request: Request, template: str, at: Here | None = None, lines: Mapping[UUID, int] | None = None, **context: Any
) -> HttpResponse:
    """A page of the shop with its frame: the shop chosen, and how much is in the basket."""
    at = at or here(request)
    lines = basket.read(request) if lines is None else lines
    count = sum(max(1, quantity // 1000) for quantity in lines.values())
    own = {name: str(context.pop(name)) for name in _KEPT[template]} if template in _KEPT else None
    page = render(request, f"shop/{template}.html", {"at": at, "count": count, **context}, own=own)
    page.headers.setdefault("Cache-Control", "private, no-cache")
    return page
