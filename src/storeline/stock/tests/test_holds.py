"""Direct holds over HTTP: whose they are, and what each channel may take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from storeline.identity.tests.factories import make_token
from storeline.kernel.api import SYSTEM, Actor, Forbidden, new_id, now, run
from storeline.kernel.tests.factories import race
from storeline.stock import api as stock
from storeline.stock.tests.factories import assert_balanced, hold, level, make_place, make_products, put, snapshot
from storeline.stock.tests.test_http import send
from storeline.stock.tests.test_promise import keep, promised

pytestmark = pytest.mark.django_db(transaction=True)
MAY_HOLD = frozenset({stock.HOLD})


@pytest.fixture
def place() -> UUID:
    return make_place()


@pytest.fixture
def product() -> UUID:
    return make_products(1)[0]


def wish(place: UUID, product: UUID, units: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "place": str(place), "product": str(product), "quantity": units} | more


def ask(token: str | None, *wishes: dict[str, Any]) -> Any:
    return send("post", "/stock/holds", {"holds": list(wishes)}, token)


def answers(token: str, *wishes: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["status"], one["left"]) for one in ask(token, *wishes).json()["items"]]


def let_go(token: str | None, *wishes: dict[str, Any]) -> Any:
    return send("post", "/stock/holds/release", {"ids": [one["id"] for one in wishes]}, token)


@pytest.mark.parametrize(
    ("maker", "other"), [("partner", "partner"), ("associate", "partner"), ("partner", "associate")]
)
def test_another_can_neither_free_a_hold_nor_have_it_for_theirs(
    place: UUID, product: UUID, maker: str, other: str
) -> None:
    put(place, product, 9_000)
    mine, theirs = make_token(maker), make_token(other)
    wanted, own = wish(place, product), wish(place, product, "2")
    assert answers(mine, wanted) == [(201, "8")]
    assert answers(theirs, own) == [(201, "6")]
    before = snapshot()
    refused = let_go(theirs, own, wanted)
    assert (refused.status_code, refused.json()["permission"]) == (403, "stock.release")
    (again,) = ask(theirs, wanted).json()["items"]
    assert (again["status"], again["answer"], again["state"]) == (422, "mismatch", None)
    assert snapshot() == before
    assert answers(mine, wanted) == [(200, "6")]
    assert let_go(mine, wanted).json() == {"released": 1}
    assert let_go(mine, wanted).json() == {"released": 0}
    assert let_go(theirs, wanted).json() == {"released": 0}, "what is not held any more is nobody's to free"
    assert level(place, product) == (9_000, 2_000)
    assert_balanced()


@pytest.mark.parametrize("role", ["shop_manager", "service_desk"])
def test_staff_with_the_wider_permission_free_what_others_hold_at_their_places(
    place: UUID, product: UUID, role: str
) -> None:
    put(place, product, 9_000)
    wanted = wish(place, product)
    assert answers(make_token("partner"), wanted) == [(201, "8")]
    elsewhere = make_token(role, place_ids=(make_place("P2"),))
    assert let_go(elsewhere, wanted).status_code == 403
    assert level(place, product) == (9_000, 1_000)
    assert let_go(make_token(role, place_ids=(place,)), wanted).json() == {"released": 1}
    assert level(place, product) == (9_000, 0)
    assert_balanced()


def test_a_hold_that_ended_is_freed_for_all_and_an_orders_goods_are_passed_over(place: UUID, product: UUID) -> None:
    put(place, product, 3_000)
    mine, theirs = make_token("partner"), make_token("partner")
    order = hold(place, product, 1_000)
    wanted = wish(place, product, "2", expires_at=(now() + timedelta(minutes=5)).isoformat())
    assert answers(mine, wanted) == [(201, "0")]
    run("UPDATE stock_reservation SET expires_at = %s WHERE asked IS NOT NULL", [now() - timedelta(seconds=1)])
    assert answers(theirs, wish(place, product, "2")) == [(201, "0")]
    assert let_go(theirs, wanted, {"id": str(order)}).json() == {"released": 0}
    assert let_go(make_token("shop_manager"), {"id": str(order)}).json() == {"released": 0}
    assert level(place, product) == (3_000, 3_000)
    assert_balanced()


def test_guests_neither_hold_stock_nor_free_it(place: UUID, product: UUID) -> None:
    """A guest's basket holds a time; its id frees no goods, and goods' ids are none of a guest's."""
    put(place, product, 3_000)
    wanted = wish(place, product)
    slot = uuid4()
    starts = now() + timedelta(days=1)
    run(
        "INSERT INTO capacity_slot (id, place_id, method, starts_at, ends_at, cutoff_at, capacity, held, fee)"
        " VALUES (%s, %s, 'collect', %s, %s, %s, 1, 0, 0)",
        [slot, place, starts, starts + timedelta(hours=1), starts - timedelta(hours=2)],
    )
    basket = {"id": str(new_id())}
    assert send("post", f"/slots/{slot}/holds", basket).status_code == 200
    assert answers(make_token("partner"), wanted) == [(201, "2")]
    before, booked = snapshot(), run("SELECT b::text FROM capacity_booking b").fetchall()
    assert ask(None, wish(place, product)).status_code == 401
    assert let_go(None, wanted).status_code == 401
    assert let_go(make_token("shop_manager"), basket).json() == {"released": 0}
    assert (snapshot(), run("SELECT b::text FROM capacity_booking b").fetchall()) == (before, booked)


