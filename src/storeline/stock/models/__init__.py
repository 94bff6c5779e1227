"""Tables of stock. Quantities are thousandths of the product's unit.

A balance caches the sum of its movements and of its held reservations, because it is what must not be promised
twice. Its row is also the lock of the reservations and exceptions of that place and product.
"""

from storeline.stock.models.balances import (
    Balance,
    Count,
    Movement,
    Ownership,
    Policy,
    Reservation,
    StockException,
)
from storeline.stock.models.lots import Adjustment, Lot, LotMove, Recall, TakeOff
from storeline.stock.models.transfers import Transfer, TransferArrival, TransferLine

__all__ = [
    "Adjustment",
    "Balance",
    "Count",
    "Lot",
    "LotMove",
    "Movement",
    "Ownership",
    "Policy",
    "Recall",
    "Reservation",
    "StockException",
    "TakeOff",
    "Transfer",
    "TransferArrival",
    "TransferLine",
]
