"""Why the ledger refuses.

Error
├── Invalid
│   ├── Unbalanced          postings do not sum to zero
│   ├── UnknownAccount      the chart has no such account
│   └── AmountOutOfRange    does not fit 64 bits
└── NotFound
    └── UnknownHolding      no value is held under this id
"""

from __future__ import annotations

from storeline.kernel import api as kernel


class Unbalanced(kernel.Invalid):
    """Postings of an entity, currency and transaction do not sum to zero."""

    code = "unbalanced"
    title = "The postings do not balance"


class UnknownAccount(kernel.Invalid):
    """The chart has no such account."""

    code = "unknown_account"
    title = "Unknown account"


class AmountOutOfRange(kernel.Invalid):
    """The amount does not fit a 64-bit integer."""

    code = "amount_out_of_range"
    title = "Amount out of range"


class UnknownHolding(kernel.NotFound):
    """No value is held under this id."""

    code = "unknown_holding"
    title = "Unknown holding"
