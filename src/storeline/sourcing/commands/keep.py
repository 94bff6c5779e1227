"""Keeping the plan that an order is served by, which tells why it was chosen. It counts against its places' hourly caps, unless its
order does (`asks.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import md5
from uuid import UUID

import orjson

from storeline.kernel.api import Actor, Row, ids_array, ints_array, run, transaction
from storeline.sourcing.domain.costs import Part
from storeline.sourcing.domain.seen import Sourced, to_json
from storeline.sourcing.errors import NotServed, PlaceFull, PlanKept, PlanNotFound
from storeline.sourcing.locks import hour_of
from storeline.sourcing.permissions import PLANS

_PLAN = """
INSERT INTO sourcing_plan (order_id, channel, method, policy, digest, made_at, cost, split, refused, next_cost, next_places, facts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s::jsonb)
ON CONFLICT (order_id) DO NOTHING
"""
_PARTS = """
INSERT INTO sourcing_part (order_id, place_id, hour, metres, grams, parcels, visit, lines, shipping, weight, keep, waste)
SELECT %s, w.place_id, %s::timestamptz, metres, grams, parcels, visit, lines, shipping, weight, keep, waste
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS w(place_id, metres, grams, parcels, visit, lines, shipping, weight, keep, waste)
"""
_PICKS = """
INSERT INTO sourcing_pick (order_id, place_id, product_id, quantity)
SELECT %s, * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[])
"""
# A place's counter rises only below its cap: two plans at once cannot both take the last room.
_LOAD = """
INSERT INTO sourcing_load AS l (place_id, hour, orders)
SELECT w.place_id, %s::timestamptz, 1 FROM unnest(%s::uuid[]) AS w(place_id)
WHERE coalesce((SELECT per_hour FROM sourcing_site s WHERE s.place_id = w.place_id), 1) > 0
ORDER BY w.place_id
ON CONFLICT (place_id, hour) DO UPDATE SET orders = l.orders + 1
    WHERE l.orders < coalesce((SELECT per_hour FROM sourcing_site s WHERE s.place_id = l.place_id), 2147483647)
RETURNING place_id
"""
# A part that counts in no hour joins none.
_UNLOAD = """
UPDATE sourcing_load l SET orders = orders - 1 FROM (
    SELECT place_id, hour FROM sourcing_part WHERE order_id = %s ORDER BY place_id
) AS p WHERE l.place_id = p.place_id AND l.hour = p.hour
"""
_LOCK = "SELECT digest FROM sourcing_plan WHERE order_id = %s FOR UPDATE"
_COSTS = ("visit", "lines", "shipping", "weight", "keep", "waste")
_GONE = ("sourcing_pick", "sourcing_part", "sourcing_plan")


def keep_plan(order_id: UUID, sourced: Sourced, *, actor: Actor, replace: bool = False, counts: bool = True) -> None:
    """Keep an order's plan; the same again changes nothing. Another one is refused, unless it replaces the first.

    It `counts` in its places' hour, unless an order that counts itself is placed by it. Raises PlaceFull where a place's cap has
    been reached meanwhile, NotServed where there is no plan; nothing is kept then.
    """
    actor.require(PLANS)
    plan = sourced.plan
    if plan is None:
        raise NotServed("No place serves this order.")
    digest = _digest(sourced)
    with transaction():
        facts = orjson.dumps(to_json(sourced.facts)).decode()
        head: Row = (order_id, sourced.channel, sourced.method, sourced.policy.ref, digest, sourced.at)
        costs = (plan.cost, plan.costs.split, plan.costs.refused, plan.next_cost, ids_array(plan.next_places), facts)
        if not run(_PLAN, [*head, *costs]).rowcount:
            kept = run(_LOCK, [order_id]).fetchall()
            if kept and kept[0][0] == digest:
                return
            if not replace:
                raise PlanKept("The order is served by another plan already.")
            _drop(order_id)
            run(_PLAN, [*head, *costs])
        hour = hour_of(sourced.at) if counts else None
        if hour is not None:
            _count(hour, plan.parts)
        _write_parts(order_id, hour, plan.parts)


def _count(hour: datetime, parts: Sequence[Part]) -> None:
    taken = {row[0] for row in run(_LOAD, [hour, ids_array(part.place_id for part in parts)])}
    for part in parts:
        if part.place_id not in taken:
            raise PlaceFull("A place can pick no more online orders in this hour.", place=str(part.place_id))


def _write_parts(order_id: UUID, hour: datetime | None, parts: Sequence[Part]) -> None:
    ids = ids_array(part.place_id for part in parts)
    goods = [
        [round(part.km * 1_000) for part in parts],
        [part.grams for part in parts],
        [part.parcels for part in parts],
    ]
    costs = [[getattr(part.costs, name) for part in parts] for name in _COSTS]
    run(_PARTS, [order_id, hour, ids, *[ints_array(column) for column in (*goods, *costs)]])
    picks = [(part.place_id, pick.product_id, pick.quantity) for part in parts for pick in part.picks]
    places, products, quantities = zip(*picks, strict=True) if picks else ((), (), ())
    run(_PICKS, [order_id, ids_array(places), ids_array(products), ints_array(quantities)])


def drop_plan(order_id: UUID, *, actor: Actor) -> None:
    """Forget an order's plan, since the order is not served so any more; its places have room again. Raises PlanNotFound."""
    actor.require(PLANS)
    with transaction():
        if not run(_LOCK, [order_id]).fetchall():
            raise PlanNotFound("This order has no plan.")
        _drop(order_id)


def _drop(order_id: UUID) -> None:
    run(_UNLOAD, [order_id])
    for table in _GONE:
        run(f"DELETE FROM {table} WHERE order_id = %s", [order_id])


def _digest(sourced: Sourced) -> UUID:
    """The same plan for the same goods under the same policy; when it was found does not matter."""
    assert sourced.plan is not None
    said = repr((sourced.channel, sourced.method, sourced.policy, sourced.plan)).encode()
    return UUID(bytes=md5(said, usedforsecurity=False).digest())
