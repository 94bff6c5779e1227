"""The statements that make figures: what the touched days hold, gathered into this session's own tables, then put in
place of what they held before. Sums over places and months move by the difference, whatever their size.
"""

from __future__ import annotations

from typing import Final

KEY: Final = ("place_id", "day", "channel", "entity_id", "currency")
CATEGORY_KEY: Final = ("place_id", "day", "category_id", "channel", "entity_id", "currency")
SOLD: Final = ("items", "net", "promoted", "costed", "cost", "returned_items", "returned_net")
TRADE: Final = (
    *SOLD,
    "lines",
    "tax",
    "discount_retailer",
    "discount_manufacturer",
    "discount_partner",
    "returned_tax",
    "baskets",
    "waiting",
    "returns",
)
ALL_PLACES: Final = "'00000000-0000-0000-0000-000000000000'::uuid"
_FINE: Final = (*SOLD, "lines", "tax", "returned_tax")
"""What is known by product."""


def _each(pattern: str, names: tuple[str, ...]) -> str:
    return ", ".join(pattern.format(name) for name in names)


def _known(**known: str) -> str:
    """A select list of all measures of trade: what is known, and nothing of the others."""
    return ", ".join(f"{known.get(name, '0')}::bigint AS {name}" for name in TRADE)


_CELL = "place_id uuid, day date, channel text, entity_id uuid, currency text"
_TABLES: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS insight_cell (no bigint, place_id uuid, day date) ON COMMIT DELETE ROWS",
    (
        f"CREATE TEMP TABLE IF NOT EXISTS insight_sale ({_CELL}, no bigint, id uuid, hour smallint, included boolean, "
        "waiting int, net bigint) ON COMMIT DELETE ROWS"
    ),
    (
        f"CREATE TEMP TABLE IF NOT EXISTS insight_back ({_CELL}, no bigint, id uuid, hour smallint, included boolean, "
        "net bigint) ON COMMIT DELETE ROWS"
    ),
    f"CREATE TEMP TABLE IF NOT EXISTS insight_fine ({_CELL}, category_id uuid, {_each('{} bigint', _FINE)}) ON COMMIT DELETE ROWS",
    f"CREATE TEMP TABLE IF NOT EXISTS insight_new ({_CELL}, {_each('{} bigint', TRADE)}) ON COMMIT DELETE ROWS",
    "TRUNCATE pg_temp.insight_cell, pg_temp.insight_sale, pg_temp.insight_back, pg_temp.insight_fine, pg_temp.insight_new",
)
_CELLS = """
INSERT INTO pg_temp.insight_cell (place_id, day, no)
SELECT * FROM unnest(%s::uuid[], %s::date[]) WITH ORDINALITY AS cell
"""
_SALES = """
INSERT INTO pg_temp.insight_sale (no, place_id, day, channel, entity_id, currency, id, hour, included, waiting, net)
SELECT c.no, c.place_id, c.day, o.channel, o.entity_id, o.currency, o.id,
    extract(hour FROM o.placed_at AT TIME ZONE coalesce(p.zone, 'UTC')), o.tax_included, (o.state = 'confirmed')::int,
    o.total - o.tax - coalesce((
        SELECT sum(a.amount - CASE WHEN o.tax_included THEN a.tax ELSE 0 END) FROM orders_amendment a WHERE a.order_id = o.id
    ), 0)
FROM pg_temp.insight_cell c
JOIN orders_order o ON o.place_id = c.place_id AND o.business_date = c.day
LEFT JOIN places_place p ON p.id = o.place_id
WHERE o.state IN ('confirmed', 'completed')
"""
_BACK = """
INSERT INTO pg_temp.insight_back (no, place_id, day, channel, entity_id, currency, id, hour, included, net)
SELECT c.no, c.place_id, c.day, r.channel, r.entity_id, r.currency, r.id,
    extract(hour FROM r.returned_at AT TIME ZONE coalesce(p.zone, 'UTC')), r.tax_included, r.total - r.tax
FROM pg_temp.insight_cell c
JOIN aftersales_return r ON r.place_id = c.place_id AND r.business_date = c.day
LEFT JOIN places_place p ON p.id = r.place_id
"""
# Lines, what was taken off them, what of them has a known cost, and what came back: each adds its part, so that no
# part has to be matched with another. A weighed line is one item while anything of it is left.
_GATHER_FINE = f"""
INSERT INTO pg_temp.insight_fine (place_id, day, channel, entity_id, currency, category_id, {", ".join(_FINE)})
WITH known AS MATERIALIZED (
    SELECT c.id, a.id AS category_id FROM catalog_category c
    JOIN catalog_category a ON a.path = subpath(c.path, 0, least(nlevel(c.path), 2))
), part AS (
    SELECT s.no, s.channel, s.entity_id, s.currency, l.product_id,
        CASE WHEN l.goods THEN l.quantity ELSE 0 END AS quantity, (l.goods AND l.quantity > 0)::int AS whole,
        v.net, CASE WHEN l.discount + l.funded > 0 THEN v.net ELSE 0 END AS promoted, l.goods::int AS lines, l.tax,
        0::bigint AS costed, 0::bigint AS cost, 0::bigint AS returned_net, 0::bigint AS returned_tax, false AS returned
    FROM pg_temp.insight_sale s JOIN orders_line l ON l.order_id = s.id
    CROSS JOIN LATERAL (SELECT l.amount - CASE WHEN s.included THEN l.tax ELSE 0 END AS net) v
    UNION ALL
    SELECT s.no, s.channel, s.entity_id, s.currency, l.product_id, -a.quantity,
        -(l.goods AND l.quantity > 0 AND l.quantity = a.quantity)::int, -v.net,
        CASE WHEN l.discount + l.funded > 0 THEN -v.net ELSE 0 END, 0, -a.tax, 0, 0, 0, 0, false
    FROM (
        SELECT a.order_id, a.line_no, sum(a.quantity)::bigint AS quantity, sum(a.amount)::bigint AS amount,
            sum(a.tax)::bigint AS tax
        FROM pg_temp.insight_sale s JOIN orders_amendment a ON a.order_id = s.id GROUP BY a.order_id, a.line_no
    ) a
    JOIN pg_temp.insight_sale s ON s.id = a.order_id
    JOIN orders_line l ON l.order_id = a.order_id AND l.line_no = a.line_no
    CROSS JOIN LATERAL (SELECT a.amount - CASE WHEN s.included THEN a.tax ELSE 0 END AS net) v
    UNION ALL
    SELECT s.no, s.channel, s.entity_id, s.currency, l.product_id, 0, 0, 0, 0, 0, 0, v.net - a.net,
        round(k.amount::numeric * (l.quantity - a.quantity) / k.base)::bigint, 0, 0, false
    FROM pg_temp.insight_sale s JOIN orders_line l ON l.order_id = s.id
    CROSS JOIN LATERAL (SELECT l.amount - CASE WHEN s.included THEN l.tax ELSE 0 END AS net) v
    CROSS JOIN LATERAL (
        SELECT c.amount, c.base FROM insight_cost c
        WHERE c.product_id = l.product_id AND c.entity_id = s.entity_id AND c.currency = s.currency AND c.valid_from <= s.day
        ORDER BY c.valid_from DESC LIMIT 1
    ) k
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.quantity), 0)::bigint AS quantity,
            coalesce(sum(t.amount - CASE WHEN s.included THEN t.tax ELSE 0 END), 0)::bigint AS net
        FROM orders_amendment t WHERE t.order_id = l.order_id AND t.line_no = l.line_no
    ) a
    WHERE EXISTS (SELECT FROM insight_cost)
    UNION ALL
    SELECT b.no, b.channel, b.entity_id, b.currency, l.product_id, l.quantity, (l.quantity > 0)::int, 0, 0, 0, 0,
        0, 0, l.amount - CASE WHEN b.included THEN l.tax ELSE 0 END, l.tax, true
    FROM pg_temp.insight_back b JOIN aftersales_line l ON l.return_id = b.id
), by_category AS (
    SELECT part.no, known.category_id, part.channel, part.entity_id, part.currency,
        coalesce(sum(v.items) FILTER (WHERE NOT part.returned), 0)::bigint / 1000 AS items, sum(part.net) AS net,
        sum(part.promoted) AS promoted, sum(part.costed) AS costed, sum(part.cost) AS cost,
        coalesce(sum(v.items) FILTER (WHERE part.returned), 0)::bigint / 1000 AS returned_items,
        sum(part.returned_net) AS returned_net, sum(part.lines) AS lines, sum(part.tax) AS tax,
        sum(part.returned_tax) AS returned_tax
    FROM part
    LEFT JOIN catalog_product p ON p.id = part.product_id
    LEFT JOIN known ON known.id = p.category_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN coalesce(p.unit, 'each') = 'each' THEN part.quantity ELSE part.whole * 1000 END AS items
    ) v
    GROUP BY 1, 2, 3, 4, 5
)
SELECT c.place_id, c.day, b.channel, b.entity_id, b.currency, coalesce(b.category_id, {ALL_PLACES}), {_each("b.{}", _FINE)}
FROM by_category b JOIN pg_temp.insight_cell c USING (no)
"""
_GATHER_NEW = f"""
INSERT INTO pg_temp.insight_new ({", ".join(KEY)}, {", ".join(TRADE)})
SELECT {", ".join(KEY)}, {_each("sum({})", TRADE)} FROM (
    SELECT {", ".join(KEY)}, {_known(**{name: name for name in _FINE})} FROM pg_temp.insight_fine
    UNION ALL
    SELECT {", ".join(KEY)}, {_known(baskets="1", waiting="waiting")} FROM pg_temp.insight_sale
    UNION ALL
    SELECT {_each("s.{}", KEY)}, {
    _known(
        discount_retailer="CASE d.funder WHEN 'retailer' THEN d.amount ELSE 0 END",
        discount_manufacturer="CASE d.funder WHEN 'manufacturer' THEN d.amount ELSE 0 END",
        discount_partner="CASE d.funder WHEN 'partner' THEN d.amount ELSE 0 END",
    )
}
    FROM pg_temp.insight_sale s JOIN orders_discount d ON d.order_id = s.id
    UNION ALL
    SELECT {", ".join(KEY)}, {_known(returns="1")} FROM pg_temp.insight_back
) AS part
GROUP BY {", ".join(KEY)}
"""
GATHER: Final = (
    *_TABLES,
    _CELLS,
    "ANALYZE pg_temp.insight_cell",
    _SALES,
    _BACK,
    "ANALYZE pg_temp.insight_sale, pg_temp.insight_back",
    _GATHER_FINE,
    _GATHER_NEW,
)
"""What the touched days hold now; the statement with parameters takes their places and days."""

