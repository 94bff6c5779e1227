"""Stock: movements, balances, reservations and exceptions. The only file that other modules import.

Every function here takes a set and queues its statements in the caller's pipeline (`Pending`), except the
commands with an `actor`, which are one transaction each. Quantities are thousandths of the product's unit.

The order that keeps threads from deadlocking: `lock` every pair first, then anything else.
"""

from storeline.stock.commands.bulk import CountByRef, set_counts
from storeline.stock.commands.direct import release_holds, reserve_many
from storeline.stock.commands.goods import adjust, count, receive, undo_receipt
from storeline.stock.commands.load import STOCK_IN, load_stock
from storeline.stock.commands.moves import post_sales, settle
from storeline.stock.commands.record import RECORDED, record_from_temp
from storeline.stock.commands.reservations import expire, extend, keep, release, reserve, shrink
from storeline.stock.domain import (
    UNDONE,
    Answer,
    Band,
    Counted,
    Done,
    Goods,
    Hold,
    HoldVerdict,
    Kind,
    Level,
    MoveRow,
    Pair,
    ReserveRow,
    Shortfall,
    ShrinkRow,
    State,
    band,
    is_large,
    must_explain,
    shortfalls,
    wanted,
)
from storeline.stock.errors import CannotUndo, CountMismatch, SoldOut
from storeline.stock.locks import lock
from storeline.stock.permissions import ADJUST, COUNT, HOLD, READ, RECEIVE
from storeline.stock.queries import (
    CountRow,
    DeedRow,
    ExceptionRow,
    StockLevel,
    count_rows,
    exceptions,
    last_counts,
    last_deeds,
    last_receipts,
    levels,
    list_levels,
    to_recount,
)

__all__ = [
    "ADJUST",
    "COUNT",
    "HOLD",
    "READ",
    "RECEIVE",
    "RECORDED",
    "STOCK_IN",
    "UNDONE",
    "Answer",
    "Band",
    "CannotUndo",
    "CountByRef",
    "CountMismatch",
    "CountRow",
    "Counted",
    "DeedRow",
    "Done",
    "ExceptionRow",
    "Goods",
    "Hold",
    "HoldVerdict",
    "Kind",
    "Level",
    "MoveRow",
    "Pair",
    "ReserveRow",
    "Shortfall",
    "ShrinkRow",
    "SoldOut",
    "State",
    "StockLevel",
    "adjust",
    "band",
    "count",
    "count_rows",
    "exceptions",
    "expire",
    "extend",
    "is_large",
    "keep",
    "last_counts",
    "last_deeds",
    "last_receipts",
    "levels",
    "list_levels",
    "load_stock",
    "lock",
    "must_explain",
    "post_sales",
    "receive",
    "record_from_temp",
    "release",
    "release_holds",
    "reserve",
    "reserve_many",
    "set_counts",
    "settle",
    "shortfalls",
    "shrink",
    "to_recount",
    "undo_receipt",
    "wanted",
]
