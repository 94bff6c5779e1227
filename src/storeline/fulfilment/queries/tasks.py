"""Reads of what is to be picked and handed over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.fulfilment.domain.parcels import Parcel
from storeline.fulfilment.domain.picking import COLLECT_WITHIN, OPEN, PICKABLE, TaskLine
from storeline.fulfilment.domain.substitutes import Candidate, OfferState, Ranked, rank
from storeline.fulfilment.errors import NoTask
from storeline.fulfilment.queries.parcels import parcels_of
from storeline.fulfilment.queries.runs import live_drops
from storeline.fulfilment.queries.supplies import COMING
from storeline.kernel.api import QUANTITY_ONE, Actor, Error, ids_array, later, now, pipeline, run
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.pricing import api as pricing

_TASK = """
SELECT order_id, place_id, method, state, due_at, created_at, ready_at, closed_at, owed, attempt, promised_at,
    (SELECT d.place_id FROM orders_destination d WHERE d.order_id = fulfilment_task.order_id),
    (SELECT p.state FROM fulfilment_parcel p WHERE p.id = fulfilment_task.order_id)
FROM fulfilment_task
"""
_LINES = f"""
SELECT l.order_id, l.line_no, l.product_id, l.ordered, l.picked, l.moved, l.moved, l.rejected, {COMING}
FROM fulfilment_task_line l WHERE l.order_id = ANY(%s::uuid[]) ORDER BY l.order_id, l.line_no
"""
_BEGUN = """
SELECT order_id FROM fulfilment_task WHERE order_id = ANY(%s::uuid[]) AND state NOT IN ('to_pick', 'cancelled')
UNION SELECT order_id FROM fulfilment_supply WHERE order_id = ANY(%s::uuid[]) AND state IN ('sent', 'received')
"""
_PICKED = """
SELECT order_id, picked FROM (
    SELECT t.order_id, t.due_at, l.picked FROM fulfilment_task t JOIN fulfilment_task_line l ON l.order_id = t.order_id
    WHERE t.place_id = %s AND t.state = ANY(%s::text[]) AND l.product_id = %s AND l.picked > 0
    UNION ALL
    SELECT s.order_id, s.due_at, l.picked FROM fulfilment_supply s JOIN fulfilment_supply_line l ON l.supply_id = s.id
    WHERE s.place_id = %s AND s.state = 'to_pick' AND l.product_id = %s AND l.picked > 0
) picked ORDER BY due_at, order_id
"""
_OFFERS = """
SELECT id, order_id, line_no, replaces, product_id, missing, quantity, price, payable, state, offered_at, expires_at,
    answered_at
FROM fulfilment_offer WHERE order_id = ANY(%s::uuid[]) ORDER BY order_id, line_no
"""
_SHORT = """
SELECT t.order_id, l.line_no, t.place_id, t.state, l.product_id, l.ordered, l.picked, l.moved + coalesce((
    SELECT sum(f.missing) FROM fulfilment_offer f
    WHERE f.order_id = l.order_id AND f.replaces = l.line_no AND f.state IN ('offered', 'accepted')
), 0)::bigint, coalesce(w.substitutes, 'offer'), EXISTS (
    SELECT FROM orders_substitute s WHERE s.order_id = l.order_id AND s.line_no = l.line_no
), o.place_id, o.channel, o.customer_id IS NOT NULL
FROM fulfilment_task t JOIN fulfilment_task_line l ON l.order_id = t.order_id
JOIN orders_order o ON o.id = t.order_id LEFT JOIN orders_wish w ON w.order_id = t.order_id
WHERE t.order_id = %s AND l.line_no = %s
"""
# Of one category there may be thousands: only those whose name, brand and size are nearest are ranked.
_NEAR = """
SELECT p.id, b.on_hand - b.reserved
FROM catalog_product o JOIN catalog_product p ON p.category_id = o.category_id AND p.id <> o.id
JOIN stock_balance b ON b.place_id = %s AND b.product_id = p.id
WHERE o.id = %s AND p.sellable AND p.online AND NOT p.service AND p.temperature = o.temperature
    AND p.allergens <@ o.allergens AND b.on_hand > b.reserved
ORDER BY left(p.name, 10) = left(o.name, 10) DESC, p.brand = o.brand DESC,
    abs(p.content_quantity - o.content_quantity) NULLS LAST, b.on_hand - b.reserved DESC, p.id
LIMIT %s
"""
_RANKED = 40


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A line of which something may be missing; `wish` is what its shopper wants then: offer, never or accept.

    `sold_at`, `channel` and `member` say how its order was priced.
    """

    order_id: UUID
    line_no: int
    place_id: UUID
    state: str
    product_id: UUID
    ordered: int
    picked: int | None
    substituted: int
    wish: str
    is_substitute: bool
    sold_at: UUID
    channel: str
    member: bool

    @property
    def missing(self) -> int:
        """What is neither there nor offered otherwise; nothing before somebody looked."""
        return 0 if self.picked is None else self.ordered - self.picked - self.substituted

    @property
    def may_offer(self) -> bool:
        """Whether other goods may be offered for it."""
        return self.missing > 0 and self.state in PICKABLE and self.wish != "never" and not self.is_substitute


