"""Receipts for whatever is completed: web orders never wait for a number, and a till's forgotten one is caught up."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.fiscal.commands import issue_orders
from storeline.kernel import api as kernel


@kernel.consumer("fiscal.receipts", types=("orders.completed",), batch=5000)
def issue_receipts(events: Sequence[kernel.Envelope]) -> None:
    """Issue the receipts of completed orders, a batch at a time."""
    issue_orders([event.subject_id for event in events])
