"""What can be promised for a basket: each way of receiving it, when, where, for what fee, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import islice
from operator import lt

from storeline.sourcing.domain.look import (
    ALL_FULL,
    GONE,
    NO_ONLINE,
    OUTSIDE,
    SHOWN,
    SHUT,
    SPREAD,
    Look,
    missing_of,
    too_warm,
)
from storeline.sourcing.domain.options import Code, ProductNeed, Reason, keeps
from storeline.sourcing.domain.spread import Spread, is_open, lacking
from storeline.sourcing.domain.ways import (
    Answer,
    Area,
    Asked,
    Draft,
    Fee,
    Found,
    Given,
    Offer,
    Point,
    Promise,
    Slots,
    Source,
    Way,
)

COLLECT, DELIVER, SHIP = Way.COLLECT.value, Way.DELIVER.value, Way.SHIP.value


def promise(
    needs: Sequence[ProductNeed],
    sources: Sequence[Source],
    points: Sequence[Point],
    asked: Asked,
) -> Promise:
    """Each way's answer, from one place alone; places come the nearest first."""
    look = Look(needs, asked)
    online = [one for one in sources if one.priority is not None]
    sent, to_points = _shipments(look, [one for one in online if "ship" in one.can])
    ways = (
        look.way(Way.CARRY_OUT, [one for one in sources if "sell" in one.can], partial(_carried, look), online=False),
        look.way(Way.COLLECT, [one for one in online if "collect" in one.can], partial(_collected, look)),
        _at_points(look, points, to_points),
        look.way(Way.DELIVER, _bringing(look, online), partial(_delivered, look)),
        look.answer(Way.SHIP, [sent]),
    )
    return Promise(asked.at, ways, len(sources) + len(points))


def promise_spread(
    found: Promise,
    needs: Sequence[ProductNeed],
    spread: Spread,
    points: tuple[Sequence[Point], Sequence[Point]],
    asked: Asked,
) -> Promise:
    """What one place alone near could not do: by one farther away, or by several together where none has all of it.

    `points` as they are when one place's parcel comes, and when one comes that is put together first. A way that stays impossible
    keeps its reasons, from those near.
    """
    look, sources = Look(needs, asked, spread), spread.sources
    collecting = [one for one in sources if "collect" in one.can]
    bringing = _bringing(look, sources)
    open_ = {answer.way for answer in found.ways if not answer.possible}
    sent: Found = []
    to_points: Found = []
    if open_ & {Way.POINT, Way.SHIP}:
        sent, to_points = _shipments(look, [one for one in sources if "ship" in one.can])
    selling = [one for one in sources if "sell" in one.can]
    judges: dict[Way, Callable[[], Answer]] = {
        Way.CARRY_OUT: lambda: look.way(Way.CARRY_OUT, selling, partial(_carried, look), online=False),
        Way.COLLECT: lambda: look.way(
            Way.COLLECT, collecting, partial(_collected, look), partial(_together, look, "collect")
        ),
        Way.POINT: lambda: _at_points(look, points[_is_spread(to_points)], to_points),
        Way.DELIVER: lambda: look.way(
            Way.DELIVER, bringing, partial(_delivered, look), partial(_together, look, "deliver")
        ),
        Way.SHIP: lambda: look.answer(Way.SHIP, [sent]),
    }
    ways = []
    for answer in found.ways:
        better = judges[answer.way]() if answer.way in open_ else answer
        ways.append(better if better.possible else answer)
    return replace(found, ways=tuple(ways))


_UNFIT = {Code.UNKNOWN_PRODUCT, Code.NOT_SOLD, Code.NOT_ONLINE}
"""What no other place could help."""


def wanting(found: Promise, *, more: bool) -> bool:
    """Whether goods are missing that others may have: farther away, where there are `more`, or several together."""
    online = [answer for answer in found.ways if answer.way is not Way.CARRY_OUT and not answer.possible]
    codes = [{reason.code for reason in answer.reasons} for answer in online]
    if any(_UNFIT & some for some in codes):
        return False
    nowhere = {Way.COLLECT, Way.SHIP} <= {answer.way for answer in online}
    return any(Code.SHORT in some for some in codes) or (more and nowhere)


