"""A place that takes only so many online orders an hour: it holds for every one of them, whoever named the place, and at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from storeline.capacity import api as capacity
from storeline.kernel.api import CHECKS, GUEST, SYSTEM, clock_at, new_id, now, run, waits
from storeline.kernel.tests.factories import race
from storeline.orders import api as orders
from storeline.orders.tests.factories import CASH, Shop, everything, make, shop
from storeline.orders.tests.test_sources import place
from storeline.payments.api import Offer
from storeline.places.api import Position
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)
DECLINED = (Offer("sandbox_card", token="tok_decline"),)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Nothing here lasts into the next hour."""
    with clock_at(datetime.now(UTC).replace(minute=20)):
        yield


@pytest.fixture
def here() -> Shop:
    made = shop(units=90)
    run("UPDATE places_place SET latitude = 40, longitude = -83 WHERE id = %s", [made.place])
    return made


def cap(place_id: UUID, most: int | None) -> None:
    sourcing.set_limits(sourcing.Limits(place_id, per_hour=most), actor=SYSTEM)


def loads() -> dict[UUID, int]:
    return dict(run("SELECT place_id, sum(orders)::int FROM sourcing_load GROUP BY place_id").fetchall())


def wrong() -> list[str]:
    names = [name for name in CHECKS if name.startswith(("orders.", "stock.", "sourcing."))]
    return [f"{name}: {one}" for name in names for one in CHECKS[name].run().differences]


def codes(*drafts: orders.Draft) -> list[str]:
    return [one.error.code if one.error else str(one.state) for one in orders.checkout(drafts, actor=GUEST)]


def in_an_hour() -> Any:
    return clock_at(now() + timedelta(hours=1))


@pytest.mark.usefixtures("door")
def test_beyond_the_cap_an_order_is_refused_with_when_there_is_room_again(here: Shop) -> None:
    cap(here.place, 2)

    def send() -> tuple[int, dict[str, Any]]:
        body = {
            "id": str(new_id()),
            "place": str(here.place),
            "currency": "USD",
            "lines": [{"product": str(here.products[0])}],
            "payments": [{"tender": "sandbox_card", "token": "tok_approve"}],
            "expected_total": "1.35",
        }
        answer = Client().post("/api/v1/orders", data=orjson.dumps(body), content_type="application/json")
        return answer.status_code, orjson.loads(answer.content)

    assert [send()[0] for _ in range(2)] == [201, 201]
    before = everything()
    status, problem = send()
    assert (status, problem["code"], problem["field"], problem["place"]) == (
        409,
        "place_full",
        "served_by",
        str(here.place),
    )
    again = datetime.fromisoformat(problem["again_at"])
    assert again == now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert (everything(), loads()) == (before, {here.place: 2})
    with clock_at(again):
        assert send()[0] == 201
    cap(here.place, 0)
    status, problem = send()
    assert (status, "again_at" in problem) == (409, False)
    cap(here.place, None)
    assert send()[0] == 201
    assert wrong() == []


def test_of_a_set_the_first_are_taken_and_a_repeat_is_answered_as_it_was(here: Shop) -> None:
    cap(here.place, 2)
    drafts = [here.draft([1]) for _ in range(4)]
    assert codes(*drafts) == ["confirmed", "confirmed", "place_full", "place_full"]
    assert codes(*drafts) == ["confirmed", "confirmed", "place_full", "place_full"]
    assert loads() == {here.place: 2}


def test_what_is_no_online_order_is_not_counted_and_not_refused(here: Shop) -> None:
    cap(here.place, 0)
    sale = here.sale([(1, 125)])
    sold = here.sale([(1, 125)], method="collect", channel="market", till=None)
    carried = here.draft([1], method="carry_out", payments=CASH, channel="till")
    verdicts = orders.place([sale, sold, carried], actor=SYSTEM)
    assert [str(one.error or one.state) for one in verdicts] == ["completed", "confirmed", "completed"]
    assert loads() == {}
    assert run("SELECT count(*) FROM sourcing_ask").fetchall() == [(0,)]
    assert wrong() == []


def test_a_place_without_a_cap_is_not_counted(here: Shop) -> None:
    assert codes(here.draft([1])) == ["confirmed"]
    assert loads() == {}


