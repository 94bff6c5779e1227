"""Where places bring goods, and how their slots are made, as sets from files."""

from __future__ import annotations

from storeline.capacity.domain import (
    DEFAULT_CAPACITY,
    DEFAULT_LEAD_MINUTES,
    DEFAULT_MINUTES,
    LONGEST_CODE,
    MAX_AREAS,
    MAX_CODES,
    MAX_RADIUS_KM,
    SHORTEST,
    Bring,
    Method,
)
from storeline.capacity.permissions import PLAN
from storeline.kernel.api import (
    Actor,
    Column,
    Keyed,
    LoadResult,
    Rule,
    good,
    merge_keyed,
    refuse_rows,
    refuse_same,
    run,
    staged_result,
)

AREAS_IN = (
    "row bigint, place text, method text, name text, country text, postal_codes text[], radius_km numeric, "
    "currency text, fee bigint, free_from bigint, days integer, product text"
)
"""Columns of ``pg_temp.in_areas``: the retailer's own codes, amounts in minor units of `currency`, the place's own."""

# As `domain.plain_code`: capitals and digits alone, of any script.
_PLAIN = """upper(regexp_replace(code COLLATE pg_unicode_fast, '[^[:alnum:]]', '', 'g'))"""
_CODES = f"ARRAY(SELECT {_PLAIN} FROM unnest(i.postal_codes) WITH ORDINALITY AS c(code, n) ORDER BY n)"
_ODD_CODES = f"EXISTS (SELECT FROM unnest({_CODES}) AS c(code) WHERE length(code) NOT BETWEEN 1 AND {LONGEST_CODE})"
_METHODS = "{" + ",".join(Bring) + "}"
# A place's own page shows all of its areas: a file may not give it more than it takes there.
_TOO_MANY = f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'areas', i.row, 'place', 'at most {MAX_AREAS} areas for a place' FROM pg_temp.in_areas i
WHERE {good("areas")} AND i.place IN (
    SELECT w.place FROM (
        SELECT i.place, i.method, i.name FROM pg_temp.in_areas i WHERE {good("areas")}
        UNION
        SELECT p.ref, a.method, a.name FROM capacity_area a JOIN places_place p ON p.id = a.place_id
    ) AS w GROUP BY w.place HAVING count(*) > {MAX_AREAS}
)
"""


def _refuse_too_many(_present: frozenset[str]) -> None:
    run(_TOO_MANY)


_AREAS = Keyed(
    file="areas",
    declared=AREAS_IN,
    table="capacity_area",
    key=(Column("place_id", "p.id"), Column("method"), Column("name")),
    same="place, method, name",
    told="name",
    rules=(
        Rule("place", "there is no place with this ref", "p.id IS NULL"),
        Rule("method", "not a method: " + " ".join(Bring), f"(i.method = ANY ('{_METHODS}')) IS NOT TRUE"),
        Rule("name", "required", "nullif(btrim(i.name), '') IS NULL"),
        Rule("country", "not an ISO 3166 code of two letters", "i.country !~ '^[A-Z]{2}$'"),
        Rule("postal_codes", f"each begins with 1 to {LONGEST_CODE} letters or digits", _ODD_CODES),
        Rule("postal_codes", f"at most {MAX_CODES}", f"cardinality(i.postal_codes) > {MAX_CODES}"),
        Rule(
            "radius_km",
            f"above 0, at most {MAX_RADIUS_KM}",
            f"NOT (i.radius_km > 0 AND i.radius_km <= {MAX_RADIUS_KM})",
        ),
        Rule("currency", "not the currency of the place", "(i.currency = e.currency) IS NOT TRUE"),
        Rule("fee", "required", "i.fee IS NULL"),
        Rule("fee", "must not be below 0", "i.fee < 0"),
        Rule("free_from", "must be above 0", "i.free_from <= 0"),
        Rule("days", "from 0 to 60", "NOT i.days BETWEEN 0 AND 60"),
        Rule("product", "there is no product with this ref", "f.id IS NULL"),
        Rule("product", "not a service: the fee is sold as one", "NOT f.service"),
    ),
    columns=(
        Column("country", "coalesce(i.country, p.country)"),
        Column("postal_codes", _CODES),
        Column("radius_km", "i.radius_km::float8"),
        Column("fee"),
        Column("free_from"),
        Column("days", "coalesce(i.days, 0)"),
        Column("product_id", "f.id", source="product"),
    ),
    made=(Column("id", "kernel_source_id('area', p.id::text || ' ' || i.method || ' ' || i.name, NULL)"),),
    joins="LEFT JOIN places_place p ON p.ref = i.place LEFT JOIN places_entity e ON e.id = p.entity_id "
    "LEFT JOIN catalog_product f ON f.ref = i.product",
    settle=_refuse_too_many,
)


def load_areas(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_areas`` (`AREAS_IN`) by place, method and name, in the caller's transaction; none ends by this.

    Orders that were placed keep the fee that they were quoted.
    """
    actor.require_everywhere(PLAN)
    return merge_keyed(_AREAS)


