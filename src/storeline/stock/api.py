"""Stock: what is there, what is promised, what is under way. The only file that other modules import.

Every function here takes a set and queues its statements in the caller's pipeline (`Pending`), except the
commands with an `actor`, which are one transaction each. Quantities are thousandths of the product's unit.

The order that keeps threads from deadlocking: `lock` every pair first, then anything else.

What an order may take is in the `Level` that `lock` gives: `level.promisable_on(channel)` for what comes online,
`level.available` for staff; `level.withheld(channel)` is the difference. What a place may promise by a moment, with
every step, is `atp`.
"""

from storeline.stock.commands.arrivals import hold_arrived, register_arrivals
from storeline.stock.commands.bulk import CountByRef, set_counts
from storeline.stock.commands.direct import release_holds, reserve_many
from storeline.stock.commands.goods import adjust, count, receive, undo_receipt
from storeline.stock.commands.load import STOCK_IN, load_stock
from storeline.stock.commands.load_lots import LOTS_IN, load_lots
from storeline.stock.commands.load_owners import OWNED_GOODS_IN, load_owned_goods
from storeline.stock.commands.lots import expire_lots
from storeline.stock.commands.moves import post_sales, settle
from storeline.stock.commands.owners import set_owners
from storeline.stock.commands.policies import STOCK_POLICIES_IN, PolicyByRef, load_stock_policies, set_policies
from storeline.stock.commands.record import RECORDED, record_from_temp
from storeline.stock.commands.reservations import expire, extend, keep, release, reserve, shrink
from storeline.stock.commands.returns import Returned, Returning, lock_returns, post_returns
from storeline.stock.commands.spend import spend
from storeline.stock.commands.transfers import (
    cancel_transfer,
    create_transfer,
    put_transfer_line,
    receive_transfer,
    ship_transfer,
)
from storeline.stock.domain.goods import (
    IN_SHOPS,
    REASONS,
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
from storeline.stock.domain.lots import InTransit, Lot, LotTaken, Recall
from storeline.stock.domain.owners import Owned, OwnedLevel, OwnedMove, Ownership
from storeline.stock.domain.promise import Atp, AtpStep, StepName
from storeline.stock.domain.transfers import (
    Arrival,
    ArrivedLine,
    Transfer,
    TransferDraft,
    TransferLine,
    TransferState,
)
from storeline.stock.errors import (
    CannotUndo,
    CountMismatch,
    NoTransfer,
    OtherOwner,
    Reserved,
    SoldOut,
    WrongLot,
    WrongTransferState,
)
from storeline.stock.locks import lock
from storeline.stock.permissions import ADJUST, COUNT, HOLD, OWN, POLICY, READ, RECALL, RECEIVE, TRANSFER, WASTE
from storeline.stock.queries.corrections import CorrectionRow, corrections
from storeline.stock.queries.levels import (
    CountRow,
    DeedRow,
    ExceptionRow,
    StockLevel,
    count_rows,
    exceptions,
    gather_levels,
    last_counts,
    last_deeds,
    last_receipts,
    levels,
    list_levels,
    to_recount,
)
from storeline.stock.queries.lots import expiring, lots_at, recall
from storeline.stock.queries.owners import owned, owned_moves, owners_of
from storeline.stock.queries.policies import PolicyRow, list_policies
from storeline.stock.queries.promise import atp
from storeline.stock.queries.transfers import get_transfer, knows_arrival, list_transfers

__all__ = [
    "ADJUST",
    "COUNT",
    "HOLD",
    "IN_SHOPS",
    "LOTS_IN",
    "OWN",
    "OWNED_GOODS_IN",
    "POLICY",
    "READ",
    "REASONS",
    "RECALL",
    "RECEIVE",
    "RECORDED",
    "STOCK_IN",
    "STOCK_POLICIES_IN",
    "TRANSFER",
    "UNDONE",
    "WASTE",
    "Answer",
    "Arrival",
    "ArrivedLine",
    "Atp",
    "AtpStep",
    "Band",
    "CannotUndo",
    "CorrectionRow",
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
    "InTransit",
    "Kind",
    "Level",
    "Lot",
    "LotTaken",
    "MoveRow",
    "NoTransfer",
    "OtherOwner",
    "Owned",
    "OwnedLevel",
    "OwnedMove",
    "Ownership",
    "Pair",
    "PolicyByRef",
    "PolicyRow",
    "Recall",
    "ReserveRow",
    "Reserved",
    "Returned",
    "Returning",
    "Shortfall",
    "ShrinkRow",
    "SoldOut",
    "State",
    "StepName",
    "StockLevel",
    "Transfer",
    "TransferDraft",
    "TransferLine",
    "TransferState",
    "WrongLot",
    "WrongTransferState",
    "adjust",
    "atp",
    "band",
    "cancel_transfer",
    "corrections",
    "count",
    "count_rows",
    "create_transfer",
    "exceptions",
    "expire",
    "expire_lots",
    "expiring",
    "extend",
    "gather_levels",
    "get_transfer",
    "hold_arrived",
    "is_large",
    "keep",
    "knows_arrival",
    "last_counts",
    "last_deeds",
    "last_receipts",
    "levels",
    "list_levels",
    "list_policies",
    "list_transfers",
    "load_lots",
    "load_owned_goods",
    "load_stock",
    "load_stock_policies",
    "lock",
    "lock_returns",
    "lots_at",
    "must_explain",
    "owned",
    "owned_moves",
    "owners_of",
    "post_returns",
    "post_sales",
    "put_transfer_line",
    "recall",
    "receive",
    "receive_transfer",
    "record_from_temp",
    "register_arrivals",
    "release",
    "release_holds",
    "reserve",
    "reserve_many",
    "set_counts",
    "set_owners",
    "set_policies",
    "settle",
    "ship_transfer",
    "shortfalls",
    "shrink",
    "spend",
    "to_recount",
    "undo_receipt",
    "wanted",
]
