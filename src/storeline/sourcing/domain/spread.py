"""What several places give together: parcels, and what one place lacks for a basket that it puts together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from storeline.places import api as places
from storeline.sourcing.domain.costs import WHOLE, Plan, Policy, need
from storeline.sourcing.domain.options import ProductNeed
from storeline.sourcing.domain.seen import Facts, Seen
from storeline.sourcing.domain.values import Value
from storeline.sourcing.domain.ways import Given, Source


class Worth(NamedTuple):
    """Beside a source, what only a plan asks: by the needs' order what units are worth, and whether they are a partner's own."""

    values: tuple[Value, ...]
    owned: tuple[bool, ...]
    visit: int | None
    line: int | None


def lacking(quantity: int, there: int) -> int:
    """How much of a quantity a place cannot promise: whole units, or all of what is weighed in one piece."""
    there = max(there, 0)
    if quantity % WHOLE == 0:
        there -= there % WHOLE
    elif there < quantity:
        there = 0
    return max(quantity - there, 0)


class Spread:
    """One basket, and what the places near it and those that have what is missing near have of it."""

    def __init__(
        self,
        needs: Sequence[tuple[ProductNeed, int]],
        sources: Sequence[Source],
        worth: Mapping[UUID, Worth],
        near: Collection[UUID],
        policy: Policy,
        serving: Collection[UUID] = (),
    ) -> None:
        self.needs, self.policy, self.worth, self.serving = needs, policy, worth, serving
        self.online = [one for one in sources if one.priority is not None and is_open(one)]
        self.near = near
        self._parcels: dict[tuple[UUID, ...], list[Given]] = {}
        self._gives: dict[tuple[UUID, ...], list[Given] | None] = {}

    def parcel(self, able: Sequence[Source]) -> list[Given]:
        """The cheapest plan over these places; who gives most, and puts it together, comes first. Empty: there is none."""
        key = tuple([one.place_id for one in able])
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
        key = (server.place_id, *[one.place_id for one in able])
        if key not in self._gives:
            self._gives[key] = self._supplied(server, [one for one in able if one.place_id != server.place_id])
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
        needs = tuple(
            [
                need(self.needs[number][0].product_id, many, self.needs[number][1])
                for number, many in zip(numbers, wanted, strict=True)
            ]
        )
        classes = {self.needs[number][0].temperature for number in numbers} & set(places.TEMPERATURES)
        seen = [
            self._seen(one, server, numbers)
            for one in able
            if any(one.has[number] > 0 for number in numbers) and classes <= places.kept_by(one.format, one.keeps)
        ]
        near = tuple([one for one in seen if one.place_id in self.near])
        enough = all(sum([max(one.has[line], 0) for one in near]) >= each.quantity for line, each in enumerate(needs))
        found = Facts(needs, near).choose(self.policy, compare=False) if enough else None
        if found is None and len(near) < len(seen):
            found = Facts(needs, tuple(seen)).choose(self.policy, compare=False)
        return found

    def _seen(self, one: Source, server: Source | None, numbers: Sequence[int]) -> Seen:
        worth = self.worth[one.place_id]
        km = one.km
        taken = [
            number
            for number in numbers
            if server and (worth.owned[number] or self.worth[server.place_id].owned[number])
        ]
        if server is not None:
            known = one.position is not None and server.position is not None
            km = places.distance_km(one.position, server.position) if known else 0.0  # type: ignore[arg-type]
        has = tuple([0 if number in taken else one.has[number] for number in numbers])
        values = tuple([worth.values[number] for number in numbers])
        return Seen(one.place_id, round((km or 0.0) * 1_000), has, values, one.priority or 0, worth.visit, worth.line)

    def _given(self, plan: Plan, numbers: Sequence[int]) -> list[Given]:
        by_id = {one.place_id: one for one in self.online}
        number_of = {self.needs[number][0].product_id: number for number in numbers}
        found = []
        for part in plan.parts:
            taken = [0] * len(self.needs)
            for pick in part.picks:
                taken[number_of[pick.product_id]] = pick.quantity
            found.append(Given(by_id[part.place_id], tuple(taken)))
        return found


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
