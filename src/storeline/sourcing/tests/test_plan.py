"""Plans against the database: who may serve, what it is worth, what is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from storeline.kernel.api import SYSTEM, Invalid, NotFound, clock_at, new_id, run, waits
from storeline.places import api as places
from storeline.sourcing import api as sourcing
from storeline.sourcing import audit
from storeline.sourcing.commands.groups import follow_positions
from storeline.stock.tests.factories import make_place, make_products, put

AT = datetime(2017, 6, 1, 12, tzinfo=UTC)
HERE = places.Position(50.0, 5.0)


@pytest.fixture(autouse=True)
def _clock():
    with clock_at(AT):
        yield


@pytest.fixture
def one(db):
    return make_products(1)[0]


def shop(ref: str, latitude: float, **columns: Any):
    values = {"capabilities": ["sell", "ship", "deliver"], "longitude": 5.0} | columns
    return make_place(ref, latitude=latitude, **values)


def ask(*products, units: int = 1, **more: Any) -> sourcing.Sourced:
    lines = [sourcing.WantedLine(product, units * 1_000) for product in products]
    return sourcing.plan(lines, HERE, **({"channel": "web"} | more))


def chosen(sourced: sourcing.Sourced) -> tuple[Any, ...]:
    return () if sourced.plan is None else sourced.plan.places


def codes(sourced: sourcing.Sourced) -> list[str]:
    return [reason.code.value for reason in sourced.reasons]


def assert_balanced() -> None:
    for check in (audit.plans, audit.loads):
        assert check().ok, check().differences


def test_the_nearest_serves_unless_its_unit_is_worth_more_there(one):
    near, far = shop("near", 50.1), shop("far", 50.4)
    for each in (near, far):
        put(each, one, 1_000)
    with waits() as count:
        first = ask(one)
    assert (chosen(first), count.waits) == ((near,), 1)
    assert first.plan is not None
    assert (first.plan.next_places, first.plan.cost + 0) == ((far,), first.plan.costs.total)
    sourcing.set_duals([sourcing.Dual(near, one, 900_000)], actor=SYSTEM)
    assert chosen(ask(one)) == (far,)
    sourcing.set_duals([sourcing.Dual(near, one, 900_000, AT + timedelta(days=1))], actor=SYSTEM)
    assert chosen(ask(one, at=AT + timedelta(days=2))) == (near,)
    sourcing.set_duals([sourcing.Dual(near, one, None)], actor=SYSTEM)
    assert chosen(ask(one)) == (near,)


def test_what_is_a_partners_here_or_there_is_no_supply(one):
    here, there = shop("here", 50.0), shop("there", 50.2)
    put(there, one, 5_000)

    def given() -> tuple[Any, ...]:
        wanted = [sourcing.WantedLine(one, 1_000)]
        return chosen(sourcing.plan(wanted, here, channel="web", without={here}, supplies=True))

    assert given() == (there,)
    for corner in (here, there):
        run(
            "INSERT INTO stock_ownership (id, place_id, product_id, organisation_id, agreement_id, since)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [new_id(), corner, one, new_id(), new_id(), AT],
        )
        assert given() == ()
        assert chosen(ask(one)) == (there,), "its own shop sells it as ever"
        run("UPDATE stock_ownership SET until = since WHERE place_id = %s", [corner])
        assert given() == (there,)


def test_a_channel_sells_from_its_groups_the_first_first(one):
    near, far, other = shop("near", 50.1), shop("far", 50.4), shop("other", 50.05)
    for each in (near, far, other):
        put(each, one, 1_000)
    sourcing.set_group("depots", "Depots", [far], actor=SYSTEM)
    sourcing.set_group("shops", "Shops", [near, far], actor=SYSTEM)
    sourcing.set_channel("web", [("depots", 0), ("shops", 1)], actor=SYSTEM)
    assert chosen(ask(one)) == (far,)
    assert chosen(ask(one, units=2)) == (near, far)
    assert chosen(ask(one, channel="chat")) == (other,)
    sourcing.set_group("depots", "Depots", [other], actor=SYSTEM)
    assert chosen(ask(one)) == (other,)
    sourcing.set_channel("web", [], actor=SYSTEM)
    assert chosen(ask(one)) == (other,)


def test_a_group_follows_a_place_that_moved(one):
    near, far = shop("near", 50.1), shop("far", 50.4)
    sourcing.set_group("shops", "Shops", [near, far], actor=SYSTEM)
    run("UPDATE places_place SET latitude = 10 WHERE id = %s", [near])
    assert (follow_positions(), follow_positions()) == (1, 0)


def test_a_closed_place_takes_nothing_until_it_is_opened(one):
    near, far = shop("near", 50.1), shop("far", 50.4)
    for each in (near, far):
        put(each, one, 1_000)
    closure = sourcing.Closure(new_id(), near, AT - timedelta(hours=1), None, "Stocktaking", "web")
    sourcing.close_place(closure, actor=SYSTEM)
    sourcing.close_place(closure, actor=SYSTEM)
    assert chosen(ask(one)) == (far,)
    assert chosen(ask(one, channel="chat")) == (near,)
    with pytest.raises(Invalid) as refusal:
        sourcing.close_place(replace(closure, reason="Flood"), actor=SYSTEM)
    assert refusal.value.field == "id"
    sourcing.open_place(closure.id, actor=SYSTEM)
    sourcing.open_place(closure.id, actor=SYSTEM)
    assert chosen(ask(one)) == (near,)
    with pytest.raises(NotFound):
        sourcing.open_place(new_id(), actor=SYSTEM)


def test_why_there_is_no_plan(one):
    [cold] = make_products(1, temperature="frozen")
    assert codes(ask(one)) == ["no_place"]
    only = shop("only", 50.1)
    put(only, one, 1_000)
    put(only, cold, 9_000)
    short = ask(one, units=3)
    assert [(reason.code.value, reason.missing) for reason in short.reasons] == [("short", 2_000)]
    assert codes(ask(cold)) == ["not_kept_cold"]
    assert chosen(ask(cold, method="deliver")) == (only,)
    assert codes(ask(new_id())) == ["unknown_product"]
    sourcing.set_limits(sourcing.Limits(only, per_hour=0), actor=SYSTEM)
    assert codes(ask(one)) == ["no_room"]


def test_what_is_missing_near_comes_from_farther_away(one):
    [other] = make_products(1)
    near = [shop(f"P{number:02}", 50.0 + number / 100) for number in range(30)]
    far, farther = shop("far", 52.0), shop("farther", 53.0)
    put(near[0], one, 1_000)
    put(far, other, 1_000)
    put(farther, other, 5_000)
    with waits() as count:
        found = ask(one, other)
    assert (chosen(found), count.waits) == ((near[0], far), 2)
    assert found.plan is not None
    assert found.plan.next_places == (near[0], farther)
    assert chosen(ask(one, other, units=2)) == ()
    assert codes(ask(one, other, units=2)) == ["short"]
    assert chosen(ask(other, units=5)) == (farther,)
    assert chosen(ask(other, without={far})) == (farther,)


def test_a_van_comes_from_one_place(one):
    near, far = shop("near", 50.1), shop("far", 50.2)
    for each in (near, far):
        put(each, one, 1_000)
    assert chosen(ask(one, units=2)) == (near, far)
    assert codes(ask(one, units=2, method="deliver")) == ["split"]


def test_a_kept_plan_says_what_it_cost_and_counts_against_its_places(one):
    near, far = shop("near", 50.1), shop("far", 50.4)
    for each in (near, far):
        put(each, one, 1_000)
    sourcing.set_limits(sourcing.Limits(near, per_hour=1), actor=SYSTEM)
    order, other = new_id(), new_id()
    first, second = ask(one), ask(one)
    sourcing.keep_plan(order, first, actor=SYSTEM)
    sourcing.keep_plan(order, first, actor=SYSTEM)
    kept = sourcing.kept_plan(order)
    assert kept.plan == first.plan
    before = run("SELECT * FROM sourcing_load").fetchall()
    with pytest.raises(sourcing.PlaceFull):
        sourcing.keep_plan(other, second, actor=SYSTEM)
    assert run("SELECT * FROM sourcing_load").fetchall() == before
    with pytest.raises(sourcing.PlanNotFound):
        sourcing.kept_plan(other)
    assert chosen(ask(one)) == (far,)
    assert chosen(ask(one, at=AT + timedelta(hours=1))) == (near,)
    instead = ask(one)
    with pytest.raises(sourcing.PlanKept):
        sourcing.keep_plan(order, instead, actor=SYSTEM)
    sourcing.keep_plan(order, instead, actor=SYSTEM, replace=True)
    assert sourcing.kept_plan(order).plan.places == (far,)
    assert chosen(ask(one)) == (near,)
    assert_balanced()
    sourcing.drop_plan(order, actor=SYSTEM)
    with pytest.raises(sourcing.PlanNotFound):
        sourcing.drop_plan(order, actor=SYSTEM)
    assert_balanced()


def test_nothing_is_kept_where_nobody_serves(one):
    with pytest.raises(sourcing.NotServed):
        sourcing.keep_plan(new_id(), ask(one), actor=SYSTEM)


def test_the_audit_finds_planted_errors(one):
    put(shop("near", 50.1), one, 1_000)
    sourcing.keep_plan(new_id(), ask(one), actor=SYSTEM)
    assert_balanced()
    run("UPDATE sourcing_part SET visit = visit + 1")
    run("UPDATE sourcing_load SET orders = 7")
    assert [len(check().differences) for check in (audit.plans, audit.loads)] == [1, 1]


def test_the_same_orders_under_another_policy(one):
    near, far = shop("near", 50.1), shop("far", 50.4)
    put(near, one, 1_000)
    put(far, one, 2_000)
    for units in (1, 2, 3):
        sourcing.keep_plan(new_id(), ask(one, units=units), actor=SYSTEM)
    alone = sourcing.Policy(ref="alone", most_places=1)
    told = sourcing.what_if([sourcing.Policy(), alone], AT, AT + timedelta(hours=1), channel="web")
    mine, other = told.outcomes
    assert (told.orders, mine.served, mine.refused, mine.splits) == (3, 3, 0, 1)
    assert (other.served, other.refused, other.splits) == (2, 1, 0)
    assert mine.costs.total == sum(row[0] for row in run("SELECT cost FROM sourcing_plan"))
    assert sourcing.what_if([alone], AT, AT + timedelta(hours=1), channel="chat").orders == 0


def test_a_live_policy_is_weighed_and_replaces_the_one_before(one):
    near, far = shop("near", 50.1), shop("far", 50.4)
    for each in (near, far):
        put(each, one, 1_000)
    row = sourcing.PolicyRow(sourcing.Policy(ref="a", visit=1), sourcing.Terms(), "web", live=True)
    sourcing.set_policy(row, actor=SYSTEM)
    sourcing.set_policy(replace(row, policy=sourcing.Policy(ref="b", visit=2)), actor=SYSTEM)
    assert [(one.policy.ref, one.live) for one in sourcing.list_policies()] == [("a", False), ("b", True)]
    found = ask(one)
    assert found.plan is not None
    assert (found.policy.ref, found.plan.costs.visit) == ("b", 2)
    assert ask(one, channel="chat").policy == sourcing.Policy()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"most_places": 0}, "most_places"),
        ({"visit": -1}, "visit"),
        ({"parcel_grams": 0}, "parcel_grams"),
        ({"ref": ""}, "ref"),
    ],
)
@pytest.mark.django_db
def test_a_policy_that_cannot_be_names_its_field(change, field):
    with pytest.raises(Invalid) as refusal:
        sourcing.set_policy(sourcing.PolicyRow(replace(sourcing.Policy(), **change), sourcing.Terms()), actor=SYSTEM)
    assert refusal.value.field == field
    assert sourcing.list_policies() == []


@pytest.mark.django_db(transaction=True)
def test_of_many_plans_at_once_no_more_are_kept_than_the_cap():
    [one] = make_products(1)
    near = shop("near", 50.1)
    put(near, one, 90_000)
    sourcing.set_limits(sourcing.Limits(near, per_hour=7), actor=SYSTEM)
    plan = ask(one)

    def keep(_: int) -> bool:
        try:
            with clock_at(AT):
                sourcing.keep_plan(new_id(), plan, actor=SYSTEM)
        except sourcing.PlaceFull:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(keep, range(40)))
    assert kept.count(True) == 7
    assert run("SELECT orders FROM sourcing_load").fetchall() == [(7,)]
    assert_balanced()


def test_what_if_on_the_command_line(one, capsys):
    put(shop("near", 50.1), one, 1_000)
    sourcing.keep_plan(new_id(), ask(one), actor=SYSTEM)
    call_command("sourcing", "what-if", "visit=1000", "--days", "1")
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "1 recorded orders; costs in minor units"
    assert [line.split() for line in told if line.startswith("cost: visit")] == [["cost:", "visit", "150", "1"]]
    for change in ("visit=x", "colour=1", "most_places=9"):
        with pytest.raises(CommandError):
            call_command("sourcing", "what-if", change)