@dataclass(frozen=True, slots=True)
class OfferView:
    """Other goods offered instead of `missing` thousandths of the line `replaces`.

    `price` is what the shopper is charged for all of it before tax, `payable` what they hand over, in minor units of the
    order's currency. Accepted, it is the order's line `line_no`.
    """

    id: UUID
    order_id: UUID
    line_no: int
    replaces: int
    product_id: UUID
    missing: int
    quantity: int
    price: int
    payable: int
    state: OfferState
    offered_at: datetime
    expires_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with its lines; `owed` in minor units of the order's currency once picking is over.

    Where it was due at `promised_at` before, what comes from another place is late. Collected at another place, that is
    `point`, and `parcel` says how it stands on the way there, once it is picked.
    """

    order_id: UUID
    place_id: UUID
    method: str
    state: str
    due_at: datetime
    created_at: datetime
    ready_at: datetime | None
    closed_at: datetime | None
    owed: int | None
    attempt: int
    promised_at: datetime | None = None
    point: UUID | None = None
    parcel: str | None = None
    lines: tuple[TaskLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How one's own order is getting on. `state` is the task's, ``out`` on the van, or the order's where there is no task.

    `code` opens an order that is ready, until `collect_by`; `lines` are those of the task. Where it was due at
    `promised_at` before, what another place sends is late. `may_retime`: another time can be asked for (`choose_time`).
    """

    order_id: UUID
    place_id: UUID
    method: str
    state: str
    due_at: datetime | None = None
    ready_at: datetime | None = None
    closed_at: datetime | None = None
    collect_by: datetime | None = None
    code: str | None = None
    lines: tuple[TaskLine, ...] = ()
    promised_at: datetime | None = None
    may_retime: bool = False


def tasks_of(order_ids: Collection[UUID]) -> dict[UUID, TaskView]:
    """The tasks of these orders with their lines; one without a task is absent."""
    ids = ids_array(order_ids)
    with pipeline():
        heads = later(f"{_TASK} WHERE order_id = ANY(%s::uuid[]) ORDER BY due_at, order_id", [ids], list)
        lines = later(_LINES, [ids], list)
    of_line: dict[UUID, list[TaskLine]] = {}
    for row in lines.result():
        of_line.setdefault(row[0], []).append(TaskLine(*row))
    return {row[0]: replace(TaskView(*row), lines=tuple(of_line.get(row[0], ()))) for row in heads.result()}


def offers_of(order_ids: Collection[UUID]) -> dict[UUID, tuple[OfferView, ...]]:
    """What was offered instead of missing goods, by the lines' numbers; an order without offers is absent."""
    found: dict[UUID, list[OfferView]] = {}
    for row in run(_OFFERS, [ids_array(order_ids)]).fetchall():
        found.setdefault(row[1], []).append(OfferView(*row))
    return {order_id: tuple(offers) for order_id, offers in found.items()}


def short_line(order_id: UUID, line_no: int) -> ShortLine:
    """One line with what is missing of it; raises NoTask."""
    row = run(_SHORT, [order_id, line_no]).fetchone()
    if row is None:
        raise NoTask("The order has no such line to pick.")
    return ShortLine(*row)


def candidates(line: ShortLine, *, limit: int = 5) -> tuple[catalog.ProductFacts, list[Ranked]]:
    """What is missing, and what may be offered for it: of the same category, there, likest first (`domain.rank`)."""
    near: dict[UUID, int] = dict(run(_NEAR, [line.place_id, line.product_id, _RANKED]).fetchall())
    with pipeline():
        gathered = catalog.gather([line.product_id, *near])
        selling = places.gather([line.sold_at])
    products = gathered.result()
    wanted = products[line.product_id]
    if not near:
        return wanted, []
    prices = _prices(selling.result()[line.sold_at], line, list(products.values()))
    found = [Candidate(products[one], available, prices.get(one)) for one, available in near.items()]
    return wanted, rank(wanted, line.missing, prices.get(wanted.id), found)[:limit]


def _prices(place: places.PlaceFacts, line: ShortLine, products: Sequence[catalog.ProductFacts]) -> dict[UUID, int]:
    """What one unit of each costs whoever ordered; one without a price is absent."""
    moment = now()
    keys = pricing.keys_of([one.id for one in products], place.id, place.price_zone, line.channel, moment)
    with pipeline():
        prices = pricing.gather(keys)
    book = prices.result()
    found = {}
    for one in products:
        basket = pricing.Basket(
            place, line.channel, moment, (pricing.BasketLine(one, QUANTITY_ONE),), member=line.member
        )
        try:
            quote = pricing.price_basket(basket, book)
        except Error:
            continue
        found[one.id] = quote.amount - quote.funded
    return found


