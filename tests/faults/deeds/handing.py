"""After the order: picking, taking the money, handing over against a code; and goods that come back."""

from __future__ import annotations

from random import Random
from uuid import UUID

from storeline.aftersales import api as aftersales
from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import SYSTEM, Error, new_id, run
from tests.faults.deeds.world import World, some
from tests.faults.logbook import Answer, Spec

_IN = "SELECT order_id FROM fulfilment_task WHERE state = ANY(%s::text[]) ORDER BY random() LIMIT %s"
_LINES = "SELECT order_id, line_no, ordered FROM fulfilment_task_line WHERE order_id = ANY(%s::uuid[])"
_SOLD = "SELECT id, place_id FROM orders_order WHERE state = 'completed' ORDER BY random() LIMIT 1"
_SOLD_LINES = "SELECT line_no, quantity FROM orders_line WHERE order_id = %s ORDER BY line_no"


def _tasks(chance: Random, *states: str) -> list[UUID]:
    return some(_IN, list(states), chance.choice((1, 1, 3)))


def plan_pick(_world: World, chance: Random) -> Spec | None:
    """Everything, or less of something, or nothing of it at all."""
    found = _tasks(chance, "to_pick", "picking")
    if not found:
        return None
    rows = run(_LINES, [found]).fetchall()
    return {"picks": [[str(order), line, _found(ordered, chance)] for order, line, ordered in rows]}


def _found(ordered: int, chance: Random) -> int:
    return chance.choice((ordered, ordered, ordered, ordered // 2000 * 1000, 0))


def do_pick(spec: Spec) -> Answer:
    """All or none."""
    return _all_or_none(
        lambda: fulfilment.pick([fulfilment.Picked(UUID(o), line, q) for o, line, q in spec["picks"]], actor=SYSTEM)
    )


def plan_ready(_world: World, chance: Random) -> Spec | None:
    """Orders that are being picked, and some whose money failed."""
    found = _tasks(chance, "picking", "capturing", "unpaid")
    return {"ids": found} if found else None


def do_ready(spec: Spec) -> Answer:
    """Take off what was not found, take the money."""
    try:
        return {"states": [[str(one), state] for one, state in fulfilment.ready(_ids(spec), actor=SYSTEM).items()]}
    except Error as refusal:
        return {"error": refusal.code}


def plan_hand_over(_world: World, chance: Random) -> Spec | None:
    """Shoppers come for what is ready."""
    found = _tasks(chance, "ready")
    return {"ids": found} if found else None


def do_hand_over(spec: Spec) -> Answer:
    """Each with the code that the shopper was shown."""
    ids = _ids(spec)
    codes = fulfilment.codes(ids)
    answer = _all_or_none(lambda: fulfilment.hand_over([(one, codes.get(one, "0000000")) for one in ids], actor=SYSTEM))
    return answer if "error" in answer else {"completed": [str(one) for one in ids]}


def plan_give_up(_world: World, chance: Random) -> Spec | None:
    """Nobody comes for them."""
    found = _tasks(chance, "to_pick", "picking", "ready", "unpaid")[:1]
    return {"ids": found} if found else None


def do_give_up(spec: Spec) -> Answer:
    """All or none."""
    answer = _all_or_none(lambda: fulfilment.cancel(_ids(spec), reason="not_collected", actor=SYSTEM))
    return answer if "error" in answer else {"cancelled": spec["ids"]}


def plan_return(world: World, chance: Random) -> Spec | None:
    """Part of a sale, now and then more than was sold; or goods without their sale."""
    if chance.random() < 0.2:
        place, _ = world.place(chance)
        return {"id": str(new_id()), "place": str(place), "product": str(world.goods(chance)[0]), "amount": 199}
    sold = run(_SOLD).fetchone()
    if sold is None:
        return None
    lines = run(_SOLD_LINES, [sold[0]]).fetchall()
    asked = [
        [line, chance.choice((quantity, 1000))]
        for line, quantity in chance.sample(lines, chance.randint(1, len(lines)))
    ]
    return {"id": str(new_id()), "order": str(sold[0]), "place": str(sold[1]), "lines": asked}


def do_return(spec: Spec) -> Answer:
    """The same id gives the same return."""
    line = aftersales.ReturnLine
    asked = aftersales.Return(
        id=UUID(spec["id"]),
        place_id=UUID(spec["place"]),
        order_id=UUID(spec["order"]) if "order" in spec else None,
        lines=tuple([line(quantity, order_line=number) for number, quantity in spec["lines"]])
        if "order" in spec
        else (line(1000, product_id=UUID(spec["product"]), amount=spec["amount"]),),
    )
    try:
        return {"return": spec["id"], "refunded": aftersales.return_goods(asked, actor=SYSTEM).head.refunded}
    except Error as refusal:
        return {"error": refusal.code, "refused_return": spec["id"]}


def _ids(spec: Spec) -> list[UUID]:
    return [UUID(str(one)) for one in spec["ids"]]


def _all_or_none(deed: object) -> Answer:
    assert callable(deed)
    try:
        deed()
    except Error as refusal:
        return {"error": refusal.code}
    return {}
