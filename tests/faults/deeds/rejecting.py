"""What a place cannot give: rejected, sourced anew, supplied by the other shop. `moving.plan_arrive` takes it in, in parts or broken."""

from __future__ import annotations

from random import Random
from uuid import UUID

from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import SYSTEM, Error, new_id, run
from tests.faults.deeds.world import World, some
from tests.faults.logbook import Answer, Spec

_LINE = """
SELECT l.order_id, l.line_no, l.ordered - l.moved - l.rejected FROM fulfilment_task_line l
JOIN fulfilment_task t ON t.order_id = l.order_id AND t.state IN ('to_pick', 'picking')
WHERE l.ordered > l.moved + l.rejected ORDER BY random() LIMIT 1
"""
_TO_SEND = "SELECT id FROM fulfilment_supply WHERE state = 'to_pick' ORDER BY random() LIMIT 1"
_WHYS = ("not_found", "not_found", "damaged", "not_sent")


def plan_reject(_world: World, chance: Random) -> Spec | None:
    """All that is left of a line, or a unit of it; also of a line that the other shop was asked for."""
    found = run(_LINE).fetchone()
    if found is None:
        return None
    order, line, left = found
    quantity = chance.choice((left, left, 1000))
    return {"id": str(new_id()), "order": str(order), "line": line, "quantity": quantity, "why": chance.choice(_WHYS)}


def do_reject(spec: Spec) -> Answer:
    """Once for its id: what the books lost is told, since the audit of goods asks who was told."""
    why = fulfilment.Why(spec["why"])
    asked = fulfilment.Rejected(UUID(spec["id"]), UUID(spec["order"]), spec["line"], spec["quantity"], why)
    try:
        done = fulfilment.reject(asked, actor=SYSTEM)
    except Error as refusal:
        return {"error": refusal.code}
    corrected = why is fulfilment.Why.NOT_FOUND and done.corrected
    row = [spec["id"], 1, str(done.place_id), str(done.product_id), -done.corrected]
    return {"rejected": [spec["id"]], "moved": [row] if corrected else []}


def plan_supply(_world: World, _chance: Random) -> Spec | None:
    """The other shop sends what it was asked for."""
    found = some(_TO_SEND)
    return {"id": str(found[0])} if found else None


def do_supply(spec: Spec) -> Answer:
    """Picked whole and sent, once; refused where somebody rejected or called it off meanwhile."""
    supply = UUID(spec["id"])
    try:
        for line in fulfilment.get_supply(supply).lines:
            fulfilment.pick_supply(supply, line.line_no, line.ordered, actor=SYSTEM)
    except Error:
        pass  # sent before, perhaps by us
    try:
        fulfilment.send(supply, actor=SYSTEM)
    except Error as refusal:
        return {"error": refusal.code}
    return {"transfer": [spec["id"], "shipped"]}
