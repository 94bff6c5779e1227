"""The decision: one pure function over what was gathered, orders in their order of arrival.

Each order is taken whole or refused whole, with its reason; an accepted one lowers what is left
for those behind it. Goods that already left with the shopper are never refused for stock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.catalog import api as catalog
from storeline.kernel.api import QUANTITY_ONE, Error, Invalid, business_date, format_amount, format_quantity
from storeline.orders.domain.amounts import agreed_amounts
from storeline.orders.domain.drafts import (
    Accepted,
    Draft,
    Priced,
    State,
    Use,
    Verdict,
    check_draft,
)
from storeline.orders.errors import (
    NotKeptCold,
    NotSold,
    OrderMismatch,
    OutOfStock,
    PlaceClosed,
    PriceChanged,
    SlotFull,
)
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

Pair = tuple[UUID, UUID]
PENDING_FOR = timedelta(minutes=15)
CAPABILITY = {"carry_out": "sell", "collect": "collect", "deliver": "deliver", "ship": "ship"}
"""What the serving place must be able to do; one that picks for a collection point may bring it there by either way."""
PICKS_FOR_POINT = frozenset({"collect", "deliver", "ship"})
KEPT_BY_CARRIERS = frozenset({"ambient"})
"""Parcels are not cooled. Our own vans keep the cold."""


@dataclass(frozen=True, slots=True)
class Known:
    """An order whose id is already there."""

    body_hash: bytes
    state: State
    currency: str
    total: int
    payable: int
    entity_id: UUID
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that the decision reads: taken once, under lock where it can be spent.

    `listed` holds the (place, product) pairs that are on sale, `levels` are what is there by (place, product); `slots` the room left; `coupons` the uses left;
    `closed` the places that take no online orders now, each with the channel that it is closed to, None for all; `hours` how many more
    those take in this hour that take only so many.
    """

    now: datetime
    known: Mapping[UUID, Known]
    places: Mapping[UUID, places.PlaceFacts]
    products: Mapping[UUID, catalog.ProductFacts]
    listed: Collection[Pair]
    levels: Mapping[Pair, stock.Level]
    slots: Mapping[UUID, capacity.Room]
    coupons: Mapping[UUID, int]
    closed: Collection[tuple[UUID, str | None]] = ()
    hours: Mapping[UUID, sourcing.Hour] = field(default_factory=dict)


Price = Callable[[Draft, Mapping[UUID, int]], tuple[Priced, tuple[Use, ...]]]
"""Prices a draft whose amounts were not agreed elsewhere, given the uses that each coupon has left."""


@dataclass(slots=True, eq=False)
class _Shelf:
    """A product at a place: what was there when its row was locked, and what is left of it."""

    level: stock.Level
    available: int


@dataclass(slots=True)
class _Left:
    """What is left while the orders are gone through; `holds` are the slots that baskets hold already."""

    shelves: dict[Pair, _Shelf]
    slots: dict[UUID, int]
    coupons: dict[UUID, int]
    holds: dict[UUID, UUID]
    hours: dict[UUID, int]
    coming: dict[UUID, tuple[bytes, Verdict]]


def decide(drafts: Sequence[Draft], seen: Gathered, price: Price) -> list[Accepted | Verdict]:
    """For each draft, in order: what to write, or the verdict that needs no writing."""
    left = _Left(
        {pair: _Shelf(level, level.available) for pair, level in seen.levels.items()},
        {slot_id: slot.room for slot_id, slot in seen.slots.items()},
        dict(seen.coupons),
        {source: slot.id for slot in seen.slots.values() for source in slot.holders},
        {place: hour.left for place, hour in seen.hours.items()},
        {},
    )
    return [_decide_one(draft, seen, left, price) for draft in drafts]


def _decide_one(draft: Draft, seen: Gathered, left: _Left, price: Price) -> Accepted | Verdict:
    try:
        if (known := seen.known.get(draft.id)) is not None:
            return _again(draft, known)
        if (twin := left.coming.get(draft.id)) is not None:
            return _twin(draft, *twin)
        accepted = _accept(draft, seen, left, price)
    except Error as error:
        return Verdict(draft.id, None, error=error)
    priced = accepted.priced
    verdict = Verdict(draft.id, accepted.state, draft.currency, priced.total, priced.payable, again=True)
    left.coming[draft.id] = (draft.body_hash, verdict)
    return accepted


