"""Refusals of consignment.

Error
├── NotFound 404
│   └── NoSettlement        no_settlement         there is no such settlement of this partner
└── Refused 409
    └── NothingOwed         nothing_owed          nothing is owed for the period: it goes into the next one
"""

from __future__ import annotations

from storeline.kernel.api import NotFound, Refused


class NoSettlement(NotFound):
    code = "no_settlement"
    title = "There is no such settlement"


class NothingOwed(Refused):
    code = "nothing_owed"
    title = "Nothing is owed"
