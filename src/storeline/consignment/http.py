"""A partner's goods over HTTP: what is there, what was sold and came back, what was settled. Amounts are decimal text."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router, Schema, Status

from storeline.consignment.commands import Statement, settle
from storeline.consignment.permissions import READ, SETTLE
from storeline.consignment.queries import Before, LineView, SettlementView, get_settlement, lines_of, settlements_of
from storeline.identity.api import Request, requires
from storeline.kernel.api import Invalid, check_id, format_amount, format_quantity
from storeline.partners import api as partners
from storeline.stock import api as stock
from storeline.web.fields import Cursor

router = Router()
Limit = Annotated[int, Query(ge=1, le=1000)]
_LAST: Before = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1), 2**31 - 1, "~")


class OwnedOut(Schema):
    """What a place has of a partner's product."""

    id: UUID
    place: UUID
    product: UUID
    agreement: UUID
    on_hand: str
    reserved: str
    since: datetime


class OwnedPage(Schema):
    items: list[OwnedOut]
    next: UUID | None


class MovedOut(Schema):
    """What people did to a partner's product besides selling it; `quantity` is positive where it came."""

    source: UUID
    line: int
    kind: str
    place: UUID
    product: UUID
    quantity: str
    at: datetime
    reason: str | None


class MovedPage(Schema):
    items: list[MovedOut]
    next: str | None


class LineOut(Schema):
    """One change of what is owed: a `sale`, a `return` (below 0) or a `loss`; ``owed = net - commission``.

    `net` is without tax; `settlement` is null until it is settled.
    """

    kind: str
    source: UUID
    line: int
    entity: UUID
    place: UUID
    product: UUID
    currency: str
    quantity: str
    net: str
    commission: str
    owed: str
    business_date: date
    at: datetime
    settlement: UUID | None


class LinePage(Schema):
    items: list[LineOut]
    next: str | None


class SettlementIn(Schema):
    """Settle what an entity owes until a day. The client makes the `id` (UUIDv7): the same again changes nothing."""

    id: UUID
    entity: UUID
    until: date


class SettlementOut(Schema):
    """What was paid: ``owed = sales - returns - commission + losses``."""

    id: UUID
    partner: UUID
    entity: UUID
    currency: str
    until: date
    lines: int
    sales: str
    returns: str
    commission: str
    losses: str
    owed: str
    at: datetime
    business_date: date


class SettlementPage(Schema):
    items: list[SettlementOut]
    next: UUID | None


def _own(request: Request, organisation_id: UUID) -> frozenset[UUID] | None:
    """Let in whose goods they are, and who may see every partner; at which places (None: everywhere)."""
    partners.get_organisation(organisation_id)
    partners.require_own(organisation_id, request.actor, permission=READ, all_of=partners.READ)
    return request.actor.places_for(READ)


@router.get("/partners/{uuid:organisation_id}/stock", auth=requires(READ), response=OwnedPage)
def get_stock(request: Request, organisation_id: UUID, cursor: UUID | None = None, limit: Limit = 100) -> OwnedPage:
    """What there is of a partner's goods."""
    found = stock.owned(organisation_id, places=_own(request, organisation_id), after=cursor, limit=limit)
    items = [
        OwnedOut(
            id=one.ownership.id,
            place=one.ownership.place_id,
            product=one.ownership.product_id,
            agreement=one.ownership.agreement_id,
            on_hand=format_quantity(one.on_hand),
            reserved=format_quantity(one.reserved),
            since=one.ownership.since,
        )
        for one in found
    ]
    return OwnedPage(items=items, next=items[-1].id if len(items) == limit else None)


@router.get("/partners/{uuid:organisation_id}/moves", auth=requires(READ), response=MovedPage)
def get_moves(request: Request, organisation_id: UUID, cursor: Cursor | None = None, limit: Limit = 100) -> MovedPage:
    """What people did to a partner's goods besides selling them: received, counted, corrected, sent; the latest first."""
    places = _own(request, organisation_id)
    found = stock.owned_moves(organisation_id, before=_before(cursor)[:3], places=places, limit=limit)
    items = [
        MovedOut(
            source=one.source_id,
            line=one.line_no,
            kind=one.kind,
            place=one.place_id,
            product=one.product_id,
            quantity=format_quantity(one.quantity),
            at=one.at,
            reason=one.reason,
        )
        for one in found
    ]
    last = items[-1] if len(items) == limit else None
    return MovedPage(items=items, next=None if last is None else _cursor(last.at, last.source, last.line, last.kind))


