"""Reads of capacity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from storeline.capacity.domain import Area, Destination, Peak, Rule, Slot, area_for, default_rule, plain_code
from storeline.capacity.errors import SlotNotFound
from storeline.kernel.api import Pending, Ready, Row, ids_array, later, now, run
from storeline.places import api as places

_SLOT = "SELECT id, place_id, method, starts_at, ends_at, cutoff_at, capacity, held, fee FROM capacity_slot"
_OPEN = """
SELECT s.id, s.place_id, s.method, s.starts_at, s.ends_at, s.cutoff_at, s.capacity, s.held, s.fee
FROM places_place p JOIN capacity_slot s ON s.place_id = p.id AND s.method = %s
    AND s.starts_at >= %s::date::timestamp AT TIME ZONE p.zone AND s.starts_at < (%s::date + 1)::timestamp AT TIME ZONE p.zone
WHERE p.id = %s AND s.cutoff_at >= %s AND s.held < s.capacity
ORDER BY s.starts_at
"""


def open_slots(place_id: UUID, method: str, day: date) -> list[Slot]:
    """The slots of a place's local day that can still be booked, in order; empty for an unknown place."""
    return gather_open_slots(place_id, method, day).result()


def gather_open_slots(place_id: UUID, method: str, day: date) -> Pending[list[Slot]]:
    """The same, queued in the caller's pipeline."""
    asked = [method, day, day, place_id, now()]
    return later(_OPEN, asked, lambda rows: [Slot(*row) for row in rows])


def rule_of(place_id: UUID, method: str) -> Rule:
    """How a place's slots are made: its own rule, or the default."""
    sql = "SELECT minutes, capacity, lead_minutes, peaks FROM capacity_rule WHERE place_id = %s AND method = %s"
    found = run(sql, [place_id, method]).fetchone()
    return default_rule(place_id, method) if found is None else rule_from(place_id, method, found)


def rule_from(place_id: UUID, method: str, row: Sequence[Any]) -> Rule:
    """A rule from a row of minutes, capacity, lead and peaks."""
    minutes, capacity, lead, peaks = row
    return Rule(place_id, method, minutes, capacity, lead, tuple(Peak(*peak) for peak in peaks))


def get_slot(slot_id: UUID) -> Slot:
    """One slot. Raises SlotNotFound."""
    found = gather_slot(slot_id).result()
    if found is None:
        raise SlotNotFound(f"There is no slot {slot_id}.")
    return found


def gather_slot(slot_id: UUID) -> Pending[Slot | None]:
    """A slot, if there is one: queued in the caller's pipeline."""
    return later(f"{_SLOT} WHERE id = %s", [slot_id], lambda rows: Slot(*rows[0]) if rows else None)


_AREAS = """
SELECT a.id, a.place_id, a.method, a.name, a.country, a.postal_codes, a.radius_km, a.fee, a.free_from, a.days,
    a.product_id, p.latitude, p.longitude
FROM capacity_area a JOIN places_place p ON p.id = a.place_id
"""


def gather_areas(place_ids: Collection[UUID]) -> Pending[dict[UUID, tuple[Area, ...]]]:
    """Queue the reading of where these places bring goods; a place that does not is absent."""
    if not place_ids:
        return Ready({})
    return later(
        f"{_AREAS} WHERE a.place_id = ANY(%s::uuid[]) ORDER BY a.place_id, a.id", [ids_array(place_ids)], _areas
    )


def _areas(rows: list[Row]) -> dict[UUID, tuple[Area, ...]]:
    found: dict[UUID, list[Area]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(_area(row))
    return {place: tuple(areas) for place, areas in found.items()}


def _area(row: Row) -> Area:
    around = None if row[11] is None else places.Position(row[11], row[12])
    return Area(*[*row[:5], tuple(row[5]), *row[6:11], around])


def areas_of(place_id: UUID) -> tuple[Area, ...]:
    """Where one place brings goods."""
    return gather_areas([place_id]).result().get(place_id, ())


_SERVING = f"""
{_AREAS}
WHERE a.method = %s AND a.country = %s AND (
    a.postal_codes && %s::text[] OR a.radius_km IS NOT NULL OR cardinality(a.postal_codes) = 0
) ORDER BY a.place_id, a.id
"""


def gather_serving(to: Destination, method: str) -> Pending[dict[UUID, Area]]:
    """Queue: every place that brings goods to this address in that way, each with the area that serves it."""
    code = plain_code(to.postal_code)
    beginnings = [code[:length] for length in range(1, len(code) + 1)]

    def chosen(rows: list[Row]) -> dict[UUID, Area]:
        return {
            place: area for place, areas in _areas(rows).items() if (area := area_for(areas, to, method)) is not None
        }

    return later(_SERVING, [method, to.country, beginnings], chosen)


def slot_fees(slot_ids: Collection[UUID]) -> Pending[dict[UUID, int]]:
    """Queue the reading of what these slots add to a delivery's fee; unknown ones are absent."""
    if not slot_ids:
        return Ready({})
    return later("SELECT id, fee FROM capacity_slot WHERE id = ANY(%s::uuid[])", [ids_array(slot_ids)], dict)


@dataclass(frozen=True, slots=True)
class Hold:
    """What a source holds of a slot, until when (None: until its owner settles or releases it)."""

    source_id: UUID
    slot_id: UUID
    expires_at: datetime | None


def hold_of(source_id: UUID) -> Hold | None:
    """The slot that a basket or an order holds, if any."""
    sql = "SELECT source_id, slot_id, expires_at FROM capacity_booking WHERE source_id = %s AND state = 'held'"
    found = run(sql, [source_id]).fetchone()
    return None if found is None else Hold(*found)
