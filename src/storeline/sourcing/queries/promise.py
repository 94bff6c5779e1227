"""What can be promised for a basket: everything is read in one wait (and its transaction ended in another), and looked at further out only where nothing near will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storeline.capacity import api as capacity
from storeline.kernel.api import Invalid, Pending, Row, ids_array, ints_array, later, now, reading
from storeline.places import api as places
from storeline.sourcing.domain.look import SHOWN
from storeline.sourcing.domain.options import WantedLine, combine
from storeline.sourcing.domain.promise import (
    asked_for,
    parcels_wanted,
    promise_spread,
    putting_together,
    too_few,
    unread,
    wanting,
)
from storeline.sourcing.domain.promise import promise as decide
from storeline.sourcing.domain.spread import Spread, Stands, can_be_spread, is_open
from storeline.sourcing.domain.ways import Area, Asked, Point, Promise, Source
from storeline.sourcing.queries.plan import NEAR, WIDE, check_lines, gather_needs
from storeline.sourcing.queries.policies import gather_policy
from storeline.sourcing.queries.reach import Where, reach_params
from storeline.sourcing.queries.sources import (
    AT_POINTS,
    COLUMNS,
    FARTHER_SOURCES,
    NEAR_SOURCES,
    PLANNED,
    SERVING,
    add_farther,
    areas_of,
    point_of,
    served_by,
    source_of,
    stands_of,
)

LOOK_AHEAD = timedelta(days=14)
_WINDOWS = 12
_LONG = 48
"""Slots of a point that are looked at where a parcel takes longer than usual: some days."""
_EVERY = 1_000
_EDGE_KM = 0.01


def promise(
    basket: Sequence[WantedLine],
    where: Where,
    when: datetime | None = None,
    *,
    channel: str = "web",
) -> Promise:
    """What can be promised for a basket to whoever is at `where` (a position, or near a place), from `when` on (now).

    For each way of receiving: the places and their dates or slots, the fee as data for the quote, how sure it is, or why
    it cannot be. Nothing is held by asking. Two lines of one product add up.
    """
    wanted = combine(basket)
    check_lines(basket, wanted)
    at = when or now()
    if at > now() + LOOK_AHEAD:
        raise Invalid(f"Nothing is promised beyond {LOOK_AHEAD.days} days.", field="when")
    return _Asking(wanted, where, at, channel).answer()


class _Asking:
    """One question: what is read for it, once; and again where nothing near will do."""

    def __init__(self, wanted: Sequence[WantedLine], where: Where, at: datetime, channel: str) -> None:
        self.at, self.channel = at, channel
        self.wanted = wanted
        self.params = reach_params(where, channel, at, NEAR) | {
            "now": now(),
            "products": ids_array(line.product_id for line in wanted),
            "quantities": ints_array(line.quantity for line in wanted),
            "shown": 2 * NEAR,
            "enough": SHOWN,
            "told": SHOWN + 2,
            "windows": _WINDOWS,
            "since": None,
            "country": where.country if isinstance(where, capacity.Destination) else None,
            "codes": _beginnings(where),
        }
        to = where.position if isinstance(where, capacity.Destination) else where
        self.to = to if isinstance(to, places.Position) else None
        self.areas: dict[tuple[int, str], Area | None] = {}

    def answer(self) -> Promise:
        """What is promised from one place near, or else from farther away and from several together."""
        with reading():
            kept = gather_policy(self.channel)
            known = gather_needs(self.wanted)
            sources = later(NEAR_SOURCES, self.params, self._read)
            points = self._points(self.params)
        self.live, self.products = kept.result(), known.result()
        self.needs = [one for one, _ in self.products]
        near, looked = sources.result()
        asked = Asked(self.at, self.live.terms, self._area)
        at_points = points.result()
        found = decide(self.needs, near, at_points, asked)
        online = [one for one in near if one.priority is not None]
        cut = looked > len(near)
        more = any(len(one.slots.ids or ()) == _WINDOWS for one in at_points)
        if too_few(found, near, cut=cut, unread=unread(self.needs, near), later=more):
            return self._all_near(asked)
        wants = not cut and wanting(found, more=len(online) >= NEAR)
        return self._farther(found, asked, online, at_points) if wants else found

    def _points(self, params: Mapping[str, Any]) -> Pending[list[Point]]:
        return later(AT_POINTS, params, lambda rows: [point_of(row) for row in rows])

    def _all_near(self, asked: Asked) -> Promise:
        """Some of those that have everything are full: nobody near is left out."""
        with reading():
            sources = later(NEAR_SOURCES, self.params | {"enough": _EVERY, "told": _EVERY}, self._read)
            points = self._points(self.params | {"windows": _LONG})
        return decide(self.needs, sources.result()[0], points.result(), asked)

    def _farther(self, found: Promise, asked: Asked, online: Sequence[Source], at_points: Sequence[Point]) -> Promise:
        """Who has the whole basket, or what nobody near has of it, among many more; and what several give together."""
        open_now = [one for one in online if is_open(one)]
        together = [sum(max(one.has[number], 0) for one in open_now) for number in range(len(self.wanted))]
        missing = [line for line, many in zip(self.wanted, together, strict=True) if many < line.quantity]
        looked: Sequence[WantedLine] = ()
        if len(online) >= NEAR // 2:
            enough = not missing and can_be_spread(self.needs, open_now, self.live.policy.most_places)
            looked = () if enough else missing or self.wanted
        serving = putting_together(found, self.needs, online, asked)
        numbers = asked_for(found, self.needs, serving)
        params = self.params | {
            "most": WIDE,
            "enough": _EVERY,
            "told": _EVERY,
            # A parcel of several places takes the hours of a way twice.
            "since": self.at + 2 * asked.takes if parcels_wanted(found) else None,
            "near": ids_array(one.place_id for one in online),
            "serving": ids_array(one.place_id for one in serving),
            "numbers": ints_array(number + 1 for number in numbers),
            "asked": ids_array(self.wanted[number].product_id for number in numbers),
            "ready": self.at + asked.takes,
            "missing": ids_array(line.product_id for line in looked),
            "missing_quantities": ints_array(line.quantity for line in looked),
        }
        with reading():
            stands = later(PLANNED, params, lambda rows: stands_of(rows, online))
            times = later(SERVING, params, lambda rows: {row[0]: row for row in rows}) if serving else None
            farther = later(FARTHER_SOURCES, params, lambda rows: rows) if looked else None
            points = self._points(params) if params["since"] else None
        spread = self._spread(
            online, serving, stands.result(), times.result() if times else {}, farther.result() if farther else ()
        )
        return promise_spread(found, self.needs, spread, (at_points, points.result() if points else at_points), asked)

    def _spread(
        self,
        online: Sequence[Source],
        serving: Sequence[Source],
        stands: Stands,
        times: Mapping[UUID, Row],
        farther: Sequence[Row],
    ) -> Spread:
        """The places near and farther away, with what is known of them."""
        near, at = {one.place_id.int for one in online}, {one.place_id.int for one in serving}
        sources = [
            served_by(stands.told(one), times[one.place_id]) if one.place_id.int in at else one for one in online
        ]
        for row in farther:
            sources.append(one := source_of(row))
            add_farther(stands, one, row[COLUMNS + 1 :])
        return Spread(self.products, sources, stands, near, self.live.policy, at)

    def _read(self, rows: list[Row]) -> tuple[list[Source], int]:
        """The places that were read, and how many there were to look at."""
        return [source_of(row) for row in rows], rows[0][COLUMNS] if rows else 0

    def _area(self, source: Source, method: str) -> Area | None:
        """The area that serves the address: of several the cheapest."""
        if source.areas is None:
            return None
        key = (source.place_id.int, method)
        if key not in self.areas:
            able = (one for one in areas_of(source.areas) if one.method == method)
            self.areas[key] = next((one for one in able if self._within(one, source)), None)
        return self.areas[key]

    def _within(self, area: Area, source: Source) -> bool:
        """Whether the address lies in an area that was read for it; near its edge to the metre, as orders judge it."""
        if area.radius_km is None:
            return True
        around = source.position
        if source.km is None or around is None:
            return False
        if self.to is None or abs(source.km - area.radius_km) > _EDGE_KM:
            return source.km <= area.radius_km
        return places.distance_km(around, self.to) <= area.radius_km


def _beginnings(where: Where) -> list[str]:
    """Every beginning of the address's postal code."""
    code = capacity.plain_code(where.postal_code) if isinstance(where, capacity.Destination) else ""
    return [code[:length] for length in range(1, len(code) + 1)]
