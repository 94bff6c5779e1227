"""Which orders got a recalled lot, and who of them was told, as a file: for those who must prove it. No contact is in it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpResponse

from storeline.aftersales import api as aftersales
from storeline.catalog import api as catalog
from storeline.identity.api import Request
from storeline.kernel.api import business_date, format_quantity
from storeline.office.pages.parts import csv_file
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock

_AT_ONCE = 1_000
_HEAD = (
    "number", "place", "place_name", "business_date", "quantity", "unit", "came_back", "told", "how", "why_not", "told_at",
)  # fmt: skip


def told_file(request: Request, recall: stock.RecallRow) -> HttpResponse:
    """Every order that got some of it."""
    request.actor.require_everywhere(stock.RECALL)
    unit = catalog.gather([recall.product_id]).result()[recall.product_id].unit
    return csv_file(f"recall-{recall.lot}", _HEAD, _lines(recall, unit))


def _lines(recall: stock.RecallRow, unit: str) -> Iterator[tuple[object, ...]]:
    after: UUID | None = None
    while found := aftersales.affected_by(recall.product_id, recall.lot, after=after, limit=_AT_ONCE):
        told = aftersales.notices_of(recall.id, [one.order_id for one in found])
        names = places.gather_names(sorted({one.place_id for one in found})).result()
        for one in found:
            ref, place, zone = names[one.place_id]
            day = business_date(one.completed_at, zone) if one.completed_at else None
            yield (
                orders.order_number(one.order_id), ref, place, day, format_quantity(one.quantity), unit,
                format_quantity(one.back), *_told(one, told.get(one.order_id)),
            )  # fmt: skip
        after = found[-1].order_id


def _told(one: aftersales.Affected, notice: aftersales.Notice | None) -> tuple[str, str, str, str]:
    """Whether, how or why not, and when. Of who is not known nothing was given, or it was forgotten."""
    if notice is None:
        return "waiting", "", "", ""
    why = "" if notice.state == "told" else "buyer_not_known" if one.customer_id is None else "no_confirmed_address"
    return notice.state, notice.how, why, notice.at.isoformat()
