"""One instance of sourcing: places, costs, stock, demand and orders, as a folder of CSV files or made from trade.

docs/sourcing.md says what each column means. Money in the files is in minor units, with decimals where wanted.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

from storeline.places.api import Position, distance_km
from storeline.sourcing import api as sourcing

MILLS = 1_000
DEFAULT_GRAMS = 500
_MONEY: tuple[str, ...] = ("visit", "line", "parcel", "parcel_km", "kg", "split")
_PLAIN: tuple[str, ...] = ("parcel_grams", "most_places")


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order at a moment (days from the start): where it goes to, and units of each product."""

    name: str
    day: float
    where: Position
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody in a shop who takes units of a product, if they are there."""

    day: float
    place: str
    product: str
    units: int


@dataclass(frozen=True, slots=True)
class Old:
    """Units that are thrown away on a day unless they are taken before, and what each then costs."""

    units: int
    day: float
    loss: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What is expected in a place: units a day; what a unit that is missing costs, in thousandths of a minor unit."""

    per_day: float
    loss: int


@dataclass(slots=True)
class Instance:
    """Everything that a run needs. `days`: until stock is filled up again, which ends it."""

    places: dict[str, Position]
    policy: sourcing.Policy
    stock: dict[tuple[str, str], int]
    demand: dict[tuple[str, str], Demand]
    orders: list[Ordered]
    walk_ins: list[WalkIn]
    days: float
    refuse: int
    loss: int
    grams: dict[str, int] = field(default_factory=dict)
    old: dict[tuple[str, str], Old] = field(default_factory=dict)
    own: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    online: dict[tuple[str, str], float] = field(default_factory=dict)
    """Online units a day for which the place is the nearest that has them: known from the past, if at all."""
    saved: dict[str, int] = field(default_factory=dict)
    """By place, what an online order saved by being served there rather than by the next best plan: known from the past."""

    def loss_of(self, place: str, product: str) -> int:
        """What a unit costs that somebody in the shop does not find."""
        known = self.demand.get((place, product))
        return self.loss if known is None else known.loss

    def weighs(self, product: str) -> int:
        """Grams of a unit."""
        return self.grams.get(product, DEFAULT_GRAMS)

    def products(self) -> set[str]:
        """Everything that is ordered or stands somewhere."""
        return {product for _, product in self.stock} | {name for one in self.orders for name, _ in one.lines}

    def km(self, order: Ordered) -> dict[str, float]:
        """How far each place is from where an order goes to."""
        return {place: distance_km(position, order.where) for place, position in self.places.items()}


def key(name: str) -> UUID:
    """An id for a name of the files."""
    return uuid5(NAMESPACE_OID, name)


def drawn(instance: Instance, seed: int) -> Instance:
    """The instance with walk-ins drawn at random from its expected demand (Poisson), where its files name none."""
    if instance.walk_ins:
        return instance
    chance = random.Random(seed)
    found = []
    for (place, product), expected in instance.demand.items():
        day = 0.0
        while expected.per_day > 0 and (day := day + chance.expovariate(expected.per_day)) < instance.days:
            found.append(WalkIn(day, place, product, 1))
    return replace(instance, walk_ins=sorted(found, key=lambda one: (one.day, one.place, one.product)))


def read_folder(folder: Path) -> Instance:
    """An instance from its files; raises ValueError with file and line for what cannot be read."""
    costs = {row["name"].strip().lower(): _number(row, "value") for row in _rows(folder / "costs.csv")}
    money = {name: round(costs[name] * MILLS) for name in _MONEY if name in costs}
    plain = {name: round(costs[name]) for name in _PLAIN if name in costs}
    policy = sourcing.Policy("instance", **money, **plain)
    rows = list(_rows(folder / "places.csv"))
    demand = list(_rows(folder / "demand.csv"))
    places = {row["place"]: Position(_number(row, "latitude"), _number(row, "longitude")) for row in rows}
    loss = round(costs.get("loss", 200.0) * MILLS)
    orders, walk_ins = _orders(folder / "orders.csv")
    last = max([one.day for one in orders] + [one.day for one in walk_ins], default=0.0)
    stock = list(_rows(folder / "stock.csv"))
    return Instance(
        places,
        policy,
        {(row["place"], row["product"]): int(_number(row, "units")) for row in stock},
        {
            (row["place"], row["product"]): Demand(
                _number(row, "per_day", 0.0), round(_number(row, "loss", loss / MILLS) * MILLS)
            )
            for row in demand
        },
        orders,
        walk_ins,
        costs.get("days", max(last, 1e-6)),
        round(costs.get("refuse", 1_000.0) * MILLS),
        loss,
        _grams(folder / "products.csv"),
        {
            (row["place"], row["product"]): Old(
                min(int(_number(row, "old")), int(_number(row, "units"))),
                _number(row, "old_day", 1.0),
                round(_number(row, "old_loss", loss / MILLS) * MILLS),
            )
            for row in stock
            if (row.get("old") or "").strip()
        },
        {row["place"]: (_optional(row, "visit"), _optional(row, "line")) for row in rows},
        {(row["place"], row["product"]): _number(row, "online_per_day") for row in demand if row.get("online_per_day")},
    )


def _orders(path: Path) -> tuple[list[Ordered], list[WalkIn]]:
    heads: dict[str, tuple[float, Position]] = {}
    lines: dict[str, dict[str, int]] = {}
    walk_ins = []
    for row in _rows(path):
        units = int(_number(row, "units", 1))
        if (row.get("place") or "").strip():
            walk_ins.append(WalkIn(_number(row, "day"), row["place"], row["product"], units))
            continue
        name = row["order"]
        heads.setdefault(name, (_number(row, "day"), Position(_number(row, "latitude"), _number(row, "longitude"))))
        own = lines.setdefault(name, {})
        own[row["product"]] = own.get(row["product"], 0) + units
    orders = [Ordered(name, *heads[name], tuple(own.items())) for name, own in lines.items()]
    return sorted(orders, key=lambda one: (one.day, one.name)), sorted(walk_ins, key=lambda one: one.day)


def _grams(path: Path) -> dict[str, int]:
    return {row["product"]: int(_number(row, "grams")) for row in _rows(path)} if path.exists() else {}


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            yield {(name or "").strip().lower(): (text or "").strip() for name, text in row.items()} | {
                "": f"{path.name}, line {number}"
            }


def _number(row: Mapping[str, str], name: str, otherwise: float | None = None) -> float:
    text = row.get(name, "")
    if not text and otherwise is not None:
        return otherwise
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{row['']}: {name} is {text!r}, not a number") from None


def _optional(row: Mapping[str, str], name: str) -> int | None:
    return round(_number(row, name) * MILLS) if row.get(name) else None
