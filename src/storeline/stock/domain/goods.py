"""What stock is made of, and its pure rules. Quantities are thousandths of the product's unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

Pair = tuple[UUID, UUID]
"""(place_id, product_id): what a balance is kept for."""


class Kind(StrEnum):
    """Why stock moved."""

    OPENING = "opening"
    RECEIPT = "receipt"
    SALE = "sale"
    RETURN = "return"
    COUNT = "count"
    ADJUSTMENT = "adjustment"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    WASTE = "waste"
    UNCOUNTED = "uncounted"
    """Sets off past trade in goods that the place had not counted."""


REASONS = (
    "damaged",
    "expired",
    "stolen",
    "missing",
    "found",
    "sample",
    "own_use",
    "donated",
    "to_owner",
    "mistake",
    "other",
    "recalled",
)
"""Why stock is corrected. `other` says so in its note; `to_owner` is a partner's goods that it took back."""
LONGEST_NOTE = 200

DEEDS = ("receipt", "return", "count", "adjustment", "transfer_out", "transfer_in", "waste")
"""What people do to stock besides selling."""


class State(StrEnum):
    """The life of a reservation: held until the goods leave (posted) or are freed (released)."""

    HELD = "held"
    POSTED = "posted"
    RELEASED = "released"


class Shortfall(StrEnum):
    """What an exception says: promises that cannot be kept, or a count that cannot be true."""

    BELOW_RESERVED = "below_reserved"
    BELOW_ZERO = "below_zero"


class Band(StrEnum):
    """How much a shopper is told."""

    STOCK = "stock"
    FEW = "few"
    OUT = "out"


FEW = 5_000
"""Up to five units a shopper reads "few"."""


IN_SHOPS = frozenset({"store", "till"})
"""Channels of people who stand before the shelf: nothing is kept back from them."""


class Level(NamedTuple):
    """One balance, with what is kept back from online channels of it: safety stock, buffers by channel, expired lots.

    `lotted` is how much of it is in lots; `expired` is in lots past their day or recalled, `recalled` in the latter.
    """

    on_hand: int
    reserved: int
    safety: int = 0
    expired: int = 0
    buffers: Mapping[str, int] | None = None
    lotted: int = 0
    recalled: int = 0

    @property
    def available(self) -> int:
        """What staff can still promise; negative when sales went below what was promised."""
        return self.on_hand - self.reserved

    @property
    def promisable(self) -> int:
        """What an online channel without a buffer of its own can still promise."""
        return self.promisable_on("")

    def withheld(self, channel: str) -> int:
        """What is kept back from this channel: in shops only what is recalled."""
        if channel in IN_SHOPS:
            return self.recalled
        return self.safety + self.expired + (self.buffers or {}).get(channel, 0)

    def promisable_on(self, channel: str) -> int:
        """What this channel can still promise; negative when nothing can be."""
        return self.available - self.withheld(channel)

    @property
    def band(self) -> Band:
        """What a shopper online is told of it."""
        return band(self.promisable)


class MoveRow(NamedTuple):
    """One movement: `quantity` is signed, positive into the place; 0 is skipped."""

    source_id: UUID
    line_no: int
    kind: str
    place_id: UUID
    product_id: UUID
    quantity: int
    at: datetime
    business_date: date
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReserveRow:
    """One reservation to write. `expires_at` None: held until its owner releases or settles it."""

    source_id: UUID
    line_no: int
    place_id: UUID
    product_id: UUID
    quantity: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShrinkRow:
    """What stays held of one reservation after a short pick; 0 releases it."""

    source_id: UUID
    line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class _Named:
    """So much of a product at a place; `source_id` + `line_no` are made by the client and name the deed."""

    source_id: UUID
    line_no: int
    place_id: UUID
    product_id: UUID
    quantity: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Goods(_Named):
    """Goods that came in (receive) or a signed correction (adjust).

    `reason` of a receipt is its slip, of a correction one of `REASONS`, and `note` says more. Goods may name their
    `lot`, and when they come its `expires_on`; what leaves without a lot is taken from those that expire first.
    """

    note: str = ""
    lot: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Counted(_Named):
    """What somebody counted on the shelf: `quantity` becomes what is on hand.

    Where `expected` is given, the books must still say that: whoever explained a difference saw no other one.
    With a `lot` it is a count of that lot alone.
    """

    expected: int | None = None
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a command of goods did: the levels that it left, or that it had been done before (`repeated`)."""

    levels: Mapping[Pair, Level]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A request to reserve one product for somebody, named by the id that the client made.

    It takes from what its `channel` may be promised: one in a shop (`IN_SHOPS`) from all that is on the shelf.
    """

    id: UUID
    place_id: UUID
    product_id: UUID
    quantity: int
    expires_at: datetime | None = None
    channel: str = ""

    @property
    def state(self) -> str:
        """What it is once it was granted."""
        return State.HELD

    @property
    def asked(self) -> tuple[int, int, int]:
        """What was asked; neither the expiry nor the channel is part of it: a repeat comes later, and holds what it holds."""
        return self.place_id.int, self.product_id.int, self.quantity


class Answer(StrEnum):
    """What became of a request to reserve."""

    HELD = "held"
    SOLD_OUT = "sold_out"
    REPEATED = "repeated"
    MISMATCH = "mismatch"


