"""What an all-knowing planner would pay at least: one linear program over all orders and walk-ins of an instance (HiGHS).

Whole places, lines and parcels may be taken in part, and a walk-in may be sent away although the goods are there: both only
lower the cost, so the optimum is a bound that no rule can go below. `whole` asks for whole places and lines as well.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from bench.tools.sourcing_instance import Instance, Ordered
from storeline.sourcing import api as sourcing

_INFINITE = highspy.kHighsInf
Pair = tuple[str, str]


@dataclass(slots=True)
class _Program:
    """Columns and rows as they are added; costs in minor units."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, cost: float, upper: float = 1.0, *, whole: bool = False) -> int:
        """A column from 0 to `upper`; its number."""
        self.cost.append(cost / 1_000)
        self.upper.append(upper)
        if whole:
            self.whole.append(len(self.cost) - 1)
        return len(self.cost) - 1

    def row(self, parts: list[tuple[int, float]], low: float, high: float) -> None:
        """A row: the sum of its columns lies from `low` to `high`."""
        self.starts.append(len(self.columns))
        self.columns += [column for column, _ in parts]
        self.values += [value for _, value in parts]
        self.low.append(low)
        self.high.append(high)

    def solve(self, *, whole: bool, seconds: float) -> float:
        """The optimum, or with `whole` the best bound after so many seconds."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.low)
        lp.col_cost_ = np.array(self.cost)
        lp.col_lower_ = np.zeros(len(self.cost))
        lp.col_upper_ = np.array(self.upper)
        lp.row_lower_, lp.row_upper_ = np.array(self.low), np.array(self.high)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array([*self.starts, len(self.columns)])
        lp.a_matrix_.index_ = np.array(self.columns)
        lp.a_matrix_.value_ = np.array(self.values)
        if whole:
            kinds = [highspy.HighsVarType.kContinuous] * len(self.cost)
            for column in self.whole:
                kinds[column] = highspy.HighsVarType.kInteger
            lp.integrality_ = kinds
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # it has no types of its own
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("time_limit", seconds)
        solver.passModel(lp)
        solver.run()
        info = solver.getInfo()
        if whole:
            return float(info.mip_dual_bound)
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS ended with {solver.getModelStatus()}")
        return float(info.objective_function_value)


def clairvoyant(instance: Instance, *, whole: bool = False, seconds: float = 600.0) -> int:
    """A cost, in thousandths of a minor unit, that no way of serving this instance can be below."""
    program = _Program()
    used: dict[Pair, list[tuple[int, float]]] = defaultdict(list)
    for order in instance.orders:
        _order(program, instance, order, used)
    fixed = _walk_ins(program, instance, used)
    for pair, parts in used.items():
        _stock(program, instance, pair, parts)
    return round(1_000 * program.solve(whole=whole, seconds=seconds)) + fixed


def _order(program: _Program, instance: Instance, order: Ordered, used: dict[Pair, list[tuple[int, float]]]) -> None:
    policy, km = instance.policy, instance.km(order)
    visits: dict[str, int] = {}
    for product, units in order.lines:
        given = [(program.add(instance.refuse, units), 1.0)]
        grams = instance.weighs(product)
        for place in instance.places:
            most = min(instance.stock.get((place, product), 0), units)
            if not most:
                continue
            if place not in visits:
                visits[place] = program.add(_visit(instance, place, km[place]), whole=True)
            own_line = instance.own.get(place, (None, None))[1]
            line = policy.line if own_line is None else own_line
            weight = grams * policy.kg // 1_000
            if units == 1:
                share = program.add(weight + line, 1.0, whole=True)
                program.row([(share, 1.0), (visits[place], -1.0)], -_INFINITE, 0.0)
            else:
                share = program.add(weight, most)
                picked = program.add(line, whole=True)
                program.row([(share, 1.0), (picked, -float(most))], -_INFINITE, 0.0)
                program.row([(picked, 1.0), (visits[place], -1.0)], -_INFINITE, 0.0)
            given.append((share, 1.0))
            used[place, product].append((share, order.day))
        program.row(given, units, units)
    if not visits:
        return
    most_places = min(policy.most_places, len(visits))
    beyond = program.add(policy.split, len(visits))
    every = [(column, 1.0) for column in visits.values()]
    program.row([*every, (beyond, -1.0)], -_INFINITE, 1.0)
    program.row(every, 0.0, most_places)


def _visit(instance: Instance, place: str, km: float) -> int:
    own = instance.own.get(place, (None, None))[0]
    visit = instance.policy.visit if own is None else own
    return visit + sourcing.parcel_cost(round(km * 1_000) / 1_000, instance.policy)


def _walk_ins(program: _Program, instance: Instance, used: dict[Pair, list[tuple[int, float]]]) -> int:
    """Columns for what walk-ins find; gives what they all cost if none finds anything."""
    asked: dict[tuple[str, str, bool], int] = defaultdict(int)
    for one in instance.walk_ins:
        old = instance.old.get((one.place, one.product))
        asked[one.place, one.product, old is not None and one.day >= old.day] += one.units
    fixed = 0
    for (place, product, late), units in asked.items():
        loss = instance.loss_of(place, product)
        fixed += units * loss
        if instance.stock.get((place, product), 0):
            day = instance.days if late else -1.0
            used[place, product].append((program.add(-loss, units), day))
    for pair in instance.old:
        used.setdefault(pair, [])
    return fixed


def _stock(program: _Program, instance: Instance, pair: Pair, parts: list[tuple[int, float]]) -> None:
    """What is taken of a product at a place: not more than is there, and not what has spoilt."""
    units, old = instance.stock.get(pair, 0), instance.old.get(pair)
    program.row([(column, 1.0) for column, _ in parts], -_INFINITE, units)
    if old is None or old.day >= instance.days:
        return
    late = [(column, 1.0) for column, day in parts if day >= old.day]
    early = [(column, 1.0) for column, day in parts if day < old.day]
    program.row(late, -_INFINITE, units - old.units)
    spoilt = program.add(old.loss, old.units)
    program.row([*early, (spoilt, 1.0)], old.units, _INFINITE)
