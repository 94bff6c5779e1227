"""Refusals of partners.

Error
├── Invalid 422
│   ├── UnsafeAddress       a webhook's address that is not https, or lies inside a private network
│   └── UnknownScope        a permission that partners do not have
├── NotFound 404
│   └── PartnerNotFound
└── Refused 409
    └── NothingAgreed       the agreement gives programs nothing to do, or has ended
"""

from storeline.kernel.api import Invalid, NotFound, Refused


class UnsafeAddress(Invalid):
    code = "unsafe_address"
    title = "Webhooks are not sent to that address"


class UnknownScope(Invalid):
    code = "unknown_scope"
    title = "That cannot be agreed with a partner"


class PartnerNotFound(NotFound):
    code = "partner_not_found"
    title = "There is no such partner"


class NothingAgreed(Refused):
    code = "nothing_agreed"
    title = "The agreement does not give that"
