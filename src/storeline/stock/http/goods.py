"""Stock over HTTP. Quantities are decimal text in the product's unit. Shoppers see bands, staff exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Query, Schema, Status

from storeline.catalog import api as catalog
from storeline.identity.api import Request, requires
from storeline.kernel.api import Actor, Invalid, check_id, format_quantity, now, parse_quantity
from storeline.stock.commands import bulk, direct, goods
from storeline.stock.domain.goods import LONGEST_NOTE, Answer, Counted, Done, Goods, Hold, HoldVerdict, Kind
from storeline.stock.domain.lots import LONGEST_LOT
from storeline.stock.http.router import router
from storeline.stock.permissions import ADJUST, BROWSE, COUNT, HOLD, READ, RECEIVE, SHELF
from storeline.stock.queries.levels import ExceptionRow, StockLevel, exceptions, levels, list_levels
from storeline.web.bulk import Bulk, FieldError, Item, field_errors, sift
from storeline.web.fields import Cursor, Moment, Quantity, Ref
from storeline.web.idempotent import idempotent
from storeline.web.problems import told_as

Limit = Annotated[int, Query(ge=1, le=1000)]
HOLD_FOR = timedelta(minutes=15)
LONGEST_HOLD = timedelta(days=7)
_OF_ALL_LINES = {"lines[0].place": "place"}
"""A document is of one place; its lines are taken by themselves."""


class LevelOut(Schema):
    """What a place has of a product. The numbers are null for those who may not see them."""

    place: UUID
    product: UUID
    band: Literal["stock", "few", "out"]
    on_hand: str | None
    reserved: str | None
    available: str | None


class LevelsOut(Schema):
    """A page of levels."""

    items: list[LevelOut]
    next: str | None


class ExceptionOut(Schema):
    """A shortfall, with the promises at risk, the newest first."""

    id: UUID
    place: UUID
    product: UUID
    kind: str
    quantity: str
    at: datetime
    at_risk: list[dict[str, Any]]
    closed_at: datetime | None


class ExceptionsOut(Schema):
    """A page of exceptions."""

    items: list[ExceptionOut]
    next: UUID | None


LotCode = Annotated[str, Field(min_length=1, max_length=LONGEST_LOT)]


class LineIn(Schema):
    """A product and a quantity, perhaps of a lot. A `reason` stays beside it."""

    product: UUID
    quantity: Quantity
    reason: Annotated[str, Field(max_length=200)] | None = None
    lot: LotCode | None = None


class ReceivedIn(LineIn):
    """What came, perhaps with the last day of its lot."""

    expires_on: date | None = None


class CorrectedIn(Schema):
    """What is corrected, and why; the reason `other` says so in its note. Without a lot the first to expire go first."""

    product: UUID
    quantity: Quantity
    reason: Literal[
        "damaged",
        "expired",
        "stolen",
        "missing",
        "found",
        "sample",
        "own_use",
        "donated",
        "to_owner",
        "mistake",
        "other",
        "recalled",
    ]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    lot: LotCode | None = None


class DocumentIn(Schema):
    """Goods at one place. The client makes the `id` (UUIDv7): the same document again changes nothing."""

    id: UUID
    place: UUID
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=1000)]


class ReceiptIn(Schema):
    """Goods that came to a place. The client makes the `id` (UUIDv7)."""

    id: UUID
    place: UUID
    lines: Annotated[list[ReceivedIn], Field(min_length=1, max_length=1000)]


class AdjustmentIn(Schema):
    """A correction or waste; quantities are signed. The client makes the `id` (UUIDv7)."""

    id: UUID
    place: UUID
    kind: Literal["adjustment", "waste"] = "adjustment"
    lines: Annotated[list[CorrectedIn], Field(min_length=1, max_length=1000)]


class CountIn(Item):
    """A count by the retailer's own codes."""

    place: Ref
    product: Ref
    quantity: Quantity


class VerdictOut(Schema):
    """What became of one row."""

    place: str
    product: str
    outcome: str
    errors: list[FieldError]


class VerdictsOut(Schema):
    """The verdicts, in the order of the rows."""

    items: list[VerdictOut]


