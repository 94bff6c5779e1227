"""Where places bring goods, as a set from a file."""

from __future__ import annotations

from storeline.capacity.domain import LONGEST_CODE, MAX_AREAS, MAX_CODES, MAX_RADIUS_KM, Bring
from storeline.capacity.permissions import PLAN
from storeline.kernel.api import Actor, Column, Keyed, LoadResult, Rule, good, merge_keyed, run

AREAS_IN = (
    "row bigint, place text, method text, name text, country text, postal_codes text[], radius_km numeric, "
    "currency text, fee bigint, free_from bigint, days integer, product text"
)
"""Columns of ``pg_temp.in_areas``: the retailer's own codes, amounts in minor units of `currency`, the place's own."""

# As `domain.plain_code`: capitals and digits alone.
_CODES = "ARRAY(SELECT upper(regexp_replace(code, '[^[:alnum:]]', '', 'g')) FROM unnest(i.postal_codes) WITH ORDINALITY AS c(code, n) ORDER BY n)"
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
        Rule("name", "required", "nullif(i.name, '') IS NULL"),
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
