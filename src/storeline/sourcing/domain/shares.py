"""What shares of an order's lines cost at a place, and at several together."""

from __future__ import annotations

from collections.abc import Sequence
from operator import le

from storeline.sourcing.domain.costs import Need, Policy, Site

NEVER = 1 << 60
"""What cannot be."""


def convolved(some: Sequence[int], own: Sequence[int], portions: int) -> list[int]:
    """What 0, 1, 2 … portions cost from both, each as cheaply as can be."""
    most = min(len(some) + len(own) - 2, portions)
    found = [*some, *[NEVER] * (most + 1 - len(some))]
    for taken in range(1, len(own)):
        cost = own[taken]
        also = [one + cost for one in some[: most + 1 - taken]]
        found[taken : taken + len(also)] = map(min, found[taken : taken + len(also)], also)
    return found


def undominated(shares: Sequence[Sequence[Sequence[int]]], needs: Sequence[Need], enough: int) -> list[int]:
    """Sites, the cheapest fixed costs first, without those than which `enough` others cost no more, whatever they give.

    In a set of places such a one could give way to one of the others that is not in it, and with one to spare also
    to one that does not make it the very plan that the next best is to differ from.
    """
    rows = [
        [
            cost
            for costs, one in zip(own, needs, strict=True)
            for cost in (*costs[1:], *[NEVER] * (one.portions + 1 - len(costs)))
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


def refusals(one: Need) -> list[int]:
    return [0] if one.refusal is None else [one.refusal * many for many in range(one.portions + 1)]


def savings(shares: Sequence[int], one: Need) -> tuple[int, int]:
    """What a place saves at most of refusing a line, and with how many portions; nobody else's matter. None: of a line that must be served."""
    if one.refusal is None:
        return 0, one.portions + 1
    most, many = max([(one.refusal * many - cost, -many) for many, cost in enumerate(shares)])
    return most, -many


def shares_of(site: Site, needs: Sequence[Need], weights: Sequence[int], policy: Policy) -> list[list[int]]:
    """What 0, 1, 2 … portions of each need cost at a place, as far as it has them."""
    line = policy.line if site.line is None else site.line
    found = []
    for number, (one, weight, keep) in enumerate(zip(needs, weights, site.keep, strict=True)):
        costs, running = [0], line
        waste = site.waste[number] if site.waste else None
        for taken in range(min(one.portions, site.has[number])):
            running += keep[taken] + weight - (waste[taken] if waste else 0)
            costs.append(running)
        found.append(costs)
    return found


def least(shares: Sequence[int], portions: int) -> int:
    """What the whole line would cost at the place's best price for a portion: no share costs less than its part of that."""
    most = len(shares) - 1
    if not most:
        return NEVER
    if (shares[most] - shares[most - 1]) * most <= shares[most]:
        return (
            shares[most] * portions // most
        )  # the last is no dearer than all are on the whole, and none before it is dearer
    return min([shares[many] * portions // many for many in range(1, len(shares))])
