"""Recalls: a lot is blocked at once wherever it is and turns up, taken off shelf by shelf, and the recall is ended once."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from storeline.identity.tests.factories import make_token
from storeline.kernel.api import (
    SYSTEM,
    BodyMismatch,
    Invalid,
    clock_at,
    new_id,
    now,
    pipeline,
    run,
    transaction,
    waits,
)
from storeline.stock import api as stock
from storeline.stock import audit
from storeline.stock.domain.recalls import off_the_books
from storeline.stock.tests.factories import (
    AT,
    assert_balanced,
    hold,
    make_place,
    make_products,
    move,
    post,
    put,
    refs,
    snapshot,
)
from storeline.stock.tests.test_http import send
from storeline.stock.tests.test_lots import balance, came, lots
from storeline.stock.tests.test_races import race

SOON, LATE = date(2017, 6, 3), date(2017, 6, 20)


@pytest.fixture(autouse=True)
def _then():
    with clock_at(AT):
        yield


def begin(product, lot="A", why="Glass", recall_id=None):
    return stock.start_recall(stock.RecallDraft(recall_id or new_id(), product, lot, why), actor=SYSTEM)


def off(recall, place, expected, found, *, all_of_it=True, deed=None):
    asked = stock.TakenOff(deed or new_id(), recall.id, place, expected, found, all_of_it)
    return stock.take_off(asked, actor=SYSTEM)


def promised(place, product, channel="online"):
    return stock.atp([(place, product)], channel=channel)[place, product].quantity


@pytest.mark.parametrize(
    ("expected", "found", "all_of_it", "parts"),
    [
        (5_000, 5_000, True, (5_000, 0, 0)),
        (5_000, 3_000, True, (3_000, 0, 2_000)),
        (5_000, 3_000, False, (3_000, 0, 0)),
        (5_000, 7_000, False, (5_000, 2_000, 0)),
        (5_000, 0, True, (0, 0, 5_000)),
        (0, 0, True, (0, 0, 0)),
        (0, 2_000, False, (0, 2_000, 0)),
    ],
)
def test_what_leaves_the_books(expected, found, all_of_it, parts):
    ids = new_id(), new_id(), new_id()
    assert off_the_books(stock.TakenOff(*ids, expected, found, all_of_it)) == parts


@pytest.mark.parametrize(("found", "all_of_it"), [(-1, True), (0, False)])
def test_what_says_nothing_is_refused(found, all_of_it):
    with pytest.raises(Invalid) as refused:
        off_the_books(stock.TakenOff(new_id(), new_id(), new_id(), 5_000, found, all_of_it))
    assert refused.value.field == "found"


def test_a_recalled_lot_is_promised_nowhere_and_leaves_last(place, product):
    other = make_place("P2")
    came(place, product, 3_000, "A", SOON)
    came(place, product, 2_000, "B", LATE)
    came(other, product, 1_000, "A")  # its last day is not known there
    started = begin(product)
    assert (started.state, started.on_shelves) == ("open", 4_000)
    assert (promised(place, product), promised(other, product)) == (2_000, 0)
    assert (promised(place, product, "store"), promised(other, product, "store")) == (2_000, 0)
    level = stock.levels(place, [product])[product]
    assert (level.promisable_on("store"), level.promisable_on("web"), level.available) == (2_000, 2_000, 5_000)
    assert stock.levels(place, [product])[product].promisable == 2_000
    steps = {
        step.name.value: step.quantity for step in stock.atp([(place, product)], channel="online")[place, product].steps
    }
    assert (steps["recalled"], "expired" in steps) == (-3_000, False)
    post(move(place, product, -1_000))
    assert (lots(place, product), balance(place, product)) == ([("B", 1_000), ("A", 3_000)], (4_000, 4_000, 3_000))
    post(move(place, product, -2_000))  # what was sold at the till was sold
    assert lots(place, product) == [("A", 2_000)]
    assert stock.expiring(place, LATE) == []  # it is not to be given away
    with clock_at(AT + timedelta(days=5)):
        assert stock.expire_lots() == 0
    assert_balanced()


def test_it_is_blocked_wherever_it_turns_up(place, product):
    other = make_place("P2")
    came(place, product, 6_000, "A", SOON)
    sent, sold = new_id(), new_id()
    post(move(place, product, -1_000, source=sold))
    stock.create_transfer(stock.TransferDraft(sent, place, other, [(product, 2_000)]), actor=SYSTEM)
    stock.ship_transfer(sent, actor=SYSTEM)
    begin(product)
    stock.receive_transfer(stock.Arrival(new_id(), sent, [stock.ArrivedLine(product, 2_000)]), actor=SYSTEM)
    came(make_place("P3"), product, 1_000, "A")
    back = stock.Returned(move(other, product, 1_000, "return"), sold, 1)
    with transaction():
        returning = stock.lock_returns([back])
        with pipeline():
            stock.post_returns(returning)
    assert promised(place, product) == promised(other, product) == 0
    assert sorted(lot.on_hand for lot in stock.recall(product, "A").shelves) == [1_000, 3_000, 3_000]
    assert all(lot.recalled and lot.expired for lot in stock.recall(product, "A").shelves)
    assert_balanced()


def test_a_file_brings_it_in_blocked(place, product):
    post(move(place, product, 5_000, "opening"))
    begin(product)
    [ref] = refs("catalog_product", [product])
    with transaction():
        run(f"CREATE TEMP TABLE in_lots ({stock.LOTS_IN}) ON COMMIT DROP")
        run("CREATE TEMP TABLE in_error (file text, row bigint, col text, reason text) ON COMMIT DROP")
        for row, lot in enumerate("AB"):
            run("INSERT INTO in_lots VALUES (%s, 'P1', %s, %s, NULL, 2000)", [row, ref, lot])
        stock.load_lots(actor=SYSTEM)
    assert {lot.lot: lot.recalled for lot in stock.lots_at([(place, product)])[place, product]} == {
        "A": True,
        "B": False,
    }
    assert (promised(place, product), promised(place, product, "store")) == (3_000, 3_000)
    assert_balanced()


def test_of_a_line_of_two_lots_the_recalled_one_comes_back_first(place, product):
    came(place, product, 1_000, "GOOD", SOON)
    came(place, product, 1_000, "A", LATE)
    sold = new_id()
    post(move(place, product, -2_000, source=sold))
    begin(product)
    with transaction():
        returning = stock.lock_returns([stock.Returned(move(place, product, 1_000, "return"), sold, 1)])
        with pipeline():
            stock.post_returns(returning)
    assert (lots(place, product), promised(place, product)) == ([("A", 1_000)], 0)
    assert_balanced()


def test_what_nobody_knows_the_lot_of_comes_back_blocked_while_it_is_recalled(place, product):
    came(place, product, 1_000, "A", SOON)
    put(place, product, 2_000)
    sold = new_id()
    post(move(place, product, -3_000, source=sold))
    started = begin(product)
    backs = [
        stock.Returned(move(place, product, 3_000, "return"), sold, 1),
        stock.Returned(move(place, product, 1_000, "return")),
    ]
    for back in backs:
        with transaction():
            returning = stock.lock_returns([back])
            with pipeline():
                stock.post_returns(returning)
    assert (lots(place, product), promised(place, product)) == ([("A", 4_000)], 0)
    off(started, place, 4_000, 4_000)
    stock.end_recall(started.id, actor=SYSTEM)
    with transaction():
        returning = stock.lock_returns([stock.Returned(move(place, product, 1_000, "return"))])
        with pipeline():
            stock.post_returns(returning)
    assert promised(place, product) == 1_000
    assert_balanced()


def test_the_same_recall_again_is_the_same_and_another_is_refused(place, product):
    came(place, product, 3_000, "A", SOON)
    recall_id = new_id()
    first = begin(product, recall_id=recall_id)
    before = snapshot()
    assert begin(product, recall_id=recall_id) == first
    with pytest.raises(BodyMismatch):
        begin(product, why="Wood", recall_id=recall_id)
    with pytest.raises(stock.AlreadyRecalled) as refused:
        begin(product)
    assert (refused.value.field, refused.value.extra["recall"]) == ("lot", str(recall_id))
    assert snapshot() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lot": "no lot"}, "lot"),
        ({"why": " "}, "reason"),
        ({"why": "x" * 301}, "reason"),
        ({"product": None}, "product"),
    ],
)
def test_a_recall_that_cannot_be_changes_nothing(place, product, change, field):
    came(place, product, 3_000, "A", SOON)
    before = snapshot()
    told: dict[str, Any] = {"product": product, "lot": "A", "why": "Glass"} | change
    with pytest.raises(Invalid) as refused:
        begin(told["product"] or new_id(), told["lot"], told["why"])
    assert (refused.value.field, snapshot()) == (field, before)


def test_each_shelf_is_cleared_once(place, product):
    came(place, product, 5_000, "A", SOON)
    came(place, product, 5_000, "B", LATE)
    started = begin(product)
    deed = new_id()
    done = off(started, place, 5_000, 3_000, deed=deed)
    assert (done.found, done.missing) == (3_000, 2_000)
    assert off(started, place, 5_000, 3_000, deed=deed) == done
    assert balance(place, product) == (5_000, 5_000, 0)
    assert [(row.reason, row.quantity, row.lot) for row in stock.corrections(place)] == [
        ("missing", -2_000, "A"),
        ("recalled", -3_000, "A"),
    ]
    before = snapshot()
    with pytest.raises(BodyMismatch):
        off(started, place, 5_000, 4_000, deed=deed)
    with pytest.raises(stock.CountMismatch) as refused:
        off(started, place, 5_000, 5_000)
    assert (refused.value.field, snapshot()) == ("expected", before)
    seen = stock.get_recall(started.id)
    assert (seen.on_shelves, seen.taken_off, seen.missing, stock.recalled_at(place)) == (0, 3_000, 2_000, [])
    assert_balanced()


def test_some_now_and_more_than_the_books_have_later(place, product):
    came(place, product, 5_000, "A", SOON)
    came(place, product, 5_000, "B", LATE)
    started = begin(product)
    off(started, place, 5_000, 1_000, all_of_it=False)
    assert [(one.recall.id, one.quantity) for one in stock.recalled_at(place)] == [(started.id, 4_000)]
    off(started, place, 4_000, 6_000)
    assert (lots(place, product), balance(place, product)) == ([("B", 3_000)], (3_000, 3_000, 0))
    assert stock.get_recall(started.id).taken_off == 7_000
    assert_balanced()


def asked(place):
    return [(one.recall.lot, one.quantity) for one in stock.recalled_at(place)]


def test_every_place_that_ever_had_some_is_asked_whatever_its_books_say(place, product):
    has, sold_out, sent_on, broken, coming, never = (make_place(f"P{n}") for n in range(2, 8))
    came(place, product, 9_000, "A", LATE)
    came(sold_out, product, 1_000, "A", LATE)
    came(never, product, 1_000, "B", LATE)
    post(move(sold_out, product, -1_000))
    for to, units, lost in ((has, 2_000, 0), (sent_on, 1_000, 0), (broken, 1_000, 1_000), (coming, 1_000, None)):
        transfer = new_id()
        stock.create_transfer(stock.TransferDraft(transfer, place, to, [(product, units)]), actor=SYSTEM)
        stock.ship_transfer(transfer, actor=SYSTEM)
        if lost is not None:
            line = stock.ArrivedLine(product, units - lost, damaged=lost)
            stock.receive_transfer(stock.Arrival(new_id(), transfer, [line]), actor=SYSTEM)
    onward = new_id()
    stock.create_transfer(stock.TransferDraft(onward, sent_on, place, [(product, 1_000)]), actor=SYSTEM)
    stock.ship_transfer(onward, actor=SYSTEM)
    started = begin(product)
    assert [asked(one) for one in (place, has)] == [[("A", 4_000)], [("A", 2_000)]]
    assert [asked(one) for one in (sold_out, sent_on, broken, coming)] == [[("A", 0)]] * 4
    assert asked(never) == []
    assert set(stock.to_look(started.id).result()) == {sold_out, sent_on, broken, coming}
    assert (stock.to_do_at(place), stock.to_do_at(broken)) == (stock.ToDo(1, 0), stock.ToDo(0, 1))
    assert_balanced()
    assert audit.lots().ok


@pytest.mark.parametrize(
    ("until", "days", "looks"), [(SOON, 27, True), (SOON, 40, False), (None, 400, True), (LATE, 400, False)]
)
def test_a_place_is_asked_while_some_of_it_may_be_there(place, product, until, days, looks):
    came(place, product, 1_000, "A", until)
    post(move(place, product, -1_000))
    with clock_at(AT + timedelta(days=days)):
        begin(product)
        assert asked(place) == ([("A", 0)] if looks else [])


def test_a_place_that_is_closed_for_good_is_not_asked(place, product):
    came(place, product, 1_000, "A")
    post(move(place, product, -1_000))
    run("UPDATE places_place SET closes_on = %s WHERE id = %s", [AT.date() - timedelta(days=60), place])
    assert stock.to_look(begin(product).id).result() == []


def test_none_found_is_an_answer_and_what_is_found_all_the_same_leaves_no_hole(place, product):
    came(place, product, 1_000, "A", LATE)
    post(move(place, product, -1_000))
    started, deed, first = begin(product), new_id(), new_id()
    before = snapshot()
    with pytest.raises(Invalid) as refused:
        off(started, place, 0, 0, all_of_it=False)
    assert (refused.value.field, snapshot()) == ("found", before)
    with pytest.raises(Invalid) as refused:
        off(started, new_id(), 0, 0)
    assert (refused.value.field, snapshot()) == ("place", before)
    off(started, place, 0, 2_000, all_of_it=False, deed=first)  # and there may be more
    assert (balance(place, product), asked(place)) == ((0, 0, 0), [("A", 0)])
    assert {(row.reason, row.quantity) for row in stock.corrections(place)} == {("recalled", -2_000), ("found", 2_000)}
    before = snapshot()
    with pytest.raises(BodyMismatch):
        off(started, place, 0, 2_000, deed=first)
    assert snapshot() == before
    assert off(started, place, 0, 0, deed=deed) == off(started, place, 0, 0, deed=deed)
    assert (asked(place), stock.to_look(started.id).result()) == ([], [])
    assert (stock.get_recall(started.id).taken_off, stock.exceptions()) == (2_000, [])
    assert stock.end_recall(started.id, actor=SYSTEM).state == "closed"
    assert audit.recalls().ok
    assert_balanced()


def test_it_is_not_closed_before_all_have_looked_unless_it_is_meant(place, product):
    came(place, product, 1_000, "A", LATE)
    post(move(place, product, -1_000))
    started, before = begin(product), snapshot()
    with pytest.raises(stock.RecallNotDone) as refused:
        stock.end_recall(started.id, actor=SYSTEM)
    assert (refused.value.extra["shelves"], refused.value.extra["to_look"], snapshot()) == (0, 1, before)
    assert stock.end_recall(started.id, anyway=True, actor=SYSTEM).state == "closed"
    assert asked(place) == []


def test_whoever_asks_what_to_look_for_waits_no_longer_for_more_places(product):
    counted = []
    for number in (1, 30):
        had = [make_place(f"Q{number}-{n}") for n in range(number)]
        for there in had:
            came(there, product, 1_000, f"L{number}", LATE)
            post(move(there, product, -1_000))
        with waits() as count:
            started = begin(product, f"L{number}")
            stock.recalled_at(had[0])
            stock.to_do_at(had[0])
        assert len(stock.to_look(started.id).result()) == number
        counted.append(count.waits)
    assert counted[0] == counted[1]


def test_promises_that_cannot_be_kept_any_more_are_named(place, product):
    came(place, product, 3_000, "A", SOON)
    source = hold(place, product, 2_000)
    started = begin(product)
    off(started, place, 3_000, 3_000)
    [(kind, short, at_risk)] = [
        (one.kind, one.quantity, [each["source_id"] for each in one.reservations]) for one in stock.exceptions()
    ]
    assert (kind, short, at_risk) == ("below_reserved", 2_000, [str(source)])
    assert_balanced()


def test_it_is_closed_once_all_of_it_is_off_and_stays_blocked(place, product):
    came(place, product, 3_000, "A", SOON)
    started = begin(product)
    before = snapshot()
    with pytest.raises(stock.RecallNotDone) as refused:
        stock.end_recall(started.id, actor=SYSTEM)
    assert (refused.value.extra["shelves"], snapshot()) == (1, before)
    off(started, place, 3_000, 3_000)
    closed = stock.end_recall(started.id, actor=SYSTEM)
    assert (closed.state, closed.ended_at) == ("closed", now())
    assert stock.end_recall(started.id, actor=SYSTEM) == closed
    with pytest.raises(stock.RecallEnded):
        stock.end_recall(started.id, lifted=True, actor=SYSTEM)
    came(place, product, 1_000, "A", SOON)  # found behind a shelf
    assert (promised(place, product), len(stock.recalled_at(place))) == (0, 1)
    assert_balanced()


def test_a_mistake_is_lifted_and_what_is_past_its_day_stays_kept_back(place, product):
    came(place, product, 3_000, "A", SOON)
    other = make_place("P2")
    came(other, product, 2_000, "A", LATE)
    started = begin(product)
    with clock_at(AT + timedelta(days=3)):
        stock.end_recall(started.id, lifted=True, actor=SYSTEM)
        assert (promised(place, product), promised(other, product)) == (0, 2_000)
        assert [lot.lot for lot in stock.expiring(place, LATE)] == ["A"]
        before = snapshot()
        with pytest.raises(stock.RecallEnded):
            off(started, place, 3_000, 3_000)
        assert snapshot() == before
        begin(product)  # and it may be recalled again
    assert promised(other, product) == 0
    assert_balanced()


@pytest.mark.django_db(transaction=True)
def test_no_lot_escapes_a_recall_that_starts_while_goods_come_and_go():
    """Whoever brings the lot to a place at that very moment, also to one that never had the product, brings it blocked."""
    product = make_products(1)[0]
    places = [make_place(f"P{n}") for n in range(8)]
    for place in places[:4]:
        came(place, product, 20_000, "A")
        came(place, product, 20_000, "B")
    tasks = [partial(came, place, product, 1_000, "A") for place in places for _ in range(3)]
    tasks += [partial(post, move(place, product, -1_000)) for place in places[:4] for _ in range(6)]
    random.Random(7).shuffle(tasks)
    tasks.insert(len(tasks) // 2, partial(begin, product))
    race(tasks)
    assert {place: promised(place, product) for place in places[4:]} == dict.fromkeys(places[4:], 0)
    assert all(lot.recalled for lot in stock.recall(product, "A").shelves)
    assert_balanced()


@pytest.mark.django_db(transaction=True)
def test_two_who_take_off_the_same_shelf_take_it_off_once():
    product, place = make_products(1)[0], make_place()
    came(place, product, 5_000, "A")
    put(place, product, 5_000)
    started = begin(product)
    twin = new_id()

    def clear(deed):
        try:
            return off(started, place, 5_000, 5_000, deed=deed).id
        except stock.CountMismatch:
            return None

    outcomes = race([partial(clear, deed) for deed in (twin, new_id(), twin, new_id(), twin, new_id(), twin, new_id())])
    assert len({one for one in outcomes if one is not None}) == 1
    assert balance(place, product) == (5_000, 0, 0)
    assert run("SELECT count(*) FROM stock_take_off").fetchone() == (1,)
    assert_balanced()


def test_the_audit_finds_a_lot_that_escaped_and_a_shelf_that_lies(place, product):
    came(place, product, 3_000, "A", SOON)
    started = begin(product)
    off(started, place, 3_000, 1_000, all_of_it=False)
    run("UPDATE stock_lot SET recalled = false, expired = false WHERE lot = 'A'")
    run("UPDATE stock_take_off SET found = found + 1")
    result = audit.recalls()
    assert result.wrong == 2
    assert any("recalled and not blocked" in words for words in result.differences)
    assert any("not what left the books" in words for words in result.differences)


def test_a_recall_over_http(place, product):
    came(place, product, 3_000, "A", SOON)
    planner, associate = make_token("planner"), make_token("associate", place_ids=(place,))
    body = {"id": str(new_id()), "product": str(product), "lot": "A", "reason": "Glass"}
    before = snapshot()
    assert send("post", "/recalls", body, associate).status_code == 403
    assert send("post", "/recalls", body, make_token("service_desk")).status_code == 403
    assert snapshot() == before
    started = send("post", "/recalls", body, planner)
    assert (started.status_code, started.json()["state"], started.json()["on_shelves"]) == (201, "open", "3")
    at = f"/recalls/{body['id']}"
    assert send("post", f"{at}/end", {"state": "closed"}, planner).json()["code"] == "recall_not_done"
    shelves = send("get", f"/recalls/shelves?place={place}", token=associate).json()["items"]
    assert [(one["recall"]["id"], one["quantity"]) for one in shelves] == [(body["id"], "3")]
    taken = {"id": str(new_id()), "place": str(place), "expected": "3", "found": "2"}
    done = send("post", f"{at}/taken-off", taken, associate)
    assert (done.status_code, done.json()["missing"]) == (201, "1")
    assert send("get", f"{at}/to-look", token=planner).json() == {"places": []}
    elsewhere = str(make_place("P2"))
    assert send("post", f"{at}/taken-off", taken | {"place": elsewhere}, associate).status_code == 403
    assert send("get", f"/recalls/shelves?place={elsewhere}", token=associate).status_code == 403
    seen = send("get", at, token=planner).json()
    assert (seen["on_shelves"], seen["taken_off"], seen["missing"]) == ("0", "2", "1")
    assert [one["found"] for one in send("get", f"{at}/taken-off", token=planner).json()["items"]] == ["2"]
    assert send("post", f"{at}/end", {"state": "closed"}, planner).json()["state"] == "closed"
    [listed] = send("get", "/recalls?state=closed", token=planner).json()["items"]
    assert listed["id"] == body["id"]
    assert send("get", f"/recalls/{new_id()}", token=planner).json()["code"] == "no_recall"
