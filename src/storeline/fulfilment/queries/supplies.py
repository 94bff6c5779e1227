"""Reads of what comes from other places than the one that serves an order, and of what places rejected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.fulfilment.domain.supplies import LIVE_SUPPLIES, Late, Supply, SupplyLine, SupplyState, Why
from storeline.fulfilment.errors import NoSupply
from storeline.kernel.api import Row, ids_array, run

COMING = f"""EXISTS (
    SELECT FROM fulfilment_supply s JOIN fulfilment_supply_line sl ON sl.supply_id = s.id
    WHERE s.order_id = l.order_id AND s.state IN {LIVE_SUPPLIES} AND sl.line_no = l.line_no
        AND sl.arrived + sl.gone < sl.ordered
)"""
"""Whether something of a task's line `l` has still to come from another place."""
_SUPPLIES = """
SELECT id, order_id, place_id, to_place_id, state, due_at, promised_at, way, late, created_at, sent_at, closed_at
FROM fulfilment_supply
"""
_LINES = """
SELECT l.supply_id, l.line_no, l.product_id, l.ordered, l.picked, l.arrived, l.gone
FROM fulfilment_supply_line l WHERE l.supply_id = ANY(%s::uuid[]) ORDER BY l.supply_id, l.line_no
"""
_REJECTIONS = """
SELECT id, order_id, line_no, place_id, product_id, reason, quantity, corrected, moved, at FROM fulfilment_rejection
WHERE order_id = ANY(%s::uuid[]) ORDER BY order_id, at, id
"""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A place could not give `quantity` of a line: `corrected` came off its stock, `moved` comes from elsewhere."""

    id: UUID
    order_id: UUID
    line_no: int
    place_id: UUID
    product_id: UUID
    reason: Why
    quantity: int
    corrected: int
    moved: int
    at: datetime


def supplies_of(order_ids: Collection[UUID]) -> dict[UUID, tuple[Supply, ...]]:
    """What comes from other places for these orders, the oldest first; an order that one place serves is absent."""
    heads = run(
        f"{_SUPPLIES} WHERE order_id = ANY(%s::uuid[]) ORDER BY order_id, id", [ids_array(order_ids)]
    ).fetchall()
    found: dict[UUID, tuple[Supply, ...]] = {}
    for one in _whole(heads):
        found[one.order_id] = (*found.get(one.order_id, ()), one)
    return found


def supplies_at(place_id: UUID, *, limit: int = 200) -> list[Supply]:
    """What is to be picked and sent from a place, what is due first first."""
    sql = f"{_SUPPLIES} WHERE place_id = %s AND state = 'to_pick' ORDER BY due_at, id LIMIT %s"
    return _whole(run(sql, [place_id, limit]).fetchall())


def get_supply(supply_id: UUID) -> Supply:
    """One supply; raises NoSupply."""
    found = _whole(run(f"{_SUPPLIES} WHERE id = %s", [supply_id]).fetchall())
    if not found:
        raise NoSupply("There is nothing to send.")
    return found[0]


def _whole(heads: list[Row]) -> list[Supply]:
    if not heads:
        return []
    lines: dict[UUID, list[SupplyLine]] = {}
    for supply_id, *line in run(_LINES, [ids_array(row[0] for row in heads)]).fetchall():
        lines.setdefault(supply_id, []).append(SupplyLine(*line))
    return [_supply(row, tuple(lines.get(row[0], ()))) for row in heads]


def _supply(row: Row, lines: tuple[SupplyLine, ...]) -> Supply:
    supply_id, order_id, place_id, to_place, state, due_at, promised_at, way, late, *times = row
    return Supply(
        *(supply_id, order_id, place_id, to_place, SupplyState(state)),
        *(due_at, promised_at, way, Late(late) if late else None),
        *(*times, lines),
    )


def rejections_of(order_ids: Collection[UUID]) -> dict[UUID, tuple[Rejection, ...]]:
    """What places could not give of these orders, in time's order; an order without any is absent."""
    found: dict[UUID, tuple[Rejection, ...]] = {}
    for row in run(_REJECTIONS, [ids_array(order_ids)]).fetchall():
        rejection_id, order_id, line_no, place_id, product_id, reason, quantity, corrected, moved, at = row
        one = Rejection(
            *(rejection_id, order_id, line_no, place_id, product_id),
            *(Why(reason), quantity, corrected, moved, at),
        )
        found[order_id] = (*found.get(order_id, ()), one)
    return found
