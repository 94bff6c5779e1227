"""What a unit is worth where it stands: made from stock movements, or set from above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storeline.kernel.api import (
    Actor,
    Invalid,
    business_date,
    ids_array,
    ints_array,
    new_id,
    now,
    run,
    times_array,
    trail,
    transaction,
)
from storeline.sourcing.permissions import CONFIGURE
from storeline.sourcing.queries.policies import gather_policy

DAYS = 28
COVER_HOURS = 7 * 24
"""Until when a product is filled up again in a place of which no goods received are known: a week. Invented."""
WEIGHT = 2
"""How many sales a guess from the product's trade elsewhere is worth (`domain.values.shrunk`)."""
# A pair's rate is what was sold there, drawn towards the product's rate everywhere times the place's share of trade. It is filled up
# again in half of the days between two fillings, as seen from any day, or when what is on its way is due.
# Who shops there and does not find a unit is a lost sale, and costs its margin. An order that sourcing planned is served by the next best
# plan instead, and costs what such plans from this place say that the next best cost more.
# Prices differ by place and channel; for a margin's size the most general price of today is near enough.
_MAKE = """
CREATE TEMP TABLE sourcing_made ON COMMIT DROP AS
WITH sold AS MATERIALIZED (
    SELECT place_id, product_id, greatest(-sum(quantity) FILTER (WHERE kind IN ('sale', 'return')), 0) / 1000.0 AS units,
        count(DISTINCT business_date) FILTER (WHERE kind IN ('receipt', 'transfer_in')) AS fillings
    FROM stock_movement
    WHERE kind IN ('sale', 'return', 'receipt', 'transfer_in') AND business_date > %(since)s AND business_date <= %(until)s
    GROUP BY place_id, product_id
),
filled AS (SELECT place_id FROM sold GROUP BY place_id HAVING sum(fillings) > 0),
due AS (
    SELECT t.to_place_id AS place_id, l.product_id, min(t.due_at) AS at
    FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_id = t.id
    WHERE t.state = 'shipped' AND t.due_at > %(at)s GROUP BY t.to_place_id, l.product_id
),
planned AS (
    SELECT k.place_id, k.product_id, sum(k.quantity) / 1000.0 AS units
    FROM sourcing_plan p JOIN sourcing_pick k ON k.order_id = p.order_id WHERE p.made_at > %(planned_since)s
    GROUP BY k.place_id, k.product_id
),
spared AS (
    SELECT k.place_id, avg(p.next_cost - p.cost) AS cost
    FROM sourcing_plan p JOIN sourcing_part k ON k.order_id = p.order_id
    WHERE p.made_at > %(planned_since)s AND p.next_cost IS NOT NULL GROUP BY k.place_id
),
place AS (
    SELECT s.place_id, coalesce(sum(s.units) / nullif(sum(sum(s.units)) OVER (), 0), 0) AS share,
        least(coalesce(sum(p.units) / nullif(sum(s.units), 0), 0), 1) AS planned
    FROM sold s LEFT JOIN planned p USING (place_id, product_id) GROUP BY s.place_id
),
product AS (SELECT product_id, sum(units) AS units FROM sold GROUP BY product_id),
price AS (
    SELECT DISTINCT ON (product_id) product_id, amount * 1000 / base AS amount FROM pricing_price
    WHERE valid_from <= %(at)s AND (valid_to IS NULL OR valid_to > %(at)s) AND NOT member
    ORDER BY product_id, (place_id IS NOT NULL)::int + (price_zone IS NOT NULL)::int + (channel IS NOT NULL)::int,
        valid_from DESC
),
checked AS (
    SELECT place_id, (1000 * (count(*) FILTER (WHERE counted <> expected) + 1) / (count(*) + 10))::smallint AS wrong
    FROM stock_count WHERE at > %(counted_since)s GROUP BY place_id
),
last AS (SELECT place_id, product_id, max(at) AS at FROM stock_count GROUP BY place_id, product_id)
SELECT b.place_id, b.product_id, r.rate, c.hours, round(lost.each + (coalesce(spared.cost, lost.each) - lost.each) * o.share)::bigint AS loss,
    coalesce(price.amount, 0) * (1000 - %(margin)s) AS spoilt, last.at AS counted_at, checked.wrong
FROM stock_balance b JOIN place USING (place_id) JOIN product USING (product_id)
LEFT JOIN sold USING (place_id, product_id) LEFT JOIN planned USING (place_id, product_id)
LEFT JOIN filled USING (place_id) LEFT JOIN due USING (place_id, product_id) LEFT JOIN spared USING (place_id)
LEFT JOIN price USING (product_id) LEFT JOIN checked USING (place_id) LEFT JOIN last USING (place_id, product_id)
CROSS JOIN LATERAL (SELECT product.units * place.share AS units) AS prior
CROSS JOIN LATERAL (
    SELECT round(1000000 * prior.units * (coalesce(sold.units, 0) + %(weight)s) / (prior.units + %(weight)s) / %(days)s)::bigint AS rate
) AS r
CROSS JOIN LATERAL (
    SELECT least((coalesce(planned.units, 0) + %(weight)s * place.planned) / (coalesce(sold.units, 0) + %(weight)s), 1) AS share
) AS o
CROSS JOIN LATERAL (SELECT coalesce(price.amount, 0) * %(margin)s AS each) AS lost
CROSS JOIN LATERAL (
    SELECT greatest(least(
        CASE WHEN filled.place_id IS NULL THEN %(cover)s ELSE 24 * %(days)s / (2 * greatest(coalesce(sold.fillings, 0), 1)) END,
        ceil(extract(epoch FROM due.at - %(at)s) / 3600)
    ), 1)::int AS hours
) AS c
WHERE r.rate > 0 OR last.at IS NOT NULL
"""
_GONE = """
UPDATE sourcing_value v SET rate = 0
WHERE rate > 0 AND NOT EXISTS (
    SELECT FROM pg_temp.sourcing_made m WHERE m.place_id = v.place_id AND m.product_id = v.product_id
)
"""
_MERGE = """
INSERT INTO sourcing_value AS v (place_id, product_id, rate, cover_hours, loss, spoilt, counted_at, wrong)
SELECT place_id, product_id, rate, hours, loss, spoilt, counted_at, wrong FROM pg_temp.sourcing_made ORDER BY place_id, product_id
ON CONFLICT (place_id, product_id) DO UPDATE
    SET rate = excluded.rate, cover_hours = excluded.cover_hours, loss = excluded.loss, spoilt = excluded.spoilt,
        counted_at = excluded.counted_at, wrong = excluded.wrong
    WHERE (v.rate, v.cover_hours, v.loss, v.spoilt, v.counted_at, v.wrong)
        IS DISTINCT FROM (excluded.rate, excluded.cover_hours, excluded.loss, excluded.spoilt, excluded.counted_at, excluded.wrong)
"""
_DUALS = """
INSERT INTO sourcing_value AS v (place_id, product_id, fixed, fixed_until)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[]) AS w(place_id, product_id, fixed, fixed_until)
ORDER BY place_id, product_id
ON CONFLICT (place_id, product_id) DO UPDATE SET fixed = excluded.fixed, fixed_until = excluded.fixed_until
"""


