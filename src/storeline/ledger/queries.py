"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger.domain import Account, AccountKind, Holding


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's signed balance in minor units at the end of a business day; debits are positive."""

    entity_id: UUID
    currency: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class TrialLine:
    """An account with what was ever debited and credited to it, both as positive minor units."""

    account: str
    name: str
    kind: AccountKind
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All accounts of one entity in one currency; the two totals are equal or the books are wrong."""

    entity_id: UUID
    currency: str
    on: date | None
    lines: tuple[TrialLine, ...]

    @property
    def debit(self) -> int:
        """All that was debited."""
        return sum(line.debit for line in self.lines)

    @property
    def credit(self) -> int:
        """All that was credited."""
        return sum(line.credit for line in self.lines)


@dataclass(frozen=True, slots=True)
class PostedLine:
    """One line in the books, as they stand."""

    transaction_id: UUID
    line_no: int
    entity_id: UUID
    place_id: UUID | None
    account: str
    currency: str
    amount: int
    business_date: date
    at: datetime
    kind: str
    source_id: UUID


_BALANCES = """
SELECT entity_id, currency, account, sum(amount)::bigint FROM ledger_posting
WHERE entity_id = %s AND (%s::date IS NULL OR business_date <= %s::date)
GROUP BY entity_id, currency, account ORDER BY currency, account
"""
_TRIAL = """
SELECT p.currency, p.account, a.name, a.kind,
 coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0)::bigint,
 coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0)::bigint
FROM ledger_posting p JOIN ledger_account a ON a.code = p.account
WHERE p.entity_id = %s AND (%s::date IS NULL OR p.business_date <= %s::date)
GROUP BY p.currency, p.account, a.name, a.kind ORDER BY p.currency, p.account
"""
_POSTED = """
SELECT transaction_id, line_no, entity_id, place_id, account, currency, amount, business_date, at, kind, source_id
FROM ledger_posting WHERE source_id = ANY(%s::uuid[]) ORDER BY at, transaction_id, line_no
"""


def balances(entity_id: UUID, on: date | None = None) -> list[Balance]:
    """Balance per currency and account at the end of business day `on`, or of everything posted."""
    return [Balance(*row) for row in kernel.run(_BALANCES, [entity_id, on, on]).fetchall()]


def trial_balance(entity_id: UUID, on: date | None = None) -> list[TrialBalance]:
    """The entity's trial balance at the end of business day `on`, one for each currency it trades in."""
    lines: dict[str, list[TrialLine]] = {}
    for currency, *rest in kernel.run(_TRIAL, [entity_id, on, on]).fetchall():
        lines.setdefault(currency, []).append(TrialLine(*rest))
    return [TrialBalance(entity_id, currency, on, tuple(found)) for currency, found in lines.items()]


def postings_of(source_ids: Sequence[UUID]) -> list[PostedLine]:
    """What was posted for these orders, returns or other sources, oldest first."""
    return [PostedLine(*row) for row in kernel.run(_POSTED, [kernel.ids_array(source_ids)]).fetchall()]


def accounts() -> list[Account]:
    """The chart of accounts, by code."""
    return [Account(*row) for row in kernel.run("SELECT code, name, kind FROM ledger_account ORDER BY code").fetchall()]


def holdings(ids: Sequence[UUID]) -> dict[UUID, Holding]:
    """Value held under these ids, unlocked: for showing, not for deciding."""
    sql = "SELECT id, entity_id, account, currency, balance FROM ledger_holding WHERE id = ANY(%s::uuid[])"
    return {row[0]: Holding(*row) for row in kernel.run(sql, [kernel.ids_array(ids)]).fetchall()}
