"""Lots: goods of one product made together, with the day until which they are good."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from storeline.kernel.api import Invalid, format_quantity
from storeline.stock.domain.goods import Pair
from storeline.stock.errors import WrongLot

LONGEST_LOT = 20
"""GS1 General Specifications, AI (10): up to 20 characters of its set 82."""
_LOT = re.compile(rf"[!-Z_a-z]{{1,{LONGEST_LOT}}}")


@dataclass(frozen=True, slots=True)
class Lot:
    """What a place has of a lot, in thousandths. `expired` where its day is over or it is `recalled`: it is promised to
    nobody online, and leaves last.
    """

    place_id: UUID
    product_id: UUID
    lot: str
    expires_on: date | None
    on_hand: int
    expired: bool
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class LotTaken:
    """So much of a lot left a place, or came (`quantity` is signed), by the deed of this source and line.

    The source of a `sale` is an order; of a transfer it is the transfer, or the arrival that took it in.
    """

    source_id: UUID
    line_no: int
    kind: str
    place_id: UUID
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True)
class InTransit:
    """So much of a lot may be between two places."""

    transfer_id: UUID
    from_place: UUID
    to_place: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Recall:
    """Where a lot is and where it went: shelves, transfers under way, and every movement of it, the oldest first."""

    product_id: UUID
    lot: str
    shelves: tuple[Lot, ...]
    in_transit: tuple[InTransit, ...]
    taken: tuple[LotTaken, ...]

    @property
    def orders(self) -> frozenset[UUID]:
        """The orders that got some of it."""
        return frozenset(one.source_id for one in self.taken if one.kind == "sale")


@dataclass(frozen=True, slots=True)
class LotChange:
    """So much of a lot comes (positive) or goes by the deed of this source and line; `index` is the line as it was sent."""

    source_id: UUID
    line_no: int
    kind: str
    place_id: UUID
    product_id: UUID
    lot: str
    quantity: int
    expires_on: date | None = None
    index: int = 0


MoveKey = tuple[UUID, int, str, str, UUID, UUID]
"""(source_id, line_no, kind, lot, place_id, product_id)."""


class LotBook:
    """The lots of some balances while a command that names lots changes them, all under lock.

    `on_hand` is what each balance has once the command's movements are in it; `today` the day at each place.
    """

    def __init__(self, lots: Iterable[Lot], on_hand: Mapping[Pair, int], today: Mapping[UUID, date]) -> None:
        self._lots = {(lot.place_id, lot.product_id, lot.lot): lot for lot in lots}
        self._on_hand = on_hand
        self._today = today
        self.moved: dict[MoveKey, int] = {}
        self.touched: set[tuple[UUID, UUID, str]] = set()

    def there(self, place_id: UUID, product_id: UUID, lot: str) -> int:
        """What is there of a lot."""
        found = self._lots.get((place_id, product_id, lot))
        return 0 if found is None else found.on_hand

    def change(self, one: LotChange) -> None:
        """Take a change in. Raises WrongLot where the lot has another day, or less of it is there."""
        key = (one.place_id, one.product_id, one.lot)
        lot = self._lots.get(key) or Lot(*key, one.expires_on, 0, expired=False)
        if one.expires_on not in (None, lot.expires_on) and lot.expires_on is not None:
            told = f"This lot is good until {lot.expires_on.isoformat()} in the books."
            raise WrongLot(told, field=f"lines[{one.index}].expires_on", expires_on=lot.expires_on.isoformat())
        if lot.on_hand + one.quantity < 0:
            told = f"Only {format_quantity(lot.on_hand)} of this lot is there."
            raise WrongLot(told, field=f"lines[{one.index}].lot")
        until = lot.expires_on or one.expires_on
        over = until is not None and until < self._today[one.place_id]
        self._put(replace(lot, expires_on=until, expired=lot.expired or over), one, one.quantity)

    def fit(self, changes: Iterable[LotChange]) -> None:
        """No more is in lots than is on hand: what was sold before it was in the books leaves its lot at once."""
        for one in changes:
            mine = [
                lot for lot in self._lots.values() if (lot.place_id, lot.product_id) == (one.place_id, one.product_id)
            ]
            excess = sum(lot.on_hand for lot in mine) - max(self._on_hand.get((one.place_id, one.product_id), 0), 0)
            for lot in sorted(mine, key=first_out):
                if (some := min(lot.on_hand, excess)) > 0:
                    self._put(lot, one, -some)
                    excess -= some

    def rows(self) -> list[Lot]:
        """The lots that changed, as they are now."""
        return [self._lots[key] for key in sorted(self.touched)]

    def _put(self, lot: Lot, one: LotChange, quantity: int) -> None:
        key = (lot.place_id, lot.product_id, lot.lot)
        self._lots[key] = replace(lot, on_hand=lot.on_hand + quantity)
        self.touched.add(key)
        move = (one.source_id, one.line_no, one.kind, lot.lot, lot.place_id, lot.product_id)
        self.moved[move] = self.moved.get(move, 0) + quantity


def first_out(lot: Lot) -> tuple[bool, date, str]:
    """The order in which lots leave: by their last day, those past it and those without one last."""
    return lot.expired, lot.expires_on or date.max, lot.lot


def is_lot(text: str) -> bool:
    """Whether a label can carry it."""
    return _LOT.fullmatch(text) is not None


def check_lot(lot: str | None, expires_on: date | None, field: str) -> None:
    """Refuse a lot that no label can carry, and a day without its lot."""
    if lot is not None and not is_lot(lot):
        raise Invalid(f"A lot has 1 to {LONGEST_LOT} characters, as its label shows them.", field=f"{field}.lot")
    if lot is None and expires_on is not None:
        raise Invalid("Name the lot that is good until then.", field=f"{field}.lot")


def share(quantity: int, lots: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """`quantity` taken from lots in their order; what they do not hold belongs to none and is left out.

    >>> share(5, [("A", 3), ("B", 4)])
    [('A', 3), ('B', 2)]
    """
    taken = []
    for lot, there in lots:
        some = min(quantity, there)
        if some > 0:
            taken.append((lot, some))
            quantity -= some
    return taken


def share_after(before: int, quantity: int, lots: Sequence[Lot]) -> list[tuple[str, int, date | None]]:
    """`quantity` of lots in their order, after `before` of them; each with its last day. What they do not hold is left out.

    >>> taken = [Lot(UUID(int=1), UUID(int=2), lot, None, 2, expired=False) for lot in "AB"]
    >>> share_after(1, 2, taken)
    [('A', 1, None), ('B', 1, None)]
    """
    taken = []
    for lot in lots:
        skipped = min(before, lot.on_hand)
        before -= skipped
        some = min(quantity, lot.on_hand - skipped)
        if some > 0:
            taken.append((lot.lot, some, lot.expires_on))
            quantity -= some
    return taken
