"""Double entry in pure code: the chart of accounts, balance rules, and guarded transfers of value held.

Amounts are signed minor units: a debit is positive, a credit negative. A transaction balances for each
legal entity and currency in it, not only as a whole: a group's books cannot lend to each other unseen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from storeline.ledger import errors

AccountKind = Literal["asset", "liability", "income", "expense"]

LARGEST: Final = 2**63 - 1
"""A posting is a PostgreSQL bigint."""


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the chart of accounts. Assets and expenses grow by debit, the others by credit."""

    code: str
    name: str
    kind: AccountKind


CASH: Final = "cash"
CARD_CLEARING: Final = "card_clearing"
MANUFACTURER_RECEIVABLE: Final = "manufacturer_receivable"
IMPORTED_TENDER: Final = "imported_tender"
CUSTOMER_DEPOSITS: Final = "customer_deposits"
REFUNDS_PAYABLE: Final = "refunds_payable"
TAX_PAYABLE: Final = "tax_payable"
PREPAID: Final = "prepaid"
SALES: Final = "sales"
DELIVERY_INCOME: Final = "delivery_income"
WRITE_OFF: Final = "write_off"
ROUNDING: Final = "rounding"
INTERCOMPANY: Final = "intercompany"
BANK: Final = "bank"
PARTNERS_LOSSES: Final = "partners_losses"

CHART: Final[Mapping[str, Account]] = {
    account.code: account
    for account in (
        Account(CASH, "Cash in tills and safes", "asset"),
        Account(CARD_CLEARING, "Card payments awaiting settlement", "asset"),
        Account(MANUFACTURER_RECEIVABLE, "Coupons owed by manufacturers", "asset"),
        Account(IMPORTED_TENDER, "Payments taken before Storeline", "asset"),
        Account(BANK, "Bank accounts", "asset"),
        Account(INTERCOMPANY, "Owed between the group's entities", "asset"),
        Account(CUSTOMER_DEPOSITS, "Paid by shoppers, goods not yet handed over", "liability"),
        Account(REFUNDS_PAYABLE, "Refunds owed to shoppers", "liability"),
        Account(TAX_PAYABLE, "Tax collected on sales", "liability"),
        Account(PREPAID, "Value held for shoppers", "liability"),
        Account(SALES, "Sales of goods", "income"),
        Account(DELIVERY_INCOME, "Delivery charged to shoppers", "income"),
        Account(WRITE_OFF, "Amounts written off", "expense"),
        Account(PARTNERS_LOSSES, "Partners' goods that are missing", "expense"),
        Account(ROUNDING, "Cash rounding", "expense"),
    )
}
"""Accounts every installation has. `ledger_account` repeats them for SQL; a retailer may add its own there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entity's side of a transaction in one currency: what orders, fulfilment and others post.

    `postings` are (account code, signed minor units). Zero amounts say nothing and are left out, so a
    caller may pass its tax line without asking whether there was tax.
    """

    transaction_id: UUID
    entity_id: UUID
    place_id: UUID | None
    currency: str
    business_date: date
    at: datetime
    kind: str
    source_id: UUID
    postings: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of `ledger_posting`, numbered from 1 within its transaction."""

    entry: Entry
    line_no: int
    account: str
    amount: int
    holding_id: UUID | None = None


def lines_of(entries: Sequence[Entry], known: Collection[str] = CHART.keys()) -> list[Line]:
    """Number the lines of balanced entries; entries of one transaction are numbered on, in the order given.

    Raises Unbalanced, UnknownAccount or AmountOutOfRange, in that order of search per entry, before any
    SQL is sent.
    """
    check_balance(entries)
    numbers: Counter[UUID] = Counter()
    lines: list[Line] = []
    for entry in entries:
        for account, amount in entry.postings:
            if account not in known:
                raise errors.UnknownAccount(f"There is no account {account!r}.", field="account")
            if amount:
                numbers[entry.transaction_id] += 1
                lines.append(Line(entry, numbers[entry.transaction_id], account, amount))
    return lines


def check_balance(entries: Iterable[Entry]) -> None:
    """Refuse entries whose postings do not sum to zero for each transaction, entity and currency."""
    sums: defaultdict[tuple[UUID, UUID, str], int] = defaultdict(int)
    for entry in entries:
        for _, amount in entry.postings:
            if not -LARGEST <= amount <= LARGEST:
                raise errors.AmountOutOfRange(f"{amount} does not fit a posting.", field="amount")
            sums[entry.transaction_id, entry.entity_id, entry.currency] += amount
    for (transaction_id, entity_id, currency), total in sums.items():
        if total:
            raise errors.Unbalanced(
                f"Transaction {transaction_id} of entity {entity_id} is off by {total} {currency} minor units.",
                field="postings",
            )


# --- value held: guarded transfers -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holding:
    """Value held for someone (a card, a wallet): a liability whose balance may not fall below zero."""

    id: UUID
    entity_id: UUID
    account: str
    currency: str
    balance: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move `amount` minor units from `source` to `target`; the id is the client's and makes it idempotent.

    A UUID names a holding, a text names a plain account (a top-up comes from "cash"). At least one side is
    a holding: it gives the entity and the currency, and both sides must agree in them.
    """

    id: UUID
    source: UUID | str
    target: UUID | str
    amount: int
    at: datetime
    business_date: date
    kind: str = "transfer"
    place_id: UUID | None = None


