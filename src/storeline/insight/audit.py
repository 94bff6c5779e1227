"""What must hold of daily figures: they are what the orders and returns say, to the cent."""

from __future__ import annotations

from storeline.insight.sums import ALL_PLACES, SOLD, TRADE
from storeline.kernel.api import SHOWN, CheckResult, check, run

# What the fold has still to do is no difference: days that are touched, and those of events not read yet.
_WAITING = """
WITH seen AS (SELECT xid, event_id FROM kernel_checkpoint WHERE name = 'insight.days'
    UNION ALL SELECT '0'::xid8, 0 WHERE NOT EXISTS (SELECT FROM kernel_checkpoint WHERE name = 'insight.days')),
unread AS (
    SELECT e.type, e.subject_id, (e.payload ->> 'since')::date AS since, (e.payload ->> 'until')::date AS until
    FROM kernel_event e, seen WHERE (e.xid, e.id) > (seen.xid, seen.event_id)
), waiting AS (
    SELECT place_id, day FROM insight_touched
    UNION SELECT o.place_id, o.business_date FROM unread u JOIN orders_order o ON o.id = u.subject_id
    UNION SELECT r.place_id, r.business_date FROM unread u JOIN aftersales_return r ON r.id = u.subject_id
    UNION SELECT o.place_id, o.business_date FROM unread u JOIN orders_order o ON o.source = 'import'
        AND o.business_date BETWEEN coalesce(u.since, '-infinity') AND coalesce(u.until, 'infinity')
    WHERE u.type = 'orders.recorded'
    UNION SELECT r.place_id, r.business_date FROM unread u JOIN aftersales_return r ON r.source = 'import'
        AND r.business_date BETWEEN coalesce(u.since, '-infinity') AND coalesce(u.until, 'infinity')
    WHERE u.type = 'aftersales.recorded'
)
"""
_DAYS = f"""
{_WAITING},
sold AS (
    SELECT o.place_id, o.business_date AS day, o.channel, o.entity_id, o.currency, count(*) AS baskets,
        sum(o.total - o.tax - coalesce(a.net, 0)) AS net, sum(o.tax - coalesce(a.tax, 0)) AS tax
    FROM orders_order o
    LEFT JOIN (
        SELECT a.order_id, sum(a.amount - CASE WHEN o.tax_included THEN a.tax ELSE 0 END) AS net, sum(a.tax) AS tax
        FROM orders_amendment a JOIN orders_order o ON o.id = a.order_id GROUP BY a.order_id
    ) a ON a.order_id = o.id
    WHERE o.state IN ('confirmed', 'completed')
    GROUP BY 1, 2, 3, 4, 5
),
back AS (
    SELECT place_id, business_date AS day, channel, entity_id, currency, count(*) AS returns, sum(total - tax) AS net,
        sum(tax) AS tax
    FROM aftersales_return GROUP BY 1, 2, 3, 4, 5
),
should AS (
    SELECT place_id, day, channel, entity_id, currency, coalesce(s.baskets, 0) AS baskets, coalesce(s.net, 0) AS net,
        coalesce(s.tax, 0) AS tax, coalesce(b.returns, 0) AS returns, coalesce(b.net, 0) AS returned_net,
        coalesce(b.tax, 0) AS returned_tax
    FROM sold s FULL JOIN back b USING (place_id, day, channel, entity_id, currency)
),
held AS (
    SELECT * FROM insight_trade_day WHERE place_id <> '00000000-0000-0000-0000-000000000000'
)
SELECT place_id, day, channel, currency, coalesce(s.net, 0) - coalesce(s.returned_net, 0),
    coalesce(h.net, 0) - coalesce(h.returned_net, 0)
FROM should s FULL JOIN held h USING (place_id, day, channel, entity_id, currency)
LEFT JOIN waiting w USING (place_id, day)
WHERE w.day IS NULL AND (s.baskets, s.net, s.tax, s.returns, s.returned_net, s.returned_tax)
    IS DISTINCT FROM (h.baskets::bigint, h.net::numeric, h.tax::numeric, h.returns::bigint, h.returned_net::numeric,
        h.returned_tax::numeric)
"""


def _apart(key: str, measures: tuple[str, ...], more: str, less: str) -> str:
    """Keys at which two sources of the same sums differ."""
    sums = ", ".join(f"sum({name})" for name in measures)
    minus = ", ".join(f"-{name}" for name in measures)
    return f"""
SELECT {key} FROM (
    SELECT {key}, {", ".join(measures)} FROM {more}
    UNION ALL SELECT {key}, {minus} FROM {less}
) AS part GROUP BY {key} HAVING ({sums}) <> ({", ".join("0" for _ in measures)})
"""


_DAY = "day, channel, entity_id, currency"
_PLACE = f"place_id, {_DAY}"
_CATEGORY = f"category_id, {_DAY}"
_MONTH = "date_trunc('month', day)::date"
_HOURLY = ("baskets", "net", "returned_net")


def _months(table: str, key: str, measures: tuple[str, ...], where: str) -> str:
    days = f"(SELECT {key.replace('day', _MONTH + ' AS day')}, {', '.join(measures)} FROM {table}_day {where}) AS days"
    return _apart(key, measures, days, f"(SELECT * FROM {table}_month {where}) AS months")


_PLACES = f"WHERE place_id <> {ALL_PLACES}"
_ALL = f"WHERE place_id = {ALL_PLACES}"
_SUMS = {
    "all places of": _apart(
        _DAY,
        TRADE,
        f"(SELECT * FROM insight_trade_day {_PLACES}) AS places",
        f"(SELECT * FROM insight_trade_day {_ALL}) AS whole",
    ),
    "the months of": _months("insight_trade", _PLACE, TRADE, ""),
    "the categories of": _apart(_PLACE, SOLD, "insight_category_day", "insight_trade_day"),
    "all places' categories of": _apart(
        _CATEGORY,
        SOLD,
        f"(SELECT * FROM insight_category_day {_PLACES}) AS places",
        f"(SELECT * FROM insight_category_day {_ALL}) AS whole",
    ),
    "the categories' months of": _months("insight_category", _CATEGORY, SOLD, _ALL),
    "the hours of": _apart(
        _PLACE, _HOURLY, "insight_trade_hour", f"(SELECT * FROM insight_trade_day {_PLACES}) AS places"
    ),
}


@check("insight.days", "each place's day is what its orders and returns say, to the cent")
def days() -> CheckResult:
    rows = run(_DAYS).fetchall()
    shown = tuple(
        f"place {row[0]} on {row[1]} by {row[2]}: orders say {row[4]} {row[3]}, its day {row[5]}"
        for row in rows[:SHOWN]
    )
    return CheckResult(_count(), shown, len(rows))


@check("insight.sums", "sums over places, months, categories and hours are what the days say")
def sums() -> CheckResult:
    found = [(what, *row) for what, sql in _SUMS.items() for row in run(sql).fetchall()]
    shown = tuple(f"{what} {', '.join(map(str, row))} do not add up" for what, *row in found[:SHOWN])
    return CheckResult(_count(), shown, len(found))


def _count() -> int:
    row = run("SELECT count(*) FROM insight_trade_day").fetchone()
    return 0 if row is None else int(row[0])
