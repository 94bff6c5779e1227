"""What a promise is made of: ways of receiving, places and points as they were read, offers and answers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from storeline.places import api as places
from storeline.sourcing.domain.options import Reason

HIGH, MEDIUM = 950, 800
"""From how many thousandths on a promise is called so."""


class Way(StrEnum):
    """How the shopper receives the basket."""

    CARRY_OUT = "carry_out"
    COLLECT = "collect"
    POINT = "point"
    DELIVER = "deliver"
    SHIP = "ship"


class Level(StrEnum):
    """How sure, in a word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Window(NamedTuple):
    """A slot with room; `fee` comes on top where goods are brought then."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    fee: int = 0


class Sure(NamedTuple):
    """The chance, in thousandths, that the goods are there as promised, and what speaks for or against it."""

    chance: int
    reasons: tuple[Reason, ...]

    @property
    def level(self) -> Level:
        """The chance in a word."""
        return Level.HIGH if self.chance >= HIGH else Level.MEDIUM if self.chance >= MEDIUM else Level.LOW


class Fee(NamedTuple):
    """What receiving it so costs, in minor units: data for the quote, which prices it as a line.

    Waived where the goods come to `free_from`; sold as the service `product_id`, by the area `area_id` of a place.
    """

    amount: int
    currency: str
    free_from: int | None = None
    product_id: UUID | None = None
    area_id: UUID | None = None


class Giver(NamedTuple):
    """A place that something of the basket comes from."""

    place_id: UUID
    ref: str
    name: str


class Offer(NamedTuple):
    """One place: when the basket is there, in which slots. `givers`, where it comes from elsewhere too: where it is put
    together, then who gives to it.
    """

    place_id: UUID
    ref: str
    name: str
    km: float | None
    at: datetime
    windows: tuple[Window, ...]
    sure: Sure
    givers: tuple[Giver, ...] = ()
    fee: Fee | None = None

    @property
    def sources(self) -> tuple[UUID, ...]:
        """The ids of `givers`."""
        return tuple([one.place_id for one in self.givers])


class Answer(NamedTuple):
    """One way: possible or why not. `at` is the earliest moment, `offers` the places, the nearest first."""

    way: Way
    possible: bool
    at: datetime | None
    fee: Fee | None
    sure: Sure | None
    offers: tuple[Offer, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """What can be promised at `asked_at`; `considered` places were looked at."""

    asked_at: datetime
    ways: tuple[Answer, ...]
    considered: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel asks where goods are collected (minor units), and how long a parcel takes to a collection point.

    What bringing goods costs and how long it takes is said by the areas that places bring them to (`capacity`).
    """

    fee_collect: int = 0
    fee_point: int = 0
    point_hours: int = 48


class Slots(NamedTuple):
    """Slots with room, in order, as they were read; None where there are none."""

    ids: Sequence[UUID] | None = None
    starts: Sequence[datetime] | None = None
    ends: Sequence[datetime] | None = None
    fees: Sequence[int] | None = None

    def windows(self, since: datetime | None = None, most: int | None = None) -> tuple[Window, ...]:
        """Those that begin from a moment on, the first of them."""
        if not self.ids or not self.starts or not self.ends or not self.fees:
            return ()
        first = 0 if since is None else bisect_left(self.starts, since)
        some = slice(first, None if most is None else first + most)
        return tuple(map(Window, self.ids[some], self.starts[some], self.ends[some], self.fees[some]))


class Source(NamedTuple):
    """A place as it was read, column by column; lists go by the needs' order. `priority` None: the channel does not sell from it.

    `has` is what the channel may promise, `shelf` what people who stand there find; `listed` None: it carries everything.
    Times and values are read of who has the whole basket, and of who may put it together.
    """

    place_id: UUID
    ref: str
    name: str
    format: str
    can: Sequence[str]
    currency: str
    km: float | None
    priority: int | None
    room: int | None
    closed: bool
    trading: bool
    has: Sequence[int]
    shelf: Sequence[int]
    listed: Sequence[bool] | None
    rate: Sequence[int | None] | None
    wrong: Sequence[int | None] | None
    counted_at: Sequence[datetime | None] | None
    collect_ids: Sequence[UUID] | None
    collect_starts: Sequence[datetime] | None
    collect_ends: Sequence[datetime] | None
    collect_fees: Sequence[int] | None
    collect_slotted: bool
    deliver_ids: Sequence[UUID] | None
    deliver_starts: Sequence[datetime] | None
    deliver_ends: Sequence[datetime] | None
    deliver_fees: Sequence[int] | None
    deliver_slotted: bool
    opens: datetime | None
    keeps: Sequence[str]
    country: str
    latitude: float | None
    longitude: float | None
    areas: str | None
    """Those that may hold the address, as they were read."""
    visit: int | None
    line: int | None

    @property
    def position(self) -> places.Position | None:
        """Where it is, if that is known."""
        if self.latitude is None or self.longitude is None:
            return None
        return places.Position(self.latitude, self.longitude)

    @property
    def collect(self) -> Slots:
        """When it hands over."""
        return Slots(self.collect_ids, self.collect_starts, self.collect_ends, self.collect_fees)

    @property
    def deliver(self) -> Slots:
        """When it brings."""
        return Slots(self.deliver_ids, self.deliver_starts, self.deliver_ends, self.deliver_fees)


class Area(NamedTuple):
    """An area that holds an address, if that lies within `radius_km` where one is told: what a promise says of it."""

    method: str
    fee: int
    free_from: int | None
    id: UUID
    days: int
    product_id: UUID
    radius_km: float | None


class Point(NamedTuple):
    """A collection point, locker or machine: goods come to it from elsewhere."""

    place_id: UUID
    ref: str
    name: str
    format: str
    keeps: Sequence[str]
    currency: str
    km: float | None
    closed: bool
    trading: bool
    slots: Slots
    slotted: bool
    opens: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """From when on, under which terms, and which area of a place holds the address, if any does."""

    at: datetime
    terms: Terms
    area: Callable[[Source, str], Area | None]

    @property
    def takes(self) -> timedelta:
        """How long goods take from one place to another, as to a point."""
        return timedelta(hours=self.terms.point_hours)


class Given(NamedTuple):
    """What a place gives to a basket: thousandths, by the needs' order."""

    source: Source
    taken: Sequence[int]

    @property
    def giver(self) -> Giver:
        """Who that is."""
        return Giver(self.source.place_id, self.source.ref, self.source.name)


class Draft(NamedTuple):
    """A place that could: of those that are shown an offer is made. `given`: what it and others give to it, if others do."""

    source: Source
    at: datetime
    slots: Slots | None = None
    fee: Fee | None = None
    shelf: bool = False
    given: Sequence[Given] = ()


Found = Offer | Draft | list[Reason]
"""An offer, what becomes one, or why there is none."""
