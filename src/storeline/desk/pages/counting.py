"""Count a product: blind first, then, where the books say something else, with what may explain it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages import words
from storeline.desk.pages.goods import Form, ask, read_form, refuse
from storeline.desk.pages.shared import back_to, pages, render
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request, keyed
from storeline.kernel.api import BodyMismatch, NotFound, business_date, now
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock

_NOTHING = stock.Level(0, 0)


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody did to a product, in words."""

    what: str
    symbol: str
    row: stock.DeedRow


@pages.get("count", stock.COUNT, name="count")
def count(request: Request) -> HttpResponse:
    """Which product, then how many; what the books say is kept back until it is counted."""
    return ask(request, "count", stock.COUNT, _seen_of)


def _seen_of(form_id: UUID, place_id: UUID, product_id: UUID) -> dict[str, str]:
    level = stock.levels(place_id, [product_id]).get(product_id, _NOTHING)
    return {"seen": _seen(form_id, level.on_hand)}


def _seen(form_id: UUID, on_hand: int) -> str:
    """What the books said when the page was opened, so that a change is noticed and nothing is given away."""
    return keyed("desk.count", form_id.bytes, str(on_hand).encode())[:12].hex()


@pages.post("count", stock.COUNT)
def counted(request: Request) -> HttpResponse:
    """What was counted is what is there; a difference that matters is explained first, and saved with its reason."""
    form = read_form(request, stock.COUNT)
    if isinstance(form.quantity, str) or form.quantity < 0:
        error = words.no_number()
        return refuse(request, "count", form, error, _seen_of(form.id, form.place_id, form.product_id))
    level = stock.levels(form.place_id, [form.product_id]).get(form.product_id, _NOTHING)
    known = stock.count_rows(form.id)  # a repeat says what it said then, whatever the books say since
    reason = request.POST.get("reason", "")
    reason = reason if known or reason in words.count_reasons(form.quantity - level.on_hand) else ""
    is_sure = request.POST.get("seen", "") == _seen(form.id, level.on_hand)
    needs_reason = stock.must_explain(form.quantity, level.on_hand)
    if not known and (not is_sure or (needs_reason and not reason)):
        return _check(request, form, level, is_sure=is_sure, asked="reason" in request.POST)
    expected = None if known else level.on_hand
    row = stock.Counted(form.id, 0, form.place_id, form.product_id, form.quantity, reason or None, expected)
    try:
        stock.count([row], actor=request.actor)
    except stock.CountMismatch:
        level = stock.levels(form.place_id, [form.product_id]).get(form.product_id, _NOTHING)
        return _check(request, form, level, is_sure=False, asked=False)
    except BodyMismatch:
        return back_to("desk:count", product=form.product_id, said="used")
    return back_to("desk:counted", form.id)


def _check(request: Request, form: Form, level: stock.Level, *, is_sure: bool, asked: bool) -> HttpResponse:
    """The difference, what may explain it, and the question whether it is so."""
    place = places.get_place(form.place_id)
    quantity = int(form.quantity)
    context = {
        "tab": "count",
        "form": form,
        "seen": _seen(form.id, level.on_hand),
        "product": catalog.gather([form.product_id]).result()[form.product_id],
        "difference": quantity - level.on_hand,
        "quantity": quantity,
        "level": level,
        "has_changed": not is_sure,
        "is_asked_again": asked and is_sure,
        "reasons": words.count_reasons(quantity - level.on_hand) if stock.must_explain(quantity, level.on_hand) else {},
    }
    return render(
        request, "desk/check.html", place, context | _explained(place, form.product_id), 422 if asked else 200
    )


def _explained(place: places.Place, product_id: UUID) -> dict[str, Any]:
    """What may stand behind a difference: picked goods, sales of today and yesterday, the last count, deeds since."""
    picked = fulfilment.picked_of(place.id, product_id)
    yesterday = business_date(now(), place.zone) - timedelta(days=1)
    return {
        "picked": sum(picked.values()),
        "picked_for": [(order_id, orders.order_number(order_id)) for order_id in picked],
        "sold": orders.sold_since(place.id, product_id, yesterday),
        "last": stock.last_counts(place.id, [product_id]).get(product_id),
        "deeds": [Deed(*words.deed(row), row) for row in stock.last_deeds(place.id, product_id)],
    }


@pages.get("counts/<uuid:count_id>", stock.COUNT, name="counted")
def difference(request: Request, count_id: UUID) -> HttpResponse:
    """What was counted, what the books had said, and what the difference may mean."""
    rows = stock.count_rows(count_id)
    if not rows or not request.actor.may(stock.COUNT, rows[0].place_id):
        raise NotFound("There is no such count.")
    row = rows[0]
    level = stock.levels(row.place_id, [row.product_id]).get(row.product_id, _NOTHING)
    tone, text = words.explained(row.counted, row.expected)
    context = {
        "tab": "count",
        "row": row,
        "reason": words.count_reasons(row.counted - row.expected).get(row.reason or "", ""),
        "product": catalog.gather([row.product_id]).result()[row.product_id],
        "difference": row.counted - row.expected,
        "level": level,
        "short": max(level.reserved - max(level.on_hand, 0), 0),
        "tone": tone,
        "text": text,
    }
    return render(request, "desk/counted.html", places.get_place(row.place_id), context)
