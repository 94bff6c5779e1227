"""What can be promised for a basket: each way of receiving it, when, where, for what fee, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from storeline.sourcing.domain.options import Code, ProductNeed, Reason, keeps
from storeline.sourcing.domain.values import all_of, chance_there, reached

SHOWN = 5
"""Places named for each way."""
HIGH, MEDIUM = 950, 800
"""From how many thousandths on a promise is called so."""
TRUST_HALVES = timedelta(days=180)
"""After so long without a count half of the trust in a record is gone: invented, until counts say otherwise."""
NEVER_COUNTED_DAYS = 90
"""A record that nobody ever counted is trusted like one counted so long ago."""
WALK = timedelta(hours=1)
"""How long a shopper takes to the shelf; goods carried out are not held until then."""
FAR_KM = 1_000
"""A parcel takes a day more for each of these."""


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


@dataclass(frozen=True, slots=True)
class Window:
    """A slot with room."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Sure:
    """The chance, in thousandths, that the goods are there as promised, and what speaks for or against it."""

    chance: int
    reasons: tuple[Reason, ...]

    @property
    def level(self) -> Level:
        """The chance in a word."""
        return Level.HIGH if self.chance >= HIGH else Level.MEDIUM if self.chance >= MEDIUM else Level.LOW


@dataclass(frozen=True, slots=True)
class Fee:
    """What receiving it so costs, in minor units: data for the quote, which prices it as a line."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One place: when the basket is there, in which slots; `sources` are the places that it comes from, if others."""

    place_id: UUID
    ref: str
    name: str
    km: float | None
    at: datetime
    windows: tuple[Window, ...]
    sure: Sure
    sources: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
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
    """What a channel asks for each way (minor units), how long parcels take and how far vans go."""

    fee_collect: int = 0
    fee_point: int = 0
    fee_deliver: int = 0
    fee_ship: int = 0
    ship_hours: int = 48
    deliver_km: int = 25


@dataclass(frozen=True, slots=True)
class Source:
    """A place as it was read; lists go by the needs' order. `priority` None: the channel does not sell from it."""

    place_id: UUID
    ref: str
    name: str
    format: str
    can: frozenset[str]
    currency: str
    km: float | None
    priority: int | None
    room: int | None
    closed: bool
    trading: bool
    has: Sequence[int]
    listed: Sequence[bool]
    rate: Sequence[int | None]
    wrong: Sequence[int | None]
    counted_at: Sequence[datetime | None]
    collect: tuple[Window, ...]
    collect_slotted: bool
    deliver: tuple[Window, ...]
    deliver_slotted: bool
    opens: datetime | None


@dataclass(frozen=True, slots=True)
class Point:
    """A collection point, locker or machine: goods come to it from elsewhere."""

    place_id: UUID
    ref: str
    name: str
    format: str
    currency: str
    km: float | None
    closed: bool
    trading: bool
    windows: tuple[Window, ...]
    slotted: bool
    opens: datetime | None


Found = Offer | list[Reason]
"""An offer, or why there is none."""


def promise(
    needs: Sequence[ProductNeed],
    sources: Sequence[Source],
    points: Sequence[Point],
    terms: Terms,
    at: datetime,
    shipped_from: Callable[[Sequence[Source]], Sequence[Source]],
) -> Promise:
    """Each way's answer. `shipped_from` chooses the places of one shipment among those that may send; none: it cannot be."""
    shipment = _shipment(needs, sources, terms, at, shipped_from)
    ways = (
        _way(Way.CARRY_OUT, _each(sources, lambda one: _carried(one, needs, at)), None),
        _way(
            Way.COLLECT,
            _each(_online(sources, "collect"), lambda one: _collected(one, needs, at)),
            terms.fee_collect,
            sources,
        ),
        _at_points(needs, points, shipment, terms, at),
        _way(
            Way.DELIVER,
            _each(_online(sources, "deliver"), lambda one: _delivered(one, needs, at, terms)),
            terms.fee_deliver,
            sources,
        ),
        _way(Way.SHIP, [shipment], terms.fee_ship, sources),
    )
    return Promise(at, ways, len(sources) + len(points))


def _each(sources: Iterable[Source], judged: Callable[[Source], Found]) -> list[Found]:
    return [judged(source) for source in sources]


def _online(sources: Iterable[Source], capability: str) -> list[Source]:
    return [one for one in sources if one.priority is not None and capability in one.can]


def _way(way: Way, found: Sequence[Found], fee: int | None, sources: Sequence[Source] = ()) -> Answer:
    offers = sorted((one for one in found if isinstance(one, Offer)), key=_nearest)[:SHOWN]
    if not offers:
        return Answer(way, False, None, None, None, (), _why(found))
    first = min(offers, key=lambda one: one.at)
    currency = next((one.currency for one in sources), "")
    charge = None if fee is None else Fee(fee, currency)
    return Answer(way, True, first.at, charge, offers[0].sure, tuple(offers), ())


def _nearest(offer: Offer) -> tuple[float, datetime, str]:
    return (offer.km if offer.km is not None else float("inf"), offer.at, offer.ref)


