"""What a plan was chosen from, as it was read: enough to choose again under another policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import lt
from typing import Any, NamedTuple
from uuid import UUID

from storeline.sourcing.domain.costs import Need, Plan, Policy, Site, parcel_cost, weight_cost
from storeline.sourcing.domain.options import Code, Reason
from storeline.sourcing.domain.solve import solve
from storeline.sourcing.domain.values import Value, keep_row, waste_row

MOST_SITES = 26
"""Among so many places the cheapest plan is found exactly; sets of them grow with the third power."""


class Seen(NamedTuple):
    """A place as it was read: thousandths of each need that it has, and what they are worth there.

    `barred` says why it takes nothing now. `metres` from where the order goes to.
    """

    place_id: UUID
    metres: int
    has: tuple[int, ...]
    values: tuple[Value, ...]
    priority: int = 0
    visit: int | None = None
    line: int | None = None
    barred: Code | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was needed, and who could have given it."""

    needs: tuple[Need, ...]
    seen: tuple[Seen, ...]

    def choose(self, policy: Policy, *, compare: bool = True) -> Plan | None:
        """The cheapest plan under a policy; `compare`: with what the next best would cost."""
        if not self._enough():
            return None
        return solve(self.needs, self._sites(self._useful(), policy, compare=compare), policy, compare=compare)

    def _enough(self) -> bool:
        """Whether all who may serve have together what must be served."""
        able = [one.has for one in self.seen if one.barred is None]
        return all(
            one.refusal is not None or sum([max(has[number], 0) // one.portion for has in able]) >= one.portions
            for number, one in enumerate(self.needs)
        )

    def _sites(self, able: Sequence[Seen], policy: Policy, *, compare: bool = True) -> list[Site]:
        refused = any(one.refusal is not None for one in self.needs)
        if refused or len({one.priority for one in able}) > 1 or any(value.old for one in able for value in one.values):
            return [_site(one, self.needs, policy) for one in able]
        costs = [own_costs(one.metres, one.visit, one.line, policy) for one in able]
        return bounded(
            costs, lambda number: _site(able[number], self.needs, policy), self.needs, policy, compare=compare
        )

    def _useful(self) -> list[Seen]:
        """Who may serve. Of very many the nearest that have something of each line, beginning with the scarcest."""
        able = [one for one in self.seen if one.barred is None and any(many > 0 for many in one.has)]
        if len(able) <= MOST_SITES:
            return able
        able.sort(key=lambda one: (one.priority, one.metres))
        holders = [[one for one in able if one.has[number] > 0] for number in range(len(self.needs))]
        kept: dict[UUID, Seen] = {}
        for line in sorted(holders, key=len):
            for one in line[: max(MOST_SITES // len(holders), 3)]:
                if len(kept) < MOST_SITES:
                    kept[one.place_id] = one
        for one in able:
            if len(kept) < MOST_SITES:
                kept[one.place_id] = one
        return list(kept.values())


@dataclass(frozen=True, slots=True)
class Sourced:
    """A plan for an order (None: it cannot be served whole), why not, and from what it was chosen.

    Goods take `takes` from one place to another.
    """

    plan: Plan | None
    reasons: tuple[Reason, ...]
    channel: str
    method: str
    policy: Policy
    at: datetime
    facts: Facts
    takes: timedelta = timedelta(0)

    @property
    def arrives(self) -> datetime:
        """When what these places send to the one that serves the order is there."""
        return self.at + self.takes


def own_costs(metres: int, visit: int | None, line: int | None, policy: Policy) -> tuple[int, int]:
    """What a place costs for itself, and what a line costs there."""
    own = (policy.visit if visit is None else visit) + parcel_cost(metres / 1_000, policy)
    return own, policy.line if line is None else line


def bounded(
    costs: Sequence[tuple[int, int]],
    site: Callable[[int], Site],
    needs: Sequence[Need],
    policy: Policy,
    *,
    compare: bool,
) -> list[Site]:
    """Who may be in the cheapest plan, and if they are to be compared in the next best, of places with these own costs; only these are made.

    No plan costs less than what any of its places costs for itself and what each line does at least. A place that has everything
    bounds the cheapest plan and a second one the next best, so that who costs more is in neither. Nothing may spoil at these places.
    """
    line = min([each for _, each in costs], default=0)
    least = sum([line + weight_cost(one, one.portions, policy) for one in needs])
    portions = [one.portions for one in needs]
    kept: list[Site] = []
    whole: list[int] = []
    for number in sorted(range(len(costs)), key=lambda one: costs[one][0]):
        own, own_line = costs[number]
        if len(whole) > compare and own + least > whole[compare]:
            break
        kept.append(one := site(number))
        if not any(map(lt, one.has, portions)) and not (policy.reach_km and one.km > policy.reach_km):
            whole.append(own + least + (own_line - line) * len(needs) + sum([sum(row) for row in one.keep]))
            whole.sort()
    return kept


def _site(one: Seen, needs: Sequence[Need], policy: Policy) -> Site:
    return site_of(one.place_id, one.metres, one.has, one.values, needs, policy, (one.priority, one.visit, one.line))


def site_of(
    place: UUID,
    metres: int,
    there: Sequence[int],
    values: Sequence[Value],
    needs: Sequence[Need],
    policy: Policy,
    own: tuple[int, int | None, int | None],
) -> Site:
    """A place that may serve, from what is there and what that is worth; `own`: its priority, and what a visit and a line cost there."""
    has = tuple([many // need.portion if many > 0 else 0 for many, need in zip(there, needs, strict=True)])
    rows = [(value, stock, need.portions) for value, stock, need in zip(values, has, needs, strict=True)]
    keep = tuple([keep_row(*row, policy.keep_share) for row in rows])
    waste = tuple([waste_row(*row, policy.waste_share) for row in rows]) if any(one.old for one in values) else ()
    return Site(place, metres / 1_000, has, keep, waste, *own)


def why_not(facts: Facts, cold: Sequence[Reason]) -> tuple[Reason, ...]:
    """Why no plan serves the order: what is missing everywhere, else who is barred, else that it takes too many places."""
    if cold:
        return tuple(cold)
    open_now = [one for one in facts.seen if one.barred is None]
    short = []
    for number, need in enumerate(facts.needs):
        together = sum(max(one.has[number], 0) for one in open_now)
        if together < need.quantity:
            short.append(Reason(Code.SHORT, "Not enough is there.", need.product_id, need.quantity - together))
    if not open_now:
        barred = {one.barred for one in facts.seen if one.barred}
        return tuple(Reason(code, BARRED[code]) for code in sorted(barred)) or (
            Reason(Code.NO_PLACE, "No place near here does this."),
        )
    return tuple(short) or (Reason(Code.SPLIT, "It would take more places than one order may come from."),)


BARRED = {
    Code.CLOSED_ONLINE: "This place takes no online orders now.",
    Code.NO_ROOM: "This place has as many online orders as it can pick in this hour.",
    Code.NOT_TRADING: "This place has not opened yet, or has closed for good.",
    Code.NOT_KEPT_COLD: "This place cannot keep goods of that temperature.",
}


def to_json(facts: Facts) -> dict[str, Any]:
    """As plain data, in rows: kept with a plan."""
    return {
        "needs": [[one.product_id.hex, one.portions, one.portion, one.grams, one.refusal] for one in facts.needs],
        "seen": [
            [
                one.place_id.hex,
                one.metres,
                list(one.has),
                [[v.rate, v.days, v.loss, v.fixed, v.old, v.old_days, v.old_loss] for v in one.values],
                one.priority,
                one.visit,
                one.line,
                one.barred,
            ]
            for one in facts.seen
        ],
    }


def from_json(data: dict[str, Any]) -> Facts:
    """The other way."""
    return Facts(
        tuple(Need(UUID(product), *rest) for product, *rest in data["needs"]),
        tuple(
            Seen(
                UUID(place),
                metres,
                tuple(has),
                tuple(Value(*value) for value in values),
                priority,
                visit,
                line,
                None if barred is None else Code(barred),
            )
            for place, metres, has, values, priority, visit, line, barred in data["seen"]
        ),
    )
