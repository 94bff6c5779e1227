"""Rules of places, without a database: formats, numbers that check themselves, distances, opening hours."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from storeline.kernel.api import Invalid, time_zone

FORMATS = (
    "hypermarket",
    "supermarket",
    "convenience",
    "department_store",
    "pop_up",
    "fuel_station",
    "warehouse",
    "collection_point",
    "locker",
    "machine",
    "web",
)
TEMPERATURES = ("ambient", "fresh", "chilled", "frozen", "hot")
"""The classes of `catalog`, which says of each product which it needs."""
AMBIENT_ONLY = frozenset({"collection_point", "locker", "machine", "pop_up"})
"""Formats without cold rooms, unless a place says that it has one."""
CAPABILITIES = ("sell", "collect", "ship", "deliver", "service")
DAY = 24 * 60
_HOUR = 60
_GLN_DIGITS = 13
_POLE, _ANTIMERIDIAN = 90, 180
EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG), so that the great circle is right to half a percent anywhere."""


def gs1_check_digit(body: str) -> str:
    """The last digit of a GS1 number (GTIN, GLN, SSCC) after `body`: weights 3 and 1 from the right.

    GS1 General Specifications, section 7.9.
    """
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(body)))
    return str(-total % 10)


def check_gln(text: str, *, field: str = "gln") -> str:
    """A Global Location Number as its 13 digits, or a refusal."""
    if len(text) != _GLN_DIGITS or not (text.isascii() and text.isdigit()):
        raise Invalid("A GLN has 13 digits.", field=field)
    if gs1_check_digit(text[:-1]) != text[-1]:
        raise Invalid(f"The check digit of GLN {text} is wrong.", field=field)
    return text


def kept_by(place_format: str, stated: Collection[str] = ()) -> frozenset[str]:
    """The temperature classes that a place can hold goods of until they are handed over: what it states, else by format."""
    if stated:
        return frozenset(stated)
    return frozenset({"ambient"}) if place_format in AMBIENT_ONLY else frozenset(TEMPERATURES)


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees of WGS 84: latitude north, longitude east."""

    latitude: float
    longitude: float


def check_position(latitude: float, longitude: float, *, field: str = "position") -> Position:
    """A point on the Earth, or a refusal."""
    if not abs(latitude) <= _POLE:
        raise Invalid("A latitude lies between -90 and 90.", field=f"{field}.latitude")
    if not abs(longitude) <= _ANTIMERIDIAN:
        raise Invalid("A longitude lies between -180 and 180.", field=f"{field}.longitude")
    return Position(latitude, longitude)


def distance_km(a: Position, b: Position) -> float:
    """Kilometres along the great circle (the haversine formula)."""
    north = math.radians(b.latitude - a.latitude)
    east = math.radians(b.longitude - a.longitude)
    chord = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(a.latitude)) * math.cos(math.radians(b.latitude)) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


@dataclass(frozen=True, slots=True)
class Hours:
    """One opening of a local day, in minutes after its midnight: 1320 to 1560 is 22:00 to 02:00 of the next day."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A time when a place is open, in UTC; `closes` is not in it."""

    opens: datetime
    closes: datetime

    @property
    def all_day(self) -> bool:
        """Whether it lasts a whole day, the short one of spring too."""
        return self.closes - self.opens >= timedelta(hours=23)


def parse_clock(text: str, *, field: str) -> int:
    """``HH:MM`` as minutes after midnight; up to ``47:59``, so that a day may run past midnight."""
    hours, separator, minutes = text.strip().partition(":")
    if not (separator and hours.isdecimal() and minutes.isdecimal() and len(minutes) == len("00")):
        raise Invalid(f"{text[:20]!r} is not a time such as 08:30.", field=field)
    value = int(hours) * 60 + int(minutes)
    if int(minutes) >= _HOUR or value >= 2 * DAY:
        raise Invalid(f"{text[:20]!r} is not a time of day.", field=field)
    return value


def check_hours(opens: str, closes: str, *, field: str = "hours") -> Hours:
    """Opening hours from two ``HH:MM``; a closing time not after the opening one is of the next day."""
    start = parse_clock(opens, field=f"{field}.opens")
    end = parse_clock(closes, field=f"{field}.closes")
    if start >= DAY:
        raise Invalid("A day opens before 24:00.", field=f"{field}.opens")
    if end <= start:
        end += DAY
    if end - start > DAY:
        raise Invalid("A day has at most 24 hours.", field=f"{field}.closes")
    return Hours(start, end)


def no_overlap(hours: Collection[Hours]) -> bool:
    """Whether the openings of one day are apart from each other."""
    ordered = sorted(hours, key=lambda opening: opening.opens)
    return all(first.closes <= second.opens for first, second in pairwise(ordered))


def _instants(day: date, minutes: int, zone_name: str) -> tuple[datetime, datetime]:
    """The UTC moments of a local wall time: two where the clocks go back over it, otherwise the same twice; for a
    time that the clocks skip, the moment that many minutes after the skip, then that many before its end.
    """
    wall = (datetime.combine(day, time()) + timedelta(minutes=minutes)).replace(tzinfo=time_zone(zone_name))
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def openings(
    week: Mapping[int, Sequence[Hours]], exceptions: Mapping[date, Sequence[Hours]], day: date, zone_name: str
) -> tuple[Interval, ...]:
    """When a place is open on local `day`, in UTC and in order.

    `week` goes by ISO weekday (1 is Monday); an exception replaces the whole day, and an empty one closes it.
    Where the clocks go back, it opens at the first of the two moments and closes at the last.
    """
    hours = exceptions[day] if day in exceptions else week.get(day.isoweekday(), ())
    found = (
        Interval(_instants(day, item.opens, zone_name)[0], max(_instants(day, item.closes, zone_name)))
        for item in sorted(hours, key=lambda opening: opening.opens)
    )
    return tuple(interval for interval in found if interval.closes > interval.opens)


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What an order needs of a place, read in one statement. `currency` to `tax_included` are its legal entity's.

    `opens_on` and `closes_on` bound the days of its existence (a pop-up's), both included, None for no bound. `keeps` are
    the temperature classes that goods can wait there in.
    """

    id: UUID
    ref: str
    entity_id: UUID
    currency: str
    country: str
    tax_regime: str
    inclusive: bool
    tax_region: str
    price_zone: str
    zone: str
    format: str
    capabilities: frozenset[str]
    opens_on: date | None
    closes_on: date | None
    keeps: frozenset[str] = frozenset(TEMPERATURES)

    def trades_on(self, day: date) -> bool:
        """Whether the place exists on that local day."""
        return (self.opens_on is None or self.opens_on <= day) and (self.closes_on is None or day <= self.closes_on)
