"""Slots: how many orders a place can hand over in an hour, and the pure rules of making them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """How a shopper receives what the slot is for."""

    COLLECT = "collect"
    DELIVER = "deliver"


class State(StrEnum):
    """The life of a booking: held, then settled (handed over: the room was used) or released (the room is back)."""

    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Slot:
    """A span of time at a place. `cutoff_at` is the last moment to book it; times are UTC."""

    id: UUID
    place_id: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    capacity: int
    held: int

    @property
    def left(self) -> int:
        """Units that nobody has booked, whatever the time."""
        return self.capacity - self.held


@dataclass(frozen=True, slots=True)
class Room:
    """A locked slot as it stands now: `room` is 0 once the cut-off has passed."""

    id: UUID
    place_id: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    room: int


@dataclass(frozen=True, slots=True)
class BookRow:
    """One booking to write; one for each source. `expires_at` None: until its owner settles or releases it."""

    source_id: UUID
    slot_id: UUID
    units: int = 1
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """How a place's slots are made: each opening is cut into slots of `minutes`, each for `capacity` orders.

    A slot can be booked until `lead_minutes` before it starts.
    """

    place_id: UUID
    method: str
    minutes: int
    capacity: int
    lead_minutes: int


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot that a rule asks for."""

    place_id: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    capacity: int


DEFAULT_MINUTES = 60
DEFAULT_CAPACITY = 12
DEFAULT_LEAD_MINUTES = 120
SHORTEST = timedelta(minutes=15)
"""A rest of an opening that is shorter than this makes no slot of its own."""


def default_rule(place_id: UUID, method: str) -> Rule:
    """The rule of a place that has none: an order every five minutes, two hours to pick."""
    return Rule(place_id, method, DEFAULT_MINUTES, DEFAULT_CAPACITY, DEFAULT_LEAD_MINUTES)


def cut(rule: Rule, openings: Iterable[tuple[datetime, datetime]]) -> list[NewSlot]:
    """Cut openings (UTC, opening to closing) into slots from the opening on.

    A shorter rest at the end becomes a slot with its share of the capacity, rounded down, if that is not 0.
    """
    step = timedelta(minutes=rule.minutes)
    lead = timedelta(minutes=rule.lead_minutes)
    made = []
    for opens, closes in openings:
        start = opens
        while closes - start >= SHORTEST or (closes - start) >= step:
            end = min(start + step, closes)
            capacity = rule.capacity * (end - start) // step
            if capacity:
                made.append(NewSlot(rule.place_id, rule.method, start, end, start - lead, capacity))
            start = end
    return made


def days(first: date, count: int) -> Sequence[date]:
    """`count` days from `first` on."""
    return [first + timedelta(days=number) for number in range(count)]
