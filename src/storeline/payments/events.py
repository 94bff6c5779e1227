"""Facts that payments publish: about the order or return that a payment belongs to, as `subject_id`.

payments.authorised  payments.declined  payments.captured  payments.voided  payments.refunded
payments.failed (a capture, void or refund that the partner refused)

A refund that was refused and then paid another way is ``payments.refunded`` too; its payload names the payment that it
went out by (`paid_by`) and that one's `tender`.

Answers that orders record themselves, in the transaction that confirms, are not published twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from storeline.kernel import api as kernel
from storeline.payments.providers import Kind

if TYPE_CHECKING:
    from storeline.payments.commands.outcomes import Changed
    from storeline.payments.domain import Operation, Repayment, Sums

AUTHORISED: Final = "payments.authorised"
DECLINED: Final = "payments.declined"
CAPTURED: Final = "payments.captured"
VOIDED: Final = "payments.voided"
REFUNDED: Final = "payments.refunded"
FAILED: Final = "payments.failed"

_SUCCEEDED: Final[dict[Kind, str]] = {
    "authorise": AUTHORISED,
    "capture": CAPTURED,
    "void": VOIDED,
    "refund": REFUNDED,
}


def events_of(changed: Iterable[Changed]) -> list[kernel.Event]:
    """The facts in answers that were news; "unknown" is none. A late yes to a released payment is not one either."""
    return [
        kernel.Event(
            kind,
            one.to.source_id,
            one.to.place_id,
            one.to.entity_id,
            {
                "payment_id": str(one.operation.intent_id),
                "key": one.operation.key,
                "amount": one.operation.amount,
                "currency": one.to.currency,
                "code": one.operation.code,
            },
        )
        for one in changed
        if (kind := _kind(one))
    ]


def repaid(intent: Sums, refund: Operation, how: Repayment) -> kernel.Event:
    """The fact that a refused refund was paid another way."""
    return kernel.Event(
        REFUNDED,
        intent.source_id,
        intent.place_id,
        intent.entity_id,
        {
            "payment_id": str(intent.id),
            "key": refund.key,
            "amount": refund.amount,
            "currency": intent.currency,
            "code": "",
            "paid_by": str(how.id),
            "tender": how.tender,
        },
    )


def _kind(one: Changed) -> str | None:
    operation = one.operation
    if operation.state == "succeeded":
        late = operation.kind == "authorise" and one.released
        return None if late else _SUCCEEDED[operation.kind]
    if operation.state == "failed":
        return DECLINED if operation.kind == "authorise" else FAILED
    return None
