"""Sets of customers, contact points and consents: bad rows are named, good rows are taken, repeats change nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from storeline.customers.api import (
    erase,
    find_by_ref,
    get,
    load_cards,
    load_consents,
    load_contact_points,
    load_customers,
    load_merges,
    load_purposes,
    persons,
    upsert_customers,
)
from storeline.customers.tests.factories import EMAIL, PHONE, errors, everything, make_customer, proved, stage
from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, run, source_id

pytestmark = pytest.mark.django_db
AT = datetime(2017, 3, 1, tzinfo=UTC)


def test_customers_come_by_ref_and_a_repeat_changes_nothing():
    columns = "ref text, kind text, name text, country text"
    rows = [
        ("1", None, "Kim", "CH"),
        ("2", "guest", "", ""),
        ("2", "guest", "again", ""),
        ("3", "friend", "", ""),
        ("", None, "", ""),
        ("4", None, "", "Peru"),
    ]
    stage("customers", columns, rows)
    assert load_customers(actor=SYSTEM) == LoadResult(2, 0, 0, 4)
    assert [(row, col) for row, col, _ in errors()] == [(3, "ref"), (4, "kind"), (5, "ref"), (6, "country")]
    assert find_by_ref("1") == source_id("customers.customer", "1")
    before = everything()
    stage("customers", columns, rows[:2])
    assert load_customers(actor=SYSTEM) == LoadResult(0, 0, 2, 0)
    assert everything() == before
    stage("customers", "ref text, name text", [("1", "Kim Q."), ("2", None)])
    assert load_customers(actor=SYSTEM) == LoadResult(0, 1, 1, 0)
    view = get(source_id("customers.customer", "1"))
    assert (view.name, view.country) == ("Kim Q.", "CH"), "a column that is absent leaves what is there"


def test_an_erased_customer_does_not_come_back():
    key = make_customer(ref="1", name="Kim")
    erase(key, actor=SYSTEM)
    before = everything()
    stage("customers", "ref text, name text", [("1", "Kim")])
    assert load_customers(actor=SYSTEM) == LoadResult(0, 0, 0, 1)
    assert errors() == [(1, "ref", "this person's data was erased")]
    stage("contact_points", "customer text, kind text, value text", [("1", "email", EMAIL)])
    assert load_contact_points(actor=SYSTEM) == LoadResult(0, 0, 0, 1)
    assert everything() == before


def test_contact_points_are_normal_checked_and_proved_once():
    make_customer(ref="1")
    make_customer(ref="2")
    make_customer(ref="3", contacts=[proved("email", "taken@example.org")])
    columns = "customer text, kind text, value text, verified_at timestamptz, preferred boolean"
    rows = [
        ("1", "email", " Kim@Example.ORG", AT, True),
        ("1", "phone", "+41 (79) 123-45.67", None, None),
        ("2", "email", EMAIL, None, False),
        ("2", "phone", "079 123", None, False),
        ("2", "email", "kim", None, False),
        ("9", "email", EMAIL, None, False),
        ("2", "pigeon", "x", None, False),
        ("2", "email", "taken@example.org", AT, False),
        ("1", "email", EMAIL, AT, False),
        ("2", "email", "", None, False),
    ]
    stage("contact_points", columns, rows)
    assert load_contact_points(actor=SYSTEM) == LoadResult(3, 0, 0, 7)
    assert [(row, col) for row, col, _ in errors()] == [
        (4, "value"), (5, "value"), (6, "customer"), (7, "kind"), (8, "value"), (9, "value"), (10, "value"), (10, "value"),
    ]  # fmt: skip
    kept = run(
        "SELECT kind, value, verified_at, preferred FROM customers_contact_point ORDER BY value, kind, preferred"
    ).fetchall()
    assert kept[:3] == [
        ("phone", PHONE, None, False),
        ("email", EMAIL, None, False),
        ("email", EMAIL, AT, True),
    ]
    before = everything()
    stage("contact_points", columns, rows[:3])
    assert load_contact_points(actor=SYSTEM) == LoadResult(0, 0, 3, 0)
    assert everything() == before
    stage("contact_points", "customer text, kind text, value text, preferred boolean", [("1", "email", EMAIL, False)])
    assert load_contact_points(actor=SYSTEM) == LoadResult(0, 1, 0, 0)
    assert run(
        "SELECT verified_at, preferred FROM customers_contact_point WHERE verified_at = %s", [AT]
    ).fetchall() == [(AT, False)]


def test_two_customers_of_one_file_cannot_both_prove_a_number():
    make_customer(ref="1")
    make_customer(ref="2")
    rows = [("1", "phone", PHONE, AT), ("2", "phone", PHONE, AT)]
    stage("contact_points", "customer text, kind text, value text, verified_at timestamptz", rows)
    assert load_contact_points(actor=SYSTEM) == LoadResult(1, 0, 0, 1)
    assert errors() == [(2, "value", "another customer in this file proved it")]


def test_consents_are_appended_once():
    make_customer(ref="1")
    columns = "customer text, purpose text, at timestamptz, granted boolean"
    rows = [
        ("1", "marketing_email", AT, True),
        ("1", "marketing_email", AT, True),
        ("9", "marketing_email", AT, True),
        ("1", "Marketing", AT, True),
        ("1", "marketing_sms", None, True),
        ("1", "marketing_sms", AT, None),
    ]
    stage("consents", columns, rows)
    assert load_consents(actor=SYSTEM) == LoadResult(1, 0, 0, 5)
    assert [(row, col) for row, col, _ in errors()] == [
        (2, "at"),
        (3, "customer"),
        (4, "purpose"),
        (5, "at"),
        (6, "granted"),
    ]
    assert run("SELECT code FROM customers_purpose").fetchall() == [("marketing_email",)]
    before = everything()
    stage("consents", columns, rows[:1])
    assert load_consents(actor=SYSTEM) == LoadResult(0, 0, 1, 0)
    stage("consents", columns, [("1", "marketing_email", AT, False)])
    assert load_consents(actor=SYSTEM) == LoadResult(0, 0, 0, 1)
    assert errors() == [(1, "granted", "immutable: what was said then stays said")]
    assert everything() == before


def test_a_bulk_upsert_gives_each_its_verdict():
    items: list[dict[str, Any]] = [
        {"ref": "1", "name": "Kim"},
        {"ref": "2", "kind": "friend"},
        {"name": "Jo"},
        {"ref": "1"},
        {"ref": "3", "age": 7},
    ]
    verdicts = upsert_customers(items, actor=SYSTEM)
    assert [verdict.outcome for verdict in verdicts] == ["created", "refused", "refused", "refused", "refused"]
    assert [verdict.outcome for verdict in upsert_customers(items[:1], actor=SYSTEM)] == ["unchanged"]
    assert [verdict.outcome for verdict in upsert_customers([{"ref": "1", "name": "K"}], actor=SYSTEM)] == ["updated"]


def test_only_who_may_load_does():
    stage("customers", "ref text", [("1",)])
    before = everything()
    for load in (load_customers, load_contact_points, load_consents):
        with pytest.raises(Forbidden):
            load(actor=GUEST)
    with pytest.raises(Forbidden):
        upsert_customers([{"ref": "1"}], actor=GUEST)
    assert everything() == before


def test_cards_come_by_number_and_stay_their_customers():
    make_customer(ref="1")
    make_customer(ref="2")
    columns = "number text, customer text, issued_at timestamptz, blocked_at timestamptz"
    rows = [("98-76 ab", "1", AT, None), ("9876AB", "1", AT, None), ("12", "1", AT, None), ("5555", "9", AT, None)]
    stage("cards", columns, rows)
    assert load_cards(actor=SYSTEM) == LoadResult(1, 0, 0, 3)
    assert [(row, col) for row, col, _ in errors()] == [(2, "number"), (3, "number"), (4, "customer")]
    before = everything()
    stage("cards", columns, rows[:1])
    assert load_cards(actor=SYSTEM) == LoadResult(0, 0, 1, 0)
    stage("cards", columns, [("9876AB", "2", AT, None)])
    assert load_cards(actor=SYSTEM) == LoadResult(0, 0, 0, 1)
    assert errors() == [(1, "customer", "immutable: another customer has this card")]
    assert everything() == before
    stage("cards", columns, [("9876AB", "1", AT, AT)])
    assert load_cards(actor=SYSTEM) == LoadResult(0, 1, 0, 0)


def test_merges_are_undone_by_a_date_and_never_go_in_a_circle():
    one, two, three = (make_customer(ref=ref) for ref in "123")
    columns = "customer text, at timestamptz, survivor text, reason text, undone_at timestamptz"
    rows = [("1", AT, "2", "typed twice", None), ("2", AT, "3", None, None), ("3", AT, "1", None, None)]
    stage("merges", columns, rows)
    assert load_merges(actor=SYSTEM) == LoadResult(0, 0, 0, 3)
    assert {(col, reason) for _, col, reason in errors()} == {
        ("survivor", "it would be merged into itself by a circle")
    }
    stage("merges", columns, rows[:2])
    assert load_merges(actor=SYSTEM) == LoadResult(2, 0, 0, 0)
    assert persons([one]) == {one: three}
    before = everything()
    assert load_merges(actor=SYSTEM) == LoadResult(0, 0, 2, 0)
    for wrong in (
        [("1", AT, "3", None, None)],
        [("1", datetime(2018, 1, 1, tzinfo=UTC), "3", None, None)],
        [("3", AT, "1", None, None)],
        [("9", AT, "1", None, None)],
    ):
        stage("merges", columns, wrong)
        assert load_merges(actor=SYSTEM) == LoadResult(0, 0, 0, 1)
    assert everything() == before
    stage(
        "merges", columns, [("1", AT, "2", "typed twice", AT), ("1", datetime(2018, 1, 1, tzinfo=UTC), "3", None, None)]
    )
    assert load_merges(actor=SYSTEM) == LoadResult(1, 1, 0, 0)
    assert persons([one, two]) == {one: three, two: three}


def test_purposes_are_described_and_changed():
    columns = "code text, label text, basis text, data text[], valid_days int"
    stage(
        "purposes",
        columns,
        [("marketing_sms", "Text messages", None, ["phone"], 365), ("Marketing", "x", None, None, 0)],
    )
    assert load_purposes(actor=SYSTEM) == LoadResult(1, 0, 0, 1)
    assert [(row, col) for row, col, _ in errors()] == [(2, "code"), (2, "valid_days")]
    stage("purposes", "code text, label text", [("marketing_sms", "Offers by text message")])
    assert load_purposes(actor=SYSTEM) == LoadResult(0, 1, 0, 0)
    assert run(
        "SELECT label, basis, data, valid_days FROM customers_purpose WHERE code = 'marketing_sms'"
    ).fetchall() == [("Offers by text message", "consent", ["phone"], 365)]
