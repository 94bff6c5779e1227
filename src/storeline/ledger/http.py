"""The books over HTTP: reading only."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ninja import Router

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount
from storeline.ledger import queries
from storeline.ledger.permissions import VIEW

router = Router()


def _money(amount: int, currency: str) -> dict[str, str]:
    return {"amount": format_amount(amount, currency), "currency": currency}


@router.get("/ledger/accounts", auth=requires(VIEW), response=dict[str, Any])
def list_accounts(request: Request) -> dict[str, Any]:
    """The chart of accounts."""
    items = [{"code": one.code, "name": one.name, "kind": one.kind} for one in queries.accounts()]
    return {"items": items, "next": None}


@router.get("/ledger/entities/{entity_id}/trial-balance", auth=requires(VIEW), response=dict[str, Any])
def get_trial_balance(request: Request, entity_id: UUID, on: date | None = None) -> dict[str, Any]:
    """What was debited and credited to each account up to the end of business day `on`, for each currency."""
    return {
        "entity_id": str(entity_id),
        "on": on,
        "currencies": [_trial(one) for one in queries.trial_balance(entity_id, on)],
    }


def _trial(balance: queries.TrialBalance) -> dict[str, Any]:
    return {
        "currency": balance.currency,
        "debit": _money(balance.debit, balance.currency),
        "credit": _money(balance.credit, balance.currency),
        "accounts": [
            {
                "account": line.account,
                "name": line.name,
                "kind": line.kind,
                "debit": _money(line.debit, balance.currency),
                "credit": _money(line.credit, balance.currency),
            }
            for line in balance.lines
        ],
    }


@router.get("/ledger/postings", auth=requires(VIEW), response=dict[str, Any])
def list_postings(request: Request, source: UUID) -> dict[str, Any]:
    """What was posted for an order, a return or another source; debits are positive."""
    items = [
        {
            "transaction_id": str(one.transaction_id),
            "line": one.line_no,
            "entity_id": str(one.entity_id),
            "place_id": str(one.place_id) if one.place_id else None,
            "account": one.account,
            "amount": _money(one.amount, one.currency),
            "business_date": one.business_date,
            "at": one.at,
            "kind": one.kind,
        }
        for one in queries.postings_of([source])
    ]
    return {"items": items, "next": None}