def test_it_takes_no_more_waits(here: Shop) -> None:
    found = []
    for most in (None, 5):
        cap(here.place, most)
        with waits() as count:
            orders.place([here.draft([1])], actor=SYSTEM)
        found.append(count.waits)
    assert found == [4, 4]


def test_who_gives_a_line_is_asked_too(here: Shop) -> None:
    other = place(here, "other", 5, -83.1)
    cap(other, 1)
    assert codes(here.draft([3], from_places={0: other})) == ["confirmed"]
    before = everything()
    (refused,) = orders.checkout([here.draft([1, 1], from_places={1: other, 0: other})], actor=GUEST)
    assert refused.error is not None
    assert (refused.error.code, refused.error.field) == ("place_full", "lines[0].from_place")
    assert refused.error.extra["place"] == str(other)
    assert (everything(), loads()) == (before, {other: 1})
    cap(here.place, 9)
    run("DELETE FROM sourcing_site WHERE place_id = %s", [other])
    assert codes(here.draft([1], from_places={0: other})) == ["confirmed"]
    assert loads() == {other: 1, here.place: 1}
    assert wrong() == []


def test_a_sourced_order_counts_once_at_each_place_and_goes_to_who_has_room(here: Shop) -> None:
    near, far = place(here, "near", 90, -83.1), place(here, "far", 90, -83.4)
    for each, most in ((here.place, 3), (near, 1), (far, 9)):
        cap(each, most)
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[0], -89_000, "missing")], actor=SYSTEM)
    wishes = [here.draft([2]) for _ in range(4)]
    verdicts = [orders.checkout_sourced(one, actor=GUEST) for one in wishes]
    assert [one.error.code if one.error else "" for one in verdicts] == ["", "", "", "place_full"]
    given = [{line.from_place for line in orders.get(one.id).lines} - {None} for one in wishes[:3]]
    assert given == [{near}, {far}, {far}]
    assert loads() == {here.place: 3, near: 1, far: 2}
    assert run("SELECT count(*) FROM sourcing_plan").fetchall() == [(3,)]
    assert wrong() == []
    orders.cancel([wishes[0].id], reason="test")
    assert loads() == {here.place: 2, near: 0, far: 2}
    assert sourcing.kept_plan(wishes[0].id).plan.places == (near,)
    assert wrong() == []


@pytest.mark.parametrize("way", ["cancel", "call_off", "expire", "decline"])
def test_what_is_cancelled_frees_its_room(here: Shop, way: str) -> None:
    cap(here.place, 1)
    if way == "decline":
        assert codes(here.draft([1], payments=DECLINED)) == ["payment_declined"]
    elif way == "expire":
        (verdict,) = orders.place([here.draft([1])], actor=GUEST)
        assert verdict.state == "pending"
        assert codes(here.draft([1])) == ["place_full"]
        assert orders.expire(now() + timedelta(minutes=30)) == 1
    else:
        one = here.draft([1])
        assert codes(one, here.draft([1])) == ["confirmed", "place_full"]
        for _ in range(2):
            if way == "cancel":
                orders.cancel([one.id], reason="test")
            else:
                orders.call_off(one.id, actor=GUEST, token=orders.token_of(one.id))
    assert loads() == {here.place: 0}
    assert codes(here.draft([1]), here.draft([1])) == ["confirmed", "place_full"]
    assert wrong() == []


def test_an_order_of_another_hour_frees_nothing_of_this_one(here: Shop) -> None:
    cap(here.place, 1)
    early = here.draft([1])
    assert codes(early) == ["confirmed"]
    with in_an_hour():
        assert codes(here.draft([1])) == ["confirmed"]
        orders.cancel([early.id], reason="test")
        assert codes(here.draft([1])) == ["place_full"]
    assert wrong() == []


def test_a_cap_that_comes_later_or_falls_binds_from_then_on(here: Shop) -> None:
    assert codes(here.draft([1])) == ["confirmed"]
    cap(here.place, 2)
    assert codes(here.draft([1]), here.draft([1]), here.draft([1])) == ["confirmed", "confirmed", "place_full"]
    cap(here.place, 1)
    assert codes(here.draft([1])) == ["place_full"]
    cap(here.place, 3)
    assert codes(here.draft([1]), here.draft([1])) == ["confirmed", "place_full"]
    assert wrong() == []


