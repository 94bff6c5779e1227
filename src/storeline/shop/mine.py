"""A visitor's own orders: a member's by their records, a guest's by what this device remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpResponse

from storeline.customers import api as customers
from storeline.identity.api import Request
from storeline.kernel.api import Pending, Ready, ids_array, later, run
from storeline.orders import api as orders

COOKIE = "orders"
_SALT = "shop.orders"
_AGE_S = 60 * 60 * 24 * 30
_MOST = 10
_SHOWN = 3
# What is packed for a collection point is not there yet (`fulfilment.progress_of` says so of one order).
_STATE = """coalesce((
    SELECT CASE f.state WHEN 'announced' THEN 'travelling' WHEN 'returning' THEN 'returning' END
    FROM fulfilment_parcel f WHERE f.order_id = o.id AND t.state = 'ready'
), t.state, o.state)"""
# By whose they are first: of all that is open in the chain next to nothing is theirs.
_UNDER_WAY = f"""
WITH own AS MATERIALIZED (
    SELECT id, state, method, served_by_id, slot_id FROM orders_order WHERE customer_id = ANY(%s::uuid[])
    UNION
    SELECT id, state, method, served_by_id, slot_id FROM orders_order WHERE id = ANY(%s::uuid[])
)
SELECT o.id, {_STATE}, o.method, s.starts_at, s.ends_at, p.zone, p.name
FROM own o LEFT JOIN orders_destination d ON d.order_id = o.id JOIN places_place p ON p.id = coalesce(d.place_id, o.served_by_id)
LEFT JOIN fulfilment_task t ON t.order_id = o.id LEFT JOIN capacity_slot s ON s.id = o.slot_id
WHERE o.state IN ('pending', 'confirmed') AND o.method <> 'carry_out'
ORDER BY o.id DESC LIMIT %s
"""
# What was bought in shops is there too: the newest first, a page at a time.
_HISTORY = f"""
SELECT o.id, o.placed_at, {_STATE}, o.method, o.currency, o.payable, p.name, p.zone,
    (SELECT count(*) FROM orders_line l WHERE l.order_id = o.id AND l.goods AND l.continues IS NULL)::int, o.customer_id IS NOT NULL
FROM orders_order o LEFT JOIN orders_destination d ON d.order_id = o.id
JOIN places_place p ON p.id = coalesce(d.place_id, o.place_id) LEFT JOIN fulfilment_task t ON t.order_id = o.id
WHERE (o.customer_id = ANY(%(records)s::uuid[]) OR o.id = ANY(%(device)s::uuid[]))
    AND (%(at)s::timestamptz IS NULL OR (o.placed_at, o.id) < (%(at)s, %(id)s::uuid))
ORDER BY o.placed_at DESC, o.id DESC LIMIT %(limit)s
"""
_USUAL = """
SELECT extract(hour FROM s.starts_at AT TIME ZONE p.zone)::int * 60 + extract(minute FROM s.starts_at AT TIME ZONE p.zone)::int
FROM orders_order o JOIN capacity_slot s ON s.id = o.slot_id JOIN places_place p ON p.id = o.served_by_id
WHERE o.customer_id = ANY(%s::uuid[]) ORDER BY o.placed_at DESC LIMIT 1
"""
PAGE = 20


@dataclass(frozen=True, slots=True)
class Bought:
    """An order of one's own in a list: online or in a shop; `lines` counts its products."""

    id: UUID
    placed_at: datetime
    state: str
    method: str
    currency: str
    payable: int
    place: str
    zone: str
    lines: int
    known: bool

    @property
    def number(self) -> str:
        """What people call it."""
        return orders.order_number(self.id)

    @property
    def cursor(self) -> str:
        """Where the next page begins."""
        return f"{self.placed_at.isoformat()}~{self.id}"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An order that its shopper does not have yet, and when and where they will."""

    id: UUID
    state: str
    method: str
    starts_at: datetime | None
    ends_at: datetime | None
    zone: str
    place: str

    @property
    def number(self) -> str:
        """What people call it."""
        return orders.order_number(self.id)


def gather_records(request: Request) -> Pending[list[UUID]]:
    """Queue: the customer records of whoever signed in (`orders.records_of_actor`)."""
    actor = request.actor
    return Ready([]) if actor.kind != "user" or actor.id is None else customers.gather_records_of_user(actor.id)


def under_way(records: Sequence[UUID], device: Sequence[UUID]) -> Pending[list[UnderWay]]:
    """Queue: a visitor's orders that are on their way, the newest first."""
    params = [ids_array(records), ids_array(device), _SHOWN]
    return later(_UNDER_WAY, params, lambda rows: [UnderWay(*row) for row in rows])


def history(records: Sequence[UUID], device: Sequence[UUID], after: str = "") -> tuple[list[Bought], str]:
    """A page of a visitor's orders, and the next one's cursor. A cursor of no page before begins again."""
    at, order_id = _cursor(after)
    asked = {"records": ids_array(records), "device": ids_array(device), "at": at, "id": order_id, "limit": PAGE + 1}
    rows = [Bought(*row) for row in run(_HISTORY, asked).fetchall()]
    return rows[:PAGE], rows[PAGE - 1].cursor if len(rows) > PAGE else ""


def _cursor(text: str) -> tuple[datetime | None, UUID | None]:
    moment, _, order_id = text.partition("~")
    try:
        found = datetime.fromisoformat(moment)
        return (found, UUID(order_id)) if found.tzinfo else (None, None)
    except ValueError:
        return None, None


def usual_minute(records: Sequence[UUID]) -> int | None:
    """At which minute of the day the last collected order began; None where there is none."""
    row = run(_USUAL, [ids_array(records)]).fetchone() if records else None
    return None if row is None else int(row[0])


def of_device(request: Request) -> list[UUID]:
    """The orders that somebody placed here as a guest, the newest first."""
    try:
        text = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=_AGE_S) or ""
        return [UUID(part) for part in text.split(".") if part]
    except (BadSignature, ValueError):
        return []


def remember(request: Request, response: HttpResponse, order_id: UUID) -> None:
    """Have this device find a guest's order again; a member's is among their own."""
    if request.actor.kind == "user":
        return
    kept = [order_id, *(one for one in of_device(request) if one != order_id)][:_MOST]
    text = ".".join(one.hex for one in kept)
    response.set_signed_cookie(
        COOKIE, text, _SALT, max_age=_AGE_S, samesite="Lax", httponly=True, secure=settings.PRODUCTION
    )
