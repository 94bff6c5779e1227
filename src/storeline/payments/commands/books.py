"""What payments write into the books: money that a partner took for us, and money given back.

Whoever opens a payment that settles at once posts it with the sale. All that comes later is posted here, in the
transaction in which its answer changes the payment's sums, so that each counts exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from storeline.kernel import api as kernel
from storeline.ledger import api as ledger
from storeline.payments.domain import Operation
from storeline.payments.providers import account_of
from storeline.places import api as places


@dataclass(frozen=True, slots=True)
class Belongs:
    """What a payment belongs to, and how it was paid."""

    source_id: UUID
    entity_id: UUID
    place_id: UUID | None
    tender: str
    currency: str


def post(done: Sequence[tuple[Operation, Belongs]], at: datetime, *, against: str = ledger.REFUNDS_PAYABLE) -> None:
    """Post captures and refunds that succeeded; refunds are taken from the account `against`."""
    rows = [(one, to) for one, to in done if one.kind in {"capture", "refund"} and one.state == "succeeded"]
    if not rows:
        return
    ids = {to.place_id for _, to in rows if to.place_id}
    zones = {place: facts.zone for place, facts in places.gather(list(ids)).result().items()} if ids else {}
    ledger.post([_entry(one, to, at, _day(to.place_id, at, zones), against) for one, to in rows])


def _day(place_id: UUID | None, at: datetime, zones: dict[UUID, str]) -> date:
    zone = zones.get(place_id) if place_id else None
    return kernel.business_date(at, zone) if zone else at.astimezone(UTC).date()


def _entry(one: Operation, to: Belongs, at: datetime, day: date, against: str) -> ledger.Entry:
    other = ledger.CUSTOMER_DEPOSITS if one.kind == "capture" else against
    amount = one.amount if one.kind == "capture" else -one.amount
    return ledger.Entry(
        transaction_id=kernel.source_id("payment_operation", f"{one.intent_id}:{one.key}", at),
        entity_id=to.entity_id,
        place_id=to.place_id,
        currency=to.currency,
        business_date=day,
        at=at,
        kind=f"payment_{one.kind}",
        source_id=to.source_id,
        postings=((account_of(to.tender), amount), (other, -amount)),
    )


def paid_out(owed: ledger.Entry, entity_id: UUID, place_id: UUID, account: str, amount: int) -> list[ledger.Entry]:
    """The entries of `amount` that a place pays out of `account` for what a shopper is owed by `owed`'s entity.

    For another entity's debt it goes through the group's account, so that each entity's books balance.
    """
    debt, out = (ledger.REFUNDS_PAYABLE, amount), (account, -amount)
    there = replace(owed, entity_id=entity_id, place_id=place_id)
    if entity_id == owed.entity_id:
        return [replace(there, postings=(debt, out))]
    return [
        replace(owed, postings=(debt, (ledger.INTERCOMPANY, -amount))),
        replace(there, postings=((ledger.INTERCOMPANY, amount), out)),
    ]