def test_a_place_without_room_is_not_promised(here: Shop) -> None:
    for day in range(1, 8):
        make("places.Hours", place_id=here.place, weekday=day, opens=0, closes=1440)
    capacity.generate([here.place], actor=SYSTEM, days=3)
    cap(here.place, 1)

    def promised() -> tuple[bool, set[str]]:
        lines = [sourcing.WantedLine(here.products[0], 1000)]
        answers = sourcing.promise(lines, Position(40.0, -83.0)).ways
        answer = next(one for one in answers if one.way is sourcing.Way.COLLECT)
        return answer.possible, {reason.code.value for reason in answer.reasons}

    one = here.draft([1])
    assert promised() == (True, set())
    assert codes(one) == ["confirmed"]
    assert promised() == (False, {"no_room"})
    orders.cancel([one.id], reason="test")
    assert promised() == (True, set())


def test_of_many_at_once_no_more_are_taken_than_the_cap(here: Shop) -> None:
    """Alone, in sets, given by a place, sourced, and one cancelled meanwhile: each place keeps to its cap."""
    other = place(here, "other", 90, -83.1)
    for each in (here.place, other):
        cap(each, 7)
    stock.adjust([stock.Goods(new_id(), 1, other, here.products[1], 90_000, "found")], actor=SYSTEM)
    stock.adjust([stock.Goods(new_id(), 1, here.place, here.products[2], -90_000, "missing")], actor=SYSTEM)
    stock.adjust([stock.Goods(new_id(), 1, other, here.products[2], 90_000, "found")], actor=SYSTEM)
    gone = here.draft([1])
    cap(here.place, 9)
    moment = now()

    def at(deed: Any) -> Any:
        def done() -> Any:
            with clock_at(moment):
                return deed()

        return done

    plain = [partial(orders.checkout, [here.draft([1]), here.draft([1])], actor=GUEST) for _ in range(4)]
    alone = [partial(orders.checkout, [here.draft([1], served_by=other)], actor=GUEST) for _ in range(3)]
    given = [partial(orders.checkout, [here.draft([1, 1], from_places={1: other})], actor=GUEST) for _ in range(3)]
    lacking = [here.draft([1], lines=(orders.DraftLine(here.products[2], 1000),)) for _ in range(3)]
    sourced = [partial(orders.checkout_sourced, one, actor=GUEST) for one in lacking]
    assert codes(gone) == ["confirmed"]
    cancels = [partial(orders.cancel, [gone.id], reason="test")]
    outcomes = race(*[at(deed) for deed in (*plain, *alone, *given, *sourced, *cancels)])
    found = Counter(
        one.error.code if one.error else "taken"
        for outcome in outcomes
        if not isinstance(outcome, dict)
        for one in (outcome if isinstance(outcome, list) else [outcome])
    )
    assert set(found) <= {"taken", "place_full", "out_of_stock"}, found  # nobody else could give it
    assert found["place_full"] >= 1
    asked = Counter(
        place_id
        for head in run("SELECT id, served_by_id FROM orders_order WHERE state = 'confirmed'").fetchall()
        for place_id in {head[1], *[line.from_place or head[1] for line in orders.get(head[0]).lines]}
    )
    assert loads() == dict(asked)
    assert max(asked[here.place] - 9, asked[other] - 7) <= 0, asked
    assert asked[other] == 7 or asked[here.place] == 9
    assert wrong() == []


def test_the_last_room_goes_to_one(here: Shop) -> None:
    cap(here.place, 5)
    moment = now()

    def one() -> str:
        with clock_at(moment):
            return codes(here.draft([1]))[0]

    assert Counter(race(*[one] * 16)) == {"confirmed": 5, "place_full": 11}
    assert loads() == {here.place: 5}
    assert wrong() == []


def test_the_audit_finds_an_order_that_nobody_counted(here: Shop) -> None:
    cap(here.place, 5)
    assert codes(here.draft([1])) == ["confirmed"]
    assert wrong() == []
    run("UPDATE sourcing_load SET orders = 2")
    assert len(wrong()) == 1
    run("UPDATE sourcing_load SET orders = 1")
    run("DELETE FROM sourcing_ask")
    assert len(wrong()) == 1
