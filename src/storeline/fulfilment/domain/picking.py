"""Pure rules of picking and of the money for what was picked. Quantities are thousandths, amounts minor units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from storeline.fulfilment.errors import NotPicked, OnItsWay, PickedTooMuch, TaskClosed
from storeline.kernel.api import QUANTITY_ONE

DUE_WITHOUT_SLOT = timedelta(hours=2)
COLLECT_WITHIN = timedelta(days=14)
"""How long a collection code is good for."""


class State(StrEnum):
    """The life of a task.

    ``capturing``: all is picked, the partner was asked for the money and has not answered; ``unpaid``: the partner
    said no, and it may be asked again.
    """

    TO_PICK = "to_pick"
    PICKING = "picking"
    CAPTURING = "capturing"
    UNPAID = "unpaid"
    READY = "ready"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


PICKED_WAITS = {"hot": timedelta(0), "fresh": timedelta(days=1), "chilled": timedelta(days=1)}
"""How long goods that were picked lie packed and are still what was bought, by how they are kept. What is frozen stays in the freezer."""

OPEN = frozenset({"to_pick", "picking", "capturing", "unpaid", "ready"})
PICKABLE = frozenset({"to_pick", "picking"})
ASKABLE = PICKABLE | {"unpaid"}


@dataclass(frozen=True, slots=True)
class Task:
    """A task that nobody else can change until this transaction ends."""

    order_id: UUID
    place_id: UUID
    method: str
    state: str
    owed: int | None
    attempt: int


@dataclass(frozen=True, slots=True)
class TaskLine:
    """Goods to pick; `picked` is None until somebody looked.

    `substituted` was offered or replaced by other goods, or `moved` to a line of its own; `rejected` is not there, and
    nobody else has it. What is `coming` from another place is picked by taking it in.
    """

    order_id: UUID
    line_no: int
    product_id: UUID
    ordered: int
    picked: int | None
    substituted: int = 0
    moved: int = 0
    rejected: int = 0
    coming: bool = False

    @property
    def replaced(self) -> int:
        """What the shopper was offered other goods for, or takes them instead."""
        return self.substituted - self.moved


@dataclass(frozen=True, slots=True)
class Picked:
    """How much of a line was found: 0 is an answer too."""

    order_id: UUID
    line_no: int
    quantity: int


def check_pickable(task: Task, field: str) -> None:
    """Refuse a task that is past picking."""
    if task.state not in PICKABLE:
        raise TaskClosed(f"The order is {task.state.replace('_', ' ')}.", field=field)


def check_picks(
    picks: Sequence[Picked], tasks: Mapping[UUID, Task], lines: Mapping[tuple[UUID, int], TaskLine]
) -> None:
    """Refuse picks of tasks that are past it and quantities that were not ordered, naming the field."""
    for index, pick in enumerate(picks):
        task = tasks[pick.order_id]
        check_pickable(task, f"picks[{index}].order")
        line = lines.get((pick.order_id, pick.line_no))
        if line is None:
            raise PickedTooMuch("The order has no such line to pick.", field=f"picks[{index}].line")
        if line.coming:
            raise OnItsWay("It comes from another place: take it in when it is here.", field=f"picks[{index}].line")
        if not 0 <= pick.quantity <= line.ordered:
            raise PickedTooMuch("From 0 to what was ordered can be picked.", field=f"picks[{index}].quantity")
        if pick.quantity > line.ordered - line.substituted:
            raise PickedTooMuch(
                "The rest comes from elsewhere, or was offered as something else: take that back first.",
                field=f"picks[{index}].quantity",
            )


def check_ready(index: int, task: Task, lines: Sequence[TaskLine]) -> None:
    """Refuse a task that is not picked through."""
    missing = [line.line_no for line in lines if line.picked is None]
    if task.state in ASKABLE and missing:
        raise NotPicked("Say of each line how much was picked.", field=f"orders[{index}]", lines=missing)
    if task.state not in OPEN:
        raise TaskClosed(f"The order is {task.state.replace('_', ' ')}.", field=f"orders[{index}]")


def deposits_kept(
    others: Mapping[int, tuple[UUID, int]], picked: Sequence[TaskLine], deposit_of: Mapping[UUID, UUID | None]
) -> dict[int, int]:
    """How much of each deposit line stays, given what was picked: whole units, as the basket's pricing counted them.

    `others` are lines that nobody picks (number to product and quantity); those that are no deposits are left out.
    """
    units: dict[UUID, int] = {}
    for line in picked:
        deposit = deposit_of.get(line.product_id)
        if deposit is not None:
            units[deposit] = units.get(deposit, 0) + -(-(line.picked or 0) // QUANTITY_ONE) * QUANTITY_ONE
    return {
        line_no: min(quantity, units[product]) for line_no, (product, quantity) in others.items() if product in units
    }


def waits_until(temperatures: Iterable[str], packed_at: datetime, due_at: datetime) -> datetime | None:
    """Until when what was picked can wait for its shopper, at least for the time that it was picked for; None as long as wanted."""
    waits = [PICKED_WAITS[one] for one in temperatures if one in PICKED_WAITS]
    return max(packed_at + min(waits), due_at) if waits else None


Kind = Literal["capture", "void", "refund"]


@dataclass(frozen=True, slots=True)
class Pay:
    """A payment of the order: what it brought in already, and what a partner still holds for it."""

    id: UUID
    brought: int
    held: int


@dataclass(frozen=True, slots=True)
class Ask:
    """What to do with one payment."""

    payment_id: UUID
    kind: Kind
    amount: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How the money for what was picked comes together; `missing` is what no payment covers."""

    asks: tuple[Ask, ...]
    missing: int

    def given_back(self) -> int:
        """What was paid before and is given back."""
        return sum(ask.amount for ask in self.asks if ask.kind == "refund")


def plan_money(owed: int, payments: Sequence[Pay]) -> Plan:
    """Capture what is owed from what is held, give back what was paid too much, let go of the rest.

    Captures go through the payments in their order, what is given back in the opposite one. Where the payments do
    not cover what is owed nothing is asked at all.
    """
    need = owed - sum(pay.brought for pay in payments)
    asks: list[Ask] = []
    rest: list[Ask] = []
    for pay in payments:
        take = min(need, pay.held) if need > 0 else 0
        if take:
            asks.append(Ask(pay.id, "capture", take))
            need -= take
        if pay.held > take:
            rest.append(Ask(pay.id, "void", pay.held - take))
    for pay in reversed(payments):
        if need < 0 and pay.brought > 0:
            back = min(-need, pay.brought)
            asks.append(Ask(pay.id, "refund", back))
            need += back
    return Plan((), need) if need > 0 else Plan((*asks, *rest), 0)
