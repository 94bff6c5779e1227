"""Where webhooks may go, who hears of what, when they are tried again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from storeline.partners.domain import Outcome, Reach, is_pattern, is_public, next_attempt, parse_url
from storeline.partners.errors import UnsafeAddress

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE, THERE, ENTITY = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/",
        "https:///hook",
        "https://kim:secret@example.org/",
        "https://example.org/#part",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.1/",
        "https://172.16.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://database/",
        "https://database.internal/",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: other",
        "https://exämple.org/",
        "https://example.org/" + "x" * 2000,
        "hook",
        "",
    ],
)
def test_unsafe_addresses_are_refused(url):
    with pytest.raises(UnsafeAddress) as refusal:
        parse_url(url, development=False)
    assert refusal.value.field == "url"


def test_a_public_https_address_is_taken():
    target = parse_url("https://hooks.example.org:8443/in?x=1", development=False)
    assert (target.scheme, target.host, target.port, target.path) == ("https", "hooks.example.org", 8443, "/in?x=1")
    assert parse_url("https://[2a00:1450:4001::1]/", development=False).port == 443


def test_loopback_is_for_development():
    assert parse_url("http://127.0.0.1:8123", development=True).loopback
    with pytest.raises(UnsafeAddress):
        parse_url("http://10.0.0.1/", development=True)
    with pytest.raises(UnsafeAddress):
        parse_url("http://example.org/", development=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("::ffff:127.0.0.1", False),
        ("::", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("*", True),
        ("orders.*", True),
        ("orders.confirmed", True),
        ("orders", False),
        ("o*", False),
        ("orders.con*", False),
        ("", False),
    ],
)
def test_patterns(text, good):
    assert is_pattern(text) is good


@pytest.mark.parametrize(
    ("reach", "covered"),
    [
        (Reach(("orders.*",), None, None, NOW, None), True),
        (Reach(("orders.placed", "stock.*"), None, None, NOW, None), False),
        (Reach(("*",), None, frozenset({HERE}), NOW, None), True),
        (Reach(("*",), None, frozenset({THERE}), NOW, None), False),
        (Reach(("*",), frozenset({ENTITY}), frozenset({THERE}), NOW, None), True),
        (Reach(("*",), frozenset(), None, NOW, None), False),
        (Reach(("*",), None, None, NOW + timedelta(seconds=1), None), False),
        (Reach(("*",), None, None, NOW - timedelta(days=1), NOW), False),
        (Reach(("*",), None, None, NOW - timedelta(days=1), NOW + timedelta(seconds=1)), True),
        (Reach((), None, None, NOW, None), False),
    ],
)
def test_an_agreement_covers_types_places_and_times(reach, covered):
    assert reach.covers("orders.confirmed", ENTITY, HERE, NOW) is covered


def test_an_event_without_a_place_is_for_those_who_may_hear_of_all():
    assert not Reach(("*",), None, frozenset({HERE}), NOW, None).covers("x.y", None, None, NOW)
    assert Reach(("*",), None, None, NOW, None).covers("x.y", None, None, NOW)


def test_pauses_grow_and_end():
    failed = Outcome(500)
    moments = [next_attempt(number, failed, NOW) for number in range(1, 11)]
    assert [moment and (moment - NOW).total_seconds() for moment in moments] == [
        5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None,
    ]  # fmt: skip


def test_a_partner_may_ask_for_more_time_but_not_for_ever():
    assert next_attempt(1, Outcome(503, wait=timedelta(minutes=2)), NOW) == NOW + timedelta(minutes=2)
    assert next_attempt(2, Outcome(503, wait=timedelta(minutes=2)), NOW) == NOW + timedelta(minutes=5)
    assert next_attempt(1, Outcome(503, wait=timedelta(days=9)), NOW) == NOW + timedelta(days=1)
