"""Real baskets through the live order path, over the worked example's master data."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from storeline.exchange import replay_choice, replay_end, replaying
from storeline.exchange.format import HISTORY
from storeline.exchange.importing import import_folder
from storeline.exchange.journey import Basket, Discount, Line
from storeline.exchange.replaying import load_refs, replay
from storeline.exchange.tests import folders
from storeline.exchange.tests.folders import EXAMPLE
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import ensure_demo_sign_ins
from storeline.kernel.api import SYSTEM, pump, run
from storeline.places import api as places

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2025, 11, 5, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def master(tmp_path):
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "master"))
    for file in HISTORY:
        (folder / f"{file.name}.csv").unlink()
    assert import_folder(folder, actor=SYSTEM).errors == 0


def basket(ref: str, *lines: Line, place: str = "US01", customer: str = "0000000042") -> Basket:
    return Basket(ref, place, customer, AT + timedelta(minutes=len(ref)), "USD", lines)


COLA = Line(1, "000020", 4000, 500, 450, (Discount("member_price", "retailer", 50, None, None),))
DELIVERY = Line(2, "000091", 1000, 495, 495, ())


def unbalanced() -> list[str]:
    pump()  # receipts are issued by event
    return folders.unbalanced()


def on_hand(product: str) -> int:
    sql = """SELECT coalesce(sum(b.on_hand), 0)::bigint FROM stock_balance b JOIN places_place p ON p.id = b.place_id
        JOIN catalog_product c ON c.id = b.product_id WHERE p.ref = 'US01' AND c.ref = %s"""
    return int(run(sql, [product]).fetchall()[0][0])


def test_baskets_are_sold_at_their_own_amounts_and_services_move_no_stock():
    done = replay([basket("a", COLA, DELIVERY)], load_refs())
    assert done.counts() == {
        "baskets": 1, "lines": 2, "online": 0, "again": 0, "quoted": 0, "reproduced": 0, "left_out": 0
    }  # fmt: skip
    assert run("SELECT source, channel, state, amount FROM orders_order").fetchall() == [
        ("replay", "store", "completed", 945)
    ]
    assert (on_hand("000020"), on_hand("000091")) == (196_000, 0)
    assert run("SELECT count(*) FROM stock_exception").fetchall() == [(0,)]
    assert unbalanced() == []


def test_an_online_basket_is_reserved_picked_and_collected(monkeypatch):
    monkeypatch.setattr(replaying, "ONLINE_IN", 1)
    done = replay(
        [basket("a", COLA), basket("bb", COLA, DELIVERY), basket("ccc", COLA._replace(quantity=500))], load_refs()
    )
    assert (done.online, done.refused) == (1, [])
    assert run("SELECT ref, channel, state FROM orders_order ORDER BY ref").fetchall() == [
        ("a", "online", "completed"), ("bb", "store", "completed"), ("ccc", "store", "completed")
    ]  # fmt: skip
    assert run("SELECT state, count(*) FROM stock_reservation GROUP BY state").fetchall() == [("posted", 1)]
    assert unbalanced() == []


def test_what_would_be_picked_or_collected_after_the_end_is_left(monkeypatch):
    monkeypatch.setattr(replaying, "ONLINE_IN", 1)
    baskets = [basket(ref, COLA) for ref in ("a", "bb", "ccc")]
    baskets = [
        one._replace(at=one.at + timedelta(hours=hours)) for one, hours in zip(baskets, (0, 11, 13), strict=True)
    ]
    replay(baskets, load_refs(), end=baskets[0].at + timedelta(hours=24))
    states = "SELECT o.ref, t.state FROM orders_order o JOIN fulfilment_task t ON t.order_id = o.id ORDER BY o.ref"
    assert run(states).fetchall() == [("a", "handed_over"), ("bb", "ready"), ("ccc", "to_pick")]
    assert unbalanced() == []


def test_a_repeat_changes_nothing():
    baskets = [basket("a", COLA), basket("bb", COLA)]
    replay(baskets, load_refs())
    before = run("SELECT * FROM orders_order ORDER BY id").fetchall(), on_hand("000020")
    assert replay(baskets, load_refs()).again == 2
    assert (run("SELECT * FROM orders_order ORDER BY id").fetchall(), on_hand("000020")) == before


def test_baskets_of_places_that_are_not_loaded_are_left_out_and_counted():
    done = replay([basket("a", COLA), basket("bb", COLA, place="nowhere")], load_refs())
    assert (done.baskets, done.left_out) == (1, 1)
    assert run("SELECT ref FROM orders_order").fetchall() == [("a",)]


def test_its_prices_are_compared_to_the_cent():
    shelf = COLA._replace(quantity=4000, gross=500, amount=500, discounts=())
    done = replay([basket("a", shelf), basket("bb", COLA)], load_refs(), quote=True)
    assert (done.quoted, done.reproduced) == (2, 1)


# --- what is left open ---------------------------------------------------------------------------------

MILK = Line(1, "000012", 2000, 698, 698, ())
END = datetime(2025, 11, 7, 5, tzinfo=UTC)


def chosen(monkeypatch, *roles: str) -> replay_choice.Chosen:
    """Each role has a basket of its own at US01, whose one neighbour is the warehouse."""
    found = [basket("x" * number, COLA, MILK._replace(line=2)) for number in range(1, len(roles) + 1)]
    shop = places.find_by_ref("US01")
    assert shop is not None
    monkeypatch.setattr(replay_end, "neighbours", lambda _: [places.find_by_ref("US02")])
    return replay_choice.Chosen(shop, dict(zip(roles, found, strict=True)), END)


def standing() -> list[tuple[str, ...]]:
    """How everything stands that can be left open, without ids and moments."""
    return run("""SELECT o.ref, o.method, o.state, t.state FROM orders_order o LEFT JOIN fulfilment_task t ON t.order_id = o.id
        UNION ALL SELECT 'parcel', label, state, compartment FROM fulfilment_parcel WHERE order_id IS NULL
        UNION ALL SELECT 'run', day::text, state, '' FROM fulfilment_run
        UNION ALL SELECT 'supply', '', state, '' FROM fulfilment_supply
        UNION ALL SELECT 'offer', quantity::text, state, '' FROM fulfilment_offer
        UNION ALL SELECT 'request', '', state, '' FROM aftersales_request
        UNION ALL SELECT 'transfer', note, state, '' FROM stock_transfer
        UNION ALL SELECT 'count', counted::text, expected::text, reason FROM stock_count
        ORDER BY 1, 2, 3, 4""").fetchall()


def test_every_way_of_receiving_is_left_open_once(monkeypatch):
    folder = chosen(monkeypatch, *replay_choice.ROLES)
    ensure_demo_sign_ins(folder.shop.id)
    with monkeypatch.context() as broken:
        broken.setattr(fulfilment, "deliver", Mock(side_effect=RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            replay_end.leave_open(folder)
    assert replay_end.leave_open(folder) == 10
    once = standing()
    assert once == [
        ("count", "71250", "80250", "missing"),
        ("offer", "1000", "offered", ""),
        ("parcel", "PB2511071", "arrived", ""),
        ("parcel", "PB2511072", "announced", ""),
        ("request", "", "requested", ""),
        ("run", "2025-11-07", "back", ""),
        ("run", "2025-11-07", "loading", ""),
        ("supply", "", "sent", ""),
        ("supply", "", "to_pick", ""),
        ("transfer", "", "shipped", ""),
        ("x", "ship", "confirmed", "ready"),
        ("xx", "ship", "confirmed", "to_pick"),
        ("xxx", "collect", "confirmed", "ready"),
        ("xxxx", "collect", "completed", "handed_over"),
        ("xxxxx", "deliver", "completed", "handed_over"),
        ("xxxxxx", "collect", "confirmed", "picking"),
        ("xxxxxxx", "collect", "confirmed", "picking"),
        ("xxxxxxxx", "collect", "confirmed", "picking"),
        ("xxxxxxxxx", "deliver", "confirmed", "ready"),
        ("xxxxxxxxxx", "deliver", "confirmed", "to_pick"),
    ]
    told = run("SELECT count(*) FROM kernel_trail").fetchall()
    assert replay_end.leave_open(folder) == 10
    assert (standing(), run("SELECT count(*) FROM kernel_trail").fetchall()) == (once, told)
    assert unbalanced() == []


def test_the_first_that_fits_is_chosen_and_none_twice():
    some = [basket("x" * number, COLA, MILK) for number in range(1, 4)] + [basket("cola", COLA)]
    around = [basket("frozen", COLA._replace(product="ice")), basket("near", MILK)]
    kept = {"000020": "ambient", "000012": "chilled", "ice": "frozen"}
    found = replay_choice.assign(some, around, kept.__getitem__)
    assert {role: one.ref for role, one in found.items()} == {
        "parcel": "cola", "locker": "x", "returned": "xx", "delivered": "xxx", "at_shop": "near"
    }  # fmt: skip
