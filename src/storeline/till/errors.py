"""Refusals of the till.

Refused 409
├── SaleBusy       the sale is being paid: nothing in it changes now
├── SaleMoved      it changed since it was shown: look again
└── SaleClosed     it was paid, parked or cancelled meanwhile
"""

from storeline.kernel.api import Refused


class SaleBusy(Refused):
    code = "sale_busy"
    title = "The sale is being paid"


class SaleMoved(Refused):
    code = "sale_moved"
    title = "The sale has changed"


class SaleClosed(Refused):
    code = "sale_closed"
    title = "This sale is no longer open"
