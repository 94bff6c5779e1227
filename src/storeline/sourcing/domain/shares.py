"""What shares of an order's lines cost at a place, and how a line is divided over several."""

from __future__ import annotations

from collections.abc import Sequence

from storeline.sourcing.domain.costs import Need, Policy, Site

NEVER = 1 << 52
"""What cannot be: dearer than any plan, and so little that sums over two thousand lines are whole numbers of 64 bits."""


def refusals(one: Need) -> list[int]:
    """What 0, 1, 2 … portions cost that nobody serves."""
    return [0] if one.refusal is None else [one.refusal * many for many in range(one.portions + 1)]


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


def divided(costs: Sequence[Sequence[int]], portions: int) -> tuple[int, ...]:
    """How many portions each gives where a line is divided as cheaply as can be: of equal divisions the one
    that takes fewest from the first, then from the second, and so on.
    """
    if portions == 1:
        _, last = min([(own[1], -at) for at, own in enumerate(costs) if len(own) > 1])
        return tuple([int(at == -last) for at in range(len(costs))])
    tails = [[0]]
    for own in reversed(costs[1:]):
        tails.append(_convolved(tails[-1], own, portions))
    taken: list[int] = []
    for own, tail in zip(costs, reversed(tails), strict=True):
        left = portions - sum(taken)
        ways = [(own[many] + tail[left - many], many) for many in range(len(own)) if 0 <= left - many < len(tail)]
        taken.append(min(ways)[1])
    return tuple(taken)


def _convolved(some: Sequence[int], own: Sequence[int], portions: int) -> list[int]:
    """What 0, 1, 2 … portions cost from both, each as cheaply as can be."""
    most = min(len(some) + len(own) - 2, portions)
    found = [*some, *[NEVER] * (most + 1 - len(some))]
    for taken in range(1, len(own)):
        cost = own[taken]
        also = [one + cost for one in some[: most + 1 - taken]]
        found[taken : taken + len(also)] = map(min, found[taken : taken + len(also)], also)
    return found
