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
from storeline.orders.commands.place import MAX_ORDERS, place
from storeline.orders.commands.quote import quote, quote_many
from storeline.orders.commands.substitute import price_substitutes, substitute
from storeline.orders.domain.drafts import WISHES, Agreed, Draft, DraftLine, LineDiscount, PricedLine, Verdict, Wish
from storeline.orders.domain.number import order_number
from storeline.orders.domain.shorts import OrderLine, Short
from storeline.orders.domain.substitutes import SUBSTITUTION, Instead, pack, payable, unpack
from storeline.orders.errors import WrongState
from storeline.orders.locks import LockedOrder, lock
from storeline.orders.permissions import CANCEL, OWN, PLACE, QUOTE, SELL, VIEW
from storeline.orders.queries import (
    LineDetail,
    OpenCount,
    OrderHead,
    OrderView,
    ReceiptFacts,
    Search,
    count_open,
    find_by_ref,
    get,
    get_for,
    get_own,
    is_own,
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
    "Agreed",
    "Draft",
    "DraftLine",
    "Instead",
    "LineDetail",
    "LineDiscount",
    "LockedOrder",
    "OpenCount",
    "OrderHead",
    "OrderLine",
    "OrderView",
    "PricedLine",
    "ReceiptFacts",
    "Search",
    "Short",
    "Verdict",
    "Wish",
    "WrongState",
    "amend",
    "call_off",
    "cancel",
    "checkout",
    "checkout_gathered",
    "checkout_many",
    "complete",
    "confirm",
    "count_open",
    "expire",
    "find_by_ref",
    "get",
    "get_for",
    "get_own",
    "is_own",
    "lines",
    "list_orders",
    "load_orders",
    "lock",
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
    "search",
    "sold_since",
    "substitute",
    "token_of",
    "unpack",
    "whole",
    "wishes",
]