def _again(draft: Draft, known: Known) -> Verdict:
    if known.body_hash != draft.body_hash:
        raise OrderMismatch("An order with this id and other contents is already there.", field="id")
    return Verdict(draft.id, known.state, known.currency, known.total, known.payable, again=True)


def _twin(draft: Draft, body_hash: bytes, verdict: Verdict) -> Verdict:
    if body_hash != draft.body_hash:
        raise OrderMismatch("Two orders of this set have the same id.", field="id")
    return verdict


def _accept(draft: Draft, seen: Gathered, left: _Left, price: Price) -> Accepted:
    check_draft(draft)
    selling = check_sold(draft, seen.places, seen.products, seen.listed)
    if seen.closed and draft.asks_online:
        _check_open(draft, seen.closed)
    uses: tuple[Use, ...] = ()
    if draft.agreed:
        priced = agreed_amounts(draft.lines, seen.products, tax_included=selling.inclusive)
    else:
        priced, uses = price(draft, left.coupons)
    if draft.expected_total is not None and draft.expected_total != priced.total:
        raise PriceChanged(
            "The total is not the one that was shown: look at the new one and confirm it.",
            field="expected_total",
            total=format_amount(priced.total, draft.currency),
        )
    planned = payments.plan(priced.payable, 0, draft.payments)
    asks = _asks(draft, seen, left) if left.hours and draft.asks_online else ()
    _take(draft, uses, seen, left)
    for ask in asks:
        left.hours[ask.place_id] -= 1
    placed_at = draft.placed_at or seen.now
    settled = all(payments.settles_now(payment.tender) for payment in planned)
    state = _state(draft, settled=settled)
    return Accepted(
        draft=draft,
        priced=priced,
        payments=planned,
        state=state,
        entity_id=selling.entity_id,
        placed_at=placed_at,
        business_date=business_date(placed_at, selling.zone),
        expires_at=placed_at + PENDING_FOR if state == "pending" else None,
        uses=uses,
        moved=draft.slot_id is not None and left.holds.get(draft.id, draft.slot_id) != draft.slot_id,
        asks=asks,
    )


def _check_open(draft: Draft, closed: Collection[tuple[UUID, str | None]]) -> None:
    """Refuse what a place is to put together or give that takes no online orders now."""
    for place, named in draft.asked.items():
        if (place, None) in closed or (place, draft.channel) in closed:
            raise PlaceClosed("This place takes no online orders now.", field=named)


def _asks(draft: Draft, seen: Gathered, left: _Left) -> tuple[sourcing.Ask, ...]:
    """What the draft asks of places that take only so many online orders in an hour; refuses one that has no room left."""
    hour, asks = sourcing.hour_of(seen.now), []
    for place, named in draft.asked.items():
        room = left.hours.get(place)
        if room is None:
            continue
        if room < 1:
            raise sourcing.full(place, seen.hours[place], hour, field=named)
        asks.append(sourcing.Ask(draft.id, place, hour))
    return tuple(asks)


def _state(draft: Draft, *, settled: bool) -> State:
    if not settled:
        return "pending"
    return "completed" if draft.method == "carry_out" else "confirmed"


def check_sold(
    draft: Draft,
    known: Mapping[UUID, places.PlaceFacts],
    products: Mapping[UUID, catalog.ProductFacts],
    listed: Collection[Pair],
) -> places.PlaceFacts:
    """The selling place, if it sells these products, and the serving one serves this way; refuses otherwise."""
    selling, serving = known.get(draft.place_id), known.get(draft.serving)
    if selling is None:
        raise PlaceClosed("There is no such place.", field="place")
    if serving is None:
        raise PlaceClosed("There is no such place.", field="served_by")
    if draft.from_places:
        _check_from(draft, draft.from_places, known)
    if draft.currency != selling.currency:
        raise PlaceClosed(f"This place sells in {selling.currency}.", field="currency")
    needed = CAPABILITY[draft.method]
    able = serving.capabilities & PICKS_FOR_POINT if draft.point else needed in serving.capabilities
    if not able and not draft.agreed:
        raise PlaceClosed(f"This place does not {needed}.", field="method")
    _check_products(draft, products, listed)
    _check_cold(draft, _kept(draft, known), products)
    return selling


