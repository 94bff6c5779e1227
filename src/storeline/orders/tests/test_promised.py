"""What sourcing promises for a basket that several places give to is what the checkout then offers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from storeline.capacity import api as capacity
from storeline.kernel.api import SYSTEM, business_date, new_id, pipeline, run, waits
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, make, shop
from storeline.places.api import Position
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db
HERE = Position(40.0, -83.0)
TAKES = timedelta(hours=sourcing.Terms().point_hours)
PLACES = 6


@pytest.fixture
def around() -> tuple[Shop, dict[str, UUID]]:
    """Six places with up to three units of each of four products; some deliver, some only sell or send."""
    here, chance = shop(products=4, units=1), random.Random(16)
    found = {"p": here.place}
    service = make("catalog.Product", ref="fee", name="Delivery", service=True)
    for number in range(1, PLACES):
        can = ["sell", "collect", "deliver", "ship"] if number < PLACES - 1 else ["sell"]
        found[f"q{number}"] = make(
            "places.Place",
            ref=f"q{number}",
            entity_id=here.entity,
            name=f"Place {number}",
            format="supermarket",
            zone="America/New_York",
            country="US",
            capabilities=can,
        )
    run("UPDATE places_place SET latitude = 40 + 0.01 * length(ref) + random() / 10, longitude = -83")
    run("UPDATE places_place SET capabilities = '{sell,collect,deliver}' WHERE ref = 'p'")
    for place in found.values():
        for day in range(1, 8):
            make("places.Hours", place_id=place, weekday=day, opens=480, closes=1320)
        area = capacity.Area(new_id(), place, "deliver", "all", "US", (), None, 490, None, 0, service)
        capacity.set_areas(place, [area], actor=SYSTEM)
        goods = [
            stock.Goods(new_id(), 1, place, one, chance.randrange(1, 4) * 1000, "found")
            for one in here.products
            if chance.random() < 0.5
        ]
        if goods:
            stock.adjust(goods, actor=SYSTEM)
    capacity.generate(list(found.values()), actor=SYSTEM, days=10)
    return here, found


def foreseen(here: Shop, place: UUID, method: str, basket: dict[UUID, int]) -> orders.Foreseen | None:
    """What the checkout says of this place."""
    lines = tuple(orders.DraftLine(product, quantity) for product, quantity in basket.items())
    address = orders.Address("US", "43215", position=HERE) if method == "deliver" else None
    draft = here.draft(served_by=place, place_id=place, method=method, lines=lines, address=address)
    with pipeline():
        levels = stock.gather_levels(place, set(basket))
    return orders.foresee(draft, levels.result(), actor=SYSTEM)


def first_slot(place: UUID, method: str, since: datetime) -> UUID | None:
    """The first time that the checkout offers from then on."""
    for day in range(4):
        found = capacity.open_slots(place, method, business_date(since + timedelta(days=day), "America/New_York"))
        for slot in found:
            if slot.starts_at >= since:
                return slot.id
    return None


def test_what_several_places_give_is_promised_as_the_checkout_offers_it(around: tuple[Shop, dict[str, UUID]]) -> None:
    here, found = around
    chance, to = random.Random(4), capacity.Destination("US", "43215", HERE)
    spread = alone = nowhere = 0
    for _ in range(24):
        basket = {one: chance.randrange(1, 5) * 1000 for one in chance.sample(here.products, chance.randrange(1, 4))}
        with waits() as count:
            promised = sourcing.promise([sourcing.WantedLine(*one) for one in basket.items()], to)
        assert count.waits <= 2
        for answer in promised.ways:
            if answer.way.value not in {"collect", "deliver"}:
                continue
            for offer in answer.offers:
                coming = foreseen(here, offer.place_id, answer.way.value, basket)
                if not offer.sources:
                    assert coming is None
                    alone += 1
                    continue
                spread += 1
                assert coming is not None
                assert abs(coming.arrives - promised.asked_at - TAKES) < timedelta(minutes=1)
                givers = set((coming.draft.from_places or {}).values())
                assert (offer.sources[0], set(offer.sources[1:])) == (offer.place_id, givers)
                assert offer.windows[0].slot_id == first_slot(offer.place_id, answer.way.value, coming.arrives)
                assert offer.sure.reasons[0].code is sourcing.Code.SPLIT
            if not answer.possible:
                nowhere += 1
                able = {"p", *list(found)[1:-1]}
                assert {foreseen(here, found[ref], answer.way.value, basket) for ref in able} == {None}
    assert min(spread, alone, nowhere) > 5, (spread, alone, nowhere)


@pytest.mark.django_db(transaction=True)
def test_who_gives_is_found_again_where_many_are_nearer_to_the_place_that_serves() -> None:
    """The promise looks around the shopper, the checkout around the place that serves: what was offered is placed all the same."""
    here, asked_at = shop(products=1, units=1), Position(40.0, -83.5)
    run("UPDATE places_place SET latitude = 40, longitude = -83.3 WHERE id = %s", [here.place])
    columns = {"entity_id": here.entity, "format": "supermarket", "zone": "America/New_York", "country": "US"}
    can = ["sell", "collect"]
    for number in range(30):
        spot = {"latitude": 40.0, "longitude": -83.0 - number / 500}
        make("places.Place", ref=f"e{number}", name="Empty", capabilities=can, **columns, **spot)
    spot = {"latitude": 40.0, "longitude": -83.7}
    giver = make("places.Place", ref="giver", name="Giver", capabilities=["sell", "ship"], **columns, **spot)
    stock.adjust([stock.Goods(new_id(), 1, giver, here.products[0], 5000, "found")], actor=SYSTEM)
    for day in range(1, 8):
        make("places.Hours", place_id=here.place, weekday=day, opens=480, closes=1320)
    capacity.generate([here.place], actor=SYSTEM, days=10)
    ways = sourcing.promise([sourcing.WantedLine(here.products[0], 2000)], asked_at).ways
    (offer,) = next(one.offers for one in ways if one.way is sourcing.Way.COLLECT)
    assert (offer.place_id, offer.sources) == (here.place, (here.place, giver))
    draft = here.draft([2], slot_id=offer.windows[0].slot_id)
    verdict = orders.checkout_sourced(draft, actor=SYSTEM, in_time=True)
    assert verdict.error is None, verdict.error
    assert [(line.from_place, line.quantity) for line in orders.get(draft.id).lines] == [(None, 1000), (giver, 1000)]
