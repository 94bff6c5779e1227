"""What a set of places costs at least, by prices: the Lagrangian bound of a location problem.

Were each line paid by the portion, at some price, every place would give what earns most there, whoever else gives. A set of places
costs no less than all portions at their prices less what each of its places earns so, beyond its own fixed cost: a sum over places,
whatever they have of each line. Prices are moved towards what is asked too much of and too little (the subgradient, with Polyak's step),
until few places are left that can be in a plan which is cheaper than the one that is known. They are whole numbers: the bound is exact.
Held, Wolfe and Crowder 1974; Cornuéjols, Fisher and Nemhauser 1977.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, repeat
from operator import add, mul, sub

from storeline.sourcing.domain.shares import NEVER

_STEPS = 14
"""How often prices are moved at most."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A set costs at least `base` less what its places earn; every one at least `least`."""

    least: int
    base: int
    earned: list[int]
    prices: Sequence[int]

    def left(self, known: int, most: int) -> int:
        """How many places may be in a set that costs less than what is known."""
        others = sum([one for one in sorted(self.earned, reverse=True)[: most - 1] if one > 0])
        return sum([self.base - one - others < known for one in self.earned])


class Prices:
    """One order's lines over places: by place, by line, what 0, 1, 2 … portions cost there; `refusals` what one costs that nobody serves."""

    def __init__(
        self,
        costs: Sequence[Sequence[Sequence[int]]],
        fixed: Sequence[int],
        portions: Sequence[int],
        refusals: Sequence[int | None],
    ) -> None:
        self.costs, self.fixed, self.portions, self.refusals = costs, fixed, portions, refusals
        self.columns = [self._columns(line) for line in range(len(portions))]

    def _columns(self, line: int) -> list[tuple[int, list[int]]]:
        """Numbers of portions of a line with what they cost at each place."""
        most = max([len(own[line]) for own in self.costs], default=1)
        return [
            (many, [own[line][many] if len(own[line]) > many else NEVER for own in self.costs])
            for many in range(1, most)
        ]

    def earned(self, prices: Sequence[int]) -> list[int]:
        """What each place earns at these prices, less its fixed cost."""
        earned = [-one for one in self.fixed]
        for price, columns in zip(prices, self.columns, strict=True):
            earned = list(map(add, earned, self._gains(columns, price)))
        return earned

    def _gains(self, columns: Sequence[tuple[int, list[int]]], price: int) -> list[int]:
        """What each place earns with one line."""
        if len(columns) == 1:
            return [price - cost if cost < price else 0 for cost in columns[0][1]]
        most = [0] * len(self.fixed)
        for many, column in columns:
            paid = price * many
            most = [max(best, paid - cost) for cost, best in zip(column, most, strict=True)]
        return most

    def start(self) -> list[int]:
        """Prices that are raised line after line for as long as no place earns more than its fixed cost (Erlenkotter 1978)."""
        prices = [
            self._capped(line, min([cost // many for many, column in columns for cost in column], default=0))
            for line, columns in enumerate(self.columns)
        ]
        slack = [-one for one in self.earned(prices)]
        for part in (3, 2, 1):
            for line, columns in enumerate(self.columns):
                before = self._gains(columns, prices[line])
                room = list(map(add, before, slack))
                limit = min(
                    [
                        (free + cost) // many
                        for many, column in columns
                        for cost, free in zip(column, room, strict=True)
                    ],
                    default=NEVER,
                )
                price = self._capped(line, limit)
                price = prices[line] + (price - prices[line]) // part
                if price > prices[line]:
                    slack = list(map(sub, room, self._gains(columns, price)))
                    prices[line] = price
        return prices

    def _capped(self, line: int, price: int) -> int:
        refusal = self.refusals[line]
        return price if refusal is None else min(price, refusal)

    def bound(self, prices: Sequence[int], known: int, most: int, but: frozenset[int]) -> Bound:
        """The best bound that a few moves from these prices find, for sets of up to `most` places but those with all of `but`;
        enough where it leaves few places that a plan could have which is cheaper than `known`.
        """
        best = Bound(-NEVER, -NEVER, [], ())
        share, stuck = 1.0, 0
        for _ in range(_STEPS):
            # Nobody pays more for a portion than it costs to refuse it.
            prices = [self._capped(line, price) for line, price in enumerate(prices)]
            earned = self.earned(prices)
            base = sum(map(mul, prices, self.portions))
            chosen = _most_of(earned, most, but)
            found = Bound(base - sum([earned[number] for number in chosen]), base, earned, prices)
            if found.least > best.least:
                best, stuck = found, 0
            else:
                stuck += 1
                if stuck > 1:
                    share, stuck = share / 2, 0
            if best.least >= known or best.left(known, most) <= most + 1:
                break
            wanting = list(self.portions)
            for number in chosen:
                wanting = list(map(sub, wanting, map(self._given, repeat(number), count(), prices)))
            if not (norm := sum(map(mul, wanting, wanting))):
                break
            step = share * (known - found.least) / norm
            prices = [price + round(step * many) for price, many in zip(prices, wanting, strict=True)]
        return best

    def _given(self, number: int, line: int, price: int) -> int:
        """How many portions of a line earn most at a place."""
        costs = self.costs[number][line]
        return max(range(len(costs)), key=lambda many: price * many - costs[many])


def _most_of(earned: Sequence[int], most: int, but: frozenset[int]) -> list[int]:
    """Who earns most together: up to so many, one at least, not all of `but`."""
    order = sorted(range(len(earned)), key=earned.__getitem__, reverse=True)
    first = order[:most]
    chosen = [number for number in first if earned[number] > 0] or first[:1]
    if not but or not but.issubset(chosen):
        return chosen
    ways = [[number for number in order if number != gone][:most] for gone in but]
    return max(
        [[number for number in way if earned[number] > 0] or way[:1] for way in ways],
        key=lambda way: sum([earned[number] for number in way]),
    )


def tops(earned: Sequence[int], most: int) -> list[list[int]]:
    """By how many, for each number: what so many places from it on earn at most."""
    best = [[0] * (len(earned) + 1) for _ in range(most + 1)]
    for many in range(1, most + 1):
        row, fewer = best[many], best[many - 1]
        row[len(earned)] = -NEVER
        for number in range(len(earned) - 1, -1, -1):
            row[number] = max(row[number + 1], earned[number] + fewer[number + 1])
    return best
