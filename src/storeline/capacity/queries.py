"""Reads of capacity."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from storeline.capacity.domain import Rule, Slot, default_rule
from storeline.capacity.errors import SlotNotFound
from storeline.kernel.api import now, run, time_zone

_SLOT = "SELECT id, place_id, method, starts_at, ends_at, cutoff_at, capacity, held FROM capacity_slot"
_OPEN = f"""
{_SLOT} WHERE place_id = %s AND method = %s AND starts_at >= %s AND starts_at < %s AND cutoff_at >= %s
    AND held < capacity
ORDER BY starts_at
"""
_ZONE = "SELECT zone FROM places_place WHERE id = %s"


def open_slots(place_id: UUID, method: str, day: date) -> list[Slot]:
    """The slots of a place's local day that can still be booked, in order; empty for an unknown place."""
    found = run(_ZONE, [place_id]).fetchone()
    if found is None:
        return []
    zone = time_zone(found[0])
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = date.fromordinal(day.toordinal() + 1)
    ends = datetime(following.year, following.month, following.day, tzinfo=zone)
    return [Slot(*row) for row in run(_OPEN, [place_id, method, begins, ends, now()])]


def rule_of(place_id: UUID, method: str) -> Rule:
    """How a place's slots are made: its own rule, or the default."""
    sql = "SELECT minutes, capacity, lead_minutes FROM capacity_rule WHERE place_id = %s AND method = %s"
    found = run(sql, [place_id, method]).fetchone()
    return default_rule(place_id, method) if found is None else Rule(place_id, method, *found)


def get_slot(slot_id: UUID) -> Slot:
    """One slot. Raises SlotNotFound."""
    found = run(f"{_SLOT} WHERE id = %s", [slot_id]).fetchone()
    if found is None:
        raise SlotNotFound(f"There is no slot {slot_id}.")
    return Slot(*found)
