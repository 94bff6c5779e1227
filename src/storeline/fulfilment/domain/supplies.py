"""Pure rules of orders that several places serve: what a place rejects, and what comes from another. Thousandths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from storeline.fulfilment.domain.picking import TaskLine
from storeline.fulfilment.errors import PickedTooMuch
from storeline.kernel.api import QUANTITY_ONE


class Why(StrEnum):
    """Why a place cannot give something: it is not on the shelf, or broken; ``not_sent``: it never sent it; ``lost``: on the way."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    NOT_SENT = "not_sent"
    LOST = "lost"


class SupplyState(StrEnum):
    """The life of a supply."""

    TO_PICK = "to_pick"
    SENT = "sent"
    RECEIVED = "received"
    MOVED = "moved"
    CANCELLED = "cancelled"


class Late(StrEnum):
    """Why a supply is not there when it was first promised: it did not leave in time, or left and has not come."""

    NOT_SENT = "not_sent"
    NOT_ARRIVED = "not_arrived"


LIVE_SUPPLIES = ("to_pick", "sent")


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a place says that it cannot give of a line; `id` is the client's and its idempotency record."""

    id: UUID
    order_id: UUID
    line_no: int
    quantity: int
    reason: Why


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """A line of an order that comes from elsewhere. Of `ordered`, `arrived` is here, `gone` never will be."""

    line_no: int
    product_id: UUID
    ordered: int
    picked: int
    arrived: int
    gone: int

    @property
    def is_open(self) -> bool:
        """Whether something of it has still to come."""
        return self.arrived + self.gone < self.ordered


@dataclass(frozen=True, slots=True)
class Supply:
    """What `place_id` picks of an order and sends to `to_place`, which serves it.

    It is due there at `due_at`, at first at `promised_at`; where that is not the same, `late` says why. `way` is how long
    it is on its way.
    """

    id: UUID
    order_id: UUID
    place_id: UUID
    to_place: UUID
    state: SupplyState
    due_at: datetime
    promised_at: datetime
    way: timedelta
    late: Late | None
    created_at: datetime
    sent_at: datetime | None
    closed_at: datetime | None
    lines: tuple[SupplyLine, ...] = ()

    @property
    def leave_by(self) -> datetime:
        """When it has to leave to be there when it is due."""
        return self.due_at - self.way


def way_of(takes: timedelta) -> timedelta:
    """How long goods are on their way, of the hours from the plan until they are there: the first half is for picking them."""
    return takes / 2


def handed_over_from(arrives: datetime, way: timedelta, *, at_point: bool) -> datetime:
    """When goods can be handed over that arrive where their order is packed: what is collected at a point is packed before it
    goes there, which takes twice the way.
    """
    return arrives + 2 * way if at_point else arrives


def postponed(supply: Supply, moment: datetime) -> tuple[Late, datetime] | None:
    """Why a supply cannot be there when it is due, and when it can be at the earliest; None while it still can.

    What has not left by when it had to is given as long for its picking once more; what left and has not come, for its way.
    """
    if supply.state is SupplyState.TO_PICK and moment > supply.leave_by:
        return Late.NOT_SENT, moment + 2 * supply.way
    if supply.state is SupplyState.SENT and moment > supply.due_at:
        return Late.NOT_ARRIVED, moment + supply.way
    return None


def left_to_reject(line: TaskLine) -> int:
    """How much of a line can still be rejected: what neither moved nor was rejected or replaced before."""
    return line.ordered - line.moved - max(line.rejected, line.replaced)


def check_rejected(asked: Rejected, line: TaskLine, *, by_weight: bool) -> None:
    """Refuse more than the line still wants from there, and parts of a piece."""
    if asked.quantity <= 0 or (asked.quantity % QUANTITY_ONE and not by_weight):
        raise PickedTooMuch("Say how many whole units, above 0.", field="quantity")
    if asked.quantity > left_to_reject(line):
        raise PickedTooMuch("So much of it is not wanted from here any more.", field="quantity")


def picked_after(line: TaskLine, quantity: int) -> int | None:
    """What counts as picked once so much of a line was rejected: what was in the bag and is not good goes out of it.

    None while some of the line is still to be looked for.
    """
    rest = left_to_reject(line) - quantity
    return None if line.picked is None and rest else min(line.picked or 0, rest)


def to_correct(quantity: int, on_hand: int, picked: int) -> int:
    """By how much the books are wrong where `quantity` was not there to be sold.

    What lies picked for orders is there for sure; where the books say no more than that they are right already.
    """
    return max(min(quantity, on_hand - picked), 0)


def share_out(
    lines: Sequence[SupplyLine], good: Mapping[UUID, int], bad: Mapping[UUID, int]
) -> dict[int, tuple[int, int]]:
    """For each line what of it has arrived and what is gone, where so much of each product came, and so much never will.

    Lines of one product are filled in their order, and what is gone is missing from the last of them.
    """
    shared: dict[int, tuple[int, int]] = {}
    left_good, left_bad = dict(good), dict(bad)
    for line in lines:
        came = min(line.ordered, left_good.get(line.product_id, 0))
        left_good[line.product_id] = left_good.get(line.product_id, 0) - came
        shared[line.line_no] = (came, 0)
    for line in reversed(lines):
        came = shared[line.line_no][0]
        lost = min(line.ordered - came, left_bad.get(line.product_id, 0))
        left_bad[line.product_id] = left_bad.get(line.product_id, 0) - lost
        shared[line.line_no] = (came, lost)
    return shared
