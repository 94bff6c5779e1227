"""What can be promised for a basket: each way of receiving it, when, where, for what fee, and how sure that is."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.places import api as places
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

T = TypeVar("T")
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
    """Each way's answer; places come the nearest first. `shipped_from` chooses the places of one parcel among those that
    may send and have it only together; none: it cannot be.
    """
    look = Look(needs, asked)
    online = [one for one in sources if one.priority is not None]
    shops = [one for one in sources if "sell" in one.can]
    collecting = [one for one in online if "collect" in one.can]
    bringing = [one for one in online if "deliver" in one.can]
    sent, to_points = _shipments(look, [one for one in online if "ship" in one.can], shipped_from)
    ways = (
        look.way(Way.CARRY_OUT, shops, lambda one: _carried(look, one), online=False),
        look.way(Way.COLLECT, collecting, lambda one: _collected(look, one)),
        _at_points(look, points, to_points),
        look.way(Way.DELIVER, bringing, lambda one: _delivered(look, one)),
        look.answer(Way.SHIP, [sent]),
    )
    return Promise(asked.at, ways, len(sources) + len(points))


class Look:
    """One basket, looked at from many places: what was found out of a place is kept while the ways ask for it.

    Whether a place has everything is asked of all of them; reasons are put into words only where nobody can.
    """

    def __init__(self, needs: Sequence[ProductNeed], asked: Asked) -> None:
        self.needs = needs
        self.asked = asked
        self.unfit = {kind: [_unfit(need, online=kind) for need in needs] for kind in (True, False)}
        self.wanted = [need.quantity for need in needs]
        self.classes = {need.temperature for need in needs if need.temperature in places.TEMPERATURES}
        self._fits: dict[tuple[UUID, bool], bool] = {}
        self._sure: dict[UUID, Sure] = {}

    def fits(self, source: Source, *, online: bool = True) -> bool:
        """Whether nothing keeps a place from the whole basket, apart from its hours."""
        key = (source.place_id, online)
        if (known := self._fits.get(key)) is None:
            known = self._fits[key] = self._fit(source, online=online)
        return known

    def _fit(self, source: Source, *, online: bool) -> bool:
        if (_shut_online(source) if online else not source.trading) or any(self.unfit[online]):
            return False
        has = source.has if online else source.shelf
        if any(map(operator.lt, has, self.wanted)) or (source.listed is not None and not all(source.listed)):
            return False
        return self.classes <= places.kept_by(source.format, source.keeps)

    def obstacles(self, source: Source, *, online: bool = True) -> list[Reason]:
        """Everything that keeps a place from the whole basket, apart from its hours."""
        if self.fits(source, online=online):
            return []
        found = [] if source.trading else [_GONE]
        if online and source.closed:
            found.append(_NO_ONLINE)
        if online and source.room is not None and source.room <= 0:
            found.append(_FULL)
        has = source.has if online else source.shelf
        for number, need in enumerate(self.needs):
            if reason := self.unfit[online][number] or _lacks(source, number, need, has[number]):
                found.append(reason)
        return found

    def way(
        self, way: Way, sources: Sequence[Source], judge: Callable[[Source], Found], *, online: bool = True
    ) -> Answer:
        """A way by those who have everything; where none of them can, by why each cannot."""
        found = [judge(one) for one in sources if self.fits(one, online=online)]
        if not any(isinstance(one, Draft) for one in found):
            found = [judge(one) for one in sources]
        return self.answer(way, found)

    def answer(self, way: Way, found: Sequence[Found]) -> Answer:
        """What was found, as an answer."""
        able = sorted([one for one in found if not isinstance(one, list)], key=_nearest)[:SHOWN]
        if not able:
            return Answer(way, False, None, None, None, (), _why(found))
        offers = tuple([self._offer(one) if isinstance(one, Draft) else one for one in able])
        first = min(offers, key=lambda one: one.at)
        return Answer(way, True, first.at, offers[0].fee, offers[0].sure, offers, ())

    def _offer(self, draft: Draft) -> Offer:
        """What is told of a place. Goods that are carried out are held by nobody until somebody is there."""
        one, at = draft.source, self.asked.at
        sure = _sure(one, one.shelf, self.needs, at, draft.at - at + WALK) if draft.shelf else self.sure(one)
        windows = draft.slots.windows() if draft.slots else ()
        return Offer(one.place_id, one.ref, one.name, one.km, draft.at, windows, sure, (), draft.fee)

    def sure(self, source: Source) -> Sure:
        """How sure it is that what was ordered is found here: it is held."""
        if (known := self._sure.get(source.place_id)) is None:
            known = self._sure[source.place_id] = _sure(source, source.has, self.needs, self.asked.at, timedelta(0))
        return known


def _nearest(found: Offer | Draft) -> tuple[float, datetime, str]:
    one = found.source if isinstance(found, Draft) else found
    return (one.km if one.km is not None else float("inf"), found.at, one.ref)


def _why(found: Sequence[Found]) -> tuple[Reason, ...]:
    """Why nobody can: what keeps the nearest places from it, each reason once."""
    reasons: dict[tuple[Code, UUID | None], Reason] = {}
    for one in found:
        for reason in one if isinstance(one, list) else ():
            reasons.setdefault((reason.code, reason.product_id), reason)
    return tuple(reasons.values()) or (Reason(Code.NO_PLACE, "No place near here does this."),)


def _carried(look: Look, source: Source) -> Found:
    if (reasons := look.obstacles(source, online=False)) or source.opens is None:
        return reasons or [_SHUT]
    return Draft(source, source.opens, shelf=True)


def _collected(look: Look, source: Source) -> Found:
    fee = Fee(look.asked.terms.fee_collect, source.currency)
    return look.obstacles(source) or _timed(source, Slots(*source.collect), fee, slotted=source.collect_slotted)


def _delivered(look: Look, source: Source) -> Found:
    area = look.asked.area(source, Way.DELIVER.value)
    if area is None:
        return [_OUTSIDE]
    fee = _fee(area, source)
    return look.obstacles(source) or _timed(source, Slots(*source.deliver), fee, slotted=source.deliver_slotted)


def _fee(area: capacity.Area, source: Source) -> Fee:
    return Fee(area.fee, source.currency, area.free_from, area.product_id, area.id)


def _timed(source: Source, slots: Slots, fee: Fee, *, slotted: bool) -> Found:
    if slotted and not slots.starts:
        return [_ALL_FULL]
    starts = slots.starts[0] if slots.starts else source.opens
    return [_SHUT] if starts is None else Draft(source, starts, slots, fee)


def _shipments(
    look: Look, sources: Sequence[Source], shipped_from: Callable[[Sequence[Source]], Sequence[Source]]
) -> tuple[Found, Found]:
    """One parcel, to the address and to a collection point: from one place where one has all, else from several together.

    To the address only those send whose area holds it.
    """
    if unfit := [reason for reason in look.unfit[True] if reason]:
        return unfit, unfit
    if cold := [_warm(need) for need in look.needs if need.temperature != "ambient"]:
        return cold, cold
    able = [one for one in sources if not _shut_online(one)]
    to_points = _shipment(look, able, shipped_from)
    near = [one for one in able if look.asked.area(one, Way.SHIP.value)]
    if able and not near:
        return [_OUTSIDE], to_points
    sent = to_points if len(near) == len(able) else _shipment(look, near, shipped_from)
    if not isinstance(sent, Offer):
        return sent, to_points
    return _brought(look, sent, near), to_points


def _shipment(
    look: Look, able: Sequence[Source], shipped_from: Callable[[Sequence[Source]], Sequence[Source]]
) -> Offer | list[Reason]:
    chosen = next(([one] for one in able if look.fits(one)), None)
    if chosen is None:
        missing = _missing(able, look.needs)
        chosen = [] if missing else list(shipped_from(able))
        if not chosen:
            return missing or [reason for one in able[:1] for reason in look.obstacles(one)]
    leaves = max(one.opens or look.asked.at for one in chosen)
    if len(chosen) > 1:  # it is put together at one of them
        leaves += timedelta(hours=look.asked.terms.point_hours)
    return replace(_parcel(look, chosen), at=leaves)


def _brought(look: Look, sent: Offer, sources: Sequence[Source]) -> Offer:
    """A parcel as it comes to the door: by the slowest and the dearest of its places' areas."""
    senders = [one for one in sources if one.place_id in (sent.sources or (sent.place_id,))]
    areas = [area for one in senders if (area := look.asked.area(one, Way.SHIP.value))]
    days = max([area.days for area in areas], default=0)
    fee = max([_fee(area, senders[0]) for area in areas], key=lambda one: one.amount, default=None)
    return replace(sent, at=sent.at + timedelta(days=days), fee=fee)


