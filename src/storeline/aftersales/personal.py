"""What returns hold of a person: part of what they are handed, and no longer linked to them once they are erased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from storeline.aftersales.queries import RequestView, ReturnView, requests_of_persons, returns_by_id
from storeline.customers.api import register_export
from storeline.kernel.api import Envelope, consumer, format_amount, format_quantity, ids_array, run

_OF_PERSON = "SELECT id FROM aftersales_return WHERE customer_id = ANY(%s::uuid[]) ORDER BY id"
_UNLINK_REQUESTS = "UPDATE aftersales_request SET customer_id = NULL WHERE customer_id = ANY(%s::uuid[])"
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


def requests_of_person(customer_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Everything that these customers asked to bring back, oldest first. Quantities are text."""
    return [_asked(view) for view in requests_of_persons(customer_ids)]


def _asked(view: RequestView) -> dict[str, Any]:
    return {
        "code": view.code,
        "order": view.order_id,
        "state": view.state,
        "requested_at": view.requested_at,
        "lines": [
            {"order_line": line.order_line, "quantity": format_quantity(line.quantity), "reason": line.reason}
            for line in view.lines
        ],
    }


@consumer("aftersales.erasures", types=("customers.erased",))
def unlink(events: Sequence[Envelope]) -> None:
    """Take the customer off their returns, and off what they asked to bring back."""
    ids = ids_array(event.subject_id for event in events)
    run(_UNLINK, [ids])
    run(_UNLINK_REQUESTS, [ids])


register_export("returns", returns_of)
register_export("return_requests", requests_of_person)