def picked_of(place_id: UUID, product_id: UUID) -> dict[UUID, int]:
    """What of a product lies picked at a place for orders that nobody has collected, by order, in thousandths."""
    found: dict[UUID, int] = {}
    for order_id, picked in run(_PICKED, [place_id, sorted(OPEN), product_id, place_id, product_id]).fetchall():
        found[order_id] = found.get(order_id, 0) + picked
    return found


def due_at(order_id: UUID) -> datetime:
    """When this order is due; raises NoTask."""
    row = run("SELECT due_at FROM fulfilment_task WHERE order_id = %s", [order_id]).fetchone()
    if row is None:
        raise NoTask("There is nothing to pick for this order.")
    due: datetime = row[0]
    return due


def own_offers(order_id: UUID, *, actor: Actor, token: str = "") -> tuple[OfferView, ...]:
    """What is offered for one's own order; raises as `orders.api.get_own`."""
    orders.get_own(order_id, actor=actor, token=token)
    return offers_of([order_id]).get(order_id, ())


def get_task(order_id: UUID) -> TaskView:
    """One order's task; raises NoTask."""
    found = tasks_of([order_id])
    if order_id not in found:
        raise NoTask("There is nothing to pick for this order.")
    return found[order_id]


def list_tasks(
    *,
    places: Collection[UUID] | None = None,
    states: Collection[str] = OPEN,
    due_before: datetime | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[TaskView]:
    """Tasks by when they are due, then by order; `places` None is everywhere, `after` the last one seen."""
    conditions = ["state = ANY(%s::text[])"]
    params: list[object] = [sorted(states)]
    if places is not None:
        conditions.append("place_id = ANY(%s::uuid[])")
        params.append(ids_array(places))
    if due_before is not None:
        conditions.append("due_at < %s")
        params.append(due_before)
    if after is not None:
        conditions.append("(due_at, order_id) > (%s, %s)")
        params.extend(after)
    sql = f"SELECT order_id FROM fulfilment_task WHERE {' AND '.join(conditions)} ORDER BY due_at, order_id LIMIT %s"
    ids = [row[0] for row in run(sql, [*params, limit]).fetchall()]
    return list(tasks_of(ids).values())


def codes(order_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The collection codes of these orders that are ready, for the eyes of those who come for them."""
    return messages.shown_codes(messages.COLLECTION, order_ids)


def begun(order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that somebody has begun to pick."""
    return {row[0] for row in run(_BEGUN, [ids_array(order_ids)] * 2).fetchall()}


def progress(order_id: UUID, *, actor: Actor, token: str = "") -> Progress:
    """One's own order on its way, with its collection code once it is ready; raises as `orders.api.get_own`."""
    return progress_of(orders.get_own(order_id, actor=actor, token=token).head)


def progress_of(head: orders.OrderHead) -> Progress:
    """The same of an order that `orders.api.get_own` gave."""
    order_id = head.id
    task = tasks_of([order_id]).get(order_id)
    if task is None:
        return Progress(head.id, head.served_by, head.method, head.state)
    if task.method == "collect" and (parcel := parcels_of([order_id]).get(order_id)) is not None:
        return _at_point(task, parcel)
    drop = live_drops([order_id]).get(order_id) if task.method == "deliver" else None
    return Progress(
        head.id,
        task.place_id,
        task.method,
        "out" if drop is not None and drop.state == "out" else task.state,
        task.due_at,
        task.ready_at,
        task.closed_at,
        None if task.ready_at is None else task.ready_at + COLLECT_WITHIN,
        codes([order_id]).get(order_id) if task.state == "ready" else None,
        task.lines,
        task.promised_at,
        may_retime=head.slot_id is not None and head.state == "confirmed" and task.state in OPEN and drop is None,
    )


def _at_point(task: TaskView, parcel: Parcel) -> Progress:
    """The same for an order that is collected elsewhere: ready once it is there, with the code that it got there."""
    there = parcel.state == "arrived"
    state = {"announced": "travelling", "arrived": "ready", "returning": "returning"}.get(parcel.state, task.state)
    return Progress(
        task.order_id,
        parcel.place_id,
        task.method,
        state,
        task.due_at,
        parcel.arrived_at,
        task.closed_at,
        parcel.keep_until,
        codes([task.order_id]).get(task.order_id) if there else None,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How many open tasks are in a state, how many of them are late, when the first was due, since when it is ready."""

    orders: int
    late: int
    first_due: datetime
    ready_since: datetime | None


_STANDING = """
SELECT state, count(*), count(*) FILTER (WHERE due_at < %s AND state IN ('to_pick', 'picking')), min(due_at), min(ready_at)
FROM fulfilment_task WHERE state = ANY(%s::text[]) AND (%s::uuid[] IS NULL OR place_id = ANY(%s::uuid[])) GROUP BY state
"""


def standing(*, places: Collection[UUID] | None = None) -> dict[str, Standing]:
    """The open tasks by state; a state without any is absent. `places` None is everywhere."""
    own = None if places is None else ids_array(places)
    rows = run(_STANDING, [now(), sorted(OPEN), own, own]).fetchall()
    return {row[0]: Standing(*row[1:]) for row in rows}