def _parcel(look: Look, chosen: Sequence[Source]) -> Offer:
    """What these places send together, as an offer of the first."""
    first, several, at = chosen[0], len(chosen) > 1, look.asked.at
    each = (
        [_sure(one, one.has, look.needs, at, timedelta(0), part=True) for one in chosen]
        if several
        else [look.sure(first)]
    )
    reasons = each[0].reasons
    if several:
        reasons = (Reason(Code.SPLIT, f"It is put together from {len(chosen)} places."), *reasons)
    ids = tuple(one.place_id for one in chosen)
    sure = Sure(all_of([one.chance for one in each]), reasons)
    return Offer(first.place_id, first.ref, first.name, first.km, at, (), sure, ids)


def _warm(need: ProductNeed) -> Reason:
    words = f"A parcel does not keep {need.temperature} goods."
    return Reason(Code.NOT_KEPT_COLD, words, need.product_id, need.quantity)


def _at_points(look: Look, points: Sequence[Point], shipment: Found) -> Answer:
    """A parcel, to a point that is there then."""
    if not isinstance(shipment, Offer):
        return look.answer(Way.POINT, [shipment])
    arrives = shipment.at + timedelta(hours=look.asked.terms.point_hours)
    found: list[Found] = []
    for point in points:
        windows = point.slots.windows(arrives, SHOWN)
        if (reasons := _point_obstacles(point, look.needs)) or (point.slotted and not windows):
            found.append(reasons or [_ALL_FULL])
        elif not windows and point.opens is None:
            found.append([_SHUT])
        else:
            ready = windows[0].starts_at if windows else max(arrives, point.opens or look.asked.at)
            fee = Fee(look.asked.terms.fee_point, point.currency)
            where = (point.place_id, point.ref, point.name, point.km, ready, windows)
            found.append(Offer(*where, shipment.sure, shipment.sources, fee))
    return look.answer(Way.POINT, found)


