"""Everything that other modules may use of orders."""

from storeline.orders.commands.amend import amend
from storeline.orders.commands.call_off import call_off, register_begun
from storeline.orders.commands.checkout import checkout, checkout_gathered, checkout_many
from storeline.orders.commands.complete import complete
from storeline.orders.commands.confirm import cancel, confirm, expire
from storeline.orders.commands.load import (
    LINE_DISCOUNTS_IN,
    ORDER_LINES_IN,
    ORDERS_IN,
    PAYMENTS_IN,
    load_orders,
)
from storeline.orders.commands.move import leave, move
from storeline.orders.commands.place import MAX_ORDERS, place
from storeline.orders.commands.quote import quote, quote_many
from storeline.orders.commands.reslot import reslot
from storeline.orders.commands.source import checkout_sourced
from storeline.orders.commands.substitute import price_substitutes, substitute
from storeline.orders.domain.drafts import (
    WISHES,
    Address,
    Agreed,
    Draft,
    DraftLine,
    LineDiscount,
    PricedLine,
    Verdict,
    Wish,
    check_address,
)
from storeline.orders.domain.moves import Part
from storeline.orders.domain.number import order_number
from storeline.orders.domain.shorts import OrderLine, Short
from storeline.orders.domain.substitutes import SUBSTITUTION, Instead, pack, payable, unpack
from storeline.orders.errors import NotServed, SlotFull, WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import CANCEL, OWN, PLACE, QUOTE, SELL, VIEW
from storeline.orders.queries import (
    Destination,
    LineDetail,
    OpenCount,
    OrderHead,
    OrderView,
    ReceiptFacts,
    Search,
    count_open,
    destinations,
    find_by_ref,
    get,
    get_for,
    get_own,
    is_own,
    last_address,
    lines,
    list_orders,
    overdue,
    receipt_facts,
    records_of_actor,
    search,
    sold_since,
    token_of,
    whole,
    wishes,
)

__all__ = [
    "CANCEL",
    "LINE_DISCOUNTS_IN",
    "MAX_ORDERS",
    "ORDERS_IN",
    "ORDER_LINES_IN",
    "OWN",
    "PAYMENTS_IN",
    "PLACE",
    "QUOTE",
    "SELL",
    "SUBSTITUTION",
    "VIEW",
    "WISHES",
    "Address",
    "Agreed",
    "Destination",
    "Draft",
    "DraftLine",
    "Instead",
    "LineDetail",
    "LineDiscount",
    "LockedOrder",
    "NotServed",
    "OpenCount",
    "OrderHead",
    "OrderLine",
    "OrderView",
    "Part",
    "PricedLine",
    "ReceiptFacts",
    "Search",
    "Short",
    "SlotFull",
    "Verdict",
    "Wish",
    "WrongState",
    "amend",
    "call_off",
    "cancel",
    "check_address",
    "checkout",
    "checkout_gathered",
    "checkout_many",
    "checkout_sourced",
    "complete",
    "confirm",
    "count_open",
    "destinations",
    "expire",
    "find_by_ref",
    "get",
    "get_for",
    "get_own",
    "is_own",
    "last_address",
    "leave",
    "lines",
    "list_orders",
    "load_orders",
    "lock",
    "move",
    "order_number",
    "overdue",
    "pack",
    "payable",
    "place",
    "price_substitutes",
    "quote",
    "quote_many",
    "receipt_facts",
    "records_of_actor",
    "register_begun",
    "reslot",
    "search",
    "sold_since",
    "substitute",
    "token_of",
    "unpack",
    "whole",
    "wishes",
]
