"""Receipts over HTTP. Amounts are decimal text in the receipt's currency; a return's are negative."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ninja import Router, Schema

from storeline.fiscal.permissions import VIEW
from storeline.fiscal.queries import Receipt, receipts_of
from storeline.identity.api import Request, requires
from storeline.kernel.api import NotFound, format_amount

router = Router()


class TaxOut(Schema):
    """What was taxed at one rate; `rate_ppm` in millionths."""

    rate_ppm: int
    taxable: str
    tax: str


class ReceiptOut(Schema):
    """A receipt as it was issued; `hash` (hexadecimal) follows from the receipt before it in its series."""

    source_id: UUID
    kind: str
    series: str | None
    number: str
    entity_id: UUID
    place_id: UUID
    business_date: date
    at: datetime
    issued_at: datetime
    currency: str
    total: str
    taxes: list[TaxOut]
    hash: str | None


@router.get("/receipts/{kind}/{source_id}", auth=requires(VIEW), response=ReceiptOut)
def get_receipt(request: Request, kind: Literal["sale", "return"], source_id: UUID) -> ReceiptOut:
    """The receipt of a sale or a return, by its order's or return's id."""
    receipt = receipts_of([source_id], kind).get(source_id)
    if receipt is None or not request.actor.may(VIEW, receipt.place_id):
        raise NotFound("There is no such receipt.")
    return _receipt(receipt)


def _receipt(one: Receipt) -> ReceiptOut:
    def text(amount: int) -> str:
        return format_amount(amount, one.currency)

    return ReceiptOut(
        source_id=one.source_id,
        kind=one.kind,
        series=one.series,
        number=one.number,
        entity_id=one.entity_id,
        place_id=one.place_id,
        business_date=one.business_date,
        at=one.at,
        issued_at=one.issued_at,
        currency=one.currency,
        total=text(one.total),
        taxes=[TaxOut(rate_ppm=rate, taxable=text(taxable), tax=text(tax)) for rate, taxable, tax in one.taxes],
        hash=one.hash.hex() if one.hash else None,
    )
