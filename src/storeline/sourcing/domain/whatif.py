"""The same orders under a policy: what they cost, by component, and what shoppers notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storeline.sourcing.domain.costs import Costs, Policy
from storeline.sourcing.domain.seen import Facts


@dataclass(frozen=True, slots=True)
class Outcome:
    """Under one policy: orders served and refused, parcels and splits, metres that parcels go, and the costs' sums."""

    policy: Policy
    served: int
    refused: int
    parcels: int
    splits: int
    metres: int
    costs: Costs


def outcome(policy: Policy, recorded: Iterable[tuple[str, Facts]]) -> Outcome:
    """Each order chosen anew, as its places stood then."""
    alone = replace(policy, most_places=1)
    served = refused = parcels = splits = metres = 0
    costs = Costs()
    for method, facts in recorded:
        plan = facts.choose(alone if method == "deliver" else policy)
        if plan is None:
            refused += 1
            continue
        served += 1
        splits += plan.splits
        costs += plan.costs
        for part in plan.parts:
            parcels += part.parcels
            metres += round(part.km * 1_000) * part.parcels
    return Outcome(policy, served, refused, parcels, splits, metres, costs)
