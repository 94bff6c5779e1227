"""Lots, what expires, recalls; and corrections, with who made them."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import Forbidden, Invalid, format_quantity
from storeline.stock.domain.lots import Lot, Recall
from storeline.stock.http.goods import LotCode
from storeline.stock.http.router import router
from storeline.stock.permissions import READ, RECALL
from storeline.stock.queries.corrections import CorrectionRow, corrections
from storeline.stock.queries.lots import expiring, lots_at, recall
from storeline.web.fields import Cursor

Limit = Annotated[int, Query(ge=1, le=1000)]


class LotOut(Schema):
    """What a place has of a lot; `expired` where its last day is over or it is `recalled`: it is promised to nobody online."""

    place: UUID
    product: UUID
    lot: str
    expires_on: date | None
    on_hand: str
    expired: bool
    recalled: bool


class LotsOut(Schema):
    """Lots, those to leave first before the others."""

    items: list[LotOut]


class MoveOut(Schema):
    """So much of a lot came (positive) or went; the `source` of a `sale` is an order."""

    source: UUID
    line: int
    kind: str
    place: UUID
    quantity: str
    at: datetime


class UnderWayOut(Schema):
    """So much of a lot may be between two places."""

    transfer: UUID
    from_place: UUID
    to_place: UUID
    quantity: str


class RecallOut(Schema):
    """Where a lot is, and everything that moved it; `orders` got some of it."""

    product: UUID
    lot: str
    shelves: list[LotOut]
    in_transit: list[UnderWayOut]
    moves: list[MoveOut]
    orders: list[UUID]


class CorrectionOut(Schema):
    """A correction: what, why, when, and by whom; `actor` is null where a program did it."""

    source: UUID
    line: int
    kind: str
    place: UUID
    product: UUID
    quantity: str
    reason: str
    note: str
    lot: str | None
    at: datetime
    actor: UUID | None


class CorrectionsOut(Schema):
    """A page of corrections, the latest first."""

    items: list[CorrectionOut]
    next: str | None


def _see(request: Request, place: UUID) -> None:
    if not request.actor.may(READ, place):
        raise Forbidden("You may not see the stock of this place.", permission=READ)


@router.get("/stock/lots", auth=requires(READ), response=LotsOut)
def get_lots(request: Request, place: UUID, product: UUID) -> LotsOut:
    """The lots of a product at a place of which something is there, first out first."""
    _see(request, place)
    return LotsOut(items=[_lot(one) for one in lots_at([(place, product)]).get((place, product), [])])


@router.get("/stock/lots/expiring", auth=requires(READ), response=LotsOut)
def get_expiring(request: Request, place: UUID, until: date, limit: Limit = 200) -> LotsOut:
    """Lots of a place whose last day is `until` or before, those past it among them; the first `limit` of them."""
    _see(request, place)
    return LotsOut(items=[_lot(one) for one in expiring(place, until, limit=limit)])


@router.get("/stock/recalls", auth=requires(RECALL), response=RecallOut)
def get_recall(request: Request, product: UUID, lot: LotCode) -> RecallOut:  # ninja gives it
    """Every shelf that has some of a lot, every transfer that may, every order that got it."""
    return _recall(recall(product, lot))


@router.get("/stock/adjustments", auth=requires(READ), response=CorrectionsOut)
def get_adjustments(
    request: Request,
    place: UUID,
    product: UUID | None = None,
    cursor: Cursor | None = None,
    limit: Limit = 100,
) -> CorrectionsOut:
    """Corrections and waste at a place, the latest first, with their reasons."""
    _see(request, place)
    found = corrections(place, product_id=product, before=_before(cursor), limit=limit)
    return CorrectionsOut(
        items=[_correction(one) for one in found], next=_cursor(found[-1]) if len(found) == limit else None
    )


def _lot(one: Lot) -> LotOut:
    return LotOut(
        place=one.place_id,
        product=one.product_id,
        lot=one.lot,
        expires_on=one.expires_on,
        on_hand=format_quantity(one.on_hand),
        expired=one.expired,
        recalled=one.recalled,
    )


def _recall(found: Recall) -> RecallOut:
    return RecallOut(
        product=found.product_id,
        lot=found.lot,
        shelves=[_lot(one) for one in found.shelves],
        in_transit=[
            UnderWayOut(
                transfer=one.transfer_id,
                from_place=one.from_place,
                to_place=one.to_place,
                quantity=format_quantity(one.quantity),
            )
            for one in found.in_transit
        ],
        moves=[
            MoveOut(
                source=one.source_id,
                line=one.line_no,
                kind=one.kind,
                place=one.place_id,
                quantity=format_quantity(one.quantity),
                at=one.at,
            )
            for one in found.taken
        ],
        orders=sorted(found.orders),
    )


def _correction(one: CorrectionRow) -> CorrectionOut:
    return CorrectionOut(
        source=one.source_id,
        line=one.line_no,
        kind=one.kind,
        place=one.place_id,
        product=one.product_id,
        quantity=format_quantity(one.quantity),
        reason=one.reason,
        note=one.note,
        lot=one.lot,
        at=one.at,
        actor=one.actor_id,
    )


def _cursor(last: CorrectionRow) -> str:
    return base64.urlsafe_b64encode(f"{last.at.isoformat()} {last.source_id} {last.line_no}".encode()).decode()


def _before(cursor: str | None) -> tuple[datetime, UUID, int] | None:
    if cursor is None:
        return None
    try:
        at, source, line = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return datetime.fromisoformat(at), UUID(source), int(line)
    except (ValueError, binascii.Error):
        raise Invalid("This cursor is not one of ours.", field="cursor") from None
