"""Stock: movements, balances, reservations and exceptions. The only file that other modules import.

Every function here takes a set and queues its statements in the caller's pipeline (`Pending`), except the
commands with an `actor`, which are one transaction each. Quantities are thousandths of the product's unit.

The order that keeps threads from deadlocking: `lock` every pair first, then anything else.
"""

from storeline.stock.commands.bulk import CountByRef, set_counts
from storeline.stock.commands.direct import release_holds, reserve_many
from storeline.stock.commands.goods import adjust, count, receive
from storeline.stock.commands.load import STOCK_IN, load_stock
from storeline.stock.commands.moves import post_sales, settle
from storeline.stock.commands.record import RECORDED, record_from_temp
from storeline.stock.commands.reservations import expire, extend, keep, release, reserve, shrink
from storeline.stock.domain import (
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
    shortfalls,
    wanted,
)
from storeline.stock.errors import CountMismatch, SoldOut
from storeline.stock.locks import lock
from storeline.stock.permissions import ADJUST, COUNT, HOLD, READ, RECEIVE
from storeline.stock.queries import CountRow, ExceptionRow, StockLevel, count_rows, exceptions, levels, list_levels

__all__ = [
    "ADJUST",
    "COUNT",
    "HOLD",
    "READ",
    "RECEIVE",
    "RECORDED",
    "STOCK_IN",
    "Answer",
    "Band",
    "CountByRef",
    "CountMismatch",
    "CountRow",
    "Counted",
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
    "keep",
    "levels",
    "list_levels",
    "load_stock",
    "lock",
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
    "wanted",
]
