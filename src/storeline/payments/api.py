"""Everything that other modules may use of payments."""

from storeline.payments.commands.ask import authorise
from storeline.payments.commands.import_ import (
    INTENTS_IN,
    REFUNDS_IN,
    record_from_temp,
    record_refunds_from_temp,
)
from storeline.payments.commands.open import open_intents
from storeline.payments.commands.operate import (
    capture,
    capture_many,
    operate,
    perform,
    perform_open,
    refund,
    refund_many,
    request,
    void,
)
from storeline.payments.commands.outcomes import Changed, record_outcomes
from storeline.payments.commands.release import release
from storeline.payments.commands.resolve import resolve_unknown
from storeline.payments.domain import (
    Authorisation,
    IntentRow,
    Offer,
    Operation,
    OperationRequest,
    Planned,
    RequestVerdict,
    intents,
    plan,
)
from storeline.payments.errors import (
    InvalidPayment,
    KeyReused,
    PaymentMismatch,
    PaymentRefused,
    UnknownIntent,
    UnknownTender,
)
from storeline.payments.events import AUTHORISED, CAPTURED, DECLINED, FAILED, REFUNDED, VOIDED
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
    tender,
    tender_accounts,
    tenders,
)
from storeline.payments.queries import Payment, payments_of
from storeline.payments.sandbox import SANDBOX_CARD

__all__ = [
    "AUTHORISED",
    "CAPTURED",
    "CASH",
    "DECLINED",
    "FAILED",
    "INTENTS_IN",
    "MANUFACTURER_COUPON",
    "REFUNDED",
    "REFUNDS_IN",
    "ROUNDING",
    "SANDBOX_CARD",
    "VOIDED",
    "Authorisation",
    "Changed",
    "IntentRow",
    "InvalidPayment",
    "KeyReused",
    "Offer",
    "Operation",
    "OperationRequest",
    "Outcome",
    "PartnerRequest",
    "Payment",
    "PaymentMismatch",
    "PaymentRefused",
    "Planned",
    "Provider",
    "RequestVerdict",
    "Tender",
    "UnknownIntent",
    "UnknownTender",
    "account_of",
    "authorise",
    "capture",
    "capture_many",
    "intents",
    "open_intents",
    "operate",
    "payments_of",
    "perform",
    "perform_open",
    "plan",
    "record_from_temp",
    "record_outcomes",
    "record_refunds_from_temp",
    "refund",
    "refund_many",
    "register_tender",
    "release",
    "request",
    "resolve_unknown",
    "tender",
    "tender_accounts",
    "tenders",
    "void",
]