class HoldVerdict(NamedTuple):
    """The answer to one `Hold`; `left` is what its channel could still be promised of that product just after it, below 0 where too
    much is promised already.
    """

    id: UUID
    answer: Answer
    state: str | None
    left: int

    @property
    def granted(self) -> bool:
        """Whether a durable reservation stands behind this id."""
        return self.answer in {Answer.HELD, Answer.REPEATED}


@dataclass(frozen=True, slots=True)
class KnownHold:
    """A reservation that an earlier request made; `asked` None: an order's or somebody else's, which no direct request can repeat."""

    asked: tuple[int, int, int] | None
    state: str


def band(available: int) -> Band:
    """Shoppers see bands, not counts: an exact count tells competitors the trade."""
    if available <= 0:
        return Band.OUT
    return Band.FEW if available <= FEW else Band.STOCK


def shortfalls(level: Level) -> dict[Shortfall, int]:
    """Which exceptions a balance must have open, and how many thousandths each is short.

    >>> shortfalls(Level(on_hand=-2, reserved=3))
    {<Shortfall.BELOW_RESERVED: 'below_reserved'>: 3, <Shortfall.BELOW_ZERO: 'below_zero'>: 2}
    """
    short = {
        Shortfall.BELOW_RESERVED: max(level.reserved - max(level.on_hand, 0), 0),
        Shortfall.BELOW_ZERO: max(-level.on_hand, 0),
    }
    return {kind: quantity for kind, quantity in short.items() if quantity}


UNDONE = "undone"
"""The reason of a movement that takes back a receipt made by mistake."""
EXPLAINED = (2_000, 10)
"""More than two units, and more than a tenth of what the books said: such a difference is saved with its reason."""
LARGE = (10_000, 4)
"""More than ten units, and more than a quarter: such a one is counted again, by somebody else."""


def must_explain(counted: int, expected: int) -> bool:
    """Whether a count's difference needs a reason."""
    return _beyond(counted, expected, *EXPLAINED)


def is_large(counted: int, expected: int) -> bool:
    """Whether somebody else should count again."""
    return _beyond(counted, expected, *LARGE)


def _beyond(counted: int, expected: int, units: int, share: int) -> bool:
    difference = abs(counted - expected)
    return difference > units and difference * share > abs(expected)


def wanted(rows: Iterable[ReserveRow]) -> dict[Pair, int]:
    """What the rows want of each balance together: two lines of one product add up."""
    total: dict[Pair, int] = defaultdict(int)
    for row in rows:
        total[row.place_id, row.product_id] += row.quantity
    return dict(total)


def spent(held: Iterable[ReserveRow], moves: Iterable[MoveRow]) -> dict[Pair, tuple[int, int]]:
    """What these rows change of each balance together: on hand (signed), and reserved."""
    total: dict[Pair, tuple[int, int]] = {}
    for move in moves:
        pair = (move.place_id, move.product_id)
        on_hand, reserved = total.get(pair, (0, 0))
        total[pair] = on_hand + move.quantity, reserved
    for hold in held:
        pair = (hold.place_id, hold.product_id)
        on_hand, reserved = total.get(pair, (0, 0))
        total[pair] = on_hand, reserved + hold.quantity
    return total


def is_plain(changes: Mapping[Pair, tuple[int, int]], levels: Mapping[Pair, Level]) -> bool:
    """Whether balances only have to be changed: all are there and without lots, and none is short before or after."""
    for pair, (on_hand, reserved) in changes.items():
        level = levels.get(pair)
        if level is None or level.lotted or level.available < 0 or level.available + on_hand - reserved < 0:
            return False
    return True


def decide_holds(
    asked: Sequence[Hold], levels: Mapping[Pair, Level], known: Mapping[UUID, KnownHold]
) -> list[HoldVerdict]:
    """Answer each request in the order of arrival, whole or not at all.

    A request too large for what is left is refused and takes nothing, so a smaller one behind it
    may still fit. An id that came before, here or in an earlier set, gets its first answer again.
    """
    # By numbers: a UUID's hash is reckoned in Python, each time, and this loop is what a hot product waits for.
    left = {(place.int, product.int): level.available for (place, product), level in levels.items()}
    kept = {
        channel: {(place.int, product.int): level.withheld(channel) for (place, product), level in levels.items()}
        for channel in {hold.channel for hold in asked}
    }
    seen: dict[int, KnownHold | Hold] = {hold_id.int: hold for hold_id, hold in known.items()}
    held, sold_out = Answer.HELD, Answer.SOLD_OUT
    verdicts: list[tuple[UUID, Answer, str | None, int]] = []
    for hold in asked:
        number, pair, quantity = hold.id.int, (hold.place_id.int, hold.product_id.int), hold.quantity
        available = left.get(pair, 0) - kept[hold.channel].get(pair, 0)
        if number in seen:
            before = seen[number]
            same = before.asked == hold.asked
            answer = Answer.REPEATED if same else Answer.MISMATCH
            verdicts.append((hold.id, answer, before.state if same else None, available))
        elif quantity > available:
            verdicts.append((hold.id, sold_out, None, available))
        else:
            left[pair] -= quantity
            seen[number] = hold
            verdicts.append((hold.id, held, "held", available - quantity))
    return list(map(HoldVerdict._make, verdicts))


def expected_levels(levels: Mapping[Pair, Level], moves: Iterable[MoveRow]) -> dict[Pair, Level]:
    """The levels after these movements, for whoever holds the locks."""
    after = dict(levels)
    for move in moves:
        pair = (move.place_id, move.product_id)
        before = after.get(pair, Level(0, 0))
        after[pair] = before._replace(on_hand=before.on_hand + move.quantity)
    return after
