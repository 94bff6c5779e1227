"""What can be promised for a basket: each way of receiving it, when, where, for what fee, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.sourcing.domain.options import Code, ProductNeed, Reason, keeps
from storeline.sourcing.domain.values import all_of, chance_there, reached
from storeline.sourcing.domain.ways import (
    Answer,
    Asked,
    Draft,
    Fee,
    Found,
    Offer,
    Point,
    Promise,
    Slots,
    Source,
    Sure,
    Way,
)

SHOWN = 5
"""Places named for each way."""
TRUST_HALVES = timedelta(days=180)
"""After so long without a count half of the trust in a record is gone: invented, until counts say otherwise."""
NEVER_COUNTED_DAYS = 90
"""A record that nobody ever counted is trusted like one counted so long ago."""
WALK = timedelta(hours=1)
"""How long a shopper takes to the shelf; goods carried out are not held until then."""


def promise(
    needs: Sequence[ProductNeed],
    sources: Sequence[Source],
    points: Sequence[Point],
    asked: Asked,
    shipped_from: Callable[[Sequence[Source]], Sequence[Source]],
) -> Promise:
    """Each way's answer. `shipped_from` chooses the places of one parcel among those that may send; none: it cannot be."""
    sent = _shipment(needs, sources, asked, shipped_from, by_area=True)
    points_answer = _at_points(needs, points, _shipment(needs, sources, asked, shipped_from, by_area=False), asked)

    def way(which: Way, found: Sequence[Found]) -> Answer:
        return _way(which, found, needs, asked.at)

    ways = (
        way(Way.CARRY_OUT, [_carried(one, needs) for one in sources]),
        way(Way.COLLECT, [_collected(one, needs, asked) for one in _online(sources, "collect")]),
        points_answer,
        way(Way.DELIVER, [_delivered(one, needs, asked) for one in _online(sources, "deliver")]),
        way(Way.SHIP, [sent]),
    )
    return Promise(asked.at, ways, len(sources) + len(points))


def _online(sources: Iterable[Source], capability: str) -> list[Source]:
    return [one for one in sources if one.priority is not None and capability in one.can]


def _way(way: Way, found: Sequence[Found], needs: Sequence[ProductNeed], at: datetime) -> Answer:
    able = sorted([one for one in found if not isinstance(one, list)], key=_nearest)[:SHOWN]
    if not able:
        return Answer(way, False, None, None, None, (), _why(found))
    offers = tuple([_offer(one, needs, at) if isinstance(one, Draft) else one for one in able])
    first = min(offers, key=lambda one: one.at)
    return Answer(way, True, first.at, offers[0].fee, offers[0].sure, offers, ())


def _nearest(found: Offer | Draft) -> tuple[float, datetime, str]:
    one = found.source if isinstance(found, Draft) else found
    return (one.km if one.km is not None else float("inf"), found.at, one.ref)


def _offer(draft: Draft, needs: Sequence[ProductNeed], at: datetime) -> Offer:
    """What is told of a place. Goods that are carried out are held by nobody until somebody is there."""
    one = draft.source
    has = one.shelf if draft.shelf else one.has
    sure = _sure(one, has, needs, at, draft.at - at + WALK if draft.shelf else timedelta(0))
    windows = draft.slots.windows() if draft.slots else ()
    return Offer(one.place_id, one.ref, one.name, one.km, draft.at, windows, sure, (), draft.fee)


def _why(found: Sequence[Found]) -> tuple[Reason, ...]:
    """Why nobody can: what keeps the nearest places from it, each reason once."""
    reasons: dict[tuple[Code, UUID | None], Reason] = {}
    for one in found:
        for reason in one if isinstance(one, list) else ():
            reasons.setdefault((reason.code, reason.product_id), reason)
    return tuple(reasons.values()) or (Reason(Code.NO_PLACE, "No place near here does this."),)


def _carried(source: Source, needs: Sequence[ProductNeed]) -> Found:
    if "sell" not in source.can:
        return []
    if (reasons := _obstacles(source, needs, online=False)) or source.opens is None:
        return reasons or [_SHUT]
    return Draft(source, source.opens, shelf=True)


