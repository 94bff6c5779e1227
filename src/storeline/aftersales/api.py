"""Everything that other modules may use of aftersales."""

from storeline.aftersales.commands.load import REFUNDS_IN, RETURN_LINES_IN, RETURNS_IN, load_returns
from storeline.aftersales.commands.settle import settle
from storeline.aftersales.commands.take_back import return_goods
from storeline.aftersales.domain.terms import Refund, Return, ReturnLine
from storeline.aftersales.errors import (
    BadReturn,
    NotReturnable,
    RefundRefused,
    ReturnMismatch,
    ReturnNotFound,
    TooMuchReturned,
)
from storeline.aftersales.events import RECORDED, REFUND_FAILED, REFUNDED, RETURNED
from storeline.aftersales.queries import (
    RefundView,
    ReturnedLine,
    ReturnHead,
    ReturnView,
    get_return,
    list_returns,
    returns_by_id,
)

__all__ = [
    "RECORDED",
    "REFUNDED",
    "REFUNDS_IN",
    "REFUND_FAILED",
    "RETURNED",
    "RETURNS_IN",
    "RETURN_LINES_IN",
    "BadReturn",
    "NotReturnable",
    "Refund",
    "RefundRefused",
    "RefundView",
    "Return",
    "ReturnHead",
    "ReturnLine",
    "ReturnMismatch",
    "ReturnNotFound",
    "ReturnView",
    "ReturnedLine",
    "TooMuchReturned",
    "get_return",
    "list_returns",
    "load_returns",
    "return_goods",
    "returns_by_id",
    "settle",
]
