"""The cheapest plan for one order, exactly: what each set of at most `most_places` places costs, all sets at once.

A plan costs a fixed sum for each place (visit, parcel, splitting) and a sum for each share of a line (picking, weight, the
value of what is taken). For a set of places the lines are independent, so each line takes its cheapest division: the
min-plus convolution of what 0, 1, 2 … portions cost at each of them. Twenty-six places have 2,952 sets of up to three, each
one place more than a smaller one: a few operations on whole arrays of integers give what a line costs from every set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
from storeline.sourcing.domain.shares import NEVER, divided, refusals, shares_of

_Whole = NDArray[np.int64]
_CELLS = 2**16
"""Of an array, so that it stays near the processor whatever is ordered."""
_ANY = NEVER // 2
"""Dearer than any plan, and by far cheaper than one that cannot be, whatever it saves of spoiling."""


def solve(needs: Sequence[Need], sites: Sequence[Site], policy: Policy, *, compare: bool = True) -> Plan | None:
    """The cheapest plan, with what the next best would cost where that is asked; None where no allowed plan serves the order.

    Of plans that cost the same the one of fewest places. Places of a higher priority number are used only where those of lower
    ones cannot serve the order whole. A line is refused only where its need has a `refusal`, and never just to stay with a
    lower number.
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
    best = search.cheapest()
    if best is None:
        return None
    plan = _plan(best, needs, policy)
    if not compare or not plan.parts or (other := search.cheapest(but=best.numbers)) is None:
        return plan
    following = _plan(other, needs, policy)
    return replace(plan, next_cost=following.cost, next_places=following.places)


@dataclass(frozen=True, slots=True)
class _Found:
    """Sites, by their numbers in the search, with the portions of each need that they give; `refused` of each."""

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


class _Sets(NamedTuple):
    """All sets of one size, in lexicographic order: each is one of the next smaller size (`first`, its row there) and one
    more site of a higher number (`last`); `members`: of each set, whether each site is in it.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    members: NDArray[np.bool_]


@lru_cache(maxsize=256)
def _sets(sites: int, size: int) -> _Sets:
    """Of so many sites. Of size 0 there is the empty one."""
    if not size:
        return _Sets(np.zeros(1, np.intp), np.full(1, -1), np.zeros((1, sites), np.bool_))
    smaller = _sets(sites, size - 1)
    more = sites - 1 - smaller.last
    first = np.repeat(np.arange(len(more)), more)
    last = smaller.last[first] + 1 + np.arange(len(first)) - np.repeat(np.cumsum(more) - more, more)
    members = smaller.members[first]
    members[np.arange(len(last)), last] = True
    return _Sets(first, last, members)


class _Search:
    """One order's sets of places and what they cost. Places are numbered by their fixed cost, then by their way."""

    def __init__(self, needs: Sequence[Need], sites: Sequence[Site], policy: Policy) -> None:
        own = [
            (site, (policy.visit if site.visit is None else site.visit) + parcel_cost(site.km, policy))
            for site in sites
            if any(site.has) and not (policy.reach_km and site.km > policy.reach_km)
        ]
        own.sort(key=lambda pair: (pair[1], pair[0].km))
        weights = [weight_cost(one, 1, policy) for one in needs]
        self.needs = needs
        self.sites = [site for site, _ in own]
        self.shares = [shares_of(site, needs, weights, policy) for site in self.sites]
        self.nowhere = [refusals(one) for one in needs]
        self.sets = [_sets(len(own), size) for size in range(min(policy.most_places, MOST_PLACES, len(own)) + 1)]
        costs = self._fixed([fixed for _, fixed in own], policy.split)
        for portions, lines in self._alike():
            costs = list(map(np.add, costs, self._lines(portions, lines)))
        self.costs = costs

    def _alike(self) -> Iterator[tuple[int, list[int]]]:
        """Lines of so many portions, as many at once as arrays over the most sets stay small for."""
        most = max(len(one.last) for one in self.sets)
        for portions in {one.portions for one in self.needs}:
            lines = [number for number, one in enumerate(self.needs) if one.portions == portions]
            many = max(_CELLS // ((portions + 1) * most), 1)
            for start in range(0, len(lines), many):
                yield portions, lines[start : start + many]

    def _fixed(self, own: Sequence[int], split: int) -> list[_Whole]:
        """By size, what each set's places cost for themselves."""
        each = np.array([*own, 0], np.int64) + split  # the last one stands in for the empty set's
        sums = [np.zeros(1, np.int64)]
        for size, (first, last, _) in enumerate(self.sets[1:], 1):
            sums.append(sums[-1][first] + each[last] - (split if size == 1 else 0))
        return sums

    def _lines(self, portions: int, lines: Sequence[int]) -> Iterator[_Whole]:
        """By size, what each set takes for these lines of so many portions; arrays by portions, set and line."""
        nowhere = _array([[self.nowhere[line] for line in lines]], portions)
        sites = _array([[shares[line] for line in lines] for shares in self.shares], portions)
        some = nowhere
        yield _together(some[-1])
        for size, (first, last, _) in enumerate(self.sets[1:], 1):
            some, own = some[:, first], sites[:, last]
            if size + 1 == len(self.sets):  # of the largest only what all portions cost is asked
                yield _together((some[::-1] + own).min(axis=0))
            else:
                some = _convolved(some, own)
                yield _together(some[-1])

    def cheapest(self, *, but: Sequence[int] = ()) -> _Found | None:
        """The cheapest set and its shares; `but` not one with all of these places."""
        best, numbers = _ANY, None
        for costs, (*_, members) in zip(self.costs, self.sets, strict=True):
            allowed = np.where(members[:, but].all(axis=1), NEVER, costs) if but else costs
            row = int(allowed.argmin()) if len(allowed) else 0
            if len(allowed) and allowed[row] < best:
                best, numbers = int(allowed[row]), tuple(map(int, members[row].nonzero()[0]))
        if numbers is None:
            return None
        rows = [self.nowhere, *[self.shares[number] for number in numbers]]
        divisions = [divided([row[line] for row in rows], one.portions) for line, one in enumerate(self.needs)]
        refused, *taken = zip(*divisions, strict=True)
        return _Found(numbers, tuple([self.sites[number] for number in numbers]), tuple(taken), refused)


def _array(rows: Sequence[Sequence[Sequence[int]]], portions: int) -> _Whole:
    """What 0, 1, 2 … portions cost, by portions, row and line; never, where there are not so many."""
    padded = [[[*costs, *[NEVER] * (portions + 1 - len(costs))] for costs in row] for row in rows]
    lines = len(rows[0]) if rows else 0
    costs = np.array(padded, np.int64).reshape(len(rows), lines, portions + 1).transpose(2, 0, 1)
    return np.minimum(costs, NEVER)


def _convolved(some: _Whole, own: _Whole) -> _Whole:
    """What 0, 1, 2 … portions cost from both, each as cheaply as can be."""
    found = some.copy()
    for taken in range(1, len(own)):
        np.minimum(found[taken:], some[: len(some) - taken] + own[taken], out=found[taken:])
    return found


def _together(lines: _Whole) -> _Whole:
    """The sum over lines: of those that cannot be served never, not more, so that it stays a number."""
    total: _Whole = np.minimum(lines, NEVER).sum(axis=1)
    return total
