"""Webhooks: signed, tried again, replayed, switched off; never inside a transaction, never to a private network."""

import json
import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from standardwebhooks import Webhook, WebhookVerificationError

from storeline.identity.tests.factories import bearer, fresh_key, make_token
from storeline.kernel.api import CONSUMERS, SYSTEM, clock_at, run
from storeline.partners import sender
from storeline.partners.api import (
    deliver_due,
    get_endpoint,
    list_deliveries,
    replay,
    replay_range,
    rotate_secret,
    set_enabled,
)
from storeline.partners.deliveries import plan
from storeline.partners.domain import Outcome
from storeline.partners.endpoints import secret_of
from storeline.partners.safe_http import Request, post
from storeline.partners.tests.factories import HERE, START, THERE, deliveries, everything, happen, make_listener

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/in"


def test_an_event_arrives_signed(partner):
    made = make_listener(partner.url, "orders.*")
    with clock_at(START):
        plan([happen(order="12"), happen("stock.moved")])
    assert deliver_due(START) == 1
    ((headers, body),) = partner.got
    assert Webhook(made.secret).verify(body, headers) == {
        "type": "orders.confirmed",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {"subject_id": "00000000-0000-0000-0000-000000000007", "entity_id": None, "place_id": str(HERE), "order": "12"},
    }  # fmt: skip
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(body.replace("12", "13"), headers)
    assert deliveries() == [("delivered", 1, 200, "")]
    assert deliver_due(START + timedelta(days=1)) == 0


def test_only_what_was_agreed_is_told():
    make_listener(URL, "orders.*", place_ids=[HERE], ends_at=START + timedelta(days=1))
    make_listener(URL, "*", ref="deaf", events=[])
    told = happen()
    with clock_at(START):
        plan([
            told,
            happen(place=THERE),
            happen(place=None),
            happen("stock.moved"),
            happen(at=START - timedelta(seconds=1)),
            happen(at=START + timedelta(days=1)),
        ])  # fmt: skip
    assert run("SELECT event_id FROM partners_delivery").fetchall() == [(told.id,)]


def test_reading_events_again_writes_nothing():
    make_listener(URL)
    events = [happen(), happen()]
    with clock_at(START):
        plan(events)
        before = everything()
        plan(events)
    assert everything() == before
    assert len(deliveries()) == 2


def test_the_consumer_hears_of_everything_and_tells_what_was_subscribed(partner):
    make_listener(partner.url, "orders.*")
    reader = CONSUMERS["partners.webhooks"]
    assert reader.types == ("*",)
    with clock_at(START):
        reader.handle([happen(), happen("stock.moved")])
    assert deliver_due(START) == 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_partner_is_called(partner, monkeypatch):
    make_listener(partner.url)
    with clock_at(START):
        plan([happen()])
    seen = []

    def look(_request: Request, *, development: bool) -> Outcome:
        assert development
        state = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in trans%%'"
        )
        seen.append(run(state).fetchall())
        connection.close()
        return Outcome(200)

    monkeypatch.setattr(sender, "post", look)
    deliver_due(START)
    assert seen == [[(0,)]]
    assert deliveries() == [("delivered", 1, 200, "")]


def test_a_refusal_is_tried_again_with_the_same_id_until_it_is_taken(partner):
    make_listener(partner.url)
    with clock_at(START):
        plan([happen()])
    partner.answers = [500, 302, (429, {"Retry-After": "600"})]
    moment = START
    for pause in (5, 300, 1800):
        assert deliver_due(moment) == 1
        assert deliver_due(moment + timedelta(seconds=pause - 1)) == 0
        moment += timedelta(seconds=pause)
    assert deliveries() == [("pending", 3, 429, "")]
    assert get_endpoint(run("SELECT id FROM partners_endpoint").fetchall()[0][0]).failing_since == START
    assert deliver_due(moment) == 1
    assert deliveries() == [("delivered", 4, 200, "")]
    assert len({headers["webhook-id"] for headers, _ in partner.got}) == 1
    assert run("SELECT failing_since FROM partners_endpoint").fetchall() == [(None,)]


def test_after_the_last_pause_a_delivery_has_failed(monkeypatch):
    make_listener(URL)
    monkeypatch.setattr(sender, "PATIENCE", timedelta(days=99))
    monkeypatch.setattr(sender, "post", lambda _request, **_: Outcome(None, "TimeoutError"))
    with clock_at(START):
        plan([happen()])
    moment = START
    for _ in range(10):
        assert deliver_due(moment) == 1
        moment += timedelta(days=1)
    assert deliveries() == [("failed", 10, None, "TimeoutError")]
    assert deliver_due(moment) == 0


def test_an_endpoint_that_takes_nothing_for_five_days_is_switched_off(monkeypatch):
    made = make_listener(URL)
    monkeypatch.setattr(sender, "post", lambda _request, **_: Outcome(503))
    with clock_at(START):
        plan([happen(), happen()])
    deliver_due(START)
    deliver_due(START + timedelta(days=5) - timedelta(seconds=1))
    assert get_endpoint(made.id).disabled_at is None
    deliver_due(START + timedelta(days=9))
    view = get_endpoint(made.id)
    assert (view.disabled_at, view.disabled_reason) == (START + timedelta(days=9), "it took nothing for 5 days")
    told = run("SELECT type, subject_id FROM kernel_event WHERE type LIKE 'partners.%%'").fetchall()
    assert told == [("partners.endpoint_disabled", made.id)]
    with clock_at(START + timedelta(days=9)):
        plan([happen()])
    assert len(deliveries()) == 2
    assert deliver_due(START + timedelta(days=30)) == 0


