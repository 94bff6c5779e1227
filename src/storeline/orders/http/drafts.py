"""From JSON to what the writer takes: text to integers, and whose each order is; every error with its field."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import orjson

from storeline.customers import api as customers
from storeline.kernel.api import Actor, Invalid, body_hash, check_id, exponent, parse_amount, parse_quantity
from storeline.orders import api as orders
from storeline.orders.http.schemas import BasketIn, LineIn, OrderIn, PaymentIn
from storeline.orders.permissions import SELL
from storeline.payments import api as payments
from storeline.places.api import Position

_SELLERS_OWN = ("placed_at", "till", "ref")


class Buyers:
    """Whose the baskets of one request are: the customer whom a seller names, else the shopper who signed in.

    Nobody else names a customer. A shopper becomes a member at the first need; guests stay guests.
    """

    def __init__(self, baskets: Sequence[BasketIn], actor: Actor) -> None:
        self._actor = actor
        named = {basket.customer for basket in baskets if basket.customer is not None}
        self._known = customers.gather(sorted(named)).result() if named and actor.may(SELL) else {}
        self._own: UUID | None = None

    def of(self, basket: BasketIn, *, may_sell: bool) -> UUID | None:
        """The customer whom a basket is recorded as; raises Invalid."""
        if not may_sell:
            if basket.customer is not None:
                raise Invalid("Only a till or a partner may set this.", field="customer")
            return self._shopper()
        if basket.customer is not None and basket.customer not in self._known:
            raise Invalid("There is no such customer.", field="customer")
        return basket.customer

    def _shopper(self) -> UUID | None:
        if self._own is None and self._actor.kind == "user" and self._actor.may(customers.JOIN):
            self._own = customers.join(actor=self._actor)
        return self._own


def basket_of(body: BasketIn, actor: Actor, buyers: Buyers) -> orders.Draft:
    """A basket to price. Its id is nobody's."""
    exponent(body.currency)
    return orders.Draft(
        id=UUID(int=0),
        place_id=body.place,
        channel=body.channel,
        lines=_lines(body),
        currency=body.currency,
        method=body.method,
        served_by=body.served_by,
        customer_id=buyers.of(body, may_sell=actor.may(SELL, body.place)),
        slot_id=body.slot,
        coupons=tuple(body.coupons),
        address=_address(body),
        collect_at=body.collect_at,
    )


def draft_of(body: OrderIn, actor: Actor, buyers: Buyers) -> orders.Draft:
    """The order as the writer takes it. Times, tills and refs of one's own are for those who may sell."""
    exponent(body.currency)
    may_sell = actor.may(SELL, body.place)
    for name in _SELLERS_OWN:
        if getattr(body, name) is not None and not may_sell:
            raise Invalid("Only a till or a partner may set this.", field=name)
    check_id(body.id, skew=None) if may_sell and body.channel == "till" else check_id(body.id)
    return orders.Draft(
        id=body.id,
        place_id=body.place,
        channel=body.channel,
        lines=_lines(body),
        currency=body.currency,
        method=body.method,
        payments=tuple(
            [_offer(payment, body.currency, f"payments[{index}]") for index, payment in enumerate(body.payments)]
        ),
        served_by=body.served_by,
        customer_id=buyers.of(body, may_sell=may_sell),
        slot_id=body.slot,
        coupons=tuple(body.coupons),
        expected_total=None
        if body.expected_total is None
        else parse_amount(body.expected_total, body.currency, field="expected_total"),
        placed_at=body.placed_at,
        till=body.till,
        ref=body.ref,
        substitutes=body.substitutes,
        address=_address(body),
        collect_at=body.collect_at,
        contact=_contact(body),
        from_places=_from_places(body),
        body_hash=body_hash(orjson.dumps(body.model_dump(), option=orjson.OPT_SORT_KEYS)),
    )


def _from_places(body: BasketIn) -> dict[int, UUID] | None:
    serving = body.served_by or body.place
    named = {index: place for index, line in enumerate(body.lines) if (place := line.from_place) is not None}
    return {index: place for index, place in named.items() if place != serving} or None


def _contact(body: OrderIn) -> orders.Contact | None:
    given = body.contact
    return None if given is None else orders.contact_of(given.email, given.phone, given.language)


def _address(body: BasketIn) -> orders.Address | None:
    given = body.address
    if given is None:
        return None
    position = None if given.position is None else Position(given.position.latitude, given.position.longitude)
    return orders.Address(
        given.country,
        given.postal_code.strip(),
        given.name.strip(),
        tuple(line.strip() for line in given.lines),
        given.city.strip(),
        given.region.strip(),
        given.phone.strip(),
        given.note.strip(),
        position,
    )


def _lines(body: BasketIn) -> tuple[orders.DraftLine, ...]:
    return tuple([_line(line, body.currency, f"lines[{index}]") for index, line in enumerate(body.lines)])


def _line(line: LineIn, currency: str, path: str) -> orders.DraftLine:
    quantity = parse_quantity(line.quantity, field=f"{path}.quantity")
    if line.gross is None:
        if line.discounts:
            raise Invalid("Discounts go with agreed amounts only.", field=f"{path}.discounts")
        return orders.DraftLine(line.product, quantity)
    agreed = orders.Agreed(
        parse_amount(line.gross, currency, field=f"{path}.gross"),
        tuple(
            orders.LineDiscount(
                one.kind,
                one.funder,
                parse_amount(one.amount, currency, field=f"{path}.discounts[{index}].amount"),
                None,
                one.label,
            )
            for index, one in enumerate(line.discounts)
        ),
        parse_amount(line.tax, currency, field=f"{path}.tax"),
        line.tax_rate_ppm,
    )
    return orders.DraftLine(line.product, quantity, agreed)


def _offer(payment: PaymentIn, currency: str, path: str) -> payments.Offer:
    def amount(text: str | None, name: str) -> int | None:
        return None if text is None else parse_amount(text, currency, field=f"{path}.{name}")

    return payments.Offer(
        payment.tender,
        amount(payment.amount, "amount"),
        payment.token or "",
        amount(payment.tendered, "tendered"),
        payment.reference,
    )
