"""Everything that other modules may use of orders."""

from storeline.orders.commands.amend import amend
from storeline.orders.commands.checkout import checkout, checkout_gathered
from storeline.orders.commands.complete import complete
from storeline.orders.commands.confirm import cancel, confirm, expire
from storeline.orders.commands.load import (
    LINE_DISCOUNTS_IN,
    ORDER_LINES_IN,
    ORDERS_IN,
    PAYMENTS_IN,
    load_orders,
)
from storeline.orders.commands.place import MAX_ORDERS, place
from storeline.orders.commands.quote import quote, quote_many
from storeline.orders.domain.drafts import Agreed, Draft, DraftLine, LineDiscount, Verdict
from storeline.orders.domain.shorts import OrderLine, Short
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.queries import (
    OrderHead,
    OrderView,
    ReceiptFacts,
    find_by_ref,
    get,
    lines,
    list_orders,
    receipt_facts,
)

__all__ = [
    "LINE_DISCOUNTS_IN",
    "MAX_ORDERS",
    "ORDERS_IN",
    "ORDER_LINES_IN",
    "PAYMENTS_IN",
    "Agreed",
    "Draft",
    "DraftLine",
    "LineDiscount",
    "LockedOrder",
    "OrderHead",
    "OrderLine",
    "OrderView",
    "ReceiptFacts",
    "Short",
    "Verdict",
    "amend",
    "cancel",
    "checkout",
    "checkout_gathered",
    "complete",
    "confirm",
    "expire",
    "find_by_ref",
    "get",
    "lines",
    "list_orders",
    "load_orders",
    "lock",
    "place",
    "quote",
    "quote_many",
    "receipt_facts",
]
