"""Tax rates as a set."""

from __future__ import annotations

from storeline.kernel.api import Actor, LoadResult, Rule, all_columns, good, refuse_rows, run
from storeline.pricing.loading.common import count_staged, refuse_repeated_keys
from storeline.pricing.permissions import WRITE

TAX_RATES_IN = "row bigint, regime text, tax_class text, region text, valid_from date, rate numeric, included boolean"
"""`rate` in percent, at most four decimals; `valid_from` is a local day."""

_RULES = (
    Rule("regime", "required", "nullif(i.regime, '') IS NULL"),
    Rule("tax_class", "required", "nullif(i.tax_class, '') IS NULL"),
    Rule("from", "required", "i.valid_from IS NULL"),
    Rule("rate", "required", "i.rate IS NULL"),
    Rule("rate", "must lie between 0 and 1000 percent", "NOT i.rate BETWEEN 0 AND 1000"),
    Rule("rate", "at most four decimals", "i.rate <> round(i.rate, 4)"),
    Rule(
        "included",
        "must be the same for the whole regime",
        "coalesce(i.included, false) <> first.included",
    ),
)
_FIRST = """
LEFT JOIN LATERAL (
  SELECT coalesce(o.included, false) AS included FROM pg_temp.in_tax_rates o WHERE o.regime = i.regime ORDER BY o.row LIMIT 1
) first ON true
"""
_MERGE = f"""
WITH written AS (
  INSERT INTO pricing_tax_rate AS t (regime, region, class, rate_ppm, inclusive, valid_from)
  SELECT i.regime, coalesce(i.region, ''), i.tax_class, (i.rate * 10000)::int, coalesce(i.included, false),
         i.valid_from
  FROM pg_temp.in_tax_rates i WHERE {good("tax_rates")} ORDER BY i.row
  ON CONFLICT ON CONSTRAINT pricing_tax_rate_key
  DO UPDATE SET rate_ppm = excluded.rate_ppm, inclusive = excluded.inclusive
  WHERE (t.rate_ppm, t.inclusive) IS DISTINCT FROM (excluded.rate_ppm, excluded.inclusive)
  RETURNING old.id IS NULL AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM written
"""


def load_tax_rates(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_tax_rates`` (TAX_RATES_IN) by regime, class, region and day, in the caller's transaction."""
    actor.require(WRITE)
    with all_columns("tax_rates", TAX_RATES_IN):
        refuse_rows("tax_rates", _RULES, _FIRST)
        refuse_repeated_keys("tax_rates", "regime, tax_class, coalesce(region, ''), valid_from")
        [(inserted, updated)] = run(_MERGE).fetchall()
    rows, refused = count_staged("tax_rates")
    return LoadResult(inserted, updated, rows - refused - inserted - updated, refused)
