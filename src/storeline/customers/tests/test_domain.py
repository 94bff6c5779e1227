"""Addresses and numbers in one form; when a consent holds."""

from datetime import UTC, datetime, timedelta

import pytest

from storeline.customers.domain import Statement, check_purpose, in_force, normal_card, normal_contact
from storeline.customers.errors import InvalidContact

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "given", "country", "kept"),
    [
        ("email", " Kim@Example.ORG ", None, "kim@example.org"),
        ("email", "王@例子.公司", None, "王@例子.公司"),
        ("phone", "+41 79 123 45 67", None, "+41791234567"),
        ("phone", "079 123 45 67", "CH", "+41791234567"),
        ("phone", "(212) 555-0123", "US", "+12125550123"),
        ("phone", "+86 138 0013 8000", None, "+8613800138000"),
        ("postal", " 上海市 ", None, "上海市"),
    ],
)
def test_each_has_one_form(kind, given, country, kept):
    assert normal_contact(kind, given, country=country) == kept


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("email", "kim", "value"),
        ("email", "kim@home", "value"),
        ("email", "k im@example.org", "value"),
        ("phone", "079 123 45 67", "value"),
        ("phone", "+41 79 1", "value"),
        ("phone", "call me", "value"),
        ("postal", "  ", "value"),
        ("chat", "x" * 501, "value"),
        ("pigeon", "x", "kind"),
    ],
)
def test_what_cannot_be_used_is_refused(kind, given, field):
    with pytest.raises(InvalidContact) as refusal:
        normal_contact(kind, given)
    assert refusal.value.field == field
    assert given not in refusal.value.detail or kind == "pigeon"


def test_cards_lose_their_spaces():
    assert normal_card("ab12 34-56") == "AB123456"
    for text in ("", "12", "1234!", "x" * 41):
        with pytest.raises(InvalidContact):
            normal_card(text)


def test_purposes_are_codes():
    assert check_purpose("marketing_email") == "marketing_email"
    for text in ("", "Marketing", "a.b.c", "a b"):
        with pytest.raises(InvalidContact):
            check_purpose(text)


@pytest.mark.parametrize(
    ("latest", "days", "holds"),
    [
        (None, None, False),
        (Statement(granted=False, at=NOW), None, False),
        (Statement(granted=True, at=NOW), None, True),
        (Statement(granted=True, at=NOW - timedelta(days=10)), 10, False),
        (Statement(granted=True, at=NOW - timedelta(days=10)), 11, True),
    ],
)
def test_a_consent_holds_until_withdrawn_or_too_old(latest, days, holds):
    assert in_force(latest, days and timedelta(days=days), NOW) is holds
