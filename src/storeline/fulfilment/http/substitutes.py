"""Substitutes: offered by whoever picks, answered by whose the order is. Quantities and amounts are decimal text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Path, Schema

from storeline.catalog import api as catalog
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.http.router import Quantity, Token, router
from storeline.fulfilment.permissions import FOLLOW, PICK, VIEW
from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount, format_quantity, parse_quantity
from storeline.orders import api as orders
from storeline.web.problems import told_as


class OfferIn(Schema):
    """Goods instead of `missing` of the line `replaces`. `id` is a fresh UUIDv7 of the client's: sending it again is safe.

    Without a `quantity` it is as much by weight or volume as is missing.
    """

    id: UUID
    replaces: Annotated[int, Field(ge=1, le=100_000)]
    product: UUID
    missing: Quantity
    quantity: Quantity | None = None


class AnswerIn(Schema):
    answer: Literal["yes", "no"]


class OfferOut(Schema):
    """Offered goods: `price` before tax and `payable` are for all of them, and never above what is missing.

    `added_allergens` are in them and not in what is missing; `line` is the order's line that they become.
    """

    id: UUID
    order: UUID
    line: int
    replaces: int
    product: UUID
    name: str
    instead_of: str
    added_allergens: list[str]
    missing: str
    quantity: str
    currency: str
    price: str
    payable: str
    state: Literal["offered", "accepted", "declined", "expired", "withdrawn"]
    expires_at: datetime


class OffersOut(Schema):
    items: list[OfferOut]


class CandidateOut(Schema):
    """A product that may stand for what is missing, and why; the likest come first."""

    product: UUID
    ref: str
    name: str
    quantity: str
    reasons: list[str]


class CandidatesOut(Schema):
    """`missing` is what is neither there nor offered otherwise; `wish` is the shopper's: offer, never or accept."""

    order: UUID
    line: int
    missing: str
    wish: str
    items: list[CandidateOut]


def _offers(order_id: UUID, offers: Iterable[fulfilment.OfferView]) -> list[OfferOut]:
    found = tuple(offers)
    if not found:
        return []
    view = orders.get(order_id)
    bought = {line.line_no: line.product_id for line in view.lines}
    products = catalog.gather(sorted({one.product_id for one in found} | set(bought.values()))).result()
    currency = view.head.currency
    return [
        OfferOut(
            id=one.id,
            order=one.order_id,
            line=one.line_no,
            replaces=one.replaces,
            product=one.product_id,
            name=products[one.product_id].name,
            instead_of=products[bought[one.replaces]].name,
            added_allergens=list(fulfilment.added_allergens(products[bought[one.replaces]], products[one.product_id])),
            missing=format_quantity(one.missing),
            quantity=format_quantity(one.quantity),
            currency=currency,
            price=format_amount(one.price, currency),
            payable=format_amount(one.payable, currency),
            state=one.state,
            expires_at=one.expires_at,
        )
        for one in found
    ]


@router.get(
    "/fulfilment/tasks/{order_id}/lines/{line}/substitutes",
    auth=requires(VIEW),
    response=CandidatesOut,
    summary="What may be offered instead",
)
def list_candidates(
    request: Request,
    order_id: UUID,
    line: Annotated[int, Path(ge=1, le=100_000)],
    limit: Annotated[int, Field(ge=1, le=20)] = 5,
) -> CandidatesOut:
    """Of the same category and there, with no allergen more; none where nothing is missing or none is wanted."""
    short = fulfilment.short_line(order_id, line)
    if not request.actor.may(VIEW, short.place_id):
        raise fulfilment.NoTask("The order has no such line to pick.")
    found = fulfilment.candidates(short, limit=limit)[1] if short.may_offer else []
    return CandidatesOut(
        order=order_id,
        line=line,
        missing=format_quantity(short.missing),
        wish=short.wish,
        items=[
            CandidateOut(
                product=one.product.id,
                ref=one.product.ref,
                name=one.product.name,
                quantity=format_quantity(one.quantity),
                reasons=list(one.reasons),
            )
            for one in found
        ],
    )


@router.get(
    "/fulfilment/tasks/{order_id}/offers", auth=requires(VIEW), response=OffersOut, summary="What was offered instead"
)
def list_offers(request: Request, order_id: UUID) -> OffersOut:
    """Every offer of one order, whatever became of it."""
    task = fulfilment.get_task(order_id)
    if not request.actor.may(VIEW, task.place_id):
        raise fulfilment.NoTask("There is nothing to pick for this order.")
    return OffersOut(items=_offers(order_id, fulfilment.offers_of([order_id]).get(order_id, ())))


@router.post(
    "/fulfilment/tasks/{order_id}/offers", auth=requires(PICK), response=OfferOut, summary="Offer goods instead"
)
def make_offer(request: Request, order_id: UUID, body: OfferIn) -> OfferOut:
    """The shopper is asked, and the goods are held for them until they answer or the time is over."""
    missing = parse_quantity(body.missing, field="missing")
    quantity = (
        _as_much(order_id, body, missing) if body.quantity is None else parse_quantity(body.quantity, field="quantity")
    )
    asked = fulfilment.Asked(body.id, order_id, body.replaces, body.product, missing, quantity)
    with told_as({"line": "replaces"}):
        return _offers(order_id, [fulfilment.offer(asked, actor=request.actor)])[0]


def _as_much(order_id: UUID, body: OfferIn, missing: int) -> int:
    line = fulfilment.short_line(order_id, body.replaces)
    products = catalog.gather([line.product_id, body.product]).result()
    if body.product not in products:
        raise fulfilment.NotOffered("There is no such product.", field="product")
    return fulfilment.quantity_for(products[line.product_id], missing, products[body.product])


@router.post(
    "/fulfilment/tasks/{order_id}/offers/{offer_id}/withdraw",
    auth=requires(PICK),
    response=OfferOut,
    summary="Take an offer back",
)
def withdraw(request: Request, order_id: UUID, offer_id: UUID) -> OfferOut:
    """What is missing was found after all; only while there is no answer."""
    return _offers(order_id, [fulfilment.withdraw(order_id, offer_id, actor=request.actor)])[0]


@router.get(
    "/orders/{uuid:order_id}/substitutes",
    auth=requires(FOLLOW, guest=True),
    response=OffersOut,
    summary="What is offered for missing goods of one's own order",
)
def list_own_offers(request: Request, order_id: UUID, token: Token = None) -> OffersOut:
    """For whose it is alone."""
    return OffersOut(items=_offers(order_id, fulfilment.own_offers(order_id, actor=request.actor, token=token or "")))


@router.post(
    "/orders/{uuid:order_id}/substitutes/{offer_id}",
    auth=requires(FOLLOW, guest=True),
    response=OfferOut,
    summary="Say yes or no to a substitute",
)
def answer_offer(request: Request, order_id: UUID, offer_id: UUID, body: AnswerIn, token: Token = None) -> OfferOut:
    """The same answer again changes nothing; `offer_closed` where it was answered otherwise or the time is over."""
    answered = fulfilment.answer(order_id, offer_id, yes=body.answer == "yes", actor=request.actor, token=token or "")
    return _offers(order_id, [answered])[0]
