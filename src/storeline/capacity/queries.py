"""Reads of capacity."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from storeline.capacity.domain import Rule, Slot, default_rule
from storeline.capacity.errors import SlotNotFound
from storeline.kernel.api import now, run

_SLOT = "SELECT id, place_id, method, starts_at, ends_at, cutoff_at, capacity, held FROM capacity_slot"
_OPEN = """
SELECT s.id, s.place_id, s.method, s.starts_at, s.ends_at, s.cutoff_at, s.capacity, s.held
FROM places_place p JOIN capacity_slot s ON s.place_id = p.id AND s.method = %s
    AND s.starts_at >= %s::date::timestamp AT TIME ZONE p.zone AND s.starts_at < (%s::date + 1)::timestamp AT TIME ZONE p.zone
WHERE p.id = %s AND s.cutoff_at >= %s AND s.held < s.capacity
ORDER BY s.starts_at
"""


def open_slots(place_id: UUID, method: str, day: date) -> list[Slot]:
    """The slots of a place's local day that can still be booked, in order; empty for an unknown place."""
    return [Slot(*row) for row in run(_OPEN, [method, day, day, place_id, now()])]


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
