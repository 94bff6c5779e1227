"""The cheapest plan for one order, exactly: every set of at most `most_places` places that could still win is looked at.

A plan costs a fixed sum for each place (visit, parcel, splitting) and a sum for each share of a line (picking, weight, the
value of what is taken). For a set of places the lines are independent, so each line takes its cheapest division.
Sets are built up place by place, the cheapest fixed sums first, and left as soon as a bound says that none
of them can win: the fixed sums of the places so far, those of the cheapest places to come, and for every line the least that any
place of the set, so far or to come, would take for it. A share costs no less than its part of what the whole line would cost at
the place's best price for a portion, so that least is a bound for divided lines too. Places that enough others are as cheap as
whatever they give are left out before, and where a line cannot be served by the places so far only those that have it follow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import add, le
from uuid import UUID

from storeline.sourcing.domain.costs import (
    MOST_PLACES,
    Costs,
    Need,
    Part,
    Pick,
    Plan,
    Policy,
    Site,
    parcel_cost,
    part_of,
    weight_cost,
)

_NEVER = 1 << 60
_ANY = 1 << 58
"""Dearer than any plan, and by far cheaper than one that cannot be, whatever it saves of spoiling."""


def solve(needs: Sequence[Need], sites: Sequence[Site], policy: Policy, *, compare: bool = True) -> Plan | None:
    """The cheapest plan, with what the next best would cost where that is asked; None where no allowed plan serves the order.

    Places of a higher priority number are used only where those of lower ones cannot serve the order whole. A line is
    refused only where its need has a `refusal`, and never just to stay with a lower number.
    """
    if not needs:
        return None
    for most in sorted({site.priority for site in sites}):
        tier = [site for site in sites if site.priority <= most]
        last = most == max(site.priority for site in sites)
        if (found := _solve(needs if last else _whole(needs), tier, policy, compare=compare)) is not None:
            return found
    return _solve(needs, [], policy, compare=compare)


def _whole(needs: Sequence[Need]) -> list[Need]:
    return [replace(one, refusal=None) for one in needs]


def _solve(needs: Sequence[Need], sites: Sequence[Site], policy: Policy, *, compare: bool) -> Plan | None:
    search = _Search(needs, sites, policy)
    best = search.run()
    if best is None:
        return None
    plan = _plan(best, needs, policy)
    if not compare or not plan.parts or (other := search.run(but=best.numbers)) is None:
        return plan
    following = _plan(other, needs, policy)
    return replace(plan, next_cost=following.cost, next_places=following.places)


@dataclass(frozen=True, slots=True)
class _Found:
    """Sites, by their numbers in the search, with the portions of each need that they give; `refused` of each."""

    cost: int
    numbers: tuple[int, ...]
    sites: tuple[Site, ...]
    taken: tuple[tuple[int, ...], ...]
    refused: tuple[int, ...]


def _plan(found: _Found, needs: Sequence[Need], policy: Policy) -> Plan:
    parts: list[Part] = [part_of(site, needs, row, policy) for site, row in zip(found.sites, found.taken, strict=True)]
    costs = Costs(
        split=policy.split * max(len(parts) - 1, 0),
        refused=sum((one.refusal or 0) * many for one, many in zip(needs, found.refused, strict=True)),
    )
    for part in parts:
        costs += part.costs
    refused = tuple(
        Pick(one.product_id, many * one.portion) for one, many in zip(needs, found.refused, strict=True) if many
    )
    return Plan(tuple(sorted(parts, key=lambda part: part.km)), refused, costs)


_NOWHERE = Site(UUID(int=0), 0.0, (), ())
Way = tuple[int, tuple[int, ...]]
"""What a division of a line costs, and the portions of each place."""


@dataclass(slots=True)
class _State:
    """The places of a set so far: what each line of one portion costs there at least (`single`), what 0, 1, 2 … portions
    of each other line cost (`many`), a bound for those lines (`least`), and the most portions of each in one place (`most`).
    """

    single: list[int]
    many: list[list[int]]
    least: list[int]
    most: list[int]


class _Search:
    """One order's search. Places are numbered by their fixed cost; number 0 is nowhere, where lines are refused."""

    def __init__(self, needs: Sequence[Need], sites: Sequence[Site], policy: Policy) -> None:
        self.needs = needs
        self.divided = [one for one in needs if one.portions > 1]
        self.policy = policy
        own = [
            (site, (policy.visit if site.visit is None else site.visit) + parcel_cost(site.km, policy))
            for site in sites
            if any(site.has) and not (policy.reach_km and site.km > policy.reach_km)
        ]
        own.sort(key=lambda pair: (pair[1], pair[0].km))
        shares = [[_shares(site, number, one, policy) for number, one in enumerate(needs)] for site, _ in own]
        useful = _undominated(shares, needs, min(policy.most_places, MOST_PLACES) + 1)
        self.sites = [_NOWHERE, *[own[number][0] for number in useful]]
        self.fixed = [0, *[own[number][1] for number in useful]]
        self.cost = [[_refusals(one) for one in needs], *[shares[number] for number in useful]]
        self.holders = [
            [number for number in range(1, len(self.sites)) if len(self.cost[number][line]) > 1]
            for line in range(len(needs))
        ]
        self.singles = [line for line, one in enumerate(needs) if one.portions == 1]
        self.multiples = [line for line, one in enumerate(needs) if one.portions > 1]
        self.states = [self._state(number) for number in range(len(self.sites))]
        self.rest = self._suffixes()
        self.kept: dict[tuple[int, tuple[int, ...]], list[Way]] = {}
        self.joint: dict[tuple[int, ...], _State] = {}
        self.but: frozenset[int] = frozenset()
        self.best_cost = _ANY
        self.best: tuple[int, ...] | None = None

    def _state(self, number: int) -> _State:
        """One place alone."""
        single, many, least = [], [], []
        for costs, one in zip(self.cost[number], self.needs, strict=True):
            if one.portions == 1:
                single.append(costs[1] if len(costs) > 1 else _NEVER)
            else:
                many.append(costs)
                least.append(_least(costs, one.portions))
        return _State(single, many, least, [len(costs) - 1 for costs in many])

    def _suffixes(self) -> list[_State]:
        """For each number the least that a place of that number or a later one takes for each line."""
        nobody = self.states[0]
        rows = [_State([_NEVER] * len(nobody.single), [], [_NEVER] * len(nobody.least), [0] * len(nobody.most))]
        for state in reversed(self.states):
            last = rows[-1]
            least = list(map(min, state.least, last.least))
            most = list(map(max, state.most, last.most))
            rows.append(_State(list(map(min, state.single, last.single)), [], least, most))
        rows.reverse()
        return rows

    def run(self, *, but: Sequence[int] = ()) -> _Found | None:
        """The cheapest set and its shares; `but` not one with all of these places."""
        self._begin(frozenset(but))
        self._try((), 0, self.states[0], 0)
        most = min(self.policy.most_places, MOST_PLACES, len(self.sites) - 1)
        self._guess(most)
        for size in range(1, most + 1):
            self._extend((), 1, 0, self.states[0], size)
        if self.best is None:
            return None
        numbers = self.best
        shares = [self._divisions(line, (0, *numbers))[0][1] for line in range(len(self.needs))]
        taken = tuple(zip(*shares, strict=True))
        sites = tuple(self.sites[number] for number in numbers)
        return _Found(self.best_cost, numbers, sites, taken[1:], taken[0])

    def _begin(self, but: frozenset[int]) -> None:
        self.but, self.best_cost, self.best = but, _ANY, None

    def _guess(self, most: int) -> None:
        """A good plan to begin with: place after place the one that helps most. A low cost to beat cuts the search short."""
        chosen: tuple[int, ...] = ()
        state, fixed = self.states[0], 0
        for _ in range(most):
            base = fixed + (self.policy.split if chosen else 0)
            tried = [
                (base + self.fixed[number] + self._lines(state, number), number)
                for number in range(1, len(self.sites))
                if number not in chosen and not (self.but and self.but.issubset((*chosen, number)))
            ]
            cost, number = min(tried, default=(_NEVER, 0))
            if cost >= self.best_cost and self.best_cost < _ANY:
                return
            chosen, fixed, state = (*chosen, number), base + self.fixed[number], self._joined(state, number)
            if cost < self.best_cost:
                self.best_cost, self.best = cost, tuple(sorted(chosen))

    def _lines(self, state: _State, number: int) -> int:
        """What all lines cost from the places so far and one more; very much for each that cannot be served."""
        other = self.states[number]
        pairs = zip(state.many, other.many, self.divided, strict=True)
        return sum(map(min, state.single, other.single)) + sum(
            [_whole_line(some, own, one.portions) for some, own, one in pairs]
        )

    def _extend(self, chosen: tuple[int, ...], start: int, fixed: int, state: _State, left: int) -> None:
        """Every set of `chosen` and `left` more places from number `start` on that can still win."""
        rest = self.rest[start]
        floor = sum(map(min, state.single, rest.single)) + self._floor(state, rest, left)
        if floor >= _ANY:
            return
        if chosen:
            fixed += self.policy.split
        owing = self._owing(state)
        if left == 1:
            self._end(chosen, range(start, len(self.sites)) if owing is None else owing, start, fixed, state, floor)
            return
        later = self.policy.split * (left - 1) + floor
        for number in range(start, len(self.sites) - left + 1):
            own = fixed + self.fixed[number]
            if own + sum(self.fixed[number + 1 : number + left]) + later >= self.best_cost:
                return
            if owing is not None and number not in owing:
                # One of those to come has what is still owing: it costs no less than the cheapest of them.
                after = bisect_left(owing, number)
                if after == len(owing):
                    return
                most = own + sum(self.fixed[number + 1 : number + left - 1]) + self.fixed[owing[after]]
                if most + later >= self.best_cost:
                    continue
            self._extend((*chosen, number), number + 1, own, self._joint((*chosen, number), state), left - 1)

    def _end(
        self, chosen: tuple[int, ...], numbers: Sequence[int], start: int, fixed: int, state: _State, floor: int
    ) -> None:
        """Every set of `chosen` and one more of these numbers, from `start` on."""
        for number in numbers[bisect_left(numbers, start) :]:
            if fixed + self.fixed[number] + floor >= self.best_cost:
                return  # fixed costs only rise from here on
            self._try(chosen, fixed + self.fixed[number], state, number)

    def _owing(self, state: _State) -> list[int] | None:
        """Who has something of a line that the places so far cannot serve: one of them must come. Of several lines the scarcest."""
        owing = [self.holders[line] for line, cost in zip(self.singles, state.single, strict=True) if cost >= _NEVER]
        owing += [
            self.holders[line]
            for line, costs in zip(self.multiples, state.many, strict=True)
            if len(costs) <= self.needs[line].portions
        ]
        return min(owing, key=len, default=None)

    def _floor(self, state: _State, rest: _State, left: int) -> int:
        """What lines of several portions cost at least, from the places so far and `left` more."""
        floor = 0
        for some, least, most, one in zip(state.many, rest.least, rest.most, self.divided, strict=True):
            portions = one.portions
            low, high = max(0, portions - len(some) + 1), min(portions, left * most)
            floor += min(
                [some[portions - more] + least * more // portions for more in range(low, high + 1)], default=_NEVER
            )
        return floor

    def _joint(self, chosen: tuple[int, ...], state: _State) -> _State:
        """The state of a set that is `state` and its last place: the same in every pass."""
        if (known := self.joint.get(chosen)) is None:
            known = self.joint[chosen] = self._joined(state, chosen[-1])
        return known

    def _joined(self, state: _State, number: int) -> _State:
        """The places so far and one more."""
        other = self.states[number]
        many = [
            _together(some, own, one.portions)
            for some, own, one in zip(state.many, other.many, self.divided, strict=True)
        ]
        least = list(map(min, state.least, other.least))
        return _State(list(map(min, state.single, other.single)), many, least, state.most)

    def _try(self, chosen: tuple[int, ...], fixed: int, state: _State, number: int) -> None:
        """The places so far and `number` (0: nobody more) as a set: kept if it wins."""
        other = self.states[number]
        bounds = list(map(min, state.least, other.least))
        cost = fixed + sum(map(min, state.single, other.single)) + sum(bounds)
        for some, own, one, bound in zip(state.many, other.many, self.divided, bounds, strict=True):
            if cost >= self.best_cost:
                return
            cost += _whole_line(some, own if number else [0], one.portions) - bound
        if cost >= self.best_cost:
            return
        numbers = (*chosen, number) if number else chosen
        if self.but and self.but.issubset(numbers):
            return
        self.best_cost, self.best = cost, numbers

    def _divisions(self, line: int, numbers: tuple[int, ...]) -> list[Way]:
        """Every division of a line over these places, the cheapest first."""
        key = (line, numbers)
        if (known := self.kept.get(key)) is None:
            costs = [self.cost[number][line] for number in numbers]
            ways = _divisions(self.needs[line].portions, [len(one) - 1 for one in costs])
            known = sorted([(sum([one[many] for one, many in zip(costs, way, strict=True)]), way) for way in ways])
            self.kept[key] = known
        return known


def _together(some: Sequence[int], own: Sequence[int], portions: int) -> list[int]:
    """What 0, 1, 2 … portions cost from both, each as cheaply as can be."""
    most = min(len(some) + len(own) - 2, portions)
    return [
        min(
            [
                some[many - taken] + own[taken]
                for taken in range(max(0, many - len(some) + 1), min(many, len(own) - 1) + 1)
            ]
        )
        for many in range(most + 1)
    ]


def _whole_line(some: Sequence[int], own: Sequence[int], portions: int) -> int:
    """What all portions cost from both; never, where both have too few."""
    least, most = portions - len(some) + 1, len(own) - 1
    if least > most:
        return _NEVER
    if least <= 0 and most >= portions:
        least_cost: int = min(map(add, reversed(some), own))
        return least_cost
    return min([some[portions - taken] + own[taken] for taken in range(max(least, 0), min(most, portions) + 1)])


def _undominated(shares: Sequence[Sequence[Sequence[int]]], needs: Sequence[Need], enough: int) -> list[int]:
    """Sites, the cheapest fixed costs first, without those than which `enough` others cost no more, whatever they give.

    In a set of places such a one could give way to one of the others that is not in it, and with one to spare also
    to one that does not make it the very plan that the next best is to differ from.
    """
    rows = [
        [
            cost
            for costs, one in zip(own, needs, strict=True)
            for cost in (*costs[1:], *[_NEVER] * (one.portions + 1 - len(costs)))
        ]
        for own in shares
    ]
    kept: list[int] = []
    for number, row in enumerate(rows):
        better = 0
        for other in kept:
            better += all(map(le, rows[other], row))
            if better == enough:
                break
        else:
            kept.append(number)
    return kept


def _refusals(one: Need) -> list[int]:
    return [0] if one.refusal is None else [one.refusal * many for many in range(one.portions + 1)]


def _shares(site: Site, number: int, one: Need, policy: Policy) -> list[int]:
    """What 0, 1, 2 … portions of a need cost at a place, as far as it has them."""
    costs = [0]
    running = policy.line if site.line is None else site.line
    weight = weight_cost(one, 1, policy)
    keep = site.keep[number]
    waste = site.waste[number] if site.waste else (0,) * len(keep)
    for taken in range(min(one.portions, site.has[number])):
        running += keep[taken] - waste[taken] + weight
        costs.append(running)
    return costs


def _least(shares: Sequence[int], portions: int) -> int:
    """What the whole line would cost at the place's best price for a portion: no share costs less than its part of that."""
    return min([shares[many] * portions // many for many in range(1, len(shares))], default=_NEVER)


def _divisions(portions: int, has: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Each way to take so many portions from places that have so many."""
    if len(has) == 1:
        if has[0] >= portions:
            yield (portions,)
        return
    room = sum(has[1:])
    for first in range(max(0, portions - room), min(portions, has[0]) + 1):
        for others in _divisions(portions - first, has[1:]):
            yield (first, *others)
