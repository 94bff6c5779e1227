"""Slots: how many orders a place can hand over in an hour, and the areas that it delivers to. Pure rules.

Fees are minor units of the place's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from storeline.kernel.api import Invalid, time_zone
from storeline.places import api as places


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
    """A span of time at a place. `cutoff_at` is the last moment to book it; times are UTC.

    `fee` comes on top of the area's where goods are delivered then.
    """

    id: UUID
    place_id: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    capacity: int
    held: int
    fee: int = 0

    @property
    def left(self) -> int:
        """Units that nobody has booked, whatever the time."""
        return self.capacity - self.held


@dataclass(frozen=True, slots=True)
class Room:
    """A locked slot as it stands now: `room` is 0 once the cut-off has passed, `fee` what it adds to a delivery's.

    `holders` are the sources asked for that hold it already.
    """

    id: UUID
    place_id: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    room: int
    cutoff_at: datetime
    fee: int = 0
    holders: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class BookRow:
    """One booking to write; one for each source. `expires_at` None: until its owner settles or releases it."""

    source_id: UUID
    slot_id: UUID
    units: int = 1
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Peak:
    """When a delivery costs `fee` more: slots that begin on this ISO weekday between two minutes after midnight."""

    weekday: int
    opens: int
    closes: int
    fee: int


@dataclass(frozen=True, slots=True)
class Rule:
    """How a place's slots are made: each opening is cut into slots of `minutes`, each for `capacity` orders.

    A slot can be booked until `lead_minutes` before it starts; `peaks` are the hours that cost more.
    """

    place_id: UUID
    method: str
    minutes: int
    capacity: int
    lead_minutes: int
    peaks: tuple[Peak, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot that a rule asks for."""

    place_id: UUID
    method: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    capacity: int
    fee: int = 0


DEFAULT_MINUTES = 60
DEFAULT_CAPACITY = 12
DEFAULT_LEAD_MINUTES = 120
SHORTEST = timedelta(minutes=15)
"""A rest of an opening that is shorter than this makes no slot of its own."""


def default_rule(place_id: UUID, method: str) -> Rule:
    """The rule of a place that has none: an order every five minutes, two hours to pick."""
    return Rule(place_id, method, DEFAULT_MINUTES, DEFAULT_CAPACITY, DEFAULT_LEAD_MINUTES)


def cut(rule: Rule, openings: Iterable[tuple[datetime, datetime]], zone: str = "UTC") -> list[NewSlot]:
    """Cut openings (UTC, opening to closing) into slots from the opening on.

    A shorter rest at the end becomes a slot with its share of the capacity, rounded down, if that is not 0. `zone` is
    the place's, in which peaks are told.
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
                fee = _peak_fee(rule.peaks, start, zone)
                made.append(NewSlot(rule.place_id, rule.method, start, end, start - lead, capacity, fee))
            start = end
    return made


def _peak_fee(peaks: Sequence[Peak], start: datetime, zone: str) -> int:
    if not peaks:
        return 0
    local = start.astimezone(time_zone(zone))
    minute = local.hour * 60 + local.minute
    return max(
        (peak.fee for peak in peaks if peak.weekday == local.isoweekday() and peak.opens <= minute < peak.closes),
        default=0,
    )


def days(first: date, count: int) -> Sequence[date]:
    """`count` days from `first` on."""
    return [first + timedelta(days=number) for number in range(count)]


class Bring(StrEnum):
    """How goods are brought to an address: by the place's own vans in a slot, or by a carrier as a parcel."""

    DELIVER = "deliver"
    SHIP = "ship"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where goods are to be brought: an ISO 3166 country, a postal code, and the position where it is known."""

    country: str
    postal_code: str
    position: places.Position | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Where a place brings goods, and for how much.

    Addresses of `country` whose postal code begins with one of `postal_codes`, or that lie within `radius_km` of the
    place; all of the country where neither is told. `fee` is waived where the goods come to `free_from` or more;
    `product_id` is the service that it is sold as, with its name and tax class. `days` is how long a parcel takes.
    """

    id: UUID
    place_id: UUID
    method: str
    name: str
    country: str
    postal_codes: tuple[str, ...]
    radius_km: float | None
    fee: int
    free_from: int | None
    days: int
    product_id: UUID
    around: places.Position | None = None

    def holds(self, to: Destination) -> bool:
        """Whether the address lies in it."""
        if to.country != self.country:
            return False
        if any(plain_code(to.postal_code).startswith(code) for code in self.postal_codes):
            return True
        if self.radius_km is None:
            return not self.postal_codes
        if to.position is None or self.around is None:
            return False
        return places.distance_km(self.around, to.position) <= self.radius_km


def plain_code(text: str) -> str:
    """A postal code as codes are compared: upper case, letters and digits alone."""
    return "".join(char for char in text.upper() if char.isalnum())


def area_for(areas: Iterable[Area], to: Destination, method: str) -> Area | None:
    """The area that serves the address: of several the cheapest, then the one that is free the soonest."""
    found = [area for area in areas if area.method == method and area.holds(to)]
    return min(found, key=lambda area: (area.fee, area.free_from or 0, area.id), default=None)


def fee_of(area: Area, goods: int, slot_fee: int = 0) -> int:
    """What bringing goods of that worth costs: the area's fee unless it is waived, and what the slot adds in any case."""
    waived = area.free_from is not None and goods >= area.free_from
    return (0 if waived else area.fee) + slot_fee


MAX_AREAS = 100
MAX_CODES = 2_000
MAX_RADIUS_KM = 500
LONGEST_CODE = 12


def check_area(area: Area, path: str) -> None:
    """Refuse an area that makes no sense, naming the field."""
    if area.method not in set(Bring):
        raise Invalid("The method is deliver or ship.", field=f"{path}.method")
    if len(area.country) != 2 or not (area.country.isascii() and area.country.isupper()):  # noqa: PLR2004  # ISO 3166-1
        raise Invalid("A country has two capital letters.", field=f"{path}.country")
    if len(area.postal_codes) > MAX_CODES or any(
        not 0 < len(code) <= LONGEST_CODE or code != plain_code(code) for code in area.postal_codes
    ):
        raise Invalid("Postal codes begin with letters or digits, at most 12.", field=f"{path}.postal_codes")
    if area.radius_km is not None and not 0 < area.radius_km <= MAX_RADIUS_KM:
        raise Invalid("The radius is from 0 to 500 km.", field=f"{path}.radius_km")
    if area.fee < 0 or (area.free_from is not None and area.free_from <= 0):
        raise Invalid("Amounts are not negative.", field=f"{path}.fee")
    if not 0 <= area.days <= 60:  # noqa: PLR2004  # two months
        raise Invalid("A parcel takes from 0 to 60 days.", field=f"{path}.days")
