"""Plans that were kept: why an order is served from where it is; and the same orders under another policy."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from storeline.kernel.api import ids_array, run
from storeline.sourcing.domain.costs import Costs, Part, Pick, Plan, Policy
from storeline.sourcing.domain.seen import Facts, from_json
from storeline.sourcing.domain.ways import Terms
from storeline.sourcing.domain.whatif import Outcome, outcome
from storeline.sourcing.errors import PlanNotFound

_PLAN = """
SELECT channel, method, policy, made_at, cost, split, refused, next_cost, next_places FROM sourcing_plan WHERE order_id = %s
"""
_PARTS = """
SELECT place_id, metres, grams, parcels, visit, lines, shipping, weight, keep, waste FROM sourcing_part
WHERE order_id = %s ORDER BY metres, place_id
"""
_PICKS = "SELECT place_id, product_id, quantity FROM sourcing_pick WHERE order_id = %s ORDER BY product_id"
_FACTS = """
SELECT order_id, method, facts FROM sourcing_plan
WHERE made_at >= %s AND made_at < %s AND (%s::text IS NULL OR channel = %s) AND facts IS NOT NULL
ORDER BY made_at, order_id LIMIT %s
"""
_WAYS = """
SELECT p.order_id, p.made_at, coalesce(s.point_hours, %s) FROM sourcing_plan p LEFT JOIN sourcing_policy s ON s.ref = p.policy
WHERE p.order_id = ANY(%s::uuid[])
"""
MOST_ORDERS = 5_000


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """An order's plan as it was kept."""

    order_id: UUID
    channel: str
    method: str
    policy: str
    made_at: datetime
    plan: Plan


def kept_plan(order_id: UUID) -> KeptPlan:
    """The plan of an order, part by part. Raises PlanNotFound."""
    head = run(_PLAN, [order_id]).fetchone()
    if head is None:
        raise PlanNotFound("This order has no plan.")
    channel, method, policy, made_at, cost, split, refused, next_cost, next_places = head
    picks: dict[UUID, list[Pick]] = {}
    for place, product, quantity in run(_PICKS, [order_id]):
        picks.setdefault(place, []).append(Pick(product, quantity))
    parts = []
    total = Costs(split=split, refused=refused)
    for place, metres, grams, parcels, *sums in run(_PARTS, [order_id]):
        visit, lines, shipping, weight, keep, waste = sums
        costs = Costs(visit, lines, shipping, weight, 0, keep, waste)
        total += costs
        parts.append(Part(place, metres / 1_000, tuple(picks.get(place, ())), grams, parcels, costs))
    plan = Plan(tuple(parts), (), total, next_cost, tuple(next_places))
    assert plan.cost == cost, "the audit's sourcing.plans holds this"
    return KeptPlan(order_id, channel, method, policy, made_at, plan)


@dataclass(frozen=True, slots=True)
class Ways:
    """How long goods take to the place that serves an order, and when they are there if its plan is kept to."""

    takes: timedelta
    arrives: datetime


def ways_of(order_ids: Collection[UUID]) -> dict[UUID, Ways]:
    """Of those of these orders that have a plan, by the policy that it was made by."""
    rows = run(_WAYS, [Terms().point_hours, ids_array(order_ids)])
    return {key: Ways(timedelta(hours=hours), made + timedelta(hours=hours)) for key, made, hours in rows}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same recorded orders under several policies, side by side, in their order."""

    orders: int
    outcomes: tuple[Outcome, ...]


def what_if(
    policies: Sequence[Policy], since: datetime, until: datetime, *, channel: str | None = None, limit: int = 1_000
) -> Comparison:
    """What the orders whose plans were kept in that time would have cost under each policy: each as its places stood
    when it was planned. What one order takes from the next is not played through.
    """
    recorded = list(_recorded(since, until, channel, min(limit, MOST_ORDERS)))
    return Comparison(len(recorded), tuple(outcome(policy, recorded) for policy in policies))


def _recorded(since: datetime, until: datetime, channel: str | None, limit: int) -> Iterator[tuple[str, Facts]]:
    for _, method, facts in run(_FACTS, [since, until, channel, channel, limit]):
        yield method, from_json(facts)


def components() -> tuple[str, ...]:
    """The names of a cost's components."""
    return tuple(field.name for field in fields(Costs))
