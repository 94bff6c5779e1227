"""Promises against the database, and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from storeline.capacity import api as capacity
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import SYSTEM, Invalid, clock_at, new_id, run, waits
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.stock import api as stock
from storeline.stock.tests.factories import make_place, make_products, put

pytestmark = pytest.mark.django_db
AT = datetime(2017, 6, 1, 6, tzinfo=UTC)  # a Thursday; the shops open at 8
HERE = places.Position(50.0, 5.0)


@pytest.fixture(autouse=True)
def _clock():
    with clock_at(AT):
        yield


def shop(ref: str, latitude: float, **columns: Any):
    values = {"capabilities": ["sell", "collect", "deliver", "ship"], "longitude": 5.0} | columns
    place = make_place(ref, latitude=latitude, **values)
    for weekday in range(1, 8):
        run("INSERT INTO places_hours (place_id, weekday, opens, closes) VALUES (%s, %s, 480, 1200)", [place, weekday])
    for method, radius, fee, days in (("deliver", 30.0, 799, 0), ("ship", None, 495, 2)):
        run(
            "INSERT INTO capacity_area (id, place_id, method, name, country, postal_codes, radius_km, fee, free_from, days, product_id)"
            " VALUES (%s, %s, %s, %s, 'US', '{}', %s, %s, 9900, %s, %s)",
            [new_id(), place, method, method, radius, fee, days, service()],
        )
    return place


def service():
    """The product that bringing is sold as."""
    row = run("SELECT id FROM catalog_product WHERE name = 'Bringing'").fetchone()
    return row[0] if row else named("Bringing")


def named(name: str):
    [made] = make_products(1)
    run("UPDATE catalog_product SET name = %s WHERE id = %s", [name, made])
    return made


def ask(*products, units: int = 1, **more: Any) -> dict[str, sourcing.Answer]:
    lines = [sourcing.WantedLine(product, units * 1_000) for product in products]
    found = sourcing.promise(lines, HERE, **more)
    return {answer.way.value: answer for answer in found.ways}


def refs(answer: sourcing.Answer) -> list[str]:
    return [offer.ref for offer in answer.offers]


def why(answer: sourcing.Answer) -> list[str]:
    return [reason.code.value for reason in answer.reasons]


def test_every_way_of_receiving_in_one_wait():
    near, far = shop("near", 50.05), shop("far", 50.1)
    shop("locker", 50.01, format="locker", capabilities=["collect"])
    products = make_products(20)
    for product in products:
        put(near, product, 5_000)
        put(far, product, 5_000)
    capacity.generate([near], actor=SYSTEM, days=2)
    with waits() as count:
        found = ask(*products)
    assert count.waits == 1  # and one more that ends the transaction, where this is not inside another
    opens = AT + timedelta(hours=2)
    assert {way: (answer.possible, answer.at, refs(answer)) for way, answer in found.items()} == {
        "carry_out": (True, opens, ["near", "far"]),
        "collect": (True, opens, ["near", "far"]),
        "point": (True, opens + timedelta(hours=48), ["locker"]),
        "deliver": (True, opens, ["near", "far"]),
        "ship": (True, opens + timedelta(hours=48), ["near"]),
    }
    windows = found["collect"].offers[0].windows
    assert [(one.starts_at, one.ends_at) for one in windows[:2]] == [
        (opens, opens + timedelta(hours=1)),
        (opens + timedelta(hours=1), opens + timedelta(hours=2)),
    ]
    assert found["point"].offers[0].sources == (near,)
    areas: dict[str, Any] = dict(run("SELECT method, id FROM capacity_area WHERE place_id = %s", [near]).fetchall())
    assert found["ship"].fee == sourcing.Fee(495, "USD", 9_900, service(), areas["ship"])
    assert found["deliver"].fee == sourcing.Fee(799, "USD", 9_900, service(), areas["deliver"])
    assert (found["collect"].fee, found["carry_out"].fee) == (sourcing.Fee(0, "USD"), None)


def test_full_slots_and_closed_places_are_left_out():
    near, far = shop("near", 50.05), shop("far", 50.1)
    [one] = make_products(1)
    for place in (near, far):
        put(place, one, 5_000)
    capacity.generate([near], actor=SYSTEM, days=2)
    run("UPDATE capacity_slot SET held = capacity WHERE method = 'collect'")
    found = ask(one)
    assert (refs(found["collect"]), refs(found["deliver"])) == (["far"], ["near", "far"])
    sourcing.close_place(sourcing.Closure(new_id(), far, AT, None, "Flood"), actor=SYSTEM)
    found = ask(one)
    assert (refs(found["collect"]), why(found["collect"])) == ([], ["slots_full", "closed_online"])
    assert refs(found["carry_out"]) == ["near", "far"]


def test_of_many_that_have_everything_only_the_nearest_are_read_unless_their_slots_are_full():
    made = [shop(f"P{number:02}", 50.0 + number / 100) for number in range(14)]
    [one] = make_products(1)
    for place in made:
        put(place, one, 5_000)
    capacity.generate(made, actor=SYSTEM, days=2)
    nearest = [f"P{number:02}" for number in range(5)]
    with waits() as count:
        found = sourcing.promise([sourcing.WantedLine(one, 1_000)], HERE)
    assert ([refs(answer) for answer in found.ways if answer.way != "point"], count.waits) == (
        [nearest, nearest, nearest, nearest[:1]],
        1,
    )
    assert found.considered == 5
    run("UPDATE capacity_slot SET held = capacity WHERE method = 'collect' AND place_id = ANY(%s)", [made[:12]])
    with waits() as count:
        collected = ask(one)["collect"]
    assert (refs(collected), count.waits) == (["P12", "P13"], 2)


def test_near_a_place_that_sells_nothing_goods_are_brought_by_radius_all_the_same():
    near, locker = shop("near", 50.05), shop("locker", 50.01, format="locker", capabilities=["collect"])
    [one] = make_products(1)
    put(near, one, 5_000)
    found = {answer.way.value: answer for answer in sourcing.promise([sourcing.WantedLine(one, 1_000)], locker).ways}
    assert refs(found["deliver"]) == ["near"]
    run("UPDATE capacity_area SET radius_km = 4 WHERE method = 'deliver'")  # it is 4.4 km
    found = {answer.way.value: answer for answer in sourcing.promise([sourcing.WantedLine(one, 1_000)], locker).ways}
    assert why(found["deliver"]) == ["too_far"]


def test_for_a_partners_corner_others_give_nothing_even_where_it_is_sold_out():
    for number in range(2):
        shop(f"empty{number}", 50.01 + number / 1_000)
    first, second = [shop(ref, 50.05, capabilities=["sell", "ship"]) for ref in ("first", "second")]
    shop("locker", 50.01, format="locker", capabilities=["collect"])
    one, other = make_products(2)
    put(first, one, 5_000)
    put(second, other, 5_000)
    lines = [sourcing.WantedLine(one, 2_000), sourcing.WantedLine(other, 1_000)]

    def ways() -> dict[str, bool]:
        return {answer.way.value: answer.possible for answer in sourcing.promise(lines, HERE).ways}

    assert (ways()["ship"], ways()["point"]) == (True, True)
    run(
        "INSERT INTO stock_ownership (place_id, product_id, organisation_id, agreement_id, since) VALUES (%s, %s, %s, %s, now())",
        [first, other, new_id(), new_id()],
    )
    assert (ways()["ship"], ways()["point"]) == (True, False)
    assert sourcing.plan(lines[1:], first, channel="web", without=[first], supplies=True).plan is None


def test_for_what_no_parcel_may_carry_no_point_is_looked_at():
    near = shop("near", 50.05)
    shop("locker", 50.01, format="locker", capabilities=["collect"])
    [one] = make_products(1)
    put(near, one, 5_000)
    assert sourcing.promise([sourcing.WantedLine(one, 1_000)], HERE).considered == 2
    run("UPDATE catalog_product SET temperature = 'frozen' WHERE id = %s", [one])
    found = sourcing.promise([sourcing.WantedLine(one, 1_000)], HERE)
    assert ({answer.way.value: why(answer) for answer in found.ways}["point"], found.considered) == (
        ["not_kept_cold"],
        1,
    )


def test_at_a_point_only_a_slot_after_the_parcel_has_come_is_promised():
    near = shop("near", 50.05)
    locker = shop("locker", 50.01, format="locker", capabilities=["collect"])
    [one] = make_products(1)
    put(near, one, 5_000)
    run("UPDATE places_hours SET opens = 900 WHERE place_id = %s", [near])
    capacity.set_rule(capacity.Rule(locker, "collect", 15, 5, 0), actor=SYSTEM)
    capacity.generate([locker], actor=SYSTEM, days=4)
    with waits() as count:
        found = ask(one)["point"]
    comes = AT + timedelta(hours=9 + 48)
    assert (found.at, found.offers[0].windows[0].starts_at, count.waits) == (comes, comes, 2)
    run("UPDATE capacity_slot SET held = capacity WHERE starts_at >= %s", [comes])
    assert why(ask(one)["point"]) == ["slots_full"]
    run("UPDATE capacity_slot SET held = capacity")
    with waits() as count:
        found = ask(one)["point"]
    assert (why(found), count.waits) == (["slots_full"], 1)  # there is no later one to look for


def test_goods_that_must_be_kept_cold_go_only_where_they_are():
    near = shop("near", 50.05)
    shop("locker", 50.01, format="locker", capabilities=["collect"])
    [frozen] = make_products(1, temperature="frozen")
    put(near, frozen, 5_000)
    found = ask(frozen)
    assert [way for way, answer in found.items() if answer.possible] == ["carry_out", "collect", "deliver"]
    assert (why(found["ship"]), why(found["point"])) == (["not_kept_cold"], ["not_kept_cold"])


def test_a_channel_promises_from_its_groups_and_a_shopper_carries_out_anywhere():
    near, far = shop("near", 50.05), shop("far", 50.1)
    [one] = make_products(1)
    for place in (near, far):
        put(place, one, 5_000)
    sourcing.set_group("far", "Far", [far], actor=SYSTEM)
    sourcing.set_channel("web", [("far", 0)], actor=SYSTEM)
    found = ask(one)
    assert (refs(found["carry_out"]), refs(found["collect"])) == (["near", "far"], ["far"])
    assert refs(ask(one, channel="chat")["collect"]) == ["near", "far"]


def test_a_parcel_may_come_from_two_places_and_says_so():
    near, far = shop("near", 50.05), shop("far", 50.1)
    first, second = make_products(2)
    put(near, first, 5_000)
    put(far, second, 5_000)
    found = ask(first, second)
    assert (found["ship"].possible, found["ship"].offers[0].sources) == (True, (near, far))
    assert found["ship"].sure is not None
    assert found["ship"].sure.reasons[0].code.value == "split"
    assert why(ask(first, second, units=9)["ship"]) == ["short", "short"]


def test_it_is_looked_farther_out_where_nothing_near_will_do():
    for number in range(30):
        shop(f"P{number:02}", 50.0 + number / 100)
    far = shop("far", 52.0)
    [one] = make_products(1)
    put(far, one, 5_000)
    with waits() as count:
        found = ask(one)
    assert (refs(found["collect"]), count.waits) == (["P00", "P01", "far"], 2)
    assert [offer.sources[1:] for offer in found["collect"].offers] == [(far,)] * 2 + [()]
    assert found["ship"].offers[0].sources == (far,)


def test_how_sure_it_is_comes_from_counts_and_what_is_left():
    near = shop("near", 50.05)
    plenty, few = make_products(2)
    put(near, plenty, 50_000)
    put(near, few, 1_000)
    for product in (plenty, few):
        run(
            "INSERT INTO sourcing_value (place_id, product_id, rate, loss, counted_at, wrong) VALUES (%s, %s, 0, 0, %s, 100)",
            [near, product, AT],
        )
    sure = {name: ask(product)["collect"].sure for name, product in {"plenty": plenty, "few": few}.items()}
    told = {
        name: (one.chance, one.level.value, [r.code.value for r in one.reasons]) for name, one in sure.items() if one
    }
    assert told == {"plenty": (998, "high", ["counted"]), "few": (900, "medium", ["few_left"])}
    run("UPDATE sourcing_value SET counted_at = %s", [AT - timedelta(days=180)])
    late = ask(few)["collect"].sure
    assert late is not None
    assert (late.chance, late.level.value) == (450, "low")
    run("UPDATE sourcing_value SET counted_at = %s, rate = 24000000", [AT])  # one an hour; there in three hours
    carried = ask(few)["carry_out"].sure
    assert carried is not None
    assert (carried.chance, carried.reasons[0].code.value) == (900 * 49_787 // 1_000_000, "sells_fast")


def test_goods_are_brought_where_an_area_says_so():
    near, far = shop("near", 50.2), shop("far", 50.6)
    [one] = make_products(1)
    for place in (near, far):
        put(place, one, 5_000)
    run(
        "UPDATE capacity_area SET postal_codes = '{75}', radius_km = NULL WHERE place_id = %s AND method = 'deliver'",
        [far],
    )
    assert refs(ask(one)["deliver"]) == ["near"]
    paris = capacity.Destination("US", "75001", HERE)
    found = {answer.way.value: answer for answer in sourcing.promise([sourcing.WantedLine(one, 1_000)], paris).ways}
    assert refs(found["deliver"]) == ["near", "far"]
    abroad = capacity.Destination("FR", "75001", HERE)
    found = {answer.way.value: answer for answer in sourcing.promise([sourcing.WantedLine(one, 1_000)], abroad).ways}
    assert (why(found["deliver"]), why(found["ship"])) == (["too_far"], ["too_far"])
    assert found["collect"].possible


def test_a_channel_is_promised_what_is_kept_for_it_and_the_shelf_to_who_stands_there():
    near = shop("near", 50.05)
    [one] = make_products(1)
    put(near, one, 5_000)
    run("UPDATE stock_balance SET safety = 1000, buffers = '{\"web\": 3000}'")
    assert (ask(one)["collect"].possible, why(ask(one, units=2)["collect"])) == (True, ["short"])
    assert ask(one, units=4, channel="chat")["collect"].possible
    assert ask(one, units=5)["carry_out"].possible


def test_what_is_recalled_is_promised_to_nobody_not_even_before_the_shelf():
    near = shop("near", 50.05)
    [one] = make_products(1)
    stock.receive([stock.Goods(new_id(), 1, near, one, 3_000, lot="BAD")], actor=SYSTEM)
    put(near, one, 1_000)
    stock.start_recall(stock.RecallDraft(new_id(), one, "BAD", "Glass in it"), actor=SYSTEM)
    for units, possible in ((1, True), (2, False)):
        found = ask(one, units=units)
        assert (found["carry_out"].possible, found["collect"].possible) == (possible, possible)


def test_fees_of_collecting_and_times_to_a_point_are_the_policys():
    near = shop("near", 50.2)
    shop("locker", 50.01, format="locker", capabilities=["collect"])
    [one] = make_products(1)
    put(near, one, 5_000)
    terms = sourcing.Terms(fee_collect=100, fee_point=295, point_hours=24)
    sourcing.set_policy(sourcing.PolicyRow(sourcing.Policy(ref="web"), terms, "web", live=True), actor=SYSTEM)
    found = ask(one)
    assert found["collect"].fee == sourcing.Fee(100, "USD")
    assert (found["point"].fee, found["point"].at) == (sourcing.Fee(295, "USD"), AT + timedelta(hours=26))


@pytest.mark.parametrize(
    ("lines", "more", "field"),
    [
        ([], {}, "lines"),
        ([(new_id(), 0)], {}, "lines[0].quantity"),
        ([(new_id(), 1)], {"when": AT + timedelta(days=40)}, "when"),
        ([(new_id(), 1)], {"channel": ""}, "channel"),
    ],
)
def test_a_question_that_makes_no_sense_names_its_field(lines, more, field):
    with pytest.raises(Invalid) as refusal:
        sourcing.promise([sourcing.WantedLine(*line) for line in lines], HERE, **more)
    assert refusal.value.field == field


def test_unknown_products_are_told():
    shop("near", 50.05)
    found = ask(new_id())
    assert {tuple(why(answer)) for way, answer in found.items() if way != "point"} == {("unknown_product",)}


def post(path: str, body: Any, token: str | None = None):
    headers = bearer(token) if token else {}
    return Client().post(f"/api/v1/sourcing/{path}", body, content_type="application/json", headers=headers)


def test_over_http():
    near = shop("near", 50.05)
    [one] = make_products(1)
    put(near, one, 5_000)
    lines = [{"product": str(one), "quantity": "2"}]
    body = {"lines": lines, "near": {"latitude": 50.0, "longitude": 5.0}}
    answer = post("promise", body)
    assert answer.status_code == 200
    ways = {way["way"]: way for way in answer.json()["ways"]}
    assert (ways["collect"]["possible"], ways["collect"]["offers"][0]["place"]) == (True, str(near))
    source = {"place": str(near), "ref": "near", "name": places.get_place(near).name}
    assert (ways["collect"]["offers"][0]["sources"], ways["ship"]["offers"][0]["sources"]) == ([], [source])
    assert post("promise", {"lines": lines}).json()["field"] == "near"
    assert post("plan", body).status_code == 401
    planned = post("plan", body, make_token("planner")).json()
    assert planned["plan"]["parts"][0]["picks"] == [{"product": str(one), "quantity": "2"}]
    costs = planned["plan"]["costs"]
    assert costs["total"] == sum(value for name, value in costs.items() if name != "total")


def test_settings_over_http_read_as_they_were_written():
    place = shop("near", 50.05)
    [one] = make_products(1)
    token, client = make_token("planner"), Client()

    def put_json(path: str, body: Any):
        return client.put(f"/api/v1/sourcing/{path}", body, content_type="application/json", headers=bearer(token))

    def get(path: str):
        return client.get(f"/api/v1/sourcing/{path}", headers=bearer(token)).json()

    assert put_json("groups/shops", {"name": "Shops", "places": [str(place)]}).json()["places"] == [str(place)]
    assert put_json("channels/web", {"groups": [{"ref": "shops", "priority": 1}]}).status_code == 200
    assert get("channels/web") == {"groups": [{"ref": "shops", "priority": 1}]}
    assert put_json("channels/web", {"groups": [{"ref": "nowhere"}]}).status_code == 404
    assert get("channels/web") == {"groups": [{"ref": "shops", "priority": 1}]}
    assert get("groups")["items"] == [{"ref": "shops", "name": "Shops", "places": 1}]
    assert put_json(f"places/{place}/limits", {"per_hour": 3}).json() == {"per_hour": 3, "visit": None, "line": None}
    assert put_json("policies/cheap", {"visit": 1, "fee_point": 5}).json()["visit"] == 1
    assert get("policies/cheap")["fee_point"] == 5
    values = {"items": [{"place": str(place), "product": str(one), "value": 5}]}
    assert put_json("values/bulk", values).json() == {"changed": 1}
    closure = {"id": str(new_id()), "place": str(place), "starts_at": AT.isoformat(), "reason": "Flood"}
    assert post("closures", closure, token).json()["ends_at"] is None
    assert client.delete(f"/api/v1/sourcing/closures/{closure['id']}", headers=bearer(token)).status_code == 204
    whatif = {"since": AT.isoformat(), "until": AT.isoformat(), "policy": {"most_places": 1}}
    assert post("what-if", whatif, token).json()["orders"] == 0