_MONTH: Final = "date_trunc('month', day)::date"


def _move(
    target: str, source: str, new: str, key: tuple[str, ...], measures: tuple[str, ...], **place_and_day: str
) -> str:
    """Move the sums in `target` by what the touched cells of `source` held (less) and hold now (more)."""
    shown = ", ".join(place_and_day.get(name, name) for name in key)
    changed = ", ".join(f"sum({name})" for name in measures)
    return f"""
INSERT INTO {target} AS held ({", ".join(key)}, {", ".join(measures)})
SELECT {shown}, {changed} FROM (
    SELECT {_each("old.{}", key)}, {_each("-old.{0} AS {0}", measures)}
    FROM {source} old JOIN pg_temp.insight_cell c ON c.place_id = old.place_id AND c.day = old.day
    UNION ALL
    SELECT {", ".join(key)}, {", ".join(measures)} FROM {new}
) AS part
GROUP BY {", ".join(str(number + 1) for number in range(len(key)))}
HAVING ({changed}) <> ({", ".join("0" for _ in measures)})
ON CONFLICT ({", ".join(key)}) DO UPDATE SET {_each("{0} = held.{0} + excluded.{0}", measures)}
"""


def _replace(target: str, new: str, key: tuple[str, ...], measures: tuple[str, ...]) -> tuple[str, str]:
    return (
        f"DELETE FROM {target} old USING pg_temp.insight_cell c WHERE c.place_id = old.place_id AND c.day = old.day",
        (
            f"INSERT INTO {target} ({', '.join(key)}, {', '.join(measures)}) "
            f"SELECT {', '.join(key)}, {', '.join(measures)} FROM {new} ORDER BY {', '.join(key)}"
        ),
    )


