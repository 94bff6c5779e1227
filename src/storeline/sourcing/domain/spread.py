"""What several places give together: parcels, and what one place lacks for a basket that it puts together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from storeline.places import api as places
from storeline.sourcing.domain.costs import WHOLE, Need, Plan, Policy, Site, need
from storeline.sourcing.domain.options import ProductNeed
from storeline.sourcing.domain.seen import MOST_SITES, Facts, Seen, bounded, own_costs, site_of
from storeline.sourcing.domain.solve import solve
from storeline.sourcing.domain.values import Value, value_of
from storeline.sourcing.domain.ways import Given, Source


class Known(NamedTuple):
    """What is kept of a product at a place: how it sells, how sure its record is, what a unit is worth there, and what one costs that spoils."""

    rate: int | None = None
    wrong: int | None = None
    counted_at: datetime | None = None
    hours: int | None = None
    loss: int | None = None
    fixed: int | None = None
    spoilt: int | None = None


_NOTHING = Known()


class Stands:
    """Beside the sources, what only a plan asks, by place and need: what units are worth, what soon spoils, what is a partner's own."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], Known] = {}
        self.old: dict[tuple[int, int], tuple[int, int]] = {}
        self.owned: set[tuple[int, int]] = set()

    def value(self, source: Source, number: int) -> Value:
        """What a unit of a need is worth at a place."""
        key = (source.place_id.int, number)
        one = self.known.get(key, _NOTHING)
        old, days = self.old.get(key, (None, None))
        return value_of(one.rate, one.hours, one.loss, one.fixed, one.spoilt, old, days)

    def told(self, source: Source) -> Source:
        """A place with what is known of its records."""
        if source.rate is not None:
            return source
        known = [self.known.get((source.place_id.int, number), _NOTHING) for number in range(len(source.has))]
        rate, wrong, counted, *_ = zip(*known, strict=True)
        return source._replace(rate=rate, wrong=wrong, counted_at=counted)


def lacking(quantity: int, there: int) -> int:
    """How much of a quantity a place cannot promise: whole units, or all of what is weighed in one piece."""
    there = max(there, 0)
    if quantity % WHOLE == 0:
        there -= there % WHOLE
    elif there < quantity:
        there = 0
    return max(quantity - there, 0)


class _There(NamedTuple):
    """A place with what it may give: thousandths of each line that is asked for, and its way in metres."""

    source: Source
    has: Sequence[int]
    metres: int


