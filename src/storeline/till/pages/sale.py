"""The sale under way: the page that a till shows all day."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from storeline.identity.api import Request
from storeline.orders.api import SELL
from storeline.till.pages import words
from storeline.till.pages.pay import finish
from storeline.till.pages.screen import look
from storeline.till.pages.settling import settle
from storeline.till.pages.shared import choose_first, pages, render, till_of
from storeline.till.queries import has_till

_ASKS = ("member", "coupon", "parked", "cancel")


@pages.get("", SELL, name="sale")
def show(request: Request) -> HttpResponse:
    """The sale, or the wait for its first product; while it is being paid, how that stands."""
    at = till_of(request)
    if at is None or not has_till(at):
        return choose_first()
    screen = look(at, actor=request.actor)
    told = request.GET.get("said", "")
    if screen.sale is not None and screen.sale.state == "paying":
        settled = settle(screen.sale)
        if settled.state == "paying":
            return render(request, "waiting", {"screen": screen})
        if settled.state == "done":
            return finish(request, at, settled)
        told = told or settled.said
        screen = look(at, actor=request.actor)
    asked = request.GET.get("ask", "")
    ask: dict[str, Any] | None = {"kind": asked} if asked in _ASKS else None
    if asked == "cancel" and screen.sale is None:
        ask = None
    return render(request, "sale", {"screen": screen, "said": words.said(told), "ask": ask})