@router.get("/partners/{uuid:organisation_id}/lines", auth=requires(READ), response=LinePage)
def get_lines(request: Request, organisation_id: UUID, cursor: Cursor | None = None, limit: Limit = 100) -> LinePage:
    """What a partner is and was owed, line by line, the latest first."""
    places = _own(request, organisation_id)
    return _lines(lines_of(organisation_id, before=_before(cursor), places=places, limit=limit), limit)


@router.get("/partners/{uuid:organisation_id}/settlements", auth=requires(READ), response=SettlementPage)
def get_settlements(
    request: Request, organisation_id: UUID, cursor: UUID | None = None, limit: Limit = 50
) -> SettlementPage:
    """What was settled with a partner, the latest first."""
    _own(request, organisation_id)
    items = [_settlement(one) for one in settlements_of(organisation_id, before=cursor, limit=limit)]
    return SettlementPage(items=items, next=items[-1].id if len(items) == limit else None)


@router.post("/partners/{uuid:organisation_id}/settlements", auth=requires(SETTLE), response={201: SettlementOut})
def post_settlement(request: Request, organisation_id: UUID, body: SettlementIn) -> Status[SettlementOut]:
    """Settle all that was not settled yet until a day, and pay it."""
    statement = Statement(check_id(body.id), organisation_id, body.entity, body.until)
    return Status(201, _settlement(settle(statement, actor=request.actor)))


@router.get(
    "/partners/{uuid:organisation_id}/settlements/{uuid:settlement_id}", auth=requires(READ), response=SettlementOut
)
def get_one(request: Request, organisation_id: UUID, settlement_id: UUID) -> SettlementOut:
    """One settlement."""
    _own(request, organisation_id)
    return _settlement(get_settlement(organisation_id, settlement_id))


@router.get(
    "/partners/{uuid:organisation_id}/settlements/{uuid:settlement_id}/lines", auth=requires(READ), response=LinePage
)
def get_settled(
    request: Request, organisation_id: UUID, settlement_id: UUID, cursor: Cursor | None = None, limit: Limit = 100
) -> LinePage:
    """What a settlement is the sum of, the latest first."""
    places = _own(request, organisation_id)
    get_settlement(organisation_id, settlement_id)
    found = lines_of(organisation_id, before=_before(cursor), settlement_id=settlement_id, places=places, limit=limit)
    return _lines(found, limit)


def _lines(found: list[LineView], limit: int) -> LinePage:
    last = found[-1] if len(found) == limit else None
    following = None if last is None else _cursor(last.at, last.source_id, last.line_no, last.kind)
    return LinePage(items=[_line(one) for one in found], next=following)


def _line(one: LineView) -> LineOut:
    return LineOut(
        kind=one.kind,
        source=one.source_id,
        line=one.line_no,
        entity=one.entity_id,
        place=one.place_id,
        product=one.product_id,
        currency=one.currency,
        quantity=format_quantity(one.quantity),
        net=format_amount(one.net, one.currency),
        commission=format_amount(one.commission, one.currency),
        owed=format_amount(one.owed, one.currency),
        business_date=one.business_date,
        at=one.at,
        settlement=one.settlement_id,
    )


def _settlement(one: SettlementView) -> SettlementOut:
    return SettlementOut(
        id=one.id,
        partner=one.organisation_id,
        entity=one.entity_id,
        currency=one.currency,
        until=one.until,
        lines=one.lines,
        sales=format_amount(one.sales, one.currency),
        returns=format_amount(one.returns, one.currency),
        commission=format_amount(one.commission, one.currency),
        losses=format_amount(one.losses, one.currency),
        owed=format_amount(one.owed, one.currency),
        at=one.at,
        business_date=one.business_date,
    )


def _cursor(*last: object) -> str:
    at, *rest = last
    moment = at.isoformat() if isinstance(at, datetime) else str(at)
    return base64.urlsafe_b64encode(" ".join([moment, *map(str, rest)]).encode()).decode()


def _before(cursor: str | None) -> Before:
    if cursor is None:
        return _LAST
    try:
        at, source, line, kind = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return datetime.fromisoformat(at), UUID(source), int(line), kind
    except (ValueError, binascii.Error):
        raise Invalid("This cursor is not one of ours.", field="cursor") from None