def too_few(found: Promise, sources: Sequence[Source], *, cut: bool, unread: bool, later: bool) -> bool:
    """Whether slots are full where everything is, so that others near may help: those farther than the last that was looked at
    (`cut`), or those whose times were not read (`unread`; who delivers is always read); or later ones of a point, where not all
    were read (`later`).
    """
    for answer in found.ways:
        codes = {reason.code for reason in answer.reasons}
        if answer.way is Way.POINT:
            if later and Code.SLOTS_FULL in codes:
                return True
            continue
        can = "sell" if answer.way is Way.CARRY_OUT else answer.way.value
        few = len(answer.offers) < (1 if answer.way is Way.SHIP else SHOWN)
        hopeless = _UNFIT & codes or (answer.way is Way.SHIP and Code.NOT_KEPT_COLD in codes)
        more = cut or (unread and answer.way is not Way.DELIVER)
        if more and few and not hopeless and any(can in one.can for one in sources):
            return True
    return False


def unread(needs: Sequence[ProductNeed], sources: Sequence[Source]) -> bool:
    """Whether the times of a place that has everything were not read, because enough others have."""
    quantities = [need.quantity for need in needs]
    return any(one.rate is None and not any(map(lt, one.has, quantities)) for one in sources)


def putting_together(
    found: Promise, needs: Sequence[ProductNeed], sources: Sequence[Source], asked: Asked
) -> list[Source]:
    """The nearest places that could put a basket together from what others give, for the ways that nobody has alone."""
    look = Look(needs, asked)
    open_ = {answer.way for answer in found.ways if not answer.possible}
    able = [one for one in sources if one.priority is not None and look.serves(one)]
    collecting = [one for one in able if "collect" in one.can] if Way.COLLECT in open_ else []
    brought = (one for one in able if Way.DELIVER in open_ and "deliver" in one.can and asked.area(one, DELIVER))
    return list({one.place_id.int: one for one in (*collecting[:SPREAD], *islice(brought, SPREAD))}.values())


def parcels_wanted(found: Promise) -> bool:
    """Whether only goods that are not there keep a parcel from leaving."""
    parcels = [answer for answer in found.ways if answer.way in {Way.POINT, Way.SHIP} and not answer.possible]
    return any(reason.code is Code.SHORT for answer in parcels for reason in answer.reasons)


def asked_for(found: Promise, needs: Sequence[ProductNeed], serving: Sequence[Source]) -> list[int]:
    """The numbers of the needs that others are asked for: what these places lack, or all of them where a parcel is put together."""
    if parcels_wanted(found):
        return list(range(len(needs)))
    return [
        number for number, need in enumerate(needs) if any(lacking(need.quantity, one.has[number]) for one in serving)
    ]


def _bringing(look: Look, sources: Sequence[Source]) -> list[Source]:
    """Who delivers to the address; where nobody does, who delivers at all."""
    able = [one for one in sources if "deliver" in one.can]
    return [one for one in able if look.asked.area(one, DELIVER)] or able


def _carried(look: Look, source: Source) -> Found:
    if (reasons := look.obstacles(source, online=False)) or source.opens is None:
        return reasons or [SHUT]
    return Draft(source, source.opens, shelf=True)


def _collected(look: Look, source: Source) -> Found:
    fee = Fee(look.asked.terms.fee_collect, source.currency)
    return look.obstacles(source) or _timed(source, source.collect, fee, slotted=source.collect_slotted)


def _delivered(look: Look, source: Source) -> Found:
    area = look.asked.area(source, DELIVER)
    if area is None:
        return [OUTSIDE]
    fee = _fee(area, source)
    return look.obstacles(source) or _timed(source, source.deliver, fee, slotted=source.deliver_slotted)


def _fee(area: Area, source: Source) -> Fee:
    return Fee(area.fee, source.currency, area.free_from, area.product_id, area.id)


def _timed(source: Source, slots: Slots, fee: Fee, *, slotted: bool) -> Found:
    if slotted and not slots.starts:
        return [ALL_FULL]
    starts = slots.starts[0] if slots.starts else source.opens
    return [SHUT] if starts is None else Draft(source, starts, slots, fee)


