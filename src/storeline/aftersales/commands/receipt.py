"""A return's receipt: the number that people know it by."""

from __future__ import annotations

from storeline.aftersales.domain.terms import taxes_of
from storeline.aftersales.queries import ReturnView
from storeline.fiscal import api as fiscal


def issue(view: ReturnView) -> None:
    """Issue the receipt of a return made here, once, amounts negative; call it after the commit.

    What is left out, because somebody was killed here, fiscal issues by the return's event.
    """
    head = view.head
    taxes = taxes_of((line.tax_rate, -line.amount, -line.tax) for line in view.lines)
    document = fiscal.Document(
        "return",
        head.id,
        head.entity_id,
        head.place_id,
        head.channel,
        head.business_date,
        head.returned_at,
        head.currency,
        -head.total,
        taxes,
    )
    fiscal.issue_documents([document])
