"""Where a place brings goods to: all its areas are told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from storeline.capacity.domain import MAX_AREAS, Area, check_area
from storeline.capacity.permissions import PLAN
from storeline.catalog import api as catalog
from storeline.kernel.api import Actor, Invalid, Row, ids_array, ints_array, run, source_id, trail, transaction

_LOCK = "SELECT id FROM places_place WHERE id = %s FOR NO KEY UPDATE"
_DROP = "DELETE FROM capacity_area WHERE place_id = %s AND id <> ALL(%s::uuid[])"
_WRITE = """
INSERT INTO capacity_area AS a (id, place_id, method, name, country, postal_codes, radius_km, fee, free_from, days, product_id)
SELECT w.id, %s, w.method, w.name, w.country, coalesce(string_to_array(nullif(w.codes, ''), ' '), '{}'), w.radius_km,
    w.fee, w.free_from, w.days, w.product_id
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::bigint[], %s::bigint[], %s::int[],
    %s::uuid[]) AS w(id, method, name, country, codes, radius_km, fee, free_from, days, product_id)
ON CONFLICT (id) DO UPDATE SET country = excluded.country, postal_codes = excluded.postal_codes,
    radius_km = excluded.radius_km, fee = excluded.fee, free_from = excluded.free_from, days = excluded.days,
    product_id = excluded.product_id
"""


def set_areas(place_id: UUID, areas: Sequence[Area], *, actor: Actor) -> None:
    """Let a place bring goods to exactly these areas; those that are not among them end. Their own ids do not matter.

    An area is known by its method and name. Orders that were placed keep the fee that they were quoted. Raises Invalid,
    naming the field, and changes nothing then.
    """
    actor.require(PLAN, place_id)
    if len(areas) > MAX_AREAS:
        raise Invalid(f"A place has at most {MAX_AREAS} areas.", field="areas")
    known = catalog.gather(sorted({area.product_id for area in areas})).result()
    for index, area in enumerate(areas):
        check_area(area, f"areas[{index}]")
        fee = known.get(area.product_id)
        if fee is None or not fee.service:
            raise Invalid("The fee is sold as a service of the catalogue.", field=f"areas[{index}].product")
    if len({(area.method, area.name) for area in areas}) < len(areas):
        raise Invalid("Two areas have the same name.", field="areas")
    named = [replace(area, id=_id(place_id, area)) for area in areas]
    with transaction():
        run(_LOCK, [place_id])
        run(_DROP, [place_id, ids_array(area.id for area in named)])
        if named:
            run(_WRITE, [place_id, *_arrays(named)])
        trail(actor, "capacity.set_areas", place_id, place_id=place_id, detail={"areas": len(areas)})


def _id(place_id: UUID, area: Area) -> UUID:
    return source_id("area", f"{place_id} {area.method} {area.name}")


def _arrays(areas: Sequence[Area]) -> Row:
    return (
        ids_array(area.id for area in areas),
        [area.method for area in areas],
        [area.name for area in areas],
        [area.country for area in areas],
        [" ".join(area.postal_codes) for area in areas],
        [area.radius_km for area in areas],
        ints_array(area.fee for area in areas),
        ints_array(area.free_from for area in areas),
        ints_array(area.days for area in areas),
        ids_array(area.product_id for area in areas),
    )
