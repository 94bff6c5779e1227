"""Instances made from the demo retailer's real baskets: what is real and what is invented stands in `NOTES`."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bench.tools.sourcing_instance import Demand, Instance, Old, Ordered, WalkIn, key
from bench.tools.sourcing_play import World, facts_of
from storeline.exchange.journey.shops import make_places
from storeline.exchange.journey.source import open_source
from storeline.places.api import Position, distance_km
from storeline.sourcing import api as sourcing

SHOPS, PRODUCTS, WEEKS = 25, 150, 12
ONLINE = 0.35
JITTER = 0.12
FILLED = 0.85
"""A shelf is filled up so that a week's expected trade is met with this chance."""
LOSS_SHARE, GOODWILL = 0.4, 100_000
"""What a unit costs that somebody does not find: so much of its price, and a disappointed shopper."""
REFUSE = 1_000_000
LEARNT = 150
SPOILS = 0.1
NOTES = (
    f"real: baskets, products, quantities, prices paid and shops of the demo retailer, a week of {SHOPS} neighbouring shops for each seed, the "
    f"{PRODUCTS} products that sold most there in the {WEEKS} weeks before, on which alone every rule's knowledge rests; invented: positions of shops and "
    f"homes (near the household's usual shop), that {ONLINE:.0%} of the households order online, stock (filled up at the week's start so that "
    f"a week's expected trade is met with a chance of {FILLED:.0%}, not again within the week), all costs (a lost unit {LOSS_SHARE:.0%} of "
    f"its price and 1.00; a refused one 10.00), that {SPOILS:.0%} of the products spoil in the middle of the week; "
    "clairvoyant: the linear program's optimum, a lower bound that no rule can reach; gap_closed is of the sums over all seeds"
)