def test_gone_switches_off_at_once(partner):
    made = make_listener(partner.url)
    with clock_at(START):
        plan([happen()])
    partner.answers = [410]
    deliver_due(START)
    assert get_endpoint(made.id).disabled_reason == "it answered 410 Gone"


def test_a_replay_sends_what_was_sent_and_what_was_missed(partner):
    made = make_listener(partner.url, "orders.*")
    with clock_at(START):
        plan([happen()])
        deliver_due(START)
        (first,) = list_deliveries(made.id)
        assert replay(made.id, [first.id], actor=SYSTEM) == 1
        deliver_due(START)
        set_enabled(made.id, enabled=False, actor=SYSTEM)
    missed = happen(at=START + timedelta(hours=1))
    happen(at=START + timedelta(hours=2))
    happen("stock.moved", at=START + timedelta(hours=1))
    with clock_at(START + timedelta(hours=3)):
        plan([missed])
        assert len(deliveries()) == 1
        set_enabled(made.id, enabled=True, actor=SYSTEM)
        assert replay_range(made.id, START, START + timedelta(hours=2), actor=SYSTEM) == 2
        assert deliver_due(START + timedelta(hours=3)) == 2
    ids = [headers["webhook-id"] for headers, _ in partner.got]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_for_a_day_both_secrets_sign(partner):
    made = make_listener(partner.url)
    with clock_at(START):
        turned = rotate_secret(made.id, actor=SYSTEM)
        plan([happen(), happen()])
    deliver_due(START + timedelta(hours=23), limit=1)
    deliver_due(START + timedelta(hours=24), limit=1)
    (both_headers, both), (new_headers, new) = partner.got
    for secret in (made.secret, turned.secret):
        Webhook(secret).verify(both, both_headers)
    Webhook(turned.secret).verify(new, new_headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(new, new_headers)


def test_a_sender_that_died_leaves_its_deliveries_to_the_next(partner, monkeypatch):
    make_listener(partner.url)
    with clock_at(START):
        plan([happen()])

    def die(_due, _outcome, _at):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sender, "_record", die)
        with pytest.raises(KeyboardInterrupt):
            deliver_due(START)
    assert deliver_due(START + timedelta(minutes=9)) == 0
    assert deliver_due(START + timedelta(minutes=10)) == 1
    assert len({headers["webhook-id"] for headers, _ in partner.got}) == 1


def test_a_name_that_leads_into_a_private_network_is_not_called(monkeypatch):
    for addresses in (["10.0.0.5"], ["93.184.216.34", "127.0.0.1"]):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=found, **__: found)
        monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("it was called"))
        outcome = post(Request(URL, b"{}", {}), development=True)
        assert outcome == Outcome(None, "not sent: the host is inside a private network")


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    called = []

    def connect(address, _timeout):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert post(Request(URL, b"{}", {}), development=False) == Outcome(None, "ConnectionRefusedError")
    assert called == [("93.184.216.34", 443)]


def test_the_desk_sees_how_it_went(partner):
    made = make_listener(partner.url)
    with clock_at(START):
        plan([happen()])
    deliver_due(START)
    client = Client(headers=bearer(make_token("administrator")))
    path = f"/api/v1/partners/endpoints/{made.id}"
    (shown,) = client.get(f"{path}/deliveries?state=delivered").json()["items"]
    assert (shown["state"], shown["status"], shown["type"]) == ("delivered", 200, "orders.confirmed")
    assert client.get(f"{path}/deliveries?state=pending").json() == {"items": [], "next": None}
    body = json.dumps({"ids": [shown["id"]]})
    again = client.post(f"{path}/replay", body, content_type="application/json", headers=fresh_key())
    assert again.json() == {"deliveries": 1}
    seen = client.get(path)
    change = {"url": URL, "patterns": ["stock.*"]}
    changed = client.put(path, change, content_type="application/json", headers={"If-Match": seen["ETag"]})
    assert (changed.json()["url"], changed.json()["patterns"]) == (URL, ["stock.*"])
    stale = client.put(
        f"{path}/enabled", {"enabled": False}, content_type="application/json", headers={"If-Match": seen["ETag"]}
    )
    assert (stale.status_code, client.get(path).json()) == (412, changed.json())


def test_a_secret_is_changed_once_for_each_key(partner):
    made = make_listener(partner.url)
    client = Client(headers=bearer(make_token("administrator")))
    path, key = f"/api/v1/partners/endpoints/{made.id}/secret", fresh_key()
    assert client.post(path).json()["code"] == "idempotency_key_missing"
    answers = [client.post(path, headers=key).json() for _ in range(2)]
    assert answers == [{"id": str(made.id), "secret": secret_of(made.id, 2)}] * 2
    assert run("SELECT body FROM kernel_idempotencykey").fetchall() == [(None,)]