def _collected(source: Source, needs: Sequence[ProductNeed], asked: Asked) -> Found:
    fee = Fee(asked.terms.fee_collect, source.currency)
    return _obstacles(source, needs, online=True) or _timed(source, source.collect, fee, slotted=source.collect_slotted)


def _delivered(source: Source, needs: Sequence[ProductNeed], asked: Asked) -> Found:
    area = capacity.area_for(source.areas, asked.to(source), Way.DELIVER.value)
    if area is None:
        return [_OUTSIDE]
    fee = _fee(area, source)
    return _obstacles(source, needs, online=True) or _timed(source, source.deliver, fee, slotted=source.deliver_slotted)


def _fee(area: capacity.Area, source: Source) -> Fee:
    return Fee(area.fee, source.currency, area.free_from, area.product_id, area.id)


def _timed(source: Source, slots: Slots, fee: Fee, *, slotted: bool) -> Found:
    if slotted and not slots.starts:
        return [_ALL_FULL]
    starts = slots.starts[0] if slots.starts else source.opens
    return [_SHUT] if starts is None else Draft(source, starts, slots, fee)


def _shipment(
    needs: Sequence[ProductNeed],
    sources: Sequence[Source],
    asked: Asked,
    shipped_from: Callable[[Sequence[Source]], Sequence[Source]],
    *,
    by_area: bool,
) -> Offer | list[Reason]:
    """One parcel: from one place where one has all, else from several together; `by_area` to those who send to the address."""
    if unfit := [reason for need in needs if (reason := _unfit(need, online=True))]:
        return unfit
    if cold := [need for need in needs if need.temperature != "ambient"]:
        return [_warm(need) for need in cold]
    able = [one for one in _online(sources, "ship") if not _shut_online(one)]
    areas = {one.place_id: capacity.area_for(one.areas, asked.to(one), Way.SHIP.value) for one in able}
    if by_area and able and not any(areas.values()):
        return [_OUTSIDE]
    if by_area:
        able = [one for one in able if areas[one.place_id]]
    chosen = [one for one in able if not _obstacles(one, needs, online=True)][:1] or list(shipped_from(able))
    if not chosen:
        return _missing(able, needs) or [reason for one in able[:1] for reason in _obstacles(one, needs, online=True)]
    taken = [area for one in chosen if (area := areas[one.place_id])] if by_area else []
    days = max([area.days for area in taken], default=0)
    leaves = max(one.opens or asked.at for one in chosen)
    fee = max([_fee(area, chosen[0]) for area in taken], key=lambda one: one.amount, default=None)
    return replace(_parcel(chosen, needs, asked.at), at=leaves + timedelta(days=days), fee=fee)


def _parcel(chosen: Sequence[Source], needs: Sequence[ProductNeed], at: datetime) -> Offer:
    """What these places send together, as an offer of the first."""
    first, several = chosen[0], len(chosen) > 1
    each = [_sure(one, one.has, needs, at, timedelta(0), part=several) for one in chosen]
    reasons = each[0].reasons
    if several:
        reasons = (Reason(Code.SPLIT, f"It comes in {len(chosen)} parcels."), *reasons)
    ids = tuple(one.place_id for one in chosen)
    sure = Sure(all_of([one.chance for one in each]), reasons)
    return Offer(first.place_id, first.ref, first.name, first.km, at, (), sure, ids)


def _warm(need: ProductNeed) -> Reason:
    words = f"A parcel does not keep {need.temperature} goods."
    return Reason(Code.NOT_KEPT_COLD, words, need.product_id, need.quantity)


