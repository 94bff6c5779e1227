"""Stock's refusals.

Error
└── Refused 409
    ├── SoldOut         stock.sold_out        not enough is left to promise
    └── CountMismatch   stock.changed         a guarded statement changed fewer rows than were decided
"""

from __future__ import annotations

from storeline.kernel.api import Refused


class SoldOut(Refused):
    code = "stock.sold_out"
    title = "Not enough is left"


class CountMismatch(Refused):
    code = "stock.changed"
    title = "The stock changed in between"
