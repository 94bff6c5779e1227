"""What returns hold of a person: part of what they are handed, and no longer linked to them once they are erased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from storeline.aftersales.queries import ReturnView, returns_by_id
from storeline.customers.api import register_export
from storeline.kernel.api import Envelope, consumer, format_amount, format_quantity, ids_array, run

_OF_PERSON = "SELECT id FROM aftersales_return WHERE customer_id = ANY(%s::uuid[]) ORDER BY id"
_UNLINK = "UPDATE aftersales_return SET customer_id = NULL WHERE customer_id = ANY(%s::uuid[])"


def returns_of(customer_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Every return of these customers, oldest first. Amounts and quantities are text."""
    ids = [row[0] for row in run(_OF_PERSON, [ids_array(customer_ids)]).fetchall()]
    return [_exported(view) for view in returns_by_id(ids).values()]


def _exported(view: ReturnView) -> dict[str, Any]:
    head = view.head
    return {
        "id": head.id,
        "ref": head.ref,
        "order": head.order_id,
        "place": head.place_id,
        "returned_at": head.returned_at,
        "reason": head.reason,
        "currency": head.currency,
        "total": format_amount(head.total, head.currency),
        "refunded": format_amount(head.refunded, head.currency),
        "lines": [
            {
                "product": line.product_id,
                "quantity": format_quantity(line.quantity),
                "amount": format_amount(line.amount, head.currency),
                "reason": line.reason,
            }
            for line in view.lines
        ],
        "refunds": [
            {"tender": one.tender, "amount": format_amount(one.amount, head.currency), "state": one.state}
            for one in view.refunds
        ],
    }


@consumer("aftersales.erasures", types=("customers.erased",))
def unlink(events: Sequence[Envelope]) -> None:
    """Take the customer off their returns."""
    run(_UNLINK, [ids_array(event.subject_id for event in events)])


register_export("returns", returns_of)
