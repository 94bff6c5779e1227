"""Slots: the rules they are made by, and making them from opening hours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson

from storeline.capacity.domain import SHORTEST, Method, NewSlot, Peak, Rule, cut, default_rule
from storeline.capacity.permissions import PLAN
from storeline.capacity.queries import rule_from
from storeline.kernel.api import (
    Actor,
    Invalid,
    business_date,
    ids_array,
    ints_array,
    now,
    run,
    source_id,
    trail,
    transaction,
)
from storeline.places import api as places

_SET_RULE = """
INSERT INTO capacity_rule (place_id, method, minutes, capacity, lead_minutes, peaks) VALUES (%s, %s, %s, %s, %s, %s::jsonb)
ON CONFLICT (place_id, method) DO UPDATE SET minutes = excluded.minutes, capacity = excluded.capacity,
    lead_minutes = excluded.lead_minutes, peaks = excluded.peaks
"""
_RULES = """
SELECT place_id, method, minutes, capacity, lead_minutes, peaks FROM capacity_rule WHERE place_id = ANY(%s::uuid[])
"""
_ALL_PLACES = "SELECT id FROM places_place WHERE capabilities && ARRAY['collect', 'deliver'] ORDER BY id"
# Bookings stay: a slot that has more of them than the new capacity keeps room for those. Slots that the rule or the
# hours no longer ask for go, unless somebody booked them.
_MAKE = """
INSERT INTO capacity_slot AS s (id, place_id, method, starts_at, ends_at, cutoff_at, capacity, fee)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::int[],
    %s::bigint[]) AS made(id, place_id, method, starts_at, ends_at, cutoff_at, capacity, fee)
ORDER BY id
ON CONFLICT (place_id, method, starts_at) DO UPDATE SET ends_at = excluded.ends_at, cutoff_at = excluded.cutoff_at,
        capacity = greatest(excluded.capacity, s.held), fee = excluded.fee
    WHERE (s.ends_at, s.cutoff_at, s.capacity, s.fee)
        IS DISTINCT FROM (excluded.ends_at, excluded.cutoff_at, greatest(excluded.capacity, s.held), excluded.fee)
"""
_DROP = """
DELETE FROM capacity_slot s
WHERE s.place_id = ANY(%s::uuid[]) AND s.starts_at >= %s AND s.starts_at < %s AND s.held = 0
    AND s.id <> ALL(%s::uuid[])
    AND NOT EXISTS (SELECT FROM capacity_booking b WHERE b.slot_id = s.id)
"""
_DAY = 24 * 60
_LOCK = """
SELECT id FROM capacity_slot
WHERE place_id = ANY(%s::uuid[]) AND starts_at >= %s AND starts_at < %s ORDER BY id FOR UPDATE
"""


def set_rule(rule: Rule, *, actor: Actor) -> None:
    """How a place's slots are made from now on; call `generate` to apply it to days that have slots."""
    actor.require(PLAN, rule.place_id)
    if rule.method not in set(Method):
        raise Invalid("The method is collect or deliver.", field="method")
    if not SHORTEST <= timedelta(minutes=rule.minutes) <= timedelta(days=1):
        raise Invalid("A slot has 15 minutes to a day.", field="minutes")
    if rule.capacity < 0 or rule.lead_minutes < 0:
        raise Invalid("Neither capacity nor lead time is below 0.", field="capacity")
    for index, peak in enumerate(rule.peaks):
        _check_peak(peak, f"peaks[{index}]")
    if len({(peak.weekday, peak.opens, peak.closes) for peak in rule.peaks}) < len(rule.peaks):
        raise Invalid("The same hours are named twice.", field="peaks")
    peaks = orjson.dumps([[peak.weekday, peak.opens, peak.closes, peak.fee] for peak in rule.peaks]).decode()
    with transaction():
        run(_SET_RULE, [rule.place_id, rule.method, rule.minutes, rule.capacity, rule.lead_minutes, peaks])
        detail = {"method": rule.method, "minutes": rule.minutes, "capacity": rule.capacity}
        trail(actor, "capacity.set_rule", rule.place_id, place_id=rule.place_id, detail=detail)


def _check_peak(peak: Peak, path: str) -> None:
    if not 1 <= peak.weekday <= 7 or not 0 <= peak.opens < peak.closes <= _DAY:  # noqa: PLR2004  # ISO weekdays
        raise Invalid("A peak is on a weekday from 1 to 7, between two minutes of it.", field=path)
    if peak.fee < 0:
        raise Invalid("A fee is not negative.", field=f"{path}.fee")


def generate(
    place_ids: Collection[UUID] | None = None, *, actor: Actor, first: date | None = None, days: int = 7
) -> int:
    """Make (or remake) the slots of these places, or of every place that collects or delivers, for local days.

    `first` is today where it is left out. A repeat changes nothing. Gives how many slots were made or changed.
    """
    chosen = [row[0] for row in run(_ALL_PLACES)] if place_ids is None else sorted(set(place_ids))
    for place in chosen:
        actor.require(PLAN, place)
    facts = places.gather(chosen).result()
    today = {place: first or business_date(now(), fact.zone) for place, fact in facts.items()}
    by_day: dict[date, list[UUID]] = {}
    for place, day in today.items():
        by_day.setdefault(day, []).append(place)
    changed = 0
    for day, some in sorted(by_day.items()):
        changed += _generate(some, facts, day, days)
    return changed


def _generate(place_ids: Sequence[UUID], facts: dict[UUID, places.PlaceFacts], first: date, days: int) -> int:
    rules = {
        (place, method): rule_from(place, method, rest) for place, method, *rest in run(_RULES, [ids_array(place_ids)])
    }
    hours = places.open_hours_many(place_ids, first, first + timedelta(days=days - 1))
    made: list[NewSlot] = []
    for place in place_ids:
        openings = [(opening.opens, opening.closes) for opening in hours.get(place, ())]
        for method in Method:
            if method.value in facts[place].capabilities:
                rule = rules.get((place, method.value)) or default_rule(place, method.value)
                made += cut(rule, openings, facts[place].zone)
    return _write(place_ids, made, _span(made))


def _span(made: Sequence[NewSlot]) -> tuple[datetime, datetime]:
    """The time within which slots that are no longer asked for may go."""
    if not made:
        return now(), now()
    return min(slot.starts_at for slot in made), max(slot.ends_at for slot in made)


def _write(place_ids: Sequence[UUID], made: Sequence[NewSlot], span: tuple[datetime, datetime]) -> int:
    ids = [source_id("slot", f"{slot.place_id} {slot.method}", slot.starts_at) for slot in made]
    with transaction():
        run(_LOCK, [ids_array(place_ids), *span])
        run(_DROP, [ids_array(place_ids), *span, ids_array(ids)])
        params = [
            ids_array(ids),
            ids_array(slot.place_id for slot in made),
            [slot.method for slot in made],
            [slot.starts_at for slot in made],
            [slot.ends_at for slot in made],
            [slot.cutoff_at for slot in made],
            ints_array(slot.capacity for slot in made),
            ints_array(slot.fee for slot in made),
        ]
        return run(_MAKE, params).rowcount if made else 0
