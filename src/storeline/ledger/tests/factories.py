"""Entries and holdings for tests."""

from datetime import UTC, date, datetime
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger

ENTITY = UUID(int=1)
OTHER_ENTITY = UUID(int=2)
PLACE = UUID(int=3)
DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


def entry(
    *postings: tuple[str, int],
    transaction_id: UUID | None = None,
    entity_id: UUID = ENTITY,
    currency: str = "USD",
    day: date = DAY,
    source_id: UUID | None = None,
) -> ledger.Entry:
    transaction_id = transaction_id or kernel.new_id()
    return ledger.Entry(
        transaction_id, entity_id, PLACE, currency, day, AT, "sale", source_id or transaction_id, postings
    )


def rows() -> list[kernel.Row]:
    return kernel.run(
        "SELECT transaction_id, line_no, account, amount, holding_id FROM ledger_posting ORDER BY 1, 2"
    ).fetchall()


def holding(balance: int = 0, *, entity_id: UUID = ENTITY, currency: str = "USD") -> UUID:
    """A holding with so much on it, put there from cash."""
    identity = kernel.new_id()
    ledger.open_holdings([ledger.Holding(identity, entity_id, ledger.PREPAID, currency, 0)], at=AT)
    if balance:
        verdict = ledger.transfer([transfer(ledger.CASH, identity, balance)], actor=kernel.SYSTEM)[0]
        assert verdict.ok
    return identity


def transfer(source: UUID | str, target: UUID | str, amount: int, *, id_: UUID | None = None) -> ledger.Transfer:
    return ledger.Transfer(id_ or kernel.new_id(), source, target, amount, AT, DAY)


def balance_of(identity: UUID) -> int:
    return ledger.holdings([identity])[identity].balance
