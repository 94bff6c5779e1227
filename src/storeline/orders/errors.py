"""Refusals of an order.

kernel.Error
├── Refused
│   ├── OutOfStock          a line asks for more than is available there
│   ├── PriceChanged        the total is not what the shopper was shown
│   ├── NotSold             the product is not sold there, or not that way
│   ├── PlaceClosed         the place does not sell or serve this way
│   ├── NotServed           nobody brings goods from there to that address
│   ├── NotKeptCold         what it is would spoil on that way, or at that place
│   ├── SlotFull            no room left in the slot
│   ├── SlotTooEarly        the slot begins before everything can be there
│   ├── PaymentDeclined     the partner said no
│   ├── WrongState          the order is past that step
│   └── PickingBegun        it is being picked, so the shopper cannot call it off
└── BodyMismatch
    └── OrderMismatch       the id names another order
"""

from storeline.kernel.api import BodyMismatch, Refused


class OutOfStock(Refused):
    code = "out_of_stock"
    title = "There is not enough of it"


class PriceChanged(Refused):
    code = "price_changed"
    title = "The price has changed"


class NotSold(Refused):
    code = "not_sold"
    title = "This is not sold there"


class PlaceClosed(Refused):
    code = "place_cannot"
    title = "The place cannot do that"


class NotServed(Refused):
    code = "not_served"
    title = "Nobody brings goods there"


class NotKeptCold(Refused):
    code = "not_kept_cold"
    title = "It would not be kept cold"


class SlotFull(Refused):
    code = "slot_full"
    title = "The slot is full"


class SlotTooEarly(Refused):
    code = "slot_too_early"
    title = "The slot is too early"


class PaymentDeclined(Refused):
    code = "payment_declined"
    title = "The payment was declined"


class WrongState(Refused):
    code = "wrong_state"
    title = "The order is past that step"


class PickingBegun(Refused):
    code = "picking_begun"
    title = "The order is being picked"


class OrderMismatch(BodyMismatch):
    code = "order_mismatch"
    title = "This id names another order"
