"""Where the books and the shelf cannot both be right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages.shared import choose_first, pages, place_of, render
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import Forbidden
from storeline.orders import api as orders
from storeline.stock import api as stock

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Trouble:
    """A product that is short, and the open orders that it may fail."""

    product: catalog.ProductFacts
    kind: str
    quantity: int
    at: datetime
    orders: list[tuple[UUID, str]]


@pages.get("exceptions", stock.READ, name="exceptions")
def show(request: Request) -> HttpResponse:
    """Open exceptions of this place, the oldest first, each with what to do."""
    place = place_of(request)
    if place is None:
        return choose_first()
    if not request.actor.may(stock.READ, place.id):
        raise Forbidden("You may not see the stock of this place.", permission=stock.READ)
    found = stock.exceptions(place_id=place.id, limit=_SHOWN)
    products = catalog.gather([row.product_id for row in found]).result()
    named = {UUID(one["source_id"]) for row in found for one in row.reservations}
    there = fulfilment.tasks_of(named) if named else {}
    troubles = [
        Trouble(
            products[row.product_id],
            row.kind,
            row.quantity,
            row.at,
            [
                (order, orders.order_number(order))
                for order in dict.fromkeys(UUID(one["source_id"]) for one in row.reservations)
                if order in there
            ],
        )
        for row in found
        if row.product_id in products
    ]
    return render(request, "desk/exceptions.html", place, {"tab": "exceptions", "troubles": troubles})
