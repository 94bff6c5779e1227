"""A place cannot give what it was asked for: its stock is corrected, the line is sourced anew, the shopper told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from uuid import UUID

from storeline.catalog import api as catalog
from storeline.fulfilment.commands.later import Moved, keep_promise, put_off
from storeline.fulfilment.commands.supply import Coming, add_lines, give_up
from storeline.fulfilment.commands.tell import tell_late, tell_moved
from storeline.fulfilment.domain.picking import Task, TaskLine, check_pickable
from storeline.fulfilment.domain.substitutes import next_line
from storeline.fulfilment.domain.supplies import (
    Rejected,
    Supply,
    SupplyState,
    Why,
    check_rejected,
    left_to_reject,
    picked_after,
    to_correct,
    way_of,
)
from storeline.fulfilment.errors import NotOffered, OnItsWay, TaskClosed
from storeline.fulfilment.events import BEGUN, REJECTED, event
from storeline.fulfilment.locks import Locked, lock
from storeline.fulfilment.permissions import PICK
from storeline.fulfilment.queries import Rejection, due_at, offers_of, picked_of, rejections_of, supplies_of
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    BodyMismatch,
    check_id,
    ints_array,
    now,
    publish,
    run,
    trail,
    transaction,
)
from storeline.orders import api as orders
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

_TRIES = 3
_INSERT = """
INSERT INTO fulfilment_rejection
    (id, order_id, line_no, place_id, product_id, reason, quantity, corrected, moved, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_LINE = """
UPDATE fulfilment_task_line SET moved = moved + %s, rejected = rejected + %s, picked = %s
WHERE order_id = %s AND line_no = %s
"""
_NEW_LINES = """
INSERT INTO fulfilment_task_line (order_id, line_no, product_id, ordered)
SELECT %s, line_no, %s, quantity FROM unnest(%s::int[], %s::bigint[]) AS l(line_no, quantity)
"""
CORRECTS = {Why.NOT_FOUND: (stock.Kind.ADJUSTMENT, "missing"), Why.DAMAGED: (stock.Kind.WASTE, "damaged")}
"""Who stands at the shelf corrects the books; what is lost between places is told with its transfer."""
_BEGIN = "UPDATE fulfilment_task SET state = 'picking' WHERE order_id = %s AND state = 'to_pick'"


def reject(asked: Rejected, *, actor: Actor) -> Rejection:
    """Say that the place where a line stands cannot give so much of it; one transaction. What became of it.

    The units leave the place's books, so that nobody is promised them. What other places can promise comes from the
    cheapest of them, as lines of the same price, and the order is due when it can be there; what nobody has stays short,
    to be offered otherwise or taken off. The order's way stays what it was. The same id and contents again change
    nothing. Raises NoTask, TaskClosed, NotOffered, PickedTooMuch, OnItsWay or BodyMismatch; nothing is changed then.
    """
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            with transaction():
                return _reject(asked, actor, look=not last)
        except (stock.SoldOut, sourcing.PlaceFull):
            continue  # what the plan counted on was promised to others meanwhile: look again
    raise AssertionError("without looking elsewhere nothing can be promised to others")


def _reject(asked: Rejected, actor: Actor, *, look: bool) -> Rejection:
    locked = lock([asked.order_id], lines="all")
    task, line = locked.tasks[asked.order_id], _line_of(locked, asked)
    supply = _supply_of(asked)
    place = supply.place_id if supply is not None else task.place_id
    if asked.reason is not Why.LOST:
        _require(asked, task, place, actor)
    known = rejections_of([asked.order_id]).get(asked.order_id, ())
    again = next((one for one in known if one.id == asked.id), None)
    if again is not None:
        return _again(asked, again)
    product = catalog.gather([line.product_id]).result()[line.product_id]
    if asked.reason is not Why.LOST:
        check_id(asked.id)
    check_pickable(task, "order")
    order = locked.orders[asked.order_id]
    if order.state != "confirmed":  # called off, and its task has not heard of it yet
        raise TaskClosed(f"The order is {order.state}.", field="order")
    _check_where(asked, supply)
    check_rejected(asked, line, by_weight=product.by_weight)
    without = {one.place_id for one in known if one.product_id == line.product_id and one.reason is not Why.LOST}
    without |= set() if asked.reason is Why.LOST else {place}
    found = _look(order, task, line, asked.quantity, without) if look else None
    return _write(asked, locked, line, supply, place, found, actor)


def _line_of(locked: Locked, asked: Rejected) -> TaskLine:
    for line in locked.lines.get(asked.order_id, ()):
        if line.line_no == asked.line_no:
            return line
    raise NotOffered("The order has no such line to pick.", field="line")


def _supply_of(asked: Rejected) -> Supply | None:
    """The supply that still has to bring the line, if one has."""
    for one in supplies_of([asked.order_id]).get(asked.order_id, ()):
        wanted = any(line.line_no == asked.line_no and line.is_open for line in one.lines)
        if wanted and one.state in (SupplyState.TO_PICK, SupplyState.SENT):
            return one
    return None


def _require(asked: Rejected, task: Task, place: UUID, actor: Actor) -> None:
    """Whoever picks there says so; that nothing was sent is said where it is waited for, too."""
    if asked.reason is Why.NOT_SENT and actor.may(PICK, task.place_id):
        return
    actor.require(PICK, place)


def _check_where(asked: Rejected, supply: Supply | None) -> None:
    if supply is not None and supply.state is SupplyState.SENT:
        raise OnItsWay("It is on its way: take it in, and say what became of it.", field="line")
    if asked.reason is Why.NOT_SENT and supply is None:
        raise NotOffered("It does not come from another place.", field="reason")


def _again(asked: Rejected, known: Rejection) -> Rejection:
    if (known.line_no, known.quantity, known.reason) != (asked.line_no, asked.quantity, asked.reason):
        raise BodyMismatch("This id was used for another rejection.", field="id")
    return known


def _look(
    order: orders.LockedOrder, task: Task, line: TaskLine, quantity: int, without: set[UUID]
) -> sourcing.Sourced | None:
    """The cheapest plan for so much of it, or for as much as there is; None where nobody has any."""

    def plan(wanted: int) -> sourcing.Sourced:
        return sourcing.plan(
            [sourcing.WantedLine(line.product_id, wanted)],
            task.place_id,
            channel=order.channel,
            method=task.method,
            without=without,
            supplies=True,
        )

    found = plan(quantity)
    if found.plan is None:
        missing = sum(reason.missing for reason in found.reasons if reason.code is sourcing.Code.SHORT)
        if not 0 < missing < quantity:
            return None
        found = plan(quantity - missing)
    return None if found.plan is None else found


def _write(
    asked: Rejected,
    locked: Locked,
    line: TaskLine,
    supply: Supply | None,
    place: UUID,
    found: sourcing.Sourced | None,
    actor: Actor,
) -> Rejection:
    task, order, moment = locked.tasks[asked.order_id], locked.orders[asked.order_id], now()
    parts = _parts(asked, found)
    away = [part for part in parts if part.place_id != task.place_id]
    takes, due = timedelta(0) if found is None else found.takes, due_at(asked.order_id)
    arrives, way = moment + takes, way_of(takes)
    moved = put_off(order, due, arrives, way) if away else Moved(due)
    stock.lock({(place, line.product_id), *((part.place_id, line.product_id) for part in parts)}).result()
    orders.move(asked.order_id, asked.line_no, left_to_reject(line) - asked.quantity, parts, actor=SYSTEM)
    if supply is not None:
        give_up(supply, asked.line_no, asked.quantity, moment)
    _write_task(asked, task, line, parts, is_here=place == task.place_id and asked.reason is not Why.LOST)
    add_lines(
        task,
        [Coming(part.place_id, part.line_no, line.product_id, part.quantity) for part in away],
        arrives,
        way,
        moment,
    )
    corrected = _correct(asked, line.product_id, place, actor)
    if found is not None:
        sourcing.keep_plan(asked.id, found, actor=SYSTEM)
    elsewhere = sum(part.quantity for part in parts)
    row = Rejection(
        *(asked.id, asked.order_id, asked.line_no, place, line.product_id, asked.reason),
        *(asked.quantity, corrected, elsewhere, moment),
    )
    run(_INSERT, [getattr(row, field.name) for field in fields(row)])
    detail = {"line": asked.line_no, "reason": asked.reason.value, "moved": elsewhere}
    publish([event(REJECTED, task, **detail)])
    trail(actor, "fulfilment.reject", asked.order_id, place_id=place, detail=detail)
    tell_moved(row, moved.due_at if away else None)
    if moved.slot is not None or moved.no_room:
        tell_late(asked.order_id, moved)
    if asked.reason is Why.LOST and moved.is_later:
        keep_promise(asked.order_id, due)
    return row


def _parts(asked: Rejected, found: sourcing.Sourced | None) -> list[orders.Part]:
    if found is None or found.plan is None:
        return []
    used = [row.line_no for row in orders.lines([asked.order_id]).result()[asked.order_id]]
    used += [one.line_no for one in offers_of([asked.order_id]).get(asked.order_id, ())]
    first = next_line(used)
    return [
        orders.Part(first + index, part.place_id, sum(pick.quantity for pick in part.picks))
        for index, part in enumerate(found.plan.parts)
    ]


def _write_task(asked: Rejected, task: Task, line: TaskLine, parts: Sequence[orders.Part], *, is_here: bool) -> None:
    moved = sum(part.quantity for part in parts)
    picked = picked_after(line, asked.quantity)
    run(_LINE, [moved, asked.quantity - moved, picked, asked.order_id, asked.line_no])
    numbers, quantities = ints_array(part.line_no for part in parts), ints_array(part.quantity for part in parts)
    run(_NEW_LINES, [asked.order_id, line.product_id, numbers, quantities])
    if is_here and run(_BEGIN, [asked.order_id]).rowcount:
        publish([event(BEGUN, task)])


def _correct(asked: Rejected, product_id: UUID, place: UUID, actor: Actor) -> int:
    """Take what is not there off the place's books; how much that is."""
    if asked.reason not in CORRECTS:
        return 0
    pair = (place, product_id)
    level = stock.lock({pair}).result().get(pair, stock.Level(0, 0))
    wrong = to_correct(asked.quantity, level.on_hand, sum(picked_of(*pair).values()))
    if wrong:
        kind, reason = CORRECTS[asked.reason]
        permission = stock.WASTE if kind is stock.Kind.WASTE else stock.ADJUST
        stock.adjust(
            [stock.Goods(asked.id, 1, *pair, -wrong, reason)], actor=_lent(actor, permission, place), kind=kind
        )
    return wrong


def _lent(actor: Actor, permission: str, place: UUID) -> Actor:
    """Whoever may pick may say what is not there, and be named for it, without being allowed to correct anything else."""
    return replace(
        actor, permissions=actor.permissions | {permission}, narrow={**actor.narrow, permission: frozenset({place})}
    )
