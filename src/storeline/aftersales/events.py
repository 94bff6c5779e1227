"""Facts that aftersales publish, about the return as `subject_id`; its place took the goods, its entity's books lose
the sale.

aftersales.returned        goods came back; the payload carries all that a receipt needs
aftersales.refunded        one refund is settled
aftersales.refund_failed   a partner would not give the money back that way
aftersales.requested       a shopper asked to bring goods back (`subject_id` names the request)
aftersales.request_closed  that request was accepted, withdrawn or has lapsed; its `state` says which
aftersales.recorded        a set of past returns was imported (`subject_id` names the set)

Payload of ``returned``: return, order (or null), channel, currency, business_date, at, and the amounts as a receipt
has them, negative: total, taxes (lists of rate in millionths, taxable amount, tax). Of ``recorded``: returns (how many),
since, until (business days).
"""

from __future__ import annotations

from typing import Final

from storeline.aftersales.domain.terms import Decided
from storeline.kernel.api import Event

RETURNED: Final = "aftersales.returned"
REFUNDED: Final = "aftersales.refunded"
REFUND_FAILED: Final = "aftersales.refund_failed"
REQUESTED: Final = "aftersales.requested"
REQUEST_CLOSED: Final = "aftersales.request_closed"
RECORDED: Final = "aftersales.recorded"


def returned(decided: Decided) -> Event:
    """What the world may know of a return."""
    asked = decided.asked
    return Event(
        RETURNED,
        asked.id,
        asked.place_id,
        decided.entity_id,
        {
            "return": str(asked.id),
            "order": None if asked.order_id is None else str(asked.order_id),
            "channel": asked.channel,
            "currency": decided.currency,
            "business_date": decided.business_date.isoformat(),
            "at": decided.returned_at.isoformat(),
            "total": -decided.total,
            "refunded": -decided.refunded,
            "taxes": [[rate, -taxable, -tax] for rate, taxable, tax in decided.taxes()],
        },
    )