def _point_obstacles(point: Point, needs: Sequence[ProductNeed]) -> list[Reason]:
    found = [] if point.trading else [_GONE]
    if point.closed:
        found.append(_NO_ONLINE)
    found += [_cold(need) for need in needs if not keeps(point.format, need.temperature, point.keeps)]
    return found


def _cold(need: ProductNeed) -> Reason:
    words = f"This place cannot keep {need.temperature} goods."
    return Reason(Code.NOT_KEPT_COLD, words, need.product_id, need.quantity)


_SHUT = Reason(Code.CLOSED, "This place does not open in the next days.")
_ALL_FULL = Reason(Code.SLOTS_FULL, "Every slot is full.")
_OUTSIDE = Reason(Code.TOO_FAR, "Nobody brings goods from there to this address.")
_GONE = Reason(Code.NOT_TRADING, "This place has not opened yet, or has closed for good.")
_NO_ONLINE = Reason(Code.CLOSED_ONLINE, "This place takes no online orders now.")
_FULL = Reason(Code.NO_ROOM, "This place has as many online orders as it can pick in this hour.")


def _shut_online(source: Source) -> bool:
    return source.closed or not source.trading or (source.room is not None and source.room <= 0)


def _lacks(source: Source, number: int, need: ProductNeed, has: int) -> Reason | None:
    if not keeps(source.format, need.temperature, source.keeps):
        return _cold(need)
    if source.listed is not None and not source.listed[number]:
        return Reason(Code.NOT_LISTED, "This place does not carry the product.", need.product_id, need.quantity)
    if has < need.quantity:
        missing = need.quantity - max(has, 0)
        return Reason(Code.SHORT, "Not enough is there.", need.product_id, missing)
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
    days = unheld / timedelta(days=1)
    found: list[tuple[int, int, int]] = []
    for number, need in enumerate(needs):
        have = has[number]
        want = min(need.quantity, max(have, 0)) if part else need.quantity
        if not want:
            continue
        wrong = _wrong(_of(source.wrong, number), _of(source.counted_at, number), at)
        taken = reached((_of(source.rate, number) or 0) * days / 1_000_000, (have - want) // 1_000 + 1) if days else 0
        found.append((chance_there(have, want, wrong) * (1_000_000 - taken) // 1_000_000, number, taken))
    told = [_doubt(source, number, needs[number], taken, has[number], at) for _, number, taken in sorted(found)[:2]]
    return Sure(all_of([chance for chance, _, _ in found]), tuple(told))


def _of(column: Sequence[T | None] | None, number: int) -> T | None:
    return None if column is None else column[number]


def _wrong(base: int | None, counted_at: datetime | None, at: datetime) -> int:
    """Thousandths of such records that are wrong by now: some at the count, more with every day since."""
    days = NEVER_COUNTED_DAYS if counted_at is None else max((at - counted_at) / timedelta(days=1), 0.0)
    right = (1_000 - (100 if base is None else base)) * math.pow(0.5, days / TRUST_HALVES.days)
    return 1_000 - round(right)


def _doubt(source: Source, number: int, need: ProductNeed, taken: int, has: int, at: datetime) -> Reason:
    """What speaks most for or against finding it."""
    product, counted = need.product_id, _of(source.counted_at, number)
    if taken > 50_000:  # noqa: PLR2004  # one time in twenty
        return Reason(Code.SELLS_FAST, "It sells fast here, and nobody holds it.", product)
    if has < 3 * need.quantity:
        return Reason(Code.FEW_LEFT, "Few more than wanted are there by the books.", product)
    if counted is None:
        return Reason(Code.NOT_COUNTED, "Plenty by the books; it was not counted here yet.", product)
    days = max((at - counted).days, 0)
    return Reason(Code.COUNTED, f"Plenty by the books, counted {days} days ago.", product)