@dataclass(frozen=True, slots=True)
class Dual:
    """What a unit of a product is worth at a place, in thousandths of a minor unit, until then; None: as stock moves."""

    place_id: UUID
    product_id: UUID
    value: int | None
    until: datetime | None = None


def set_duals(duals: Sequence[Dual], *, actor: Actor) -> int:
    """Set what units are worth where they stand, instead of what movements say; a repeat changes nothing. How many.

    Who may configure some places only sets values there.
    """
    actor.require(CONFIGURE)
    for place in {dual.place_id for dual in duals}:
        actor.require(CONFIGURE, place)
    pairs = set()
    for index, dual in enumerate(duals):
        if dual.value is not None and dual.value < 0:
            raise Invalid("A value is not below 0.", field=f"duals[{index}].value")
        if dual.value is None and dual.until is not None:
            raise Invalid("What is not set has no end.", field=f"duals[{index}].until")
        if (pair := (dual.place_id, dual.product_id)) in pairs:
            raise Invalid("A place and product are named once.", field=f"duals[{index}]")
        pairs.add(pair)
    if not duals:
        return 0
    with transaction():
        params = [
            ids_array(dual.place_id for dual in duals),
            ids_array(dual.product_id for dual in duals),
            ints_array(dual.value for dual in duals),
            times_array(dual.until for dual in duals),
        ]
        changed = run(_DUALS, params).rowcount
        trail(actor, "sourcing.set_duals", new_id(), detail={"values": len(duals)})
    return changed


def make_values() -> int:
    """Make every rate, loss and trust anew from the movements and plans of the last weeks; how many changed. Values
    that were set from above stay.
    """
    at = now()
    until = business_date(at, "UTC")
    with transaction():
        run("DROP TABLE IF EXISTS pg_temp.sourcing_made")
        margin = gather_policy("").result().margin_share
        run(
            _MAKE,
            {
                "since": until - timedelta(days=DAYS),
                "until": until,
                "at": at,
                "counted_since": at - timedelta(days=180),
                "planned_since": at - timedelta(days=DAYS),
                "cover": COVER_HOURS,
                "margin": margin,
                "weight": WEIGHT,
                "days": DAYS,
            },
        )
        gone = run(_GONE).rowcount
        return gone + run(_MERGE).rowcount