def test_of_many_who_free_a_hold_its_maker_does(place: UUID, product: UUID) -> None:
    put(place, product, 9_000)
    actors = [Actor("client", new_id(), MAY_HOLD) for _ in range(6)]
    wanted = stock.Hold(new_id(), place, product, 1_000)

    def hold_and_free(actor: Actor) -> Any:
        [verdict] = stock.reserve_many([wanted], actor=actor)
        return verdict.answer.value, stock.release_holds([wanted.id], actor=actor)

    outcomes = race(*[lambda actor=actor: hold_and_free(actor) for actor in actors])
    granted = [one for one in outcomes if one == ("held", 1)]
    refused = [one for one in outcomes if isinstance(one, Forbidden) or one == ("mismatch", 0)]
    assert (len(granted), len(refused)) == (1, 5), outcomes
    assert level(place, product) == (9_000, 0)
    assert_balanced()


def test_a_channels_hold_takes_from_what_it_may_be_promised(place: UUID, product: UUID) -> None:
    put(place, product, 10_000)
    keep(product, 3_000)
    keep(product, 2_000, channel="market")
    partner, associate = make_token("partner"), make_token("associate")
    assert promised(place, product, "market").quantity == 5_000
    assert answers(partner, wish(place, product, "6", channel="market")) == [(409, "5")]
    assert answers(partner, wish(place, product, "8")) == [(409, "7")]
    assert level(place, product) == (10_000, 0)
    assert answers(
        partner, wish(place, product, "4", channel="market"), wish(place, product, "2", channel="market")
    ) == [
        (201, "1"),
        (409, "1"),
    ]
    assert answers(partner, wish(place, product, "3")) == [(201, "0")]
    assert answers(partner, wish(place, product, channel="market")) == [(409, "0")]
    assert level(place, product) == (10_000, 7_000)
    assert answers(associate, wish(place, product, "3", channel="web")) == [(409, "0")]
    assert answers(associate, wish(place, product, "2")) == [(201, "1")], "who stands at the shelf sees the shelf"
    assert answers(associate, wish(place, product, "1", channel="till")) == [(201, "0")]
    assert level(place, product) == (10_000, 10_000)
    assert_balanced()


def test_nobody_says_that_they_stand_at_a_shelf_where_they_do_not(place: UUID, product: UUID) -> None:
    put(place, product, 10_000)
    before = snapshot()
    for channel in sorted(stock.IN_SHOPS):
        refused = ask(make_token("partner"), wish(place, product, channel=channel))
        assert (refused.status_code, refused.json()["permission"]) == (403, "stock.hold_shelf")
    assert ask(make_token("partner"), wish(place, product, channel="no such!")).status_code == 422
    assert snapshot() == before


def test_what_has_expired_is_held_for_nobody_online(place: UUID, product: UUID) -> None:
    put(place, product, 10_000)
    run("UPDATE stock_balance SET expired = 4000, lotted = 4000")
    asked = [stock.Hold(new_id(), place, product, 7_000, channel=channel) for channel in ("web", "store")]
    verdicts = stock.reserve_many(asked, actor=SYSTEM)
    assert [(one.answer.value, one.left) for one in verdicts] == [("sold_out", 6_000), ("held", 3_000)]


def test_holds_of_several_channels_at_once_never_take_what_is_kept(place: UUID, product: UUID) -> None:
    put(place, product, 40_000)
    keep(product, 10_000)
    keep(product, 5_000, channel="market")

    def grab(channel: str) -> int:
        asked = [stock.Hold(new_id(), place, product, 1_000, channel=channel) for _ in range(5)]
        return sum(one.granted for one in stock.reserve_many(asked, actor=SYSTEM))

    taken = race(*[lambda channel=channel: grab(channel) for channel in ["market"] * 6 + ["web"] * 6])
    assert sum(taken[:6]) <= 25
    assert sum(taken) == 30
    assert level(place, product) == (40_000, 30_000)
    assert_balanced()