def _check_from(draft: Draft, from_places: Mapping[int, UUID], known: Mapping[UUID, places.PlaceFacts]) -> None:
    """Refuse a place that neither picks orders of this kind nor sends anything."""
    able = {CAPABILITY[draft.method], "ship"}
    for index, place_id in from_places.items():
        place = known.get(place_id)
        if place is None or not able & place.capabilities:
            raise PlaceClosed("This place gives nothing to such an order.", field=f"lines[{index}].from_place")


def _kept(draft: Draft, known: Mapping[UUID, places.PlaceFacts]) -> Collection[str] | None:
    """The temperature classes that the way there keeps, None for all; refuses a point that is none."""
    if draft.method == "ship":
        return KEPT_BY_CARRIERS
    if draft.point is None:
        return None
    point = known.get(draft.point)
    if point is None:
        raise PlaceClosed("There is no such place.", field="collect_at")
    if "collect" not in point.capabilities:
        raise PlaceClosed("Nothing can be collected at this place.", field="collect_at")
    return point.keeps


def _check_cold(draft: Draft, keeps: Collection[str] | None, products: Mapping[UUID, catalog.ProductFacts]) -> None:
    if keeps is None or draft.agreed:
        return
    for index, line in enumerate(draft.lines):
        product = products[line.product_id]
        if not product.service and product.temperature not in keeps:
            raise NotKeptCold(
                f"It must stay {product.temperature} until it is handed over, and would not.",
                field=f"lines[{index}].product",
            )


def _check_products(draft: Draft, products: Mapping[UUID, catalog.ProductFacts], listed: Collection[Pair]) -> None:
    for index, line in enumerate(draft.lines):
        product = products.get(line.product_id)
        where = f"lines[{index}].product"
        if product is None:
            raise NotSold("There is no such product.", field=where)
        if draft.agreed:
            continue  # it was sold already
        if not product.sellable or (draft.place_id, product.id) not in listed:
            raise NotSold("This product is not sold there.", field=where)
        if not product.online and draft.method != "carry_out":
            raise NotSold("This product is sold in shops only.", field=where)
        if line.quantity % QUANTITY_ONE and not product.by_weight:
            raise Invalid("This product is sold in whole units.", field=f"lines[{index}].quantity")


def _take(draft: Draft, uses: Sequence[Use], seen: Gathered, left: _Left) -> None:
    """Take what the draft spends from what is left; a refusal takes nothing."""
    if draft.slot_id is not None:
        _check_slot(draft, draft.slot_id, seen, left)
    for shelf, quantity in _goods(draft, seen, left).items():
        shelf.available -= quantity
    if draft.slot_id is not None and left.holds.get(draft.id) != draft.slot_id:
        left.slots[draft.slot_id] -= 1
    for row in [row for use in uses for row in use.rows]:
        left.coupons[row] -= 1


def _check_slot(draft: Draft, slot_id: UUID, seen: Gathered, left: _Left) -> None:
    slot = seen.slots.get(slot_id)
    if slot is None or (slot.place_id, slot.method) != (draft.point or draft.serving, draft.method):
        raise SlotFull("There is no such slot there: choose another.", field="slot")
    if left.slots[slot_id] < 1 and left.holds.get(draft.id) != slot_id:
        raise SlotFull("This slot is full: choose another.", field="slot")


def _goods(draft: Draft, seen: Gathered, left: _Left) -> dict[_Shelf, int]:
    """What the draft reserves of each product, all of it there for its channel; nothing for goods carried out."""
    wanted: dict[_Shelf, int] = {}
    if draft.method == "carry_out":
        return wanted
    for index, line in enumerate(draft.lines):
        if seen.products[line.product_id].service:
            continue
        shelf = left.shelves.get((draft.from_place(index), line.product_id))
        available = 0 if shelf is None else max(0, shelf.available - shelf.level.withheld(draft.channel))
        quantity = line.quantity + (wanted.get(shelf, 0) if shelf else 0)
        if shelf is None or quantity > available:
            raise OutOfStock(
                f"Only {format_quantity(available)} of it can be promised there.",
                field=f"lines[{index}].quantity",
                available=format_quantity(available),
            )
        wanted[shelf] = quantity
    return wanted