_TRADE: Final = ("insight_trade_day", "pg_temp.insight_new", KEY, TRADE)
_CATEGORY: Final = ("insight_category_day", "pg_temp.insight_fine", CATEGORY_KEY, SOLD)
_HOURS: Final = """
INSERT INTO insight_trade_hour (place_id, day, hour, channel, entity_id, currency, baskets, net, returned_net)
SELECT place_id, day, hour, channel, entity_id, currency, sum(baskets), sum(net), sum(returned_net) FROM (
    SELECT place_id, day, hour, channel, entity_id, currency, 1 AS baskets, net, 0 AS returned_net FROM pg_temp.insight_sale
    UNION ALL
    SELECT place_id, day, hour, channel, entity_id, currency, 0, 0, net FROM pg_temp.insight_back
) AS part
GROUP BY place_id, day, hour, channel, entity_id, currency
"""
REPLACE: Final = (
    _move("insight_trade_day", *_TRADE, place_id=ALL_PLACES),
    _move("insight_trade_month", *_TRADE, day=_MONTH),
    _move("insight_trade_month", *_TRADE, place_id=ALL_PLACES, day=_MONTH),
    _move("insight_category_day", *_CATEGORY, place_id=ALL_PLACES),
    _move("insight_category_month", *_CATEGORY, place_id=ALL_PLACES, day=_MONTH),
    *_replace(*_TRADE),
    *_replace(*_CATEGORY),
    "DELETE FROM insight_trade_hour old USING pg_temp.insight_cell c WHERE c.place_id = old.place_id AND c.day = old.day",
    _HOURS,
)
"""Sums first, by the difference to what is still there; then the days themselves."""
