"""Stock's refusals.

Error
├── NotFound 404
│   ├── NoTransfer          no_transfer           there is no such transfer
│   └── NoRecall            no_recall             there is no such recall
└── Refused 409
    ├── SoldOut             sold_out              not enough is left to promise
    ├── CountMismatch       stock_changed         a guarded statement changed fewer rows than were decided, or the
    │                                             books no longer say what a count was explained by
    ├── CannotUndo          cannot_undo           it is too long ago
    ├── Reserved            goods_reserved        what is to leave is promised to somebody
    ├── WrongTransferState  transfer_state        the transfer is not where this can be done
    ├── WrongLot            wrong_lot             the lot has another day, or less of it is there
    ├── AlreadyRecalled     already_recalled      this lot is recalled already
    ├── RecallNotDone       recall_not_done       some of the lot is on a shelf still, or under way; or was not looked for
    ├── RecallEnded         recall_ended          the recall was closed or lifted
    └── OtherOwner          other_owner           goods of one owner would become another's
"""

from __future__ import annotations

from storeline.kernel.api import NotFound, Refused


class NoTransfer(NotFound):
    code = "no_transfer"
    title = "There is no such transfer"


class NoRecall(NotFound):
    code = "no_recall"
    title = "There is no such recall"


class AlreadyRecalled(Refused):
    code = "already_recalled"
    title = "This lot is recalled already"


class RecallNotDone(Refused):
    code = "recall_not_done"
    title = "Some of it is not off the shelves yet"


class RecallEnded(Refused):
    code = "recall_ended"
    title = "The recall has ended"


class SoldOut(Refused):
    code = "sold_out"
    title = "Not enough is left"


class CountMismatch(Refused):
    code = "stock_changed"
    title = "The stock changed in between"


class CannotUndo(Refused):
    code = "cannot_undo"
    title = "This cannot be undone any more"


class Reserved(Refused):
    code = "goods_reserved"
    title = "It is promised to somebody"


class WrongTransferState(Refused):
    code = "transfer_state"
    title = "The transfer is not where this can be done"


class WrongLot(Refused):
    code = "wrong_lot"
    title = "The lot does not fit"


class OtherOwner(Refused):
    code = "other_owner"
    title = "The goods are somebody else's"
