"""Everything that other modules may use of aftersales."""

from storeline.aftersales.commands.load import REFUNDS_IN, RETURN_LINES_IN, RETURNS_IN, load_returns
from storeline.aftersales.commands.request import (
    Preview,
    Refundable,
    ask_return,
    lapse_requests,
    left_to_return,
    preview,
    withdraw_request,
)
from storeline.aftersales.commands.settle import settle
from storeline.aftersales.commands.take_back import return_goods
from storeline.aftersales.domain.requests import REASONS, RequestLine, ReturnRequest
from storeline.aftersales.domain.terms import Refund, Return, ReturnLine
from storeline.aftersales.errors import (
    BadReturn,
    NotReturnable,
    RefundRefused,
    RequestClosed,
    RequestNotFound,
    ReturnMismatch,
    ReturnNotFound,
    TooMuchReturned,
)
from storeline.aftersales.events import RECORDED, REFUND_FAILED, REFUNDED, REQUEST_CLOSED, REQUESTED, RETURNED
from storeline.aftersales.permissions import ASK, OTHER_TENDER, RETURN, VIEW, WITHOUT_RECEIPT
from storeline.aftersales.queries import (
    RefundView,
    RequestView,
    ReturnedLine,
    ReturnHead,
    ReturnView,
    find_request,
    get_request,
    get_return,
    list_returns,
    requests_of,
    returns_by_id,
)

__all__ = [
    "ASK",
    "OTHER_TENDER",
    "REASONS",
    "RECORDED",
    "REFUNDED",
    "REFUNDS_IN",
    "REFUND_FAILED",
    "REQUESTED",
    "REQUEST_CLOSED",
    "RETURN",
    "RETURNED",
    "RETURNS_IN",
    "RETURN_LINES_IN",
    "VIEW",
    "WITHOUT_RECEIPT",
    "BadReturn",
    "NotReturnable",
    "Preview",
    "Refund",
    "RefundRefused",
    "RefundView",
    "Refundable",
    "RequestClosed",
    "RequestLine",
    "RequestNotFound",
    "RequestView",
    "Return",
    "ReturnHead",
    "ReturnLine",
    "ReturnMismatch",
    "ReturnNotFound",
    "ReturnRequest",
    "ReturnView",
    "ReturnedLine",
    "TooMuchReturned",
    "ask_return",
    "find_request",
    "get_request",
    "get_return",
    "lapse_requests",
    "left_to_return",
    "list_returns",
    "load_returns",
    "preview",
    "requests_of",
    "return_goods",
    "returns_by_id",
    "settle",
    "withdraw_request",
]
