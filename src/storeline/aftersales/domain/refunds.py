"""Which way the money goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storeline.aftersales.domain.terms import Paid, PlannedRefund, Refund
from storeline.aftersales.errors import BadReturn, RefundRefused
from storeline.kernel.api import MAX_AMOUNT, allocate


@dataclass(frozen=True, slots=True)
class PayOut:
    """A tender that can pay money out although none came in by it: its ledger account."""

    account: str


OutOf = Callable[[str, str], PayOut | None]
"""Looks a tender up (code, field of the request); None where it cannot pay out, an error where it is unknown."""


def to_origin(amount: int, payments: Sequence[Paid]) -> tuple[PlannedRefund, ...]:
    """Give `amount` back to the tenders it came by, in proportion to what is left on each (largest remainder).

    Raises RefundRefused where less than that is left on them.
    """
    open_ = [paid for paid in payments if paid.refundable > 0]
    if amount > sum(paid.refundable for paid in open_):
        raise RefundRefused("Less than that is left on the payments of this sale.", field="refunds")
    if not amount:
        return ()
    shares = allocate(amount, [paid.refundable for paid in open_])
    kept = [(paid, share) for paid, share in zip(open_, shares, strict=True) if share]
    return tuple(_of(seq, paid, share) for seq, (paid, share) in enumerate(kept, 1))


def as_asked(
    amount: int, asked: Sequence[Refund], payments: Sequence[Paid], pay_out: OutOf
) -> tuple[PlannedRefund, ...]:
    """Give `amount` back as asked: first to payments of the same tender, what is over as a pay-out.

    Raises BadReturn where the refunds do not add up, RefundRefused where a tender cannot pay out.
    """
    left = {paid.id: paid.refundable for paid in payments if paid.refundable > 0}
    planned: list[PlannedRefund] = []
    for index, (refund, share) in enumerate(zip(asked, _shares(amount, asked), strict=True)):
        rest = share
        for paid in payments:
            if paid.tender == refund.tender and (take := min(rest, left.get(paid.id, 0))):
                left[paid.id] -= take
                rest -= take
                planned.append(_of(len(planned) + 1, paid, take))
        if rest:
            planned.append(_paid_out(len(planned) + 1, refund.tender, rest, f"refunds[{index}].tender", pay_out))
    return _merged(planned)


def _merged(planned: Sequence[PlannedRefund]) -> tuple[PlannedRefund, ...]:
    """One refund for each payment: two asked for the same one are one."""
    sums: dict[object, PlannedRefund] = {}
    for one in planned:
        key = one.paid or one.tender
        before = sums.get(key)
        seq, amount = (before.seq, before.amount) if before else (len(sums) + 1, 0)
        sums[key] = PlannedRefund(seq, one.tender, one.account, amount + one.amount, one.paid, one.local)
    return tuple(sums.values())


def _shares(amount: int, asked: Sequence[Refund]) -> list[int]:
    for index, refund in enumerate(asked):
        if refund.amount is not None and not 0 < refund.amount < MAX_AMOUNT:
            raise BadReturn("A refund is more than 0.", field=f"refunds[{index}].amount")
    open_ended = [index for index, refund in enumerate(asked) if refund.amount is None]
    if len(open_ended) > 1:
        raise BadReturn("Only one refund may be without an amount.", field=f"refunds[{open_ended[1]}].amount")
    rest = amount - sum(refund.amount or 0 for refund in asked)
    if rest < 0 or (rest and not open_ended):
        raise BadReturn(f"The refunds are off by {rest} minor units.", field="refunds", refunded=amount, missing=rest)
    return [rest if refund.amount is None else refund.amount for refund in asked]


def _of(seq: int, paid: Paid, amount: int) -> PlannedRefund:
    return PlannedRefund(seq, paid.tender, paid.account, amount, paid.id, paid.local)


def _paid_out(seq: int, tender: str, amount: int, field: str, pay_out: OutOf) -> PlannedRefund:
    found = pay_out(tender, field)
    if found is None:
        raise RefundRefused("This tender cannot pay out more than came in by it.", field=field)
    return PlannedRefund(seq, tender, found.account, amount, None, local=True)
