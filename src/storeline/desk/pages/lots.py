"""What is past its day and must leave the shelf, and what soon will be: to mark down or give away first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.catalog import api as catalog
from storeline.desk.pages import stock_words
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.identity.api import Request
from storeline.kernel.api import (
    BodyMismatch,
    Forbidden,
    Invalid,
    business_date,
    check_id,
    format_quantity,
    now,
    parse_quantity,
)
from storeline.stock import api as stock

AHEAD = (3, 7, 14)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A lot of a product and how long it is good for."""

    lot: stock.Lot
    product: catalog.ProductFacts
    left: str

    @property
    def plain(self) -> str:
        """How much is there, as a form sends it."""
        return format_quantity(self.lot.on_hand)


@pages.get("lots", stock.READ, name="lots")
def show(request: Request) -> HttpResponse:
    """Lots past their day first, then those that soon will be."""
    place = place_of(request)
    if place is None:
        return choose_first()
    if not request.actor.may(stock.READ, place.id):
        raise Forbidden("You may not see the stock of this place.", permission=stock.READ)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in AHEAD} else AHEAD[0]
    today = business_date(now(), place.zone)
    found = stock.expiring(place.id, today + timedelta(days=days), limit=_SHOWN)
    products = catalog.gather(sorted({lot.product_id for lot in found})).result()
    rows = [
        Row(lot, products[lot.product_id], left((lot.expires_on - today).days))
        for lot in found
        if lot.product_id in products and lot.expires_on is not None
    ]
    context = {
        "tab": "receive",
        "said": stock_words.said(request.GET),
        "days": days,
        "ahead": AHEAD,
        "over": [row for row in rows if row.lot.expires_on is not None and row.lot.expires_on < today],
        "soon": [row for row in rows if row.lot.expires_on is not None and row.lot.expires_on >= today],
        "is_cut": len(found) == _SHOWN,
        "may_waste": request.actor.may(stock.WASTE, place.id),
    }
    return render(request, "desk/lots.html", place, context)


@pages.post("lots", stock.WASTE)
def taken_off(request: Request) -> HttpResponse:
    """A lot was taken off the shelf and thrown away: its quantity is written off, once."""
    deed, place, product = (as_id(request.POST.get(field, "")) for field in ("id", "place", "product"))
    if deed is None or place is None or product is None:
        raise Invalid("The form is not whole. Open the list again.")
    check_id(deed)
    quantity = parse_quantity(request.POST.get("quantity", "").strip().replace(",", ".")[:20])
    lot = request.POST.get("lot", "")[:60]
    row = stock.Goods(deed, 0, place, product, -quantity, "expired", lot=lot)
    try:
        stock.adjust([row], actor=request.actor, kind=stock.Kind.WASTE)
    except (stock.WrongLot, BodyMismatch):
        return back_to("desk:lots", said="lot_changed")
    return back_to("desk:lots", said="taken_off")


def left(days: int) -> str:
    """How long a lot is good for, or since when it is not."""
    if days < 0:
        return ngettext("%(count)s day over", "%(count)s days over", -days) % {"count": -days}
    if days == 0:
        return _("last day")
    return ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}
