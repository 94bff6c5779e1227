"""What comes from another place for an order: held for it as it is taken in, and picked with that."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from storeline.fulfilment.commands.reject import reject
from storeline.fulfilment.domain.supplies import Rejected, Supply, SupplyLine, SupplyState, Why, share_out
from storeline.fulfilment.errors import PickedTooMuch, TaskClosed
from storeline.fulfilment.events import SUPPLY_RECEIVED, supply_event
from storeline.fulfilment.locks import lock
from storeline.fulfilment.queries import get_supply, rejections_of
from storeline.kernel.api import SYSTEM, now, publish, run, source_id
from storeline.stock import api as stock

_KNOWN = "SELECT order_id FROM fulfilment_supply WHERE id = %s AND state = 'sent'"
_LINE = "UPDATE fulfilment_supply_line SET arrived = %s, gone = %s WHERE supply_id = %s AND line_no = %s"
_PICKED = "UPDATE fulfilment_task_line SET picked = %s WHERE order_id = %s AND line_no = %s"
_BEGIN = "UPDATE fulfilment_task SET state = 'picking' WHERE order_id = %s AND state = 'to_pick'"
_LOST = """
SELECT DISTINCT s.id FROM fulfilment_supply_line l JOIN fulfilment_supply s ON s.id = l.supply_id AND s.state = 'received'
JOIN fulfilment_task t ON t.order_id = s.order_id AND t.state IN ('to_pick', 'picking')
WHERE l.gone > 0 AND NOT EXISTS (
    SELECT FROM fulfilment_rejection r WHERE r.order_id = s.order_id AND r.line_no = l.line_no AND r.reason = 'lost'
) LIMIT 200
"""
_END = "UPDATE fulfilment_supply SET state = 'received', closed_at = %s WHERE id = %s"


def before_arrival(transfer_id: UUID) -> None:
    """Lock the order that a transfer brings something to, before anything of stock."""
    found = run(_KNOWN, [transfer_id]).fetchone()
    if found is not None:
        lock([found[0]])


def after_arrival(transfer: stock.Transfer) -> None:
    """Hold what came for its order, in the transaction that took it in; a line of which nothing more comes is picked.

    Where an order was called off meanwhile its goods are the place's own. What was lost or broken is sourced anew, once
    this is committed (`source_lost`): other places' stock comes before this place's in the order of locks.
    """
    found = run(_KNOWN, [transfer.id]).fetchone()
    if found is None or lock([found[0]]).orders[found[0]].state != "confirmed":
        return
    supply = get_supply(transfer.id)
    good = {line.product_id: line.received - line.found for line in transfer.lines}
    bad = {line.product_id: line.lost + line.damaged for line in transfer.lines}
    shared = share_out(supply.lines, good, bad)
    fresh = [
        stock.ReserveRow(supply.order_id, line.line_no, supply.to_place, line.product_id, more)
        for line in supply.lines
        if (more := shared[line.line_no][0] - line.arrived) > 0
    ]
    if stock.hold_arrived(fresh).result() != len(fresh):
        raise stock.CountMismatch("These lines hold something elsewhere.", field="lines")
    for line in supply.lines:
        _note(supply, line, *shared[line.line_no])
    run(_BEGIN, [supply.order_id])
    if transfer.state is stock.TransferState.RECEIVED:
        run(_END, [now(), supply.id])
    publish([supply_event(SUPPLY_RECEIVED, supply.id, supply.order_id, supply.to_place)])


def _note(supply: Supply, line: SupplyLine, arrived: int, gone: int) -> None:
    run(_LINE, [arrived, gone, supply.id, line.line_no])
    if arrived + gone == line.ordered:
        run(_PICKED, [arrived, supply.order_id, line.line_no])


def source_lost(supply_id: UUID) -> None:
    """What never arrived comes from elsewhere, or is left out. May be repeated."""
    supply = get_supply(supply_id)
    if supply.state is not SupplyState.RECEIVED:
        return
    known = {one.id for one in rejections_of([supply.order_id]).get(supply.order_id, ())}
    for line in supply.lines:
        rejection = source_id("supply_lost", f"{supply_id}:{line.line_no}", supply.created_at)
        if line.gone and rejection not in known:
            # Where the picker was faster, what is missing is replaced or left out already.
            with suppress(PickedTooMuch, TaskClosed):
                reject(Rejected(rejection, supply.order_id, line.line_no, line.gone, Why.LOST), actor=SYSTEM)


def source_all_lost() -> int:
    """The same for all supplies that something of was lost; how many were looked at."""
    found = [row[0] for row in run(_LOST).fetchall()]
    for supply_id in found:
        source_lost(supply_id)
    return len(found)
