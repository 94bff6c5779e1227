"""The cheapest plan for one order, exactly: every set of at most `most_places` places that could still win is looked at.

A plan costs a fixed sum for each place (visit, parcel, splitting) and a sum for each share of a line (picking, weight, the
value of what is taken). For a set of places the lines are independent, so each line takes its cheapest division.
Sets are built up place by place, the cheapest fixed sums first, and left as soon as a bound says that none
of them can win: the fixed sums of the places so far, those of the cheapest places to come, and for every line the least that any
place of the set, so far or to come, would take for it. A share costs no less than its part of what the whole line would cost at
the place's best price for a portion, so that least is a bound for divided lines too, and only lines that it leaves open are divided.
Places that enough others are as cheap as whatever they give are left out before, and where a line cannot be served by the places so
far only those that have it follow. Where there are still many sets, prices bound what each place can save (`prices.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import add
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
from storeline.sourcing.domain.prices import Prices, tops
from storeline.sourcing.domain.shares import NEVER, convolved, least, refusals, savings, shares_of, undominated

_MANY = 100
"""After so many sets prices are looked for, which bound what is left."""
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


@dataclass(slots=True)
class _State:
    """The places of a set so far, line by line: what each costs there at least (`least`) and in one piece (`whole`; where they
    are the same it is what the line costs), and how many portions there are (`have`).
    """

    least: list[int]
    whole: list[int]
    have: list[int]
    saved: list[int]
    """Where lines may be refused: what all places save of that together, were each to give what saves most there …"""
    given: list[int]
    """… and how many portions that is. As long as they are not too many it is what the line costs."""

    def cut(self, other: _State) -> _State:
        """With the places of another."""
        return _State(
            list(map(min, self.least, other.least)),
            list(map(min, self.whole, other.whole)),
            list(map(add, self.have, other.have)),
            list(map(add, self.saved, other.saved)),
            list(map(add, self.given, other.given)),
        )


class _Search:
    """One order's search. Places are numbered by their fixed cost; number 0 is nowhere, where lines are refused."""

    def __init__(self, needs: Sequence[Need], sites: Sequence[Site], policy: Policy) -> None:
        self.needs = needs
        self.portions = [one.portions for one in needs]
        self.refusable = any(one.refusal is not None for one in needs)
        self.policy = policy
        own = [
            (site, (policy.visit if site.visit is None else site.visit) + parcel_cost(site.km, policy))
            for site in sites
            if any(site.has) and not (policy.reach_km and site.km > policy.reach_km)
        ]
        own.sort(key=lambda pair: (pair[1], pair[0].km))
        weights = [weight_cost(one, 1, policy) for one in needs]
        shares = [shares_of(site, needs, weights, policy) for site, _ in own]
        useful = undominated(shares, needs, min(policy.most_places, MOST_PLACES) + 1)
        self.sites = [_NOWHERE, *[own[number][0] for number in useful]]
        self.fixed = [0, *[own[number][1] for number in useful]]
        self.cost = [[refusals(one) for one in needs], *[shares[number] for number in useful]]
        self.states = [self._state(costs) for costs in self.cost]
        self.rest = self._suffixes()
        self.joint: dict[tuple[int, ...], _State] = {}
        self.many: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        self.able: dict[tuple[int, int], list[int]] = {}
        self.known: dict[tuple[int, ...], int] = {}
        self.prices: Prices | None = None
        self.base, self.tried = -NEVER, 0
        self.at: Sequence[int] = ()
        self.earned = [0] * len(self.sites)
        self.tops = [[0] * (len(self.sites) + 1)] * (MOST_PLACES + 1)
        self.but: frozenset[int] = frozenset()
        self.best_cost = _ANY
        self.best: tuple[int, ...] | None = None

    def _state(self, cost: Sequence[Sequence[int]]) -> _State:
        """One place alone."""
        saved = list(map(savings, cost, self.needs)) if self.refusable else []
        return _State(
            list(map(least, cost, self.portions)),
            [costs[many] if len(costs) > many else NEVER for costs, many in zip(cost, self.portions, strict=True)],
            [len(costs) - 1 for costs in cost],
            [one[0] for one in saved],
            [one[1] for one in saved],
        )

    def _suffixes(self) -> list[_State]:
        """For each number the least that a place of that number or a later one takes for each line, and the most that one has."""
        rows = [_State([NEVER] * len(self.needs), [], [0] * len(self.needs), [], [])]
        for state in reversed(self.states):
            last = rows[-1]
            rows.append(
                _State(list(map(min, state.least, last.least)), [], list(map(max, state.have, last.have)), [], [])
            )
        rows.reverse()
        return rows

    def run(self, *, but: Sequence[int] = ()) -> _Found | None:
        """The cheapest set and its shares; `but` not one with all of these places."""
        self._begin(frozenset(but))
        self._try((), 0, None, 0)
        most = min(self.policy.most_places, MOST_PLACES, len(self.sites) - 1)
        self._guess(most)
        for size in range(1, most + 1):
            self._extend((), 1, 0, self.states[0], size, 0)
        if self.best is None:
            return None
        numbers = self.best
        shares = [self._division(line, (0, *numbers)) for line in range(len(self.needs))]
        taken = tuple(zip(*shares, strict=True))
        sites = tuple(self.sites[number] for number in numbers)
        return _Found(self.best_cost, numbers, sites, taken[1:], taken[0])

    def _begin(self, but: frozenset[int]) -> None:
        self.but, self.best_cost, self.best = but, _ANY, None
        self.tried, self.base = 0, -NEVER

    def _guess(self, most: int) -> None:
        """A good plan to begin with: place after place the one that helps most. A low cost to beat cuts the search short."""
        chosen: tuple[int, ...] = ()
        state, fixed = self.states[0], 0
        for _ in range(most):
            base = fixed + (self.policy.split if chosen else 0)
            cost, number = NEVER, 0
            for other in range(1, len(self.sites)):
                if other in chosen or (self.but and self.but.issubset((*chosen, other))):
                    continue
                own = base + self.fixed[other]
                if own + sum(map(min, state.least, self.states[other].least)) < cost:
                    cost, number = min((cost, number), (own + self._lines(chosen, state, other), other))
            if cost >= self.best_cost and self.best_cost < _ANY:
                return
            chosen, fixed = tuple(sorted((*chosen, number))), base + self.fixed[number]
            state = state.cut(self.states[number])
            if cost < self.best_cost:
                self.best_cost, self.best = cost, chosen

    def _appraise(self) -> None:
        """Bound what is left by prices, once a search: what each place earns at most."""
        if self.base > -NEVER or self.best is None:
            return
        most = min(self.policy.most_places, MOST_PLACES, len(self.sites) - 1)
        if self.prices is None:
            fixed = [one + self.policy.split for one in self.fixed[1:]]
            self.prices = Prices(self.cost[1:], fixed, self.portions, [one.refusal for one in self.needs])
            self.at = self.prices.start()
        but = frozenset([number - 1 for number in self.but])
        bound = self.prices.bound(self.at, self.best_cost + self.policy.split, most, but)
        self.at, self.base = bound.prices, bound.base - self.policy.split
        self.earned = [0, *bound.earned]
        self.tops = tops(self.earned, most)

    def _lines(self, chosen: tuple[int, ...], state: _State, number: int) -> int:
        """What all lines cost from the places so far and one more; very much for each that cannot be served."""
        other = self.states[number]
        total = 0
        for line, (low, high) in enumerate(
            zip(map(min, state.least, other.least), map(min, state.whole, other.whole), strict=True)
        ):
            total += low if low == high else self._line(line, chosen, state, number)
        return total

    def _extend(self, chosen: tuple[int, ...], start: int, fixed: int, state: _State, left: int, earned: int) -> None:
        """Every set of `chosen` and `left` more places from number `start` on that can still win; those of `chosen` earn so much."""
        if start + left > len(self.sites) or self.base - earned - self.tops[left][start] >= self.best_cost:
            return
        rest = self.rest[start]
        floor = sum(map(min, state.least, rest.least))
        owing = self._owing(state, rest, start, left)
        if floor >= _ANY or (owing is not None and not owing):
            return
        if chosen:
            fixed += self.policy.split
        if left == 1:
            self._end(chosen, range(start, len(self.sites)) if owing is None else owing, fixed, state, (floor, earned))
            return
        later = self.policy.split * (left - 1) + floor
        for number in range(start, len(self.sites) - left + 1):
            if not chosen and self.tried > _MANY:
                self._appraise()
            if fixed + sum(self.fixed[number : number + left]) + later >= self.best_cost:
                return
            if self.base - earned - self.earned[number] - self.tops[left - 1][number + 1] >= self.best_cost:
                continue
            if owing is None or fixed + self._coming(number, left, owing) + later < self.best_cost:
                more, own = (*chosen, number), fixed + self.fixed[number]
                self._extend(more, number + 1, own, self._joint(more, state), left - 1, earned + self.earned[number])

    def _coming(self, number: int, left: int, owing: Sequence[int]) -> int:
        """What a place and those that follow it cost for themselves at least, where one of them is among those owing."""
        after = bisect_left(owing, number)
        if after == len(owing):
            return NEVER
        if owing[after] == number:
            return sum(self.fixed[number : number + left])
        return sum(self.fixed[number : number + left - 1]) + self.fixed[owing[after]]

    def _end(
        self, chosen: tuple[int, ...], numbers: Sequence[int], fixed: int, state: _State, bounds: tuple[int, int]
    ) -> None:
        """Every set of `chosen` and one more of these numbers; `bounds`: what all lines cost at least, and what `chosen` earn."""
        floor, earned = bounds
        for number in numbers:
            if fixed + self.fixed[number] + floor >= self.best_cost:
                return  # fixed costs only rise from here on
            if self.base - earned - self.earned[number] < self.best_cost:
                self._try(chosen, fixed + self.fixed[number], state, number)

    def _owing(self, state: _State, rest: _State, start: int, left: int) -> list[int] | None:
        """Who, from number `start` on, has so much of what the places so far have too little of that `left` of them could do: one
        of these must come. Of several lines the scarcest. None where nothing is owing, nobody where it cannot be.
        """
        fewest, scarcest, first = NEVER, None, 0
        for line, (have, portions) in enumerate(zip(state.have, self.portions, strict=True)):
            if have >= portions:
                continue
            share = -(-(portions - have) // left)
            if share > rest.have[line]:
                return []
            able = self._able(line, share)
            begin = bisect_left(able, start)
            if len(able) - begin < fewest:
                fewest, scarcest, first = len(able) - begin, able, begin
        return None if scarcest is None else scarcest[first:]

    def _able(self, line: int, share: int) -> list[int]:
        """Who has so many portions of a line."""
        if (known := self.able.get((line, share))) is None:
            known = self.able[line, share] = [
                number for number in range(1, len(self.sites)) if self.states[number].have[line] >= share
            ]
        return known

    def _joint(self, chosen: tuple[int, ...], state: _State) -> _State:
        """The state of a set that is `state` and its last place: the same in every pass."""
        if (known := self.joint.get(chosen)) is None:
            known = self.joint[chosen] = state.cut(self.states[chosen[-1]])
        return known

    def _try(self, chosen: tuple[int, ...], fixed: int, state: _State | None, number: int) -> None:
        """The places so far and `number` (0: nobody more) as a set: kept if it wins. What it costs at least is remembered."""
        numbers = (*chosen, number) if number else chosen
        if self.known.get(numbers, -NEVER) >= self.best_cost or (self.but and self.but.issubset(numbers)):
            return
        self.tried += 1
        other = self.states[number]
        lows = list(map(min, state.least, other.least)) if state else other.least
        cost = fixed + sum(lows)
        if cost < self.best_cost:
            highs = map(min, state.whole, other.whole) if state else other.whole
            for line, (low, high) in enumerate(zip(lows, highs, strict=True)):
                if low < high:
                    cost += self._line(line, chosen, state, number) - low
                    if cost >= self.best_cost:
                        break
        self.known[numbers] = cost
        if cost < self.best_cost:
            self.best_cost, self.best = cost, numbers

    def _line(self, line: int, chosen: tuple[int, ...], state: _State | None, number: int) -> int:
        """What a line costs from these places, divided as cheaply as can be; never, where they have too few."""
        portions, own = self.portions[line], self.cost[number][line]
        if state and self.refusable:
            other = self.states[number]
            if state.given[line] + other.given[line] <= portions:
                return self.cost[0][line][portions] - state.saved[line] - other.saved[line]
        some = self._together(line, chosen) if number else [0]
        least, most = portions - len(some) + 1, len(own) - 1
        if least > most:
            return NEVER
        if least <= 0 and most >= portions:
            least_cost: int = min(map(add, reversed(some), own))
            return least_cost
        return min([some[portions - taken] + own[taken] for taken in range(max(least, 0), min(most, portions) + 1)])

    def _together(self, line: int, numbers: tuple[int, ...]) -> list[int]:
        """What 0, 1, 2 … portions of a line cost from nowhere and these places, each as cheaply as can be."""
        if not numbers:
            return self.cost[0][line]
        key = (line, numbers)
        if (known := self.many.get(key)) is None:
            some, own = self._together(line, numbers[:-1]), self.cost[numbers[-1]][line]
            known = self.many[key] = convolved(some, own, self.portions[line])
        return known

    def _division(self, line: int, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """How many portions each of these places gives where a line is divided as cheaply as can be: of equal divisions the one
        that takes fewest from the first, then from the second, and so on.
        """
        left = self.portions[line]
        costs = [self.cost[number][line] for number in numbers]
        if left == 1:
            _, last = min([(own[1], -at) for at, own in enumerate(costs) if len(own) > 1])
            return tuple([int(at == -last) for at in range(len(costs))])
        tails = [[0]]
        for own in reversed(costs[1:]):
            tails.append(convolved(tails[-1], own, left))
        taken = []
        for own, tail in zip(costs, reversed(tails), strict=True):
            ways = [(own[many] + tail[left - many], many) for many in range(len(own)) if 0 <= left - many < len(tail)]
            taken.append(min(ways)[1])
            left -= taken[-1]
        return tuple(taken)
