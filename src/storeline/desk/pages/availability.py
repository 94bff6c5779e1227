"""What may be promised of a product here, and how that comes about: every step, with what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.catalog import api as catalog
from storeline.desk.pages import stock_words, words
from storeline.desk.pages.goods import found_by
from storeline.desk.pages.shared import choose_first, pages, place_of, render
from storeline.identity.api import Request, names_of
from storeline.kernel.api import Forbidden, now
from storeline.stock import api as stock
from storeline.web import pages as web

_DAYS = {"now": 0, "tomorrow": 1, "week": 7}
_WIDE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A step in words, with where its bar begins and how wide it is, in hundredths of the widest sum."""

    step: stock.AtpStep
    name: str
    why: str
    start: int
    width: int
    tone: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did to the product, in words, and who."""

    what: str
    symbol: str
    why: str
    who: str
    row: stock.DeedRow


@pages.get("availability", stock.READ, name="find_availability")
def find(request: Request) -> HttpResponse:
    """Which product."""
    place = place_of(request)
    if place is None:
        return choose_first()
    q = request.GET.get("q", "").strip()[:200]
    context = found_by(q) if q else {}
    if context.get("product") is not None:
        return web.see(reverse("desk:availability", args=[context["product"].id]))
    return render(request, "desk/find_availability.html", place, context | {"q": q, "tab": "receive"})


@pages.get("availability/<uuid:product_id>", stock.READ, name="availability")
def show(request: Request, product_id: UUID) -> HttpResponse:
    """What a channel may promise of it here, now or later; its lots, and what was done lately."""
    place = place_of(request)
    if place is None:
        return choose_first()
    if not request.actor.may(stock.READ, place.id):
        raise Forbidden("You may not see the stock of this place.", permission=stock.READ)
    product = catalog.gather([product_id]).result().get(product_id)
    if product is None:
        raise catalog.ProductNotFound("There is no such product.")
    when = request.GET.get("when", "now")
    when = when if when in _DAYS else "now"
    channel = "store" if request.GET.get("channel") == "store" else "online"
    pair = (place.id, product_id)
    promise = stock.atp([pair], channel=channel, at=now() + timedelta(days=_DAYS[when]) if _DAYS[when] else None)[pair]
    context = {
        "tab": "receive",
        "said": stock_words.said(request.GET),
        "may_waste": request.actor.may(stock.WASTE, place.id),
        "product": product,
        "promise": promise,
        "rows": rows_of(promise.steps),
        "channel": channel,
        "channels": {"online": _("Online orders"), "store": _("Shoppers and staff here")},
        "when": when,
        "whens": {"now": _("Now"), "tomorrow": _("In a day"), "week": _("In a week")},
        "lots": stock.lots_at([pair]).get(pair, []),
        "deeds": _deeds(stock.last_deeds(place.id, product_id, limit=8)),
    }
    return render(request, "desk/availability.html", place, context)


def rows_of(steps: Sequence[stock.AtpStep]) -> list[Row]:
    """Steps as a staircase: each bar begins where the one before ended."""
    levels = [0]
    for step in steps:
        levels.append(levels[-1] + step.quantity)
    low, high = min(levels), max(levels)
    scale = max(high - low, 1)
    return [
        _row(step, (min(before, after) - low) * _WIDE // scale, -(-abs(after - before) * _WIDE // scale))
        for step, before, after in zip(steps, levels[:-1], levels[1:], strict=True)
    ]


def _row(step: stock.AtpStep, start: int, width: int) -> Row:
    name, why = stock_words.promise_step(step)
    return Row(step, name, why, start, width, "less" if step.quantity < 0 else "more")


def _deeds(rows: Sequence[stock.DeedRow]) -> list[Deed]:
    names = names_of(row.actor_id for row in rows if row.actor_id is not None)
    reasons = stock_words.correction_reasons()
    return [
        Deed(
            *words.deed(row),
            why=" · ".join(
                part
                for part in (reasons.get(row.reason or "", row.reason if row.kind == "receipt" else ""), row.note)
                if part
            ),
            who="" if row.actor_id is None else names.get(row.actor_id, ""),
            row=row,
        )
        for row in rows
    ]