def _at_points(
    needs: Sequence[ProductNeed], points: Sequence[Point], shipment: Offer | list[Reason], asked: Asked
) -> Answer:
    """A parcel, to a point that is there then."""
    if not isinstance(shipment, Offer):
        return _way(Way.POINT, [shipment], needs, asked.at)
    arrives = shipment.at + timedelta(hours=asked.terms.point_hours)
    found: list[Found] = []
    for point in points:
        windows = point.slots.windows(arrives)[:SHOWN]
        if (reasons := _point_obstacles(point, needs)) or (point.slotted and not windows):
            found.append(reasons or [_ALL_FULL])
        elif not windows and point.opens is None:
            found.append([_SHUT])
        else:
            ready = windows[0].starts_at if windows else max(arrives, point.opens or asked.at)
            fee = Fee(asked.terms.fee_point, point.currency)
            where = (point.place_id, point.ref, point.name, point.km, ready, windows)
            found.append(Offer(*where, shipment.sure, shipment.sources, fee))
    return _way(Way.POINT, found, needs, asked.at)


def _point_obstacles(point: Point, needs: Sequence[ProductNeed]) -> list[Reason]:
    found = [_GONE] if not point.trading else []
    if point.closed:
        found.append(_NO_ONLINE)
    for need in needs:
        if not keeps(point.format, need.temperature, point.keeps):
            words = f"This place cannot keep {need.temperature} goods."
            found.append(Reason(Code.NOT_KEPT_COLD, words, need.product_id, need.quantity))
    return found


_SHUT = Reason(Code.CLOSED, "This place does not open in the next days.")
_ALL_FULL = Reason(Code.SLOTS_FULL, "Every slot is full.")
_OUTSIDE = Reason(Code.TOO_FAR, "Nobody brings goods from there to this address.")
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
    has = source.has if online else source.shelf
    for number, need in enumerate(needs):
        if reason := _lacks(source, number, need, has[number], online=online):
            found.append(reason)
    return found


def _lacks(source: Source, number: int, need: ProductNeed, has: int, *, online: bool) -> Reason | None:
    product = need.product_id
    if reason := _unfit(need, online=online):
        return reason
    if not keeps(source.format, need.temperature, source.keeps):
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


def _sure(
    source: Source,
    has: Sequence[int],
    needs: Sequence[ProductNeed],
    at: datetime,
    unheld: timedelta,
    *,
    part: bool = False,
) -> Sure:
    """How sure it is that everything is found here: records may be wrong, and goods that are not held may be sold.

    `part`: the place gives what it has of each.
    """
    chances, reasons = [], []
    for number, need in enumerate(needs):
        have = has[number]
        want = min(need.quantity, max(have, 0)) if part else need.quantity
        if not want:
            continue
        wrong = _wrong(source.wrong[number], source.counted_at[number], at)
        days = unheld / timedelta(days=1)
        taken = reached((source.rate[number] or 0) * days / 1_000_000, (have - want) // 1_000 + 1)
        chances.append(chance_there(have, want, wrong) * (1_000_000 - taken) // 1_000_000)
        reasons.append((chances[-1], _doubt(source, number, need, taken, have, at)))
    reasons.sort(key=lambda pair: pair[0])
    return Sure(all_of(chances), tuple(reason for _, reason in reasons[:2]))


def _wrong(base: int | None, counted_at: datetime | None, at: datetime) -> int:
    """Thousandths of such records that are wrong by now: some at the count, more with every day since."""
    days = NEVER_COUNTED_DAYS if counted_at is None else max((at - counted_at) / timedelta(days=1), 0.0)
    right = (1_000 - (100 if base is None else base)) * math.pow(0.5, days / TRUST_HALVES.days)
    return 1_000 - round(right)


def _doubt(source: Source, number: int, need: ProductNeed, taken: int, has: int, at: datetime) -> Reason:
    """What speaks most for or against finding it."""
    product, counted = need.product_id, source.counted_at[number]
    if taken > 50_000:  # noqa: PLR2004  # one time in twenty
        return Reason(Code.SELLS_FAST, "It sells fast here, and nobody holds it.", product)
    if has < 3 * need.quantity:
        return Reason(Code.FEW_LEFT, "Few more than wanted are there by the books.", product)
    if counted is None:
        return Reason(Code.NOT_COUNTED, "Plenty by the books; it was not counted here yet.", product)
    days = max((at - counted).days, 0)
    return Reason(Code.COUNTED, f"Plenty by the books, counted {days} days ago.", product)
