"""What partners are owed for goods that are sold for them, and how it is settled."""

from storeline.consignment.commands import Statement, settle, take_in
from storeline.consignment.domain import KINDS, LOSS, RETURN, SALE
from storeline.consignment.errors import NoSettlement, NothingOwed
from storeline.consignment.permissions import READ, SETTLE
from storeline.consignment.queries import (
    FIRST_HELD,
    Account,
    Held,
    Here,
    LineView,
    Part,
    SettlementView,
    Sums,
    accounts,
    get_settlement,
    held,
    lines_of,
    parts,
    settlements_of,
    statement,
)

__all__ = [
    "FIRST_HELD",
    "KINDS",
    "LOSS",
    "READ",
    "RETURN",
    "SALE",
    "SETTLE",
    "Account",
    "Held",
    "Here",
    "LineView",
    "NoSettlement",
    "NothingOwed",
    "Part",
    "SettlementView",
    "Statement",
    "Sums",
    "accounts",
    "get_settlement",
    "held",
    "lines_of",
    "parts",
    "settle",
    "settlements_of",
    "statement",
    "take_in",
]
