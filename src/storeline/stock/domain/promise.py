"""Available to promise: what a channel may promise of a product at a place, now or by a moment, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from storeline.kernel.api import format_quantity
from storeline.stock.domain.goods import IN_SHOPS


class StepName(StrEnum):
    """What a step of the computation is about."""

    ON_HAND = "on_hand"
    RESERVED = "reserved"
    EXPIRED = "expired"
    RECALLED = "recalled"
    SAFETY = "safety"
    BUFFER = "buffer"
    INBOUND = "inbound"
    OVERDUE = "overdue"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class AtpStep:
    """One step: `quantity` is signed thousandths. `at` is when goods are due; `source_id` the transfer that brings them."""

    name: StepName
    quantity: int
    reason: str
    at: datetime | None = None
    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Atp:
    """What may be promised at a moment: `quantity` is the sum of its steps, never below 0."""

    place_id: UUID
    product_id: UUID
    channel: str
    at: datetime
    quantity: int
    steps: tuple[AtpStep, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a policy keeps back; `here` where it is the place's own, not everywhere's."""

    quantity: int
    here: bool


@dataclass(frozen=True, slots=True)
class Inbound:
    """Goods under way from another place."""

    transfer_id: UUID
    quantity: int
    due_at: datetime | None
    from_place: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a promise is made of: `reserved` without the holds that have ended, which are `ended`;
    `expired` is what will have expired by then, the first of it on `expired_on`; `recalled` is in recalled lots.
    """

    on_hand: int = 0
    reserved: int = 0
    ended: int = 0
    expired: int = 0
    expired_on: date | None = None
    recalled: int = 0
    safety: Kept | None = None
    buffer: Kept | None = None
    inbound: Sequence[Inbound] = ()


def promise(place_id: UUID, product_id: UUID, standing: Standing, *, channel: str, at: datetime, now: datetime) -> Atp:
    """The steps and their sum. What is due counts only for a moment to come, and only where it is not late already.

    In shops only what is recalled is kept back: who stands before the shelf may take what is on it.
    """
    steps = [
        AtpStep(StepName.ON_HAND, standing.on_hand, "What the books say is there."),
        AtpStep(StepName.RESERVED, -standing.reserved, _reserved(standing)),
    ]
    steps += _withheld(standing, channel)
    if at > now:
        steps += [_coming(one, now) for one in standing.inbound if one.due_at is not None and one.due_at <= at]
    total = sum(step.quantity for step in steps)
    if total < 0:
        steps.append(AtpStep(StepName.FLOOR, -total, "Less than nothing cannot be promised."))
    return Atp(place_id, product_id, channel, at, max(total, 0), tuple(steps))


def _reserved(standing: Standing) -> str:
    if standing.ended:
        return f"Promised to orders and holds; {format_quantity(standing.ended)} more were held until a moment ago."
    return "Promised to orders and holds."


def _withheld(standing: Standing, channel: str) -> list[AtpStep]:
    steps = []
    if standing.recalled:
        steps.append(
            AtpStep(StepName.RECALLED, -standing.recalled, "In lots that are recalled: they come off the shelf.")
        )
    if channel in IN_SHOPS:
        return steps
    if standing.expired:
        since = "" if standing.expired_on is None else f", the first after {standing.expired_on.isoformat()}"
        steps.append(AtpStep(StepName.EXPIRED, -standing.expired, f"In lots that are past their date then{since}."))
    if standing.safety is not None:
        steps.append(AtpStep(StepName.SAFETY, -standing.safety.quantity, f"Safety stock, {_scope(standing.safety)}."))
    if standing.buffer is not None:
        reason = f"Kept back from the channel {channel}, {_scope(standing.buffer)}."
        steps.append(AtpStep(StepName.BUFFER, -standing.buffer.quantity, reason))
    return steps


def _scope(kept: Kept) -> str:
    return "set for this place" if kept.here else "set for every place"


def _coming(one: Inbound, now: datetime) -> AtpStep:
    if one.due_at is not None and one.due_at < now:
        reason = f"{format_quantity(one.quantity)} from {one.from_place} should be here already: not counted."
        return AtpStep(StepName.OVERDUE, 0, reason, one.due_at, one.transfer_id)
    return AtpStep(StepName.INBOUND, one.quantity, f"Under way from {one.from_place}.", one.due_at, one.transfer_id)