SLOT_RULES_IN = "row bigint, place text, method text, minutes integer, capacity integer, lead_minutes integer"
"""Columns of ``pg_temp.in_slot_rules``."""
SLOT_PEAKS_IN = (
    "row bigint, place text, method text, weekday integer, from_time text, to_time text, currency text, fee bigint"
)
"""Columns of ``pg_temp.in_slot_peaks``: local times as HH:MM, the fee in minor units of `currency`, the place's own."""

_DAY = 24 * 60
_ANY_METHOD = "{" + ",".join(Method) + "}"
_SHORTEST = int(SHORTEST.total_seconds()) // 60
_METHOD = Rule("method", "not a method: " + " ".join(Method), f"(i.method = ANY ('{_ANY_METHOD}')) IS NOT TRUE")
_SLOT_RULES = Keyed(
    file="slot_rules",
    declared=SLOT_RULES_IN,
    table="capacity_rule",
    key=(Column("place_id", "p.id"), Column("method")),
    same="place, method",
    told="method",
    rules=(
        Rule("place", "there is no place with this ref", "p.id IS NULL"),
        _METHOD,
        Rule("minutes", f"from {_SHORTEST} to {_DAY}", f"NOT i.minutes BETWEEN {_SHORTEST} AND {_DAY}"),
        Rule("capacity", "must not be below 0", "i.capacity < 0"),
        Rule("lead_minutes", "must not be below 0", "i.lead_minutes < 0"),
    ),
    columns=(
        Column("minutes", f"coalesce(i.minutes, {DEFAULT_MINUTES})"),
        Column("capacity", f"coalesce(i.capacity, {DEFAULT_CAPACITY})"),
        Column("lead_minutes", f"coalesce(i.lead_minutes, {DEFAULT_LEAD_MINUTES})"),
    ),
    joins="LEFT JOIN places_place p ON p.ref = i.place",
)


def load_slot_rules(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_slot_rules`` (`SLOT_RULES_IN`) by place and method, in the caller's transaction.

    Slots that are made already stay as they are until they are made anew (`generate`).
    """
    actor.require_everywhere(PLAN)
    return merge_keyed(_SLOT_RULES)


def _minutes(clock: str) -> str:
    return f"(split_part({clock}, ':', 1)::int * 60 + split_part({clock}, ':', 2)::int)"


_FROM, _TO = _minutes("i.from_time"), _minutes("i.to_time")
_RULE_OF = (
    "LEFT JOIN places_place p ON p.ref = i.place LEFT JOIN places_entity e ON e.id = p.entity_id "
    "LEFT JOIN capacity_rule r ON r.place_id = p.id AND r.method = i.method"
)
_PEAK_RULES = (
    Rule("place", "there is no place with this ref", "p.id IS NULL"),
    _METHOD,
    Rule("method", "there is no row in slot_rules for it", "p.id IS NOT NULL AND r.method IS NULL"),
    Rule("weekday", "from 1 (Monday) to 7", "(i.weekday BETWEEN 1 AND 7) IS NOT TRUE"),
    Rule("from_time", "required", "i.from_time IS NULL"),
    Rule("to_time", "after from_time, up to 24:00", f"({_TO} > {_FROM} AND {_TO} <= {_DAY}) IS NOT TRUE"),
    Rule("currency", "not the currency of the place", "(i.currency = e.currency) IS NOT TRUE"),
    Rule("fee", "0 or more", "(i.fee >= 0) IS NOT TRUE"),
)
# One row a rule keeps its peaks; those of a rule that the file names are replaced together, as openings of a day are.
_SET_PEAKS = f"""
WITH asked AS MATERIALIZED (
    SELECT p.id AS place_id, i.method, jsonb_build_array(i.weekday, {_FROM}, {_TO}, i.fee) AS peak
    FROM pg_temp.in_slot_peaks i JOIN places_place p ON p.ref = i.place WHERE {good("slot_peaks")}
),
changed AS (
    SELECT there.peak IS NULL AS fresh FROM asked a
    JOIN capacity_rule r ON r.place_id = a.place_id AND r.method = a.method
    LEFT JOIN jsonb_array_elements(r.peaks) AS there(peak) ON there.peak - 3 = a.peak - 3
    WHERE there.peak IS DISTINCT FROM a.peak
),
written AS (
    UPDATE capacity_rule r SET peaks = a.peaks
    FROM (SELECT place_id, method, jsonb_agg(peak ORDER BY peak) AS peaks FROM asked GROUP BY place_id, method) AS a
    WHERE r.place_id = a.place_id AND r.method = a.method
        AND a.peaks IS DISTINCT FROM (SELECT jsonb_agg(peak ORDER BY peak) FROM jsonb_array_elements(r.peaks) AS there(peak))
    RETURNING 1
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM changed
"""


def load_slot_peaks(*, actor: Actor) -> LoadResult:
    """Let the rows of ``pg_temp.in_slot_peaks`` (`SLOT_PEAKS_IN`) replace the dear hours of the rules that they name."""
    actor.require_everywhere(PLAN)
    run("ANALYZE pg_temp.in_slot_peaks")
    refuse_rows("slot_peaks", _PEAK_RULES, _RULE_OF)
    refuse_same("slot_peaks", "place, method, weekday, from_time, to_time", "from_time")
    [(fresh, changed)] = run(_SET_PEAKS).fetchall()
    return staged_result("slot_peaks", fresh, changed)