@dataclass(slots=True)
class Trade:
    """The year's lines: shop, household, week, moment in days of the week, basket, product, units, cents."""

    shops: dict[str, Position]
    lines: dict[int, list[tuple[str, str, float, str, str, int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def load() -> Trade:
    """The largest hundred shops' year."""
    con = open_source(100)
    con.execute("create table fuel as select p from sold where gallons")
    make_places(con)
    shops = {
        ref: Position(latitude, longitude)
        for ref, latitude, longitude in con.execute(
            "select ref, latitude, longitude from out_places where latitude is not null and ref <> 'depot'"
        ).fetchall()
    }
    trade = Trade(shops)
    rows = con.execute(
        """select s::varchar, h::varchar, w, epoch(moment) / 86400.0, b::varchar, p::varchar, q // 1000, sv from line
           anti join fuel using (p) where q > 0 and q <= 20000 and sv > 0 order by moment, b, n"""
    ).fetchall()
    for shop, home, week, day, *rest in rows:
        trade.lines[week].append((shop, home, day, *rest))
    return trade


def make(trade: Trade, seed: int) -> Instance:
    """One week of neighbouring shops."""
    chance = random.Random(seed)
    week = chance.randint(WEEKS + 2, 51)
    anchor = trade.shops[chance.choice(sorted(trade.shops))]
    near = sorted(trade.shops, key=lambda shop: (distance_km(trade.shops[shop], anchor), shop))[:SHOPS]
    places = {shop: trade.shops[shop] for shop in near}
    past = [line for number in range(week - WEEKS, week) for line in trade.lines[number] if line[0] in places]
    sold = Counter[str]()
    worth: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for _, _, _, _, product, units, cents in past:
        sold[product] += units
        worth[product][0] += cents
        worth[product][1] += units
    products = {product for product, _ in sold.most_common(PRODUCTS)}
    losses = {
        product: round(LOSS_SHARE * 1_000 * worth[product][0] / worth[product][1]) + GOODWILL for product in products
    }
    usual = _usual(past)
    online = {home for home in sorted(usual | _usual(trade.lines[week])) if chance.random() < ONLINE}
    homes = {home: _near(places[usual.get(home, near[0])], chance) for home in sorted(online)}
    now = [line for line in trade.lines[week] if line[0] in places and line[4] in products]
    before = [line for line in past if line[4] in products]
    instance = Instance(places, sourcing.Policy(), {}, {}, [], [], 7.0, REFUSE, GOODWILL)
    instance.demand = _rates([line for line in before if line[1] not in online], places, products, losses)
    expected = _rates([line for line in before if line[1] in online], places, products, losses)
    instance.online = {pair: one.per_day for pair, one in expected.items()}
    for place in places:
        for product in sorted(products):
            pair = (place, product)
            rate = 7 * (instance.demand[pair].per_day + expected[pair].per_day)
            instance.stock[pair] = _level(rate, FILLED)
    for product in sorted(products):
        if chance.random() < SPOILS:
            _spoil(instance, product, chance, losses[product])
    instance.orders, instance.walk_ins = _events(now, online, homes)
    return _learn(instance, [line for line in before if line[1] in online], homes)


def _usual(lines: Iterable[Sequence[object]]) -> dict[str, str]:
    """The shop that each household goes to most."""
    visits: dict[str, Counter[str]] = defaultdict(Counter)
    for shop, home, *_ in lines:
        visits[str(home)][str(shop)] += 1
    return {home: max(sorted(own), key=lambda shop: own[shop]) for home, own in visits.items()}


def _near(position: Position, chance: random.Random) -> Position:
    return Position(
        position.latitude + chance.uniform(-JITTER, JITTER), position.longitude + chance.uniform(-JITTER, JITTER)
    )


def _rates(
    lines: Iterable[Sequence[object]], places: Iterable[str], products: Iterable[str], losses: dict[str, int]
) -> dict[tuple[str, str], Demand]:
    """Units a day by place and product, few sales drawn towards the product's and the place's share of trade."""
    counts, by_place, by_product, total = Counter[tuple[str, str]](), Counter[str](), Counter[str](), 0
    for shop, _, _, _, product, units, _ in lines:
        many = int(str(units))
        counts[str(shop), str(product)] += many
        by_place[str(shop)] += many
        by_product[str(product)] += many
        total += many
    found = {}
    for place in places:
        share = by_place[place] / total if total else 0.0
        for product in products:
            units = sourcing.shrunk(counts[place, product], share, by_product[product], 2.0)
            found[place, product] = Demand(units / (WEEKS * 7), losses[product])
    return found


def _level(mean: float, share: float) -> int:
    """The least stock that meets a demand after Poisson with this chance; at least one, since the range is kept."""
    units, term = 0, math.exp(-mean)
    total = term
    while total < share:
        units += 1
        term *= mean / units
        total += term
    return max(units, 1)


def _spoil(instance: Instance, product: str, chance: random.Random, loss: int) -> None:
    for place in instance.places:
        units = instance.stock[place, product]
        instance.old[place, product] = Old((units + 1) // 2, chance.uniform(2.0, 5.0), loss)


def _events(
    lines: Sequence[Sequence[object]], online: set[str], homes: dict[str, Position]
) -> tuple[list[Ordered], list[WalkIn]]:
    """The week's baskets: those of online households as orders, the rest as walk-ins."""
    start = min((float(str(line[2])) for line in lines), default=0.0)
    baskets: dict[str, tuple[float, str, dict[str, int]]] = {}
    walk_ins = []
    for shop, home, moment, basket, product, units, _ in lines:
        day, many = float(str(moment)) - start, int(str(units))
        if home not in online:
            walk_ins.append(WalkIn(day, str(shop), str(product), many))
            continue
        goods = baskets.setdefault(str(basket), (day, str(home), {}))[2]
        goods[str(product)] = goods.get(str(product), 0) + many
    orders = [Ordered(name, day, homes[home], tuple(goods.items())) for name, (day, home, goods) in baskets.items()]
    return sorted(orders, key=lambda one: (one.day, one.name)), walk_ins


def _learn(instance: Instance, past: Sequence[Sequence[object]], homes: dict[str, Position]) -> Instance:
    """What an online order saved by its place being there: what the next best plan would have cost more, in past orders.

    The product reads the same from the plans that it kept.
    """
    orders, _ = _events(past, set(homes), homes)
    world = World(instance, instance.stock, {})
    saved: dict[str, list[int]] = defaultdict(list)
    policy = replace(instance.policy, keep_share=0, waste_share=0)
    names = {key(place): place for place in instance.places}
    for order in orders[-LEARNT:]:
        plan = facts_of(world, order).choose(policy)
        if plan is not None and plan.next_cost is not None:
            for place in plan.places:
                saved[names[place]].append(plan.next_cost - plan.cost)
    return replace(instance, saved={place: sum(own) // len(own) for place, own in saved.items()})
