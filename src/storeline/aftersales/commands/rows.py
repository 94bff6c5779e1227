"""The statements that write a decided return."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storeline.aftersales.domain.terms import Decided, PlannedRefund
from storeline.kernel.api import Pending, ids_array, ints_array, rowcounts, run

_RETURN = """
INSERT INTO aftersales_return (id, ref, source, entity_id, place_id, order_id, original_reference, channel,
    customer_id, currency, tax_included, amount, tax, total, funded, refunded, reason, returned_at, business_date, digest)
VALUES (%s, NULL, 'live', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING
"""
_LINES = """
INSERT INTO aftersales_line (return_id, line_no, order_line, product_id, quantity, amount, funded, tax, tax_rate,
    restock, reason)
SELECT %s, * FROM unnest(%s::int[], %s::int[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::int[], %s::boolean[], %s::text[])
"""
_REFUNDS = """
INSERT INTO aftersales_refund (return_id, seq, tender, amount, payment_id, state, reference, settled_at)
SELECT %s, seq, tender, amount, payment_id, state, '', CASE state WHEN 'settled' THEN %s::timestamptz END
FROM unnest(%s::int[], %s::text[], %s::bigint[], %s::uuid[], %s::text[])
    AS refund(seq, tender, amount, payment_id, state)
"""

RefundRow = tuple[PlannedRefund, UUID, str]
"""A planned refund, its payment, and its state."""


def insert_head(decided: Decided) -> Pending[int]:
    """Write the return's own row; 0 where its id came meanwhile, and the caller must raise then."""
    asked = decided.asked
    return rowcounts(
        run(
            _RETURN,
            [
                asked.id,
                decided.entity_id,
                asked.place_id,
                asked.order_id,
                asked.original_reference,
                asked.channel,
                decided.customer_id,
                decided.currency,
                decided.tax_included,
                decided.amount,
                decided.tax,
                decided.total,
                decided.funded,
                decided.refunded,
                asked.reason,
                decided.returned_at,
                decided.business_date,
                asked.digest,
            ],
        )
    )


def insert_lines(decided: Decided) -> None:
    """Queue the lines of a return."""
    lines = decided.lines
    run(
        _LINES,
        [
            decided.asked.id,
            ints_array(line.line_no for line in lines),
            ints_array(line.order_line for line in lines),
            ids_array(line.product_id for line in lines),
            ints_array(line.quantity for line in lines),
            ints_array(line.amount for line in lines),
            ints_array(line.funded for line in lines),
            ints_array(line.tax for line in lines),
            ints_array(line.tax_rate for line in lines),
            [line.restock for line in lines],
            [line.reason for line in lines],
        ],
    )


def insert_refunds(decided: Decided, refunds: Sequence[RefundRow]) -> None:
    """Queue the refunds of a return."""
    if not refunds:
        return
    run(
        _REFUNDS,
        [
            decided.asked.id,
            decided.returned_at,
            ints_array(one.seq for one, _, _ in refunds),
            [one.tender for one, _, _ in refunds],
            ints_array(one.amount for one, _, _ in refunds),
            ids_array(payment for _, payment, _ in refunds),
            [state for _, _, state in refunds],
        ],
    )
