"""Payments over HTTP, for the service desk and finance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Router

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount, now
from storeline.payments.commands.resolve import resolve_unknown
from storeline.payments.permissions import RESOLVE, VIEW
from storeline.payments.providers import tenders
from storeline.payments.queries import Payment, payments_of

router = Router()


@router.get("/payments", auth=requires(VIEW), response=dict[str, Any])
def list_payments(request: Request, source: UUID) -> dict[str, Any]:
    """The payments of one order or return, with everything that was done with them."""
    found = payments_of([source]).get(source, ())
    seen = [one for one in found if request.actor.may(VIEW, one.place_id)]
    return {"items": [_payment(one) for one in seen], "next": None}


def _payment(one: Payment) -> dict[str, Any]:
    def money(amount: int) -> dict[str, str]:
        return {"amount": format_amount(amount, one.currency), "currency": one.currency}

    return {
        "id": str(one.id),
        "source_id": str(one.source_id),
        "place_id": str(one.place_id) if one.place_id else None,
        "tender": one.tender,
        "state": one.state,
        "amount": money(one.amount),
        "authorised": money(one.authorised),
        "captured": money(one.captured),
        "voided": money(one.voided),
        "refunded": money(one.refunded),
        "tendered": None if one.tendered is None else money(one.tendered),
        "reference": one.reference,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "operations": [
            {
                "key": done.key,
                "kind": done.kind,
                "amount": money(done.amount),
                "state": done.state,
                "reference": done.reference,
                "code": done.code,
            }
            for done in one.operations
        ],
    }


@router.get("/payments/tenders", auth=requires(VIEW), response=dict[str, Any])
def list_tenders(request: Request) -> dict[str, Any]:
    """The ways to pay that this installation knows."""
    items = [{"code": one.code, "name": one.name, "settles": one.settles, "account": one.account} for one in tenders()]
    return {"items": items, "next": None}


@router.post("/payments/resolve", auth=requires(RESOLVE), response=dict[str, Any])
def resolve(request: Request) -> dict[str, Any]:
    """Ask partners now about payments whose outcome is unknown; may be repeated at will."""
    changed = resolve_unknown(now(), actor=request.actor)
    items = [
        {
            "payment_id": str(one.operation.intent_id),
            "source_id": str(one.to.source_id),
            "key": one.operation.key,
            "kind": one.operation.kind,
            "state": one.operation.state,
        }
        for one in changed
    ]
    return {"items": items, "next": None}
