"""Why payments refuse.

Error
├── Invalid
│   ├── UnknownTender       no tender is registered under this code
│   └── InvalidPayment      an amount that this tender cannot take
├── Refused
│   ├── PaymentMismatch     what is offered is not what is owed
│   ├── PaymentRefused      the sums of the payment leave no room for this
│   ├── RefundOpen          the partner has not said yet whether the money went back
│   ├── NotOwed             the money of this refund went back already
│   └── CannotPayOut        that tender, or that place, cannot pay it out
├── Conflict
│   └── KeyReused           the same key came before with another amount or kind
└── NotFound
    └── UnknownIntent       there is no such payment
"""

from __future__ import annotations

from storeline.kernel import api as kernel


class UnknownTender(kernel.Invalid):
    """No tender is registered under this code."""

    code = "unknown_tender"
    title = "Unknown way to pay"


class InvalidPayment(kernel.Invalid):
    """An amount or a token that this tender cannot take."""

    code = "invalid_payment"
    title = "This payment is not valid"


class PaymentMismatch(kernel.Refused):
    """What is offered is not what is owed."""

    code = "payment_mismatch"
    title = "The payments do not add up to what is owed"


class PaymentRefused(kernel.Refused):
    """The payment's sums or state leave no room for this operation."""

    code = "payment_refused"
    title = "The payment does not allow that"


class RefundOpen(kernel.Refused):
    """The partner has not said yet whether the money went back."""

    code = "refund_open"
    title = "The refund has no answer yet"


class NotOwed(kernel.Refused):
    """The money of this refund went back already, by the partner or another way."""

    code = "refund_not_owed"
    title = "Nothing is owed on this refund"


class CannotPayOut(kernel.Refused):
    """That tender, or that place, cannot pay it out."""

    code = "cannot_pay_out"
    title = "The money cannot be paid out that way"


class KeyReused(kernel.Conflict):
    """The same key came before with another amount or kind."""

    code = "payment_key_reused"
    title = "This key was used for something else"


class UnknownIntent(kernel.NotFound):
    """There is no such payment."""

    code = "unknown_payment"
    title = "Unknown payment"
