"""Receipts for whatever is completed: web orders never wait for a number, and a till's forgotten one is caught up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from storeline.fiscal.commands import issue_documents, issue_orders
from storeline.fiscal.domain import Document
from storeline.kernel import api as kernel


@kernel.consumer("fiscal.receipts", types=("orders.completed",), batch=5000)
def issue_receipts(events: Sequence[kernel.Envelope]) -> None:
    """Issue the receipts of completed orders, a batch at a time."""
    issue_orders([event.subject_id for event in events])


@kernel.consumer("fiscal.return_receipts", types=("aftersales.returned",))
def issue_return_receipts(events: Sequence[kernel.Envelope]) -> None:
    """Issue the receipts of returns from what their events say, amounts negative; an imported return has none."""
    issue_documents([document for event in events if (document := _return_document(event)) is not None])


def _return_document(event: kernel.Envelope) -> Document | None:
    if event.entity_id is None or event.place_id is None:
        return None
    facts = event.payload
    return Document(
        "return",
        event.subject_id,
        event.entity_id,
        event.place_id,
        facts["channel"],
        date.fromisoformat(facts["business_date"]),
        datetime.fromisoformat(facts["at"]),
        facts["currency"],
        facts["total"],
        tuple((rate, taxable, tax) for rate, taxable, tax in facts["taxes"]),
    )