class Spread:
    """One basket, and what the places near it and those that have what is missing near have of it. Places go by the numbers of their ids:
    to hash an id costs as much as to look it up.
    """

    def __init__(
        self,
        needs: Sequence[tuple[ProductNeed, int]],
        sources: Sequence[Source],
        stands: Stands,
        near: Collection[int],
        policy: Policy,
        serving: Collection[int] = (),
    ) -> None:
        self.needs, self.sources, self.stands, self.near, self.serving = needs, sources, stands, near, serving
        self.policy = policy
        self.online = [one for one in sources if one.priority is not None and is_open(one)]
        self._by_id = {one.place_id.int: one for one in self.online}
        self._at: dict[int, places.Position | None] = {}
        self._keeping: dict[tuple[str, ...], AbstractSet[str]] = {}
        self._parcels: dict[tuple[int, ...], list[Given]] = {}
        self._gives: dict[tuple[int, ...], list[Given] | None] = {}

    def parcel(self, able: Sequence[Source]) -> list[Given]:
        """The cheapest plan over these places; who gives most, and puts it together, comes first. Empty: there is none."""
        key = tuple([one.place_id.int for one in able])
        if key not in self._parcels:
            self._parcels[key] = self._parcel(able)
        return self._parcels[key]

    def _parcel(self, able: Sequence[Source]) -> list[Given]:
        numbers = list(range(len(self.needs)))
        wanted = [one.quantity for one, _ in self.needs]
        found = self._plan(able, None, numbers, wanted)
        if found is None:
            return []
        first = max(found.parts, key=lambda part: (part.grams, len(part.picks), -part.km)).place_id
        return sorted(self._given(found, numbers), key=lambda one: one.source.place_id != first)

    def supplied(self, server: Source, capability: str) -> list[Given] | None:
        """What the server gives itself, and after it who gives what it lacks; None: nobody does.

        The rule of an order that is put together at one place: who serves this way gives, and whoever sends parcels.
        """
        able = [one for one in self.online if capability in one.can or "ship" in one.can]
        key = (server.place_id.int, *[one.place_id.int for one in able])
        if key not in self._gives:
            self._gives[key] = self._supplied(server, [one for one in able if one.place_id.int != key[0]])
        return self._gives[key]

    def _supplied(self, server: Source, others: Sequence[Source]) -> list[Given] | None:
        lacks = [lacking(one.quantity, there) for (one, _), there in zip(self.needs, server.has, strict=True)]
        numbers = [number for number, many in enumerate(lacks) if many]
        found = self._plan(others, server, numbers, [lacks[number] for number in numbers])
        if found is None:
            return None
        own = tuple([one.quantity - many for (one, _), many in zip(self.needs, lacks, strict=True)])
        return [Given(server, own), *self._given(found, numbers)]

    def _plan(
        self, able: Sequence[Source], server: Source | None, numbers: Sequence[int], wanted: Sequence[int]
    ) -> Plan | None:
        """From near, else with those farther away, as `queries.plan` looks."""
        if not numbers:
            return None
        needs = tuple(
            [
                need(self.needs[number][0].product_id, many, self.needs[number][1])
                for number, many in zip(numbers, wanted, strict=True)
            ]
        )
        classes = {self.needs[number][0].temperature for number in numbers} & set(places.TEMPERATURES)
        pick = _picked(numbers)
        there = []
        for one in able:
            has = pick(one.has) if server is None or not self.stands.owned else self._ours(one, server, numbers)
            if max(has) > 0 and classes <= self._keeps(one):
                there.append(self._there(one, server, has))
        near = [one for one in there if one.source.place_id.int in self.near]
        enough = all(
            sum([one.has[line] for one in near if one.has[line] > 0]) >= each.quantity
            for line, each in enumerate(needs)
        )
        found = self._choose(needs, near, numbers) if enough else None
        if found is None and len(near) < len(there):
            found = self._choose(needs, there, numbers)
        return found

    def _ours(self, one: Source, server: Source, numbers: Sequence[int]) -> Sequence[int]:
        """What a place may give: a partner's goods neither leave it, nor come to where such are a partner's."""
        pair = (one.place_id.int, server.place_id.int)
        owned = self.stands.owned
        return [0 if any((place, number) in owned for place in pair) else one.has[number] for number in numbers]

    def _there(self, one: Source, server: Source | None, has: Sequence[int]) -> _There:
        km = one.km
        if server is not None:
            of, to = self._position(one), self._position(server)
            km = 0.0 if of is None or to is None else places.distance_km(of, to)
        return _There(one, has, round((km or 0.0) * 1_000))

    def _position(self, one: Source) -> places.Position | None:
        key = one.place_id.int
        if key not in self._at:
            self._at[key] = one.position
        return self._at[key]

    def _keeps(self, one: Source) -> AbstractSet[str]:
        key = (one.format, *one.keeps)
        if key not in self._keeping:
            self._keeping[key] = places.kept_by(one.format, one.keeps)
        return self._keeping[key]

    def _choose(self, needs: tuple[Need, ...], there: Sequence[_There], numbers: Sequence[int]) -> Plan | None:
        """The cheapest plan: what units are worth is asked only of places that may be in it, where nothing soon spoils."""
        if len(there) > MOST_SITES or self.stands.old or len({one.source.priority for one in there}) > 1:
            seen = tuple([self._seen(one, numbers) for one in there])
            return Facts(needs, seen).choose(self.policy, compare=False)

        def site(number: int) -> Site:
            one, has, metres = there[number]
            own = (one.priority or 0, one.visit, one.line)
            return site_of(one.place_id, metres, has, self._values(one, numbers), needs, self.policy, own)

        costs = [own_costs(one.metres, one.source.visit, one.source.line, self.policy) for one in there]
        sites = bounded(costs, site, needs, self.policy, compare=False)
        return solve(needs, sites, self.policy, compare=False)

    def _seen(self, there: _There, numbers: Sequence[int]) -> Seen:
        one, has, metres = there
        values = self._values(one, numbers)
        return Seen(one.place_id, metres, tuple(has), values, one.priority or 0, one.visit, one.line)

    def _values(self, one: Source, numbers: Sequence[int]) -> tuple[Value, ...]:
        return tuple([self.stands.value(one, number) for number in numbers])

    def _given(self, plan: Plan, numbers: Sequence[int]) -> list[Given]:
        number_of = {self.needs[number][0].product_id: number for number in numbers}
        found = []
        for part in plan.parts:
            taken = [0] * len(self.needs)
            for pick in part.picks:
                taken[number_of[pick.product_id]] = pick.quantity
            found.append(Given(self.stands.told(self._by_id[part.place_id.int]), tuple(taken)))
        return found


def _picked(numbers: Sequence[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    """What takes these columns of a row."""
    if len(numbers) > 1:
        return itemgetter(*numbers)
    return lambda row: (row[numbers[0]],)


def can_be_spread(needs: Sequence[ProductNeed], sources: Sequence[Source], most: int) -> bool:
    """Whether so many of these places have a basket together, each the one that has most of what is still missing."""
    left = [one.quantity for one in needs]
    for _ in range(most):
        best = max(sources, key=lambda one: sum(map(min, one.has, left)), default=None)
        if best is None or not any(left):
            break
        left = [many - max(min(many, there), 0) for many, there in zip(left, best.has, strict=True)]
    return not any(left)


def is_open(one: Source) -> bool:
    """Whether a place takes online orders now."""
    return not one.closed and one.trading and (one.room is None or one.room > 0)
