"""Everything that other modules may use of payments."""

from storeline.payments.commands.ask import authorise
from storeline.payments.commands.books import paid_out
from storeline.payments.commands.import_ import (
    INTENTS_IN,
    REFUNDS_IN,
    record_from_temp,
    record_refunds_from_temp,
)
from storeline.payments.commands.open import open_intents
from storeline.payments.commands.operate import perform, perform_open, request
from storeline.payments.commands.outcomes import Changed, record_outcomes
from storeline.payments.commands.release import release
from storeline.payments.commands.repay import repay
from storeline.payments.commands.resolve import resolve_unknown
from storeline.payments.domain import (
    Authorisation,
    IntentRow,
    Offer,
    Operation,
    OperationRequest,
    Planned,
    Repayment,
    RequestVerdict,
    intents,
    plan,
)
from storeline.payments.errors import (
    CannotPayOut,
    InvalidPayment,
    KeyReused,
    NotOwed,
    PaymentMismatch,
    PaymentRefused,
    RefundOpen,
    UnknownIntent,
    UnknownTender,
)
from storeline.payments.events import AUTHORISED, CAPTURED, DECLINED, FAILED, REFUNDED, VOIDED
from storeline.payments.permissions import REFUND, VIEW
from storeline.payments.providers import (
    CASH,
    MANUFACTURER_COUPON,
    ROUNDING,
    Outcome,
    PartnerRequest,
    Provider,
    Tender,
    account_of,
    register_tender,
    settles_now,
    tender,
    tender_accounts,
    tenders,
)
from storeline.payments.queries import Owed, Payment, captured, list_owed, payments_of, sure
from storeline.payments.sandbox import SANDBOX_CARD

__all__ = [
    "AUTHORISED",
    "CAPTURED",
    "CASH",
    "DECLINED",
    "FAILED",
    "INTENTS_IN",
    "MANUFACTURER_COUPON",
    "REFUND",
    "REFUNDED",
    "REFUNDS_IN",
    "ROUNDING",
    "SANDBOX_CARD",
    "VIEW",
    "VOIDED",
    "Authorisation",
    "CannotPayOut",
    "Changed",
    "IntentRow",
    "InvalidPayment",
    "KeyReused",
    "NotOwed",
    "Offer",
    "Operation",
    "OperationRequest",
    "Outcome",
    "Owed",
    "PartnerRequest",
    "Payment",
    "PaymentMismatch",
    "PaymentRefused",
    "Planned",
    "Provider",
    "RefundOpen",
    "Repayment",
    "RequestVerdict",
    "Tender",
    "UnknownIntent",
    "UnknownTender",
    "account_of",
    "authorise",
    "captured",
    "intents",
    "list_owed",
    "open_intents",
    "paid_out",
    "payments_of",
    "perform",
    "perform_open",
    "plan",
    "record_from_temp",
    "record_outcomes",
    "record_refunds_from_temp",
    "register_tender",
    "release",
    "repay",
    "request",
    "resolve_unknown",
    "settles_now",
    "sure",
    "tender",
    "tender_accounts",
    "tenders",
]