def _together(look: Look, capability: str, source: Source) -> Found:
    """A place that puts the basket together: what it lacks is there after the hours of a way, and not before."""
    if look.spread is None or source.place_id.int not in look.spread.serving:
        return []
    area = look.asked.area(source, DELIVER) if capability == DELIVER else None
    if capability == DELIVER and area is None:
        return []
    given = look.spread.supplied(source, capability)
    if given is None:
        return []
    if area is not None:
        found = _timed(source, source.deliver, _fee(area, source), slotted=source.deliver_slotted)
    else:
        fee = Fee(look.asked.terms.fee_collect, source.currency)
        found = _timed(source, source.collect, fee, slotted=source.collect_slotted)
    return found._replace(given=given) if isinstance(found, Draft) else found


def _shipments(look: Look, sources: Sequence[Source]) -> tuple[Found, Found]:
    """One parcel, to the address and to a collection point: from one place where one has all, else from several together.

    To the address only those send whose area holds it.
    """
    if unfit := [reason for reason in look.unfit[True] if reason]:
        return unfit, unfit
    if cold := [_warm(need) for need in look.needs if need.temperature != "ambient"]:
        return cold, cold
    able = [one for one in sources if is_open(one)]
    to_points = _shipment(look, able, to_point=True)
    first = next((one for one in able if look.fits(one)), None)
    if first is not None and isinstance(to_points, Offer) and look.asked.area(first, SHIP):
        return _brought(look, to_points, [first]), to_points
    near = [one for one in able if look.asked.area(one, SHIP)]
    if able and not near:
        return [OUTSIDE], to_points
    sent = _shipment(look, near)
    return _brought(look, sent, near) if isinstance(sent, Offer) else sent, to_points


def _shipment(look: Look, able: Sequence[Source], *, to_point: bool = False) -> Offer | list[Reason]:
    """A parcel as it leaves. To a point it goes from the place that puts it together, whom others send what it lacks."""
    at = look.asked.at
    if one := next((one for one in able if look.fits(one)), None):
        leaves, given = one.opens or at, [Given(one, look.wanted)]
        sure = look.sure(one)
    else:
        missing = missing_of(able, look.needs)
        given = look.spread.parcel(able) if look.spread and not missing else []
        if to_point and look.spread and given:
            given = look.spread.supplied(given[0].source, COLLECT) or []
        if not given:
            return missing or [reason for one in able[:1] for reason in look.obstacles(one)]
        one, leaves, sure = given[0].source, at + look.asked.takes, look.sure_together(given)
    givers = tuple([each.giver for each in given])
    return Offer(one.place_id, one.ref, one.name, one.km, leaves, (), sure, givers)


def _brought(look: Look, sent: Offer, sources: Sequence[Source]) -> Offer:
    """A parcel as it comes to the door: by the slowest and the dearest of its places' areas."""
    senders = [one for one in sources if one.place_id in (sent.sources or (sent.place_id,))]
    areas = [area for one in senders if (area := look.asked.area(one, SHIP))]
    days = max([area.days for area in areas], default=0)
    fee = max([_fee(area, senders[0]) for area in areas], key=lambda one: one.amount, default=None)
    return sent._replace(at=sent.at + timedelta(days=days), fee=fee)


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
        if (reasons := _point_obstacles(point, look.needs)) or ((point.slotted or point.slots.ids) and not windows):
            found.append(reasons or [ALL_FULL])
        elif not windows and point.opens is None:
            found.append([SHUT])
        else:
            ready = windows[0].starts_at if windows else max(arrives, point.opens or look.asked.at)
            fee = Fee(look.asked.terms.fee_point, point.currency)
            where = (point.place_id, point.ref, point.name, point.km, ready, windows)
            found.append(Offer(*where, shipment.sure, shipment.givers, fee))
    return look.answer(Way.POINT, found)


def _is_spread(found: Found) -> bool:
    return isinstance(found, Offer) and len(found.givers) > 1


def _point_obstacles(point: Point, needs: Sequence[ProductNeed]) -> list[Reason]:
    found = [] if point.trading else [GONE]
    if point.closed:
        found.append(NO_ONLINE)
    found += [too_warm(need) for need in needs if not keeps(point.format, need.temperature, point.keeps)]
    return found
