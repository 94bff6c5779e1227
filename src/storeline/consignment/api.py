"""What partners are owed for goods that are sold for them, and how it is settled."""

from storeline.consignment.commands import Statement, settle, take_in
from storeline.consignment.domain import KINDS, LOSS, RETURN, SALE
from storeline.consignment.errors import NoSettlement, NothingOwed
from storeline.consignment.permissions import READ, SETTLE
from storeline.consignment.queries import LineView, SettlementView, get_settlement, lines_of, settlements_of

__all__ = [
    "KINDS",
    "LOSS",
    "READ",
    "RETURN",
    "SALE",
    "SETTLE",
    "LineView",
    "NoSettlement",
    "NothingOwed",
    "SettlementView",
    "Statement",
    "get_settlement",
    "lines_of",
    "settle",
    "settlements_of",
    "take_in",
]
