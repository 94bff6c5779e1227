"""Everything that other modules may use of orders."""

from storeline.orders.commands.amend import amend
from storeline.orders.commands.call_off import call_off, register_begun
from storeline.orders.commands.checkout import checkout, checkout_gathered, checkout_many
from storeline.orders.commands.complete import complete
from storeline.orders.commands.confirm import cancel, confirm, expire, register_ended
from storeline.orders.commands.contacts import contact_of
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
from storeline.orders.commands.source import Foreseen, checkout_sourced, foresee
from storeline.orders.commands.substitute import price_substitutes, substitute
from storeline.orders.domain.decide import KEPT_BY_CARRIERS
from storeline.orders.domain.drafts import (
    WISHES,
    Address,
    Agreed,
    Contact,
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
from storeline.orders.errors import NotServed, PickingBegun, SlotFull, SlotTooEarly, WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import CANCEL, OWN, PLACE, QUOTE, SELL, VIEW
from storeline.orders.personal import forget_buyer
from storeline.orders.queries import (
    Destination,
    LineDetail,
    OpenCount,
    OrderHead,
    OrderView,
    ReceiptFacts,
    Search,
    contacts,
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
    "KEPT_BY_CARRIERS",
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
    "Contact",
    "Destination",
    "Draft",
    "DraftLine",
    "Foreseen",
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
    "PickingBegun",
    "PricedLine",
    "ReceiptFacts",
    "Search",
    "Short",
    "SlotFull",
    "SlotTooEarly",
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
    "contact_of",
    "contacts",
    "count_open",
    "destinations",
    "expire",
    "find_by_ref",
    "foresee",
    "forget_buyer",
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
    "register_ended",
    "reslot",
    "search",
    "sold_since",
    "substitute",
    "token_of",
    "unpack",
    "whole",
    "wishes",
]