def _why(found: Sequence[Found]) -> tuple[Reason, ...]:
    """Why nobody can: what keeps the nearest places from it, each reason once."""
    reasons: dict[tuple[Code, UUID | None], Reason] = {}
    for one in found:
        for reason in one if isinstance(one, list) else ():
            reasons.setdefault((reason.code, reason.product_id), reason)
    return tuple(reasons.values()) or (Reason(Code.NO_PLACE, "No place near here does this."),)


def _carried(source: Source, needs: Sequence[ProductNeed], at: datetime) -> Found:
    if "sell" not in source.can:
        return []
    if (reasons := _obstacles(source, needs, online=False)) or source.opens is None:
        return reasons or [_SHUT]
    return _offer(source, needs, source.opens, at, source.opens - at + WALK)


def _collected(source: Source, needs: Sequence[ProductNeed], at: datetime) -> Found:
    reasons = _obstacles(source, needs, online=True)
    return reasons or _timed(source, needs, source.collect, at, slotted=source.collect_slotted)


def _delivered(source: Source, needs: Sequence[ProductNeed], at: datetime, terms: Terms) -> Found:
    if source.km is None or source.km > terms.deliver_km:
        return [Reason(Code.TOO_FAR, "No van goes that far.")]
    reasons = _obstacles(source, needs, online=True)
    return reasons or _timed(source, needs, source.deliver, at, slotted=source.deliver_slotted)


def _timed(
    source: Source, needs: Sequence[ProductNeed], windows: tuple[Window, ...], at: datetime, *, slotted: bool
) -> Found:
    if slotted and not windows:
        return [Reason(Code.SLOTS_FULL, "Every slot is full.")]
    starts = windows[0].starts_at if windows else source.opens
    return [_SHUT] if starts is None else _offer(source, needs, starts, at, timedelta(0), windows)


