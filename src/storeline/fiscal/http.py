"""Receipts over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Router

from storeline.fiscal.permissions import VIEW
from storeline.fiscal.queries import Receipt, receipts_of
from storeline.identity.api import Request, requires
from storeline.kernel.api import NotFound, format_amount

router = Router()


@router.get("/receipts/{kind}/{source_id}", auth=requires(VIEW), response=dict[str, Any])
def get_receipt(request: Request, kind: str, source_id: UUID) -> dict[str, Any]:
    """The receipt of a sale or a return: `kind` is "sale" or "return", the id its order's or return's."""
    if kind not in {"sale", "return"}:
        raise NotFound("Receipts are of a sale or a return.")
    receipt = receipts_of([source_id], "sale" if kind == "sale" else "return").get(source_id)
    if receipt is None or not request.actor.may(VIEW, receipt.place_id):
        raise NotFound("There is no such receipt.")
    return _receipt(receipt)


def _receipt(one: Receipt) -> dict[str, Any]:
    def money(amount: int) -> dict[str, str]:
        return {"amount": format_amount(amount, one.currency), "currency": one.currency}

    return {
        "source_id": str(one.source_id),
        "kind": one.kind,
        "series": one.series,
        "number": one.number,
        "entity_id": str(one.entity_id),
        "place_id": str(one.place_id),
        "business_date": one.business_date,
        "at": one.at,
        "issued_at": one.issued_at,
        "total": money(one.total),
        "taxes": [{"rate_ppm": rate, "taxable": money(taxable), "tax": money(tax)} for rate, taxable, tax in one.taxes],
        "hash": one.hash.hex() if one.hash else None,
    }
