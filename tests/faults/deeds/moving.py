"""Goods on their way from one shop to the other: sent, received in parts, lost, called off."""

from __future__ import annotations

from random import Random
from uuid import UUID

from storeline.kernel.api import SYSTEM, Error, new_id, run
from storeline.stock import api as stock
from tests.faults.deeds.world import World, some
from tests.faults.logbook import Answer, Spec
from tests.faults.shop import PLACES

_UNDER_WAY = "SELECT id FROM stock_transfer WHERE state = 'shipped' ORDER BY random() LIMIT 1"
_LINES = """
SELECT product_id, shipped - received - lost - damaged FROM stock_transfer_line
WHERE transfer_id = %s AND shipped > received + lost + damaged ORDER BY product_id
"""


def plan_send(world: World, chance: Random) -> Spec:
    """Some goods go to the other shop; now and then more than are there."""
    here, there = chance.sample(PLACES, 2)
    lines = [[str(product), chance.choice((1, 2, 5, 100)) * 1000] for product in world.goods(chance)]
    ends = {"from": str(world.places[here]), "to": str(world.places[there])}
    return {"id": str(new_id()), **ends, "lines": lines, "stay": chance.random() < 0.2}


def do_send(spec: Spec) -> Answer:
    """Packed, and nearly always shipped; the same again changes nothing."""
    transfer = UUID(spec["id"])
    lines = [(UUID(product), quantity) for product, quantity in spec["lines"]]
    made = stock.create_transfer(
        stock.TransferDraft(transfer, UUID(spec["from"]), UUID(spec["to"]), lines), actor=SYSTEM
    )
    if spec["stay"]:
        return {"transfer": [spec["id"], made.state.value]}
    try:
        return {"transfer": [spec["id"], stock.ship_transfer(transfer, actor=SYSTEM).state.value]}
    except Error as refusal:
        return {"transfer": [spec["id"], "open"], "error": refusal.code}


def plan_arrive(_world: World, chance: Random) -> Spec | None:
    """All of it arrives, or a part, or some of it broken; at times two people receive the same."""
    found = some(_UNDER_WAY)
    lines = run(_LINES, [found[0]]).fetchall() if found else []
    if not lines:
        return None
    parts = [
        [str(product), *chance.choice(((left, 0, 0), (left, 0, 0), (left - 1000, 1000, 0), (0, 0, left), (1000, 0, 0)))]
        for product, left in lines
    ]
    return {"arrival": str(new_id()), "transfer": str(found[0]), "lines": parts}


def do_arrive(spec: Spec) -> Answer:
    """Once for its id; what others received meanwhile is refused."""
    lines = [stock.ArrivedLine(UUID(product), *parts) for product, *parts in spec["lines"]]
    try:
        stock.receive_transfer(stock.Arrival(UUID(spec["arrival"]), UUID(spec["transfer"]), lines), actor=SYSTEM)
    except Error as refusal:
        return {"error": refusal.code, "refused_arrival": spec["arrival"]}
    return {"arrived": [[spec["arrival"], *line] for line in spec["lines"]]}


def plan_call_off(_world: World, _chance: Random) -> Spec | None:
    """Something stays after all, perhaps while it is being shipped."""
    found = some("SELECT id FROM stock_transfer WHERE state = 'open' ORDER BY random() LIMIT 1")
    return {"id": str(found[0])} if found else None


def do_call_off(spec: Spec) -> Answer:
    """Unless it has left."""
    try:
        return {"transfer": [spec["id"], stock.cancel_transfer(UUID(spec["id"]), actor=SYSTEM).state.value]}
    except Error as refusal:
        return {"error": refusal.code}
