"""Refusals of a return.

kernel.Error
├── Invalid
│   └── BadReturn           a line or refund that makes no sense
├── NotFound
│   ├── ReturnNotFound
│   └── RequestNotFound
├── Refused
│   ├── NotReturnable       the order is not one that goods can come back from
│   ├── TooMuchReturned     more would come back than was sold
│   ├── RequestClosed       the shopper's request has ended: accepted, withdrawn or lapsed
│   └── RefundRefused       the money cannot go back that way
└── BodyMismatch
    └── ReturnMismatch      the id names another return
"""

from storeline.kernel.api import BodyMismatch, Invalid, NotFound, Refused


class BadReturn(Invalid):
    code = "bad_return"
    title = "The return is not valid"


class ReturnNotFound(NotFound):
    code = "return_not_found"
    title = "There is no such return"


class RequestNotFound(NotFound):
    code = "return_request_not_found"
    title = "There is no such request"


class RequestClosed(Refused):
    code = "return_request_closed"
    title = "The request has ended"


class NotReturnable(Refused):
    code = "not_returnable"
    title = "This cannot be taken back"


class TooMuchReturned(Refused):
    code = "too_much_returned"
    title = "More would come back than was sold"


class RefundRefused(Refused):
    code = "refund_refused"
    title = "The money cannot be given back that way"


class ReturnMismatch(BodyMismatch):
    code = "return_mismatch"
    title = "This id names another return"
