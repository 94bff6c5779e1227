"""Sourcing online orders from shops: ours against nearest-first, a list of rules and an all-knowing planner.

`--instance FOLDER` runs another's places, costs, stock, demand and orders (docs/sourcing.md).
"""

from __future__ import annotations

import argparse
import gc
import sys
from typing import Any

import bench.tools.ready  # noqa: F401  # before the modules below, which it makes ready
from bench.tools import sourcing_journey as journey
from bench.tools.harness import percentile
from bench.tools.sourcing_bound import clairvoyant
from bench.tools.sourcing_instance import Instance, drawn, read_folder
from bench.tools.sourcing_play import Played, Rule, cheapest, myopic, nearest, play, rules

SEEDS = 20
WAYS: dict[str, Rule] = {"nearest": nearest, "rules": rules, "myopic": myopic, "ours": cheapest}
FOLDER_NOTES = (
    "an instance from files: whatever they say; walk-ins drawn from its expected demand (Poisson), anew for each seed, where its orders name none; "
    "clairvoyant: the linear program's optimum, a lower bound that no rule can reach; gap_closed is of the sums over all seeds"
)


def main(options: argparse.Namespace) -> dict[str, Any]:
    """Play every rule through every seed's instance; bound each from below."""
    seeds = options.rounds or SEEDS
    given = read_folder(options.instance) if options.instance else None
    if given is not None and given.walk_ins:
        seeds = 1
    trade = None if given else journey.load()
    gc.collect()
    gc.freeze()  # as a server does once it has started
    played: list[dict[str, Played]] = []
    bounds: list[int] = []
    orders = 0
    for seed in range(seeds):
        if given is not None:
            instance = drawn(given, seed)
        else:
            assert trade is not None
            instance = journey.make(trade, seed)
        played.append({name: play(instance, rule) for name, rule in WAYS.items()})
        bounds.append(clairvoyant(instance))
        orders += len(instance.orders)
        _tell(seed, instance, played[-1], bounds[-1])
    return _figures(played, bounds, orders) | {"notes": FOLDER_NOTES if given else journey.NOTES}


def _figures(played: list[dict[str, Played]], bounds: list[int], orders: int) -> dict[str, Any]:
    sums = {name: sum(one[name].cost for one in played) for name in WAYS}
    bound = sum(bounds)
    closed = [
        share
        for one, least in zip(played, bounds, strict=True)
        if (share := _closed(one["nearest"].cost, one["ours"].cost, least)) is not None
    ]
    took = [second for one in played for second in one["ours"].seconds]
    if not took:
        raise RuntimeError("there was no order to source")
    return {
        "seeds": len(played),
        "orders": orders,
        "cost_nearest": _money(sums["nearest"]),
        "cost_rules": _money(sums["rules"]),
        "cost_myopic": _money(sums["myopic"]),
        "cost_ours": _money(sums["ours"]),
        "cost_clairvoyant": _money(bound),
        "gap_closed": _closed(sums["nearest"], sums["ours"], bound),
        "gap_closed_rules": _closed(sums["nearest"], sums["rules"], bound),
        "gap_closed_myopic": _closed(sums["nearest"], sums["myopic"], bound),
        "gap_closed_least": min(closed, default=None),
        "gap_closed_median": percentile(closed, 0.5) if closed else None,
        "gap_closed_most": max(closed, default=None),
        "p50_ms": round(percentile(took, 0.5) * 1_000, 2),
        "p99_ms": round(percentile(took, 0.99) * 1_000, 2),
        "lost_walk_ins": {name: _money(sum(one[name].lost for one in played)) for name in WAYS},
        "splits": {name: sum(one[name].splits for one in played) for name in WAYS},
        "refused_units": {name: sum(one[name].refused_units for one in played) for name in WAYS},
    }


def _closed(nearest_cost: int, ours: int, bound: int) -> float | None:
    """Which share of the gap between nearest-first and the bound is closed."""
    return round((nearest_cost - ours) / (nearest_cost - bound), 4) if nearest_cost > bound else None


def _money(mills: int) -> float:
    """In minor units."""
    return round(mills / 1_000, 1)


def _tell(seed: int, instance: Instance, played: dict[str, Played], bound: int) -> None:
    costs = ", ".join(f"{name} {one.cost // 1_000}" for name, one in played.items())
    sys.stderr.write(
        f"seed {seed}: {len(instance.orders)} orders, {len(instance.walk_ins)} walk-ins: {costs}, bound {bound // 1_000}\n"
    )