class HoldIn(Schema):
    """A request to reserve, under an id that the client makes (UUIDv7).

    It takes from what its channel may be promised: on hand, less what is reserved, expired, safety stock, and what is kept
    back from that channel. Where it names none, it is one for the shop (`store`: all that is on the shelf) by whoever may
    reserve so, else one online.
    """

    id: UUID
    place: UUID
    product: UUID
    quantity: Quantity = "1"
    expires_at: Moment | None = None
    channel: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,40}$", max_length=40)] | None = None


class HoldsIn(Schema):
    """Requests, answered in this order."""

    holds: Annotated[list[HoldIn], Field(min_length=1, max_length=1000)]


class HoldOut(Schema):
    """The answer to one request: held, sold_out, repeated or mismatch, as if it had been sent alone."""

    id: UUID
    status: int
    answer: str
    state: str | None
    left: str


class HoldsOut(Schema):
    """The answers, in the order of the requests."""

    items: list[HoldOut]


class IdsIn(Schema):
    """Ids of holds."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class ReleasedOut(Schema):
    """How many of them were held."""

    released: int


_STATUS = {Answer.HELD: 201, Answer.REPEATED: 200, Answer.SOLD_OUT: 409, Answer.MISMATCH: 422}


def _bands(products: Sequence[catalog.ProductFacts], place_id: UUID, _channel: str) -> dict[UUID, dict[str, str]]:
    found = levels(place_id, [product.id for product in products])
    return {product_id: {"band": level.band.value} for product_id, level in found.items()}


catalog.register_beside("stock", _bands)


@router.get("/stock", auth=requires(BROWSE, guest=True), response=LevelsOut)
def get_stock(
    request: Request,
    place: UUID | None = None,
    product: UUID | None = None,
    cursor: Cursor | None = None,
    limit: Limit = 100,
) -> LevelsOut:
    """Stock at a place, of a product, or of both. What a place never kept has no row."""
    if place is None and product is None and not request.actor.may(READ):
        raise Invalid("Name a place or a product.", field="place")
    found, following = list_levels(place_id=place, product_id=product, cursor=cursor, limit=limit)
    return LevelsOut(items=[_level(one, exact=request.actor.may(READ, one.place_id)) for one in found], next=following)


@router.get("/stock/exceptions", auth=requires(READ), response=ExceptionsOut)
def get_exceptions(
    request: Request,
    place: UUID | None = None,
    state: Literal["open", "all"] = "open",
    cursor: UUID | None = None,
    limit: Limit = 100,
) -> ExceptionsOut:
    """Open shortfalls (`state=all`: the solved ones too), oldest first."""
    found = exceptions(place_id=place, closed=state == "all", after=cursor, limit=limit)
    items = [_exception(one) for one in found if request.actor.may(READ, one.place_id)]
    return ExceptionsOut(items=items, next=found[-1].id if len(found) == limit else None)


@router.post("/stock/receipts", auth=requires(RECEIVE), response={201: LevelsOut, 200: LevelsOut})
def receive(request: Request, body: ReceiptIn) -> Status[LevelsOut]:
    """Goods came in. 201 with the new levels, 200 for the same document again."""
    rows = [
        Goods(*_named(body, index, line), line.reason, lot=line.lot, expires_on=line.expires_on)
        for index, line in enumerate(body.lines)
    ]
    with told_as(_OF_ALL_LINES):
        return _done(goods.receive(rows, actor=request.actor))


@router.post("/stock/adjustments", auth=requires(ADJUST), response={201: LevelsOut, 200: LevelsOut})
def adjust(request: Request, body: AdjustmentIn) -> Status[LevelsOut]:
    """Correct stock, with a reason for each line."""
    rows = [
        Goods(*_named(body, index, line), line.reason, line.note, line.lot) for index, line in enumerate(body.lines)
    ]
    with told_as(_OF_ALL_LINES):
        return _done(goods.adjust(rows, actor=request.actor, kind=Kind(body.kind)))


@router.post("/stock/counts", auth=requires(COUNT), response={201: LevelsOut, 200: LevelsOut})
def count(request: Request, body: DocumentIn) -> Status[LevelsOut]:
    """What was counted becomes what is on hand; a line with a lot counts that lot alone."""
    rows = [Counted(*_named(body, index, line), line.reason, lot=line.lot) for index, line in enumerate(body.lines)]
    with told_as(_OF_ALL_LINES):
        return _done(goods.count(rows, actor=request.actor))


@router.put("/stock/bulk", auth=requires(COUNT), response=VerdictsOut)
def set_counts(request: Request, body: Bulk[CountIn]) -> VerdictsOut:
    """Set what is on hand by the retailer's codes, up to 1000 rows, each with its own verdict."""
    good, misfits = sift(body)
    asked = [bulk.CountByRef(row.place, row.product, parse_quantity(row.quantity)) for row in good.values()]
    verdicts = dict(zip(good, bulk.set_counts(asked, actor=request.actor), strict=True))
    items = {
        index: VerdictOut(
            place=row.place,
            product=row.product,
            outcome=verdicts[index].outcome,
            errors=field_errors(verdicts[index].errors),
        )
        for index, row in good.items()
    }
    items |= {
        index: VerdictOut(
            place=one.word("place"), product=one.word("product"), outcome="refused", errors=field_errors(one.errors)
        )
        for index, one in misfits.items()
    }
    return VerdictsOut(items=[items[index] for index in range(len(body))])


