"""What comes from other places than the one that serves an order: they pick it, and send it there as a transfer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storeline.fulfilment.commands.later import keep_promise, put_off
from storeline.fulfilment.commands.tell import tell_late
from storeline.fulfilment.domain.picking import Task, check_pickable
from storeline.fulfilment.domain.supplies import Late, Supply, SupplyState, way_of
from storeline.fulfilment.errors import NotPicked, PickedTooMuch, SupplyClosed
from storeline.fulfilment.events import SUPPLY_OPENED, SUPPLY_SENT, supply_event
from storeline.fulfilment.locks import Locked, lock, lock_supply
from storeline.fulfilment.permissions import PICK
from storeline.fulfilment.queries import due_at, get_supply
from storeline.kernel.api import SYSTEM, Actor, ids_array, ints_array, new_id, now, publish, run, trail, transaction
from storeline.orders import api as orders
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

ARRIVES_WITHIN = timedelta(hours=24)
"""How long goods are thought to take, with their picking, where nobody said better."""
_OPEN = """
INSERT INTO fulfilment_supply AS s (id, order_id, place_id, to_place_id, state, due_at, promised_at, way, created_at)
VALUES (%s, %s, %s, %s, 'to_pick', %s, %s, %s, %s)
ON CONFLICT (order_id, place_id) WHERE state = 'to_pick' DO UPDATE SET (due_at, promised_at, way, late) = (
    SELECT excluded.due_at, excluded.promised_at, excluded.way, '' WHERE excluded.due_at > s.due_at
    UNION ALL SELECT s.due_at, s.promised_at, s.way, s.late WHERE excluded.due_at <= s.due_at
)
RETURNING id
"""
_LINES = """
INSERT INTO fulfilment_supply_line (supply_id, line_no, product_id, ordered)
SELECT %s, * FROM unnest(%s::int[], %s::uuid[], %s::bigint[])
"""
_ELSEWHERE = """
SELECT l.order_id, l.from_place_id, l.line_no, l.product_id, l.quantity FROM orders_line l
WHERE l.order_id = ANY(%s::uuid[]) AND l.from_place_id IS NOT NULL ORDER BY l.order_id, l.line_no
"""
_LESS = """
UPDATE fulfilment_supply_line SET ordered = ordered - %s, picked = least(picked, ordered - %s)
WHERE supply_id = %s AND line_no = %s
"""
_EMPTY = "DELETE FROM fulfilment_supply_line WHERE supply_id = %s AND ordered = 0"
_MOVED_ON = """
UPDATE fulfilment_supply s SET state = 'moved', closed_at = %s
WHERE id = %s AND NOT EXISTS (SELECT FROM fulfilment_supply_line l WHERE l.supply_id = s.id)
"""
_PICK = "UPDATE fulfilment_supply_line SET picked = %s WHERE supply_id = %s AND line_no = %s"
_SENT = "UPDATE fulfilment_supply SET state = 'sent', sent_at = %s, due_at = %s, late = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Coming:
    """So much of a line of an order comes from a place."""

    place_id: UUID
    line_no: int
    product_id: UUID
    quantity: int


def add_lines(task: Task, coming: Sequence[Coming], arrives: datetime, way: timedelta, moment: datetime) -> None:
    """Ask these places for their parts of an order, after `way` to be there when it `arrives`: what one of them has still to
    pick goes with what is new.

    Belongs in a transaction that holds the order's task.
    """
    for place_id in dict.fromkeys(one.place_id for one in coming):
        mine = [one for one in coming if one.place_id == place_id]
        opened = [new_id(), task.order_id, place_id, task.place_id, arrives, arrives, way, moment]
        supply_id = run(_OPEN, opened).fetchall()[0][0]
        run(
            _LINES,
            [
                supply_id,
                ints_array(one.line_no for one in mine),
                ids_array(one.product_id for one in mine),
                ints_array(one.quantity for one in mine),
            ],
        )
        publish([supply_event(SUPPLY_OPENED, supply_id, task.order_id, place_id)])


def open_supplies(order_ids: Collection[UUID], moment: datetime) -> None:
    """Ask other places for what they give to these orders, whose tasks have just been made."""
    rows = run(_ELSEWHERE, [ids_array(sorted(order_ids))]).fetchall()
    if not rows:
        return
    ways = sourcing.ways_of({row[0] for row in rows})
    locked = lock(sorted({row[0] for row in rows}))
    for order_id, task in locked.tasks.items():
        way = way_of(ways[order_id].takes if order_id in ways else ARRIVES_WITHIN)
        arrives = max(ways[order_id].arrives, moment + way) if order_id in ways else moment + ARRIVES_WITHIN
        moved = put_off(locked.orders[order_id], due_at(order_id), arrives, way)
        add_lines(task, [Coming(*row[1:]) for row in rows if row[0] == order_id], arrives, way, moment)
        if moved.slot is not None or moved.no_room:
            tell_late(order_id, moved)


def give_up(supply: Supply, line_no: int, quantity: int, moment: datetime) -> None:
    """So much of a line does not come with a supply after all; one that brings nothing any more has moved on.

    Belongs in a transaction that holds the order's task.
    """
    run(_LESS, [quantity, quantity, supply.id, line_no])
    run(_EMPTY, [supply.id])
    run(_MOVED_ON, [moment, supply.id])


def pick_supply(supply_id: UUID, line_no: int, quantity: int, *, actor: Actor) -> Supply:
    """Write down how much of a line lies ready to be sent, altogether; said twice it is the same.

    What is not there is rejected instead. Raises NoSupply, SupplyClosed or PickedTooMuch, and changes nothing then.
    """
    with transaction():
        _, supply = _open(supply_id, actor)
        line = next((one for one in supply.lines if one.line_no == line_no), None)
        if line is None:
            raise PickedTooMuch("Nothing of this line is sent from here.", field="line")
        if not 0 <= quantity <= line.ordered:
            raise PickedTooMuch("From 0 to what was ordered can be picked.", field="quantity")
        run(_PICK, [quantity, supply_id, line_no])
    return get_supply(supply_id)


def send(supply_id: UUID, *, actor: Actor) -> Supply:
    """All of it is picked and leaves, as a transfer of the same id: its goods stay the order's. Sent twice is once.

    Raises NoSupply, SupplyClosed, NotPicked where something is neither picked nor rejected, or as `stock.ship_transfer`;
    nothing is changed then.
    """
    with transaction():
        locked, supply = _open(supply_id, actor, is_sent=True)
        if supply.state is SupplyState.SENT:
            return supply
        missing = [line.line_no for line in supply.lines if line.picked < line.ordered]
        if missing:
            raise NotPicked("Pick all of it, or reject what is not there.", field="lines", lines=missing)
        moment = now()
        arrives, order_id = max(supply.due_at, moment + supply.way), supply.order_id
        late = supply.late if arrives == supply.due_at else Late.NOT_SENT
        before = due_at(order_id)
        moved = put_off(locked.orders[order_id], before, arrives, supply.way)
        goods: dict[UUID, int] = {}
        for line in supply.lines:
            goods[line.product_id] = goods.get(line.product_id, 0) + line.ordered
        stock.lock({(supply.place_id, product) for product in goods}).result()
        orders.leave(order_id, [line.line_no for line in supply.lines], actor=SYSTEM)
        draft = stock.TransferDraft(supply_id, supply.place_id, supply.to_place, list(goods.items()), arrives)
        stock.create_transfer(draft, actor=actor)
        stock.ship_transfer(supply_id, actor=actor)
        run(_SENT, [moment, arrives, late or "", supply_id])
        if moved.is_later:
            keep_promise(order_id, before)
            tell_late(order_id, moved)
        publish([supply_event(SUPPLY_SENT, supply_id, order_id, supply.place_id)])
        trail(actor, "fulfilment.send", order_id, place_id=supply.place_id, detail={"supply": str(supply_id)})
    return get_supply(supply_id)


def _open(supply_id: UUID, actor: Actor, *, is_sent: bool = False) -> tuple[Locked, Supply]:
    """A supply that is to be picked, with its order under lock; with `is_sent` one that was sent will do."""
    locked, supply = lock_supply(supply_id)
    actor.require(PICK, supply.place_id)
    if is_sent and supply.state is SupplyState.SENT:
        return locked, supply
    if supply.state is not SupplyState.TO_PICK:
        raise SupplyClosed(f"It is {supply.state}.", field="id")
    check_pickable(locked.tasks[supply.order_id], "id")
    return locked, supply
