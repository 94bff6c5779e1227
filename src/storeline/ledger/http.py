"""The books over HTTP: reading only. Amounts are decimal text in the currency beside them; debits are positive."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ninja import Router, Schema

from storeline.identity.api import Request, requires
from storeline.kernel.api import format_amount
from storeline.ledger import queries
from storeline.ledger.permissions import VIEW

router = Router()


class AccountOut(Schema):
    """A line of the chart; `kind` is asset, liability, income or expense."""

    code: str
    name: str
    kind: str


class AccountsOut(Schema):
    """The whole chart."""

    items: list[AccountOut]
    next: None = None


class TrialLineOut(Schema):
    """What was ever debited and credited to an account."""

    account: str
    name: str
    kind: str
    debit: str
    credit: str


class TrialOut(Schema):
    """One currency's accounts, and their totals, which are equal."""

    currency: str
    debit: str
    credit: str
    accounts: list[TrialLineOut]


class TrialsOut(Schema):
    """An entity's books at the end of business day `on`, for each currency it trades in."""

    entity_id: UUID
    on: date | None
    currencies: list[TrialOut]


class PostingOut(Schema):
    """One line in the books."""

    transaction_id: UUID
    line: int
    entity_id: UUID
    place_id: UUID | None
    account: str
    amount: str
    currency: str
    business_date: date
    at: datetime
    kind: str


class PostingsOut(Schema):
    """Oldest first."""

    items: list[PostingOut]
    next: None = None


@router.get("/ledger/accounts", auth=requires(VIEW), response=AccountsOut)
def list_accounts(request: Request) -> AccountsOut:
    """The chart of accounts."""
    return AccountsOut(items=[AccountOut(code=a.code, name=a.name, kind=a.kind) for a in queries.accounts()])


@router.get("/ledger/entities/{entity_id}/trial-balance", auth=requires(VIEW), response=TrialsOut)
def get_trial_balance(request: Request, entity_id: UUID, on: date | None = None) -> TrialsOut:
    """What was debited and credited to each account up to the end of business day `on`."""
    found = queries.trial_balance(entity_id, on)
    return TrialsOut(entity_id=entity_id, on=on, currencies=[_trial(one) for one in found])


def _trial(balance: queries.TrialBalance) -> TrialOut:
    def text(amount: int) -> str:
        return format_amount(amount, balance.currency)

    return TrialOut(
        currency=balance.currency,
        debit=text(balance.debit),
        credit=text(balance.credit),
        accounts=[
            TrialLineOut(
                account=line.account, name=line.name, kind=line.kind, debit=text(line.debit), credit=text(line.credit)
            )
            for line in balance.lines
        ],
    )


@router.get("/ledger/postings", auth=requires(VIEW), response=PostingsOut)
def list_postings(request: Request, source: UUID) -> PostingsOut:
    """What was posted for an order, a return or another source."""
    return PostingsOut(items=[_posting(one) for one in queries.postings_of([source])])


def _posting(one: queries.PostedLine) -> PostingOut:
    return PostingOut(
        transaction_id=one.transaction_id,
        line=one.line_no,
        entity_id=one.entity_id,
        place_id=one.place_id,
        account=one.account,
        amount=format_amount(one.amount, one.currency),
        currency=one.currency,
        business_date=one.business_date,
        at=one.at,
        kind=one.kind,
    )