def _shipment(
    needs: Sequence[ProductNeed],
    sources: Sequence[Source],
    terms: Terms,
    at: datetime,
    shipped_from: Callable[[Sequence[Source]], Sequence[Source]],
) -> Found:
    """One shipment: from one place where one has all, else from several together."""
    if cold := [need for need in needs if need.temperature != "ambient" and need.known]:
        return [
            Reason(
                Code.NOT_KEPT_COLD, f"A parcel does not keep {need.temperature} goods.", need.product_id, need.quantity
            )
            for need in cold
        ]
    if unfit := [reason for need in needs if (reason := _unfit(need, online=True))]:
        return unfit
    able = [one for one in _online(sources, "ship") if not _shut_online(one)]
    chosen = [one for one in able if not _obstacles(one, needs, online=True)][:1] or list(shipped_from(able))
    if not chosen:
        return _missing(able, needs) or [reason for one in able[:1] for reason in _obstacles(one, needs, online=True)]
    leaves = max(one.opens or at for one in chosen)
    far = max(one.km or 0.0 for one in chosen)
    arrives = leaves + timedelta(hours=terms.ship_hours, days=int(far // FAR_KM))
    first = chosen[0]
    sure = all_of([_sure(one, needs, at, timedelta(0), part=len(chosen) > 1).chance for one in chosen])
    reasons = _sure(first, needs, at, timedelta(0), part=len(chosen) > 1).reasons
    if len(chosen) > 1:
        reasons = (Reason(Code.SPLIT, f"It comes in {len(chosen)} parcels."), *reasons)
    ids = tuple(one.place_id for one in chosen)
    return Offer(first.place_id, first.ref, first.name, first.km, arrives, (), Sure(sure, reasons), ids)


def _at_points(
    needs: Sequence[ProductNeed], points: Sequence[Point], shipment: Found, terms: Terms, at: datetime
) -> Answer:
    """A parcel, to a point that is there then."""
    if not isinstance(shipment, Offer):
        return _way(Way.POINT, [shipment], terms.fee_point)
    found: list[Found] = []
    for point in points:
        windows = tuple(one for one in point.windows if one.starts_at >= shipment.at)
        if (reasons := _point_obstacles(point, needs)) or (point.slotted and not windows):
            found.append(reasons or [Reason(Code.SLOTS_FULL, "Every slot is full.")])
        elif not windows and point.opens is None:
            found.append([_SHUT])
        else:
            ready = windows[0].starts_at if windows else max(shipment.at, point.opens or at)
            found.append(
                Offer(point.place_id, point.ref, point.name, point.km, ready, windows, shipment.sure, shipment.sources)
            )
    answer = _way(Way.POINT, found, None)
    charge = Fee(terms.fee_point, points[0].currency) if answer.possible else None
    return Answer(answer.way, answer.possible, answer.at, charge, answer.sure, answer.offers, answer.reasons)


def _point_obstacles(point: Point, needs: Sequence[ProductNeed]) -> list[Reason]:
    found = [_GONE] if not point.trading else []
    if point.closed:
        found.append(_NO_ONLINE)
    for need in needs:
        if not keeps(point.format, need.temperature):
            words = f"This place cannot keep {need.temperature} goods."
            found.append(Reason(Code.NOT_KEPT_COLD, words, need.product_id, need.quantity))
    return found


_SHUT = Reason(Code.CLOSED, "This place does not open in the next days.")
_GONE = Reason(Code.NOT_TRADING, "This place has not opened yet, or has closed for good.")
_NO_ONLINE = Reason(Code.CLOSED_ONLINE, "This place takes no online orders now.")
_FULL = Reason(Code.NO_ROOM, "This place has as many online orders as it can pick in this hour.")


def _shut_online(source: Source) -> bool:
    return source.closed or not source.trading or (source.room is not None and source.room <= 0)


def _obstacles(source: Source, needs: Sequence[ProductNeed], *, online: bool) -> list[Reason]:
    """Everything that keeps a place from the whole basket, apart from its hours."""
    found = [] if source.trading else [_GONE]
    if online and source.closed:
        found.append(_NO_ONLINE)
    if online and source.room is not None and source.room <= 0:
        found.append(_FULL)
    for number, need in enumerate(needs):
        if reason := _lacks(source, number, need, online=online):
            found.append(reason)
    return found


def _lacks(source: Source, number: int, need: ProductNeed, *, online: bool) -> Reason | None:
    product, has = need.product_id, source.has[number]
    if reason := _unfit(need, online=online):
        return reason
    if not keeps(source.format, need.temperature):
        return Reason(Code.NOT_KEPT_COLD, f"This place cannot keep {need.temperature} goods.", product, need.quantity)
    if not source.listed[number]:
        return Reason(Code.NOT_LISTED, "This place does not carry the product.", product, need.quantity)
    if has < need.quantity:
        return Reason(Code.SHORT, "Not enough is there.", product, need.quantity - max(has, 0))
    return None


def _unfit(need: ProductNeed, *, online: bool) -> Reason | None:
    """Why no place at all could."""
    product = need.product_id
    if not need.known:
        return Reason(Code.UNKNOWN_PRODUCT, "There is no such product.", product, need.quantity)
    if not need.sellable:
        return Reason(Code.NOT_SOLD, "This product is not sold any more.", product, need.quantity)
    if online and not need.online:
        return Reason(Code.NOT_ONLINE, "This product is sold at tills only.", product, need.quantity)
    return None


def _missing(sources: Sequence[Source], needs: Sequence[ProductNeed]) -> list[Reason]:
    """What all of these places together do not have."""
    found = []
    for number, need in enumerate(needs):
        together = sum(max(source.has[number], 0) for source in sources)
        if together < need.quantity:
            found.append(Reason(Code.SHORT, "Not enough is there.", need.product_id, need.quantity - together))
    return found


def _offer(
    source: Source,
    needs: Sequence[ProductNeed],
    ready: datetime,
    at: datetime,
    unheld: timedelta,
    windows: tuple[Window, ...] = (),
) -> Offer:
    sure = _sure(source, needs, at, unheld)
    return Offer(source.place_id, source.ref, source.name, source.km, ready, windows, sure)


def _sure(source: Source, needs: Sequence[ProductNeed], at: datetime, unheld: timedelta, *, part: bool = False) -> Sure:
    """How sure it is that everything is found here: records may be wrong, and goods that are not held may be sold.

    `part`: the place gives what it has of each.
    """
    chances, reasons = [], []
    for number, need in enumerate(needs):
        has = source.has[number]
        want = min(need.quantity, max(has, 0)) if part else need.quantity
        if not want:
            continue
        wrong = _wrong(source.wrong[number], source.counted_at[number], at)
        days = unheld / timedelta(days=1)
        taken = reached((source.rate[number] or 0) * days / 1_000_000, (has - want) // 1_000 + 1)
        chances.append(chance_there(has, want, wrong) * (1_000_000 - taken) // 1_000_000)
        reasons.append((chances[-1], _doubt(source, number, need, taken, at)))
    reasons.sort(key=lambda pair: pair[0])
    return Sure(all_of(chances), tuple(reason for _, reason in reasons[:2]))


def _wrong(base: int | None, counted_at: datetime | None, at: datetime) -> int:
    """Thousandths of such records that are wrong by now: some at the count, more with every day since."""
    days = NEVER_COUNTED_DAYS if counted_at is None else max((at - counted_at) / timedelta(days=1), 0.0)
    right = (1_000 - (100 if base is None else base)) * math.pow(0.5, days / TRUST_HALVES.days)
    return 1_000 - round(right)


def _doubt(source: Source, number: int, need: ProductNeed, taken: int, at: datetime) -> Reason:
    """What speaks most for or against finding it."""
    has, product, counted = source.has[number], need.product_id, source.counted_at[number]
    if taken > 50_000:  # noqa: PLR2004  # one time in twenty
        return Reason(Code.SELLS_FAST, "It sells fast here, and nobody holds it.", product)
    if has < 3 * need.quantity:
        return Reason(Code.FEW_LEFT, "Few more than wanted are there by the books.", product)
    if counted is None:
        return Reason(Code.NOT_COUNTED, "Plenty by the books; it was not counted here yet.", product)
    days = max((at - counted).days, 0)
    return Reason(Code.COUNTED, f"Plenty by the books, counted {days} days ago.", product)
