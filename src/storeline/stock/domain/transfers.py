"""Transfers: goods that go from one place to another, and are in transit meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from storeline.kernel.api import Invalid


class TransferState(StrEnum):
    """Being packed, under way, all of it accounted for, or called off before it left."""

    OPEN = "open"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class TransferLine:
    """A product of a transfer, in thousandths. `quantity` was packed; it left when the transfer was shipped.

    Of what left, `received` came in good order (with what was `found` beyond it), `lost` never came, `damaged` came broken.
    """

    line_no: int
    product_id: UUID
    quantity: int
    shipped: int = 0
    received: int = 0
    lost: int = 0
    damaged: int = 0
    found: int = 0

    @property
    def in_transit(self) -> int:
        """What left and has not been accounted for yet."""
        return self.shipped + self.found - self.received - self.lost - self.damaged


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer as it stands. `due_at` is when it should arrive: promises count on it, and on none without it."""

    id: UUID
    from_place: UUID
    to_place: UUID
    state: TransferState
    due_at: datetime | None
    note: str
    created_at: datetime
    shipped_at: datetime | None
    ended_at: datetime | None
    lines: tuple[TransferLine, ...]


@dataclass(frozen=True, slots=True)
class TransferDraft:
    """A transfer to make; the client makes the `id`. `lines` are pairs of product and quantity, each product once."""

    id: UUID
    from_place: UUID
    to_place: UUID
    lines: Sequence[tuple[UUID, int]] = ()
    due_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ArrivedLine:
    """What became of a product of a transfer: `received` in good order (what was `found` beyond what was sent
    included), `lost`, `damaged`. What is not named stays in transit. A difference has its `note`, if there is one.
    """

    product_id: UUID
    received: int = 0
    lost: int = 0
    damaged: int = 0
    found: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Some or all of a transfer arrived; the client makes the `id`, so that a repeat changes nothing."""

    id: UUID
    transfer_id: UUID
    lines: Sequence[ArrivedLine]


def check_arrived(lines: Mapping[UUID, TransferLine], arrived: Sequence[ArrivedLine]) -> None:
    """Refuse what cannot be: a product that was not sent, none of anything, more than is under way without `found`."""
    seen: set[UUID] = set()
    for index, one in enumerate(arrived):
        line = lines.get(one.product_id)
        if line is None or one.product_id in seen:
            why = "It was not sent with this transfer." if line is None else "This product is named twice."
            raise Invalid(why, field=f"lines[{index}].product")
        seen.add(one.product_id)
        _check_line(index, line, one)


def _check_line(index: int, line: TransferLine, one: ArrivedLine) -> None:
    parts = {"received": one.received, "lost": one.lost, "damaged": one.damaged, "found": one.found}
    for name, quantity in parts.items():
        if quantity < 0:
            raise Invalid("A quantity is 0 or more.", field=f"lines[{index}].{name}")
    if not any(parts.values()):
        raise Invalid("Say how many came, or what became of them.", field=f"lines[{index}].received")
    if one.found > one.received:
        raise Invalid("What was found beyond what was sent is part of what came.", field=f"lines[{index}].found")
    if one.received + one.lost + one.damaged - one.found > line.in_transit:
        raise Invalid("More than was sent: say how many of them were found.", field=f"lines[{index}].received")
    if one.found and one.received - one.found + one.lost + one.damaged < line.in_transit:
        raise Invalid("Nothing is found while some of it is still under way.", field=f"lines[{index}].found")