@router.post("/stock/holds", auth=requires(HOLD), response=HoldsOut)
def hold(request: Request, body: HoldsIn) -> HoldsOut:
    """Reserve single products, each answered on its own; a hold ends after 15 minutes unless it says when."""
    asked = [_hold(row, request.actor, f"holds[{index}]") for index, row in enumerate(body.holds)]
    return HoldsOut(items=[_answer(verdict) for verdict in direct.reserve_many(asked, actor=request.actor)])


@router.post("/stock/holds/release", auth=requires(HOLD), response=ReleasedOut)
@idempotent
def release(request: Request, body: IdsIn) -> dict[str, int]:
    """Free holds that this client or person made, or that others did by whoever may; what orders hold is theirs."""
    return {"released": direct.release_holds(body.ids, actor=request.actor)}


def _named(
    body: DocumentIn | ReceiptIn | AdjustmentIn, index: int, line: LineIn | CorrectedIn
) -> tuple[UUID, int, UUID, UUID, int]:
    """What names a line's deed, and how much of what it is about."""
    check_id(body.id)
    quantity = parse_quantity(line.quantity, field=f"lines[{index}].quantity")
    return body.id, index, body.place, line.product, quantity


def _hold(row: HoldIn, actor: Actor, field: str) -> Hold:
    check_id(row.id, field=f"{field}.id")
    moment = now()
    expires_at = row.expires_at or moment + HOLD_FOR
    if not moment < expires_at <= moment + LONGEST_HOLD:
        raise Invalid("A hold ends within 7 days.", field=f"{field}.expires_at")
    quantity = parse_quantity(row.quantity, field=f"{field}.quantity")
    channel = row.channel or ("store" if actor.may(SHELF, row.place) else "")
    return Hold(row.id, row.place, row.product, quantity, expires_at, channel)


def _answer(verdict: HoldVerdict) -> HoldOut:
    return HoldOut(
        id=verdict.id,
        status=_STATUS[verdict.answer],
        answer=verdict.answer,
        state=verdict.state,
        left=format_quantity(max(verdict.left, 0)),
    )


def _done(done: Done) -> Status[LevelsOut]:
    items = [_level(StockLevel(place, product, level), exact=True) for (place, product), level in done.levels.items()]
    return Status(200 if done.repeated else 201, LevelsOut(items=items, next=None))


def _level(one: StockLevel, *, exact: bool) -> LevelOut:
    level = one.level
    return LevelOut(
        place=one.place_id,
        product=one.product_id,
        band=level.band.value,
        on_hand=format_quantity(level.on_hand) if exact else None,
        reserved=format_quantity(level.reserved) if exact else None,
        available=format_quantity(level.available) if exact else None,
    )


def _exception(one: ExceptionRow) -> ExceptionOut:
    return ExceptionOut(
        id=one.id,
        place=one.place_id,
        product=one.product_id,
        kind=one.kind,
        quantity=format_quantity(one.quantity),
        at=one.at,
        at_risk=[row | {"quantity": format_quantity(row["quantity"])} for row in one.reservations],
        closed_at=one.closed_at,
    )
