"""Orders and walk-ins played through an instance, one after the other, under a rule that sees only the past.

Every rule pays the same costs, by the product's own `Policy`: visits, lines, parcels, weight, splits, units refused online;
and what walk-ins do not find, and what spoils. The value of keeping a unit is never paid, only thought of.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bench.tools.sourcing_instance import Instance, Ordered, WalkIn, key
from storeline.places.api import distance_km
from storeline.sourcing import api as sourcing

FEW = 5
"""So many plans of a place say what it saves."""
Shares = dict[str, dict[str, int]]
"""Units of each product by place."""
_Event = tuple[float, int, WalkIn | Ordered | tuple[str, str]]
Rule = Callable[["World", Ordered], Shares]


@dataclass(slots=True)
class World:
    """An instance as it stands at a moment."""

    instance: Instance
    left: dict[tuple[str, str], int]
    old: dict[tuple[str, str], int]
    day: float = 0.0
    took: list[float] = field(default_factory=list)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Online units asked for so far, by the place nearest to them."""
    asked_at: Counter[str] = field(default_factory=Counter)
    asked_of: Counter[str] = field(default_factory=Counter)
    saved: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """What the next best plan cost more, by the places of each plan so far."""

    def has(self, place: str, product: str) -> int:
        """Units that are there."""
        return self.left.get((place, product), 0)

    def hear(self, order: Ordered) -> None:
        """An order is known from the moment that it comes."""
        km = self.instance.km(order)
        place = min(km, key=lambda one: (km[one], one))
        for product, units in order.lines:
            self.asked[place, product] += units
            self.asked_at[place] += units
            self.asked_of[product] += units

    def online(self, place: str, product: str) -> float:
        """Online units a day for which this is the nearest place: as the instance expects them, else as they came so far."""
        instance = self.instance
        if instance.online:
            return instance.online.get((place, product), 0.0)
        total = sum(self.asked_at.values())
        share = self.asked_at[place] / total if total else 0.0
        units = sourcing.shrunk(self.asked[place, product], share, self.asked_of[product], 2.0)
        return units / max(self.day, instance.days / 10)

    def elsewhere(self, place: str, product: str) -> int:
        """What an online unit costs more that this place does not have: what a few past plans say, else the way from the next."""
        instance = self.instance
        if place in instance.saved:
            return instance.saved[place]
        if len(own := self.saved[place]) >= FEW:
            return min(sum(own) // len(own), instance.refuse)
        here = instance.places[place]
        ways = [
            distance_km(position, here)
            for other, position in instance.places.items()
            if other != place and self.has(other, product) > 0
        ]
        policy = instance.policy
        return min(round(policy.parcel_km * min(ways)) if ways else instance.refuse, instance.refuse)

    def take(self, place: str, product: str, units: int) -> None:
        """Units go; the oldest first."""
        pair = (place, product)
        self.left[pair] -= units
        if pair in self.old:
            self.old[pair] = max(self.old[pair] - units, 0)


@dataclass(frozen=True, slots=True)
class Played:
    """What a rule cost, in thousandths of a minor unit, by what it was paid for."""

    orders: int
    lost: int
    wasted: int
    refused_units: int
    splits: int
    seconds: tuple[float, ...]

    @property
    def cost(self) -> int:
        """All of it."""
        return self.orders + self.lost + self.wasted


def play(instance: Instance, rule: Rule) -> Played:
    """Every event in its order; what expires goes at its moment."""
    world = World(instance, dict(instance.stock), {pair: one.units for pair, one in instance.old.items()})
    paid = lost = wasted = refused = splits = 0
    for day, _, event in _events(instance):
        world.day = day
        if isinstance(event, WalkIn):
            found = min(event.units, max(world.has(event.place, event.product), 0))
            if found:
                world.take(event.place, event.product, found)
            lost += (event.units - found) * instance.loss_of(event.place, event.product)
        elif isinstance(event, Ordered):
            shares = rule(world, event)
            world.hear(event)
            cost, missing = pay(instance, event, shares)
            paid, refused, splits = paid + cost, refused + missing, splits + max(len(shares) - 1, 0)
            for place, goods in shares.items():
                for product, units in goods.items():
                    world.take(place, product, units)
        else:
            pair = event
            gone = min(world.old.get(pair, 0), world.left.get(pair, 0))
            world.left[pair] = world.left.get(pair, 0) - gone
            world.old[pair] = 0
            wasted += gone * instance.old[pair].loss
    return Played(paid, lost, wasted, refused, splits, tuple(world.took))


def _events(instance: Instance) -> list[_Event]:
    """What happens, in its order: goods spoil, walk-ins come, orders come."""
    spoils: list[_Event] = [(one.day, 0, pair) for pair, one in instance.old.items() if one.day < instance.days]
    walks: list[_Event] = [(one.day, 1, one) for one in instance.walk_ins]
    orders: list[_Event] = [(one.day, 2, one) for one in instance.orders]
    return sorted([*spoils, *walks, *orders], key=lambda one: one[:2])


def pay(instance: Instance, order: Ordered, shares: Shares) -> tuple[int, int]:
    """What an order costs that is served so, and how many of its units are refused."""
    needs = _needs(instance, order)
    km = instance.km(order)
    costs = sourcing.Costs(split=instance.policy.split * max(len(shares) - 1, 0))
    for place, goods in shares.items():
        taken = [goods.get(product, 0) for product, _ in order.lines]
        visit, line = instance.own.get(place, (None, None))
        nothing = tuple([()] * len(needs))
        site = sourcing.Site(key(place), km[place], tuple(taken), nothing, (), 0, visit, line)
        costs += sourcing.part_of(site, needs, taken, instance.policy).costs
    served = {product: sum(goods.get(product, 0) for goods in shares.values()) for product, _ in order.lines}
    missing = sum(units - served[product] for product, units in order.lines)
    return costs.total + missing * instance.refuse, missing


def _needs(instance: Instance, order: Ordered) -> tuple[sourcing.Need, ...]:
    return tuple(
        sourcing.Need(key(product), units, 1_000, instance.weighs(product), instance.refuse)
        for product, units in order.lines
    )


def nearest(world: World, order: Ordered) -> Shares:
    """The nearest place that has everything; where none has, the nearest takes what it has, then the next."""
    km = world.instance.km(order)
    return _rule(world, order, sorted(km, key=lambda place: (km[place], place)), lambda _place, _product: 0)


def rules(world: World, order: Ordered) -> Shares:
    """A list of rules as shops use it: leave two units for the shop; the nearest place within 50 km that then has
    everything, else any place that has, else without leaving anything.
    """
    km = world.instance.km(order)
    ordered = sorted(km, key=lambda place: (km[place], place))
    near = [place for place in ordered if km[place] <= 50]
    for places, left in ((near, 2), (ordered, 2), (near, 0)):
        for place in places:
            if all(world.has(place, product) - left >= units for product, units in order.lines):
                return {place: dict(order.lines)}
    return _rule(world, order, ordered, lambda _place, _product: 0)


def _rule(world: World, order: Ordered, places: Sequence[str], leave: Callable[[str, str], int]) -> Shares:
    for place in places:
        if all(world.has(place, product) - leave(place, product) >= units for product, units in order.lines):
            return {place: dict(order.lines)}
    wanted = dict(order.lines)
    shares: Shares = {}
    for place in places:
        if len(shares) == world.instance.policy.most_places or not wanted:
            break
        goods = {product: min(units, world.has(place, product)) for product, units in wanted.items()}
        goods = {product: units for product, units in goods.items() if units > 0}
        if goods:
            shares[place] = goods
            wanted = {p: u - goods.get(p, 0) for p, u in wanted.items() if u > goods.get(p, 0)}
    return shares


def cheapest(world: World, order: Ordered) -> Shares:
    """Ours: the exact plan, with what units are worth where they stand."""
    return _planned(world, order, world.instance.policy)


def myopic(world: World, order: Ordered) -> Shares:
    """The exact plan, as if units were worth nothing where they stand."""
    return _planned(world, order, replace(world.instance.policy, keep_share=0, waste_share=0))


def _planned(world: World, order: Ordered, policy: sourcing.Policy) -> Shares:
    start = time.perf_counter()
    facts = facts_of(world, order)
    plan = facts.choose(policy)
    world.took.append(time.perf_counter() - start)
    assert plan is not None, "lines can be refused"
    names = {key(place): place for place in world.instance.places}
    if plan.next_cost is not None:
        for place in plan.places:
            world.saved[names[place]].append(plan.next_cost - plan.cost)
    products = {key(product): product for product, _ in order.lines}
    return {
        names[part.place_id]: {products[pick.product_id]: pick.quantity // 1_000 for pick in part.picks}
        for part in plan.parts
    }


def facts_of(world: World, order: Ordered) -> sourcing.Facts:
    """What the product would have read of the places that have something of it."""
    instance = world.instance
    seen = []
    for place, km in instance.km(order).items():
        has = [max(world.has(place, product), 0) for product, _ in order.lines]
        if any(has):
            visit, line = instance.own.get(place, (None, None))
            values = tuple(_value(world, place, product) for product, _ in order.lines)
            quantities = tuple(1_000 * many for many in has)
            seen.append(sourcing.Seen(key(place), round(km * 1_000), quantities, values, 0, visit, line))
    return sourcing.Facts(_needs(instance, order), tuple(seen))


def _value(world: World, place: str, product: str) -> sourcing.Value:
    instance, pair = world.instance, (place, product)
    expected = instance.demand.get(pair)
    walk, loss = (expected.per_day, expected.loss) if expected else (0.0, instance.loss)
    online = world.online(place, product)
    rate = walk + online
    worth = round((walk * loss + online * world.elsewhere(place, product)) / rate) if rate else 0
    old = instance.old.get(pair)
    left = max(instance.days - world.day, 0.0)
    if old is None or not world.old.get(pair):
        return sourcing.Value(rate, left, worth)
    return sourcing.Value(rate, left, worth, None, world.old[pair], max(old.day - world.day, 0.0), old.loss)