TransferCode = Literal[
    "posted", "known", "changed", "invalid_amount", "unknown_holding", "unknown_account", "mismatch", "insufficient"
]


@dataclass(frozen=True, slots=True)
class TransferVerdict:
    """What became of one transfer: "posted", or "known" (posted before, same content); else why not."""

    id: UUID
    code: TransferCode

    @property
    def ok(self) -> bool:
        """Whether the transfer stands in the books."""
        return self.code in {"posted", "known"}


KnownTransfer = tuple[UUID | str, UUID | str, int]
"""Source, target and amount of a transfer that is already in the books."""


def decide_transfers(
    transfers: Sequence[Transfer],
    holdings: Mapping[UUID, Holding],
    known: Mapping[UUID, KnownTransfer],
    accounts: Collection[str] = CHART.keys(),
) -> tuple[list[TransferVerdict], list[Line], dict[UUID, int]]:
    """Decide transfers in arrival order over locked holdings: verdicts, lines to post, change per holding."""
    change: defaultdict[UUID, int] = defaultdict(int)
    seen = dict(known)
    verdicts: list[TransferVerdict] = []
    lines: list[Line] = []
    for transfer in transfers:
        code = _judge(transfer, holdings, seen, accounts, change)
        verdicts.append(TransferVerdict(transfer.id, code))
        if code == "posted":
            seen[transfer.id] = (transfer.source, transfer.target, transfer.amount)
            lines += _transfer_lines(transfer, holdings)
            if isinstance(transfer.source, UUID):
                change[transfer.source] -= transfer.amount
            if isinstance(transfer.target, UUID):
                change[transfer.target] += transfer.amount
    return verdicts, lines, {holding: amount for holding, amount in change.items() if amount}


def _judge(
    transfer: Transfer,
    holdings: Mapping[UUID, Holding],
    known: Mapping[UUID, KnownTransfer],
    accounts: Collection[str],
    change: Mapping[UUID, int],
) -> TransferCode:
    if transfer.id in known:
        same = known[transfer.id] == (transfer.source, transfer.target, transfer.amount)
        return "known" if same else "changed"
    if not 0 < transfer.amount <= LARGEST:
        return "invalid_amount"
    sides = (transfer.source, transfer.target)
    held = [holdings.get(side) for side in sides if isinstance(side, UUID)]
    if None in held or not held:
        return "unknown_holding"
    if any(isinstance(side, str) and side not in accounts for side in sides):
        return "unknown_account"
    if len({(h.entity_id, h.currency) for h in held if h}) > 1 or transfer.source == transfer.target:
        return "mismatch"
    return _room(transfer, holdings, change)


def _room(transfer: Transfer, holdings: Mapping[UUID, Holding], change: Mapping[UUID, int]) -> TransferCode:
    def balance(side: UUID) -> int:
        return holdings[side].balance + change.get(side, 0)

    if isinstance(transfer.source, UUID) and balance(transfer.source) < transfer.amount:
        return "insufficient"
    if isinstance(transfer.target, UUID) and balance(transfer.target) > LARGEST - transfer.amount:
        return "invalid_amount"
    return "posted"


def _transfer_lines(transfer: Transfer, holdings: Mapping[UUID, Holding]) -> list[Line]:
    """Two lines: value leaves a liability by debit and reaches one by credit."""
    first = transfer.source if isinstance(transfer.source, UUID) else transfer.target
    assert isinstance(first, UUID)
    entry = Entry(
        transfer.id,
        holdings[first].entity_id,
        transfer.place_id,
        holdings[first].currency,
        transfer.business_date,
        transfer.at,
        transfer.kind,
        transfer.id,
        (),
    )
    return [
        _transfer_line(entry, 1, transfer.source, transfer.amount, holdings),
        _transfer_line(entry, 2, transfer.target, -transfer.amount, holdings),
    ]


def _transfer_line(entry: Entry, line_no: int, side: UUID | str, amount: int, holdings: Mapping[UUID, Holding]) -> Line:
    if isinstance(side, UUID):
        return Line(entry, line_no, holdings[side].account, amount, side)
    return Line(entry, line_no, side, amount)
