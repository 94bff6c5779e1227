"""Where the books and the shelf cannot both be right, and what somebody else should count again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages import words
from storeline.desk.pages.shared import choose_first, pages, place_of, render
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import Forbidden
from storeline.orders.api import order_number
from storeline.stock import api as stock

_SHOWN = 30


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An order that may not get what it was promised."""

    id: UUID
    number: str
    state: words.State


@dataclass(frozen=True, slots=True)
class Trouble:
    """A product that is short, what to do about it step by step, and the open orders that it may fail."""

    product: catalog.ProductFacts
    kind: str
    quantity: int
    at: datetime
    steps: list[dict[str, str]]
    orders: list[AtRisk]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A count that was far off; `by_me` where whoever looks is the one who counted."""

    product: catalog.ProductFacts
    row: stock.CountRow
    by_me: bool

    @property
    def difference(self) -> int:
        """Signed, in thousandths."""
        return self.row.counted - self.row.expected


@pages.get("exceptions", stock.READ, name="exceptions")
def show(request: Request) -> HttpResponse:
    """Open exceptions of this place, the oldest first, each with what to do and how far that is; and counts in doubt."""
    place = place_of(request)
    if place is None:
        return choose_first()
    if not request.actor.may(stock.READ, place.id):
        raise Forbidden("You may not see the stock of this place.", permission=stock.READ)
    found = stock.exceptions(place_id=place.id, limit=_SHOWN)
    doubts = stock.to_recount(place.id, limit=_SHOWN)
    wanted = {row.product_id for row in found} | {row.product_id for row in doubts}
    products = catalog.gather(sorted(wanted)).result()
    context = {
        "tab": "exceptions",
        "troubles": _troubles(place.id, [row for row in found if row.product_id in products], products),
        "doubts": [
            Doubt(products[row.product_id], row, row.actor_id is not None and row.actor_id == request.actor.id)
            for row in doubts
            if row.product_id in products
        ],
    }
    return render(request, "desk/exceptions.html", place, context)


def _troubles(
    place_id: UUID, rows: list[stock.ExceptionRow], products: dict[UUID, catalog.ProductFacts]
) -> list[Trouble]:
    named = {UUID(one["source_id"]) for row in rows for one in row.reservations}
    there = fulfilment.tasks_of(named) if named else {}
    counted = stock.last_counts(place_id, [row.product_id for row in rows]) if rows else {}
    return [
        Trouble(
            products[row.product_id],
            row.kind,
            row.quantity,
            row.at,
            words.steps(row.kind, is_counted=row.product_id in counted and counted[row.product_id].at > row.at),
            [
                AtRisk(order, order_number(order), words.state(there[order].state))
                for order in dict.fromkeys(UUID(one["source_id"]) for one in row.reservations)
                if order in there
            ],
        )
        for row in rows
    ]
