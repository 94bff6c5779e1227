"""Stock's refusals.

Error
└── Refused 409
    ├── SoldOut         stock.sold_out        not enough is left to promise
    ├── CountMismatch   stock.changed         a guarded statement changed fewer rows than were decided, or the books
    │                                         no longer say what a count was explained by
    └── CannotUndo      stock.cannot_undo     it is too long ago
"""

from __future__ import annotations

from storeline.kernel.api import Refused


class SoldOut(Refused):
    code = "stock.sold_out"
    title = "Not enough is left"


class CountMismatch(Refused):
    code = "stock.changed"
    title = "The stock changed in between"


class CannotUndo(Refused):
    code = "stock.cannot_undo"
    title = "This cannot be undone any more"
