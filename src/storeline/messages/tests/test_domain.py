"""Codes, limits and words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.messages.domain import (
    CODE_TEMPLATE,
    Limit,
    Purpose,
    code_text,
    normal_code,
    purpose_of,
    register_purpose,
    register_template,
    render,
    wait_for,
)
from storeline.messages.errors import UnknownPurpose

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(*seconds: int) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ([], 0),
        (ago(59), 0),
        (ago(0, 60), 0),
        (ago(1, 59), 1),
        (ago(0, 1, 2), 59),
    ],
)
def test_the_wait_ends_when_the_oldest_of_the_window_leaves_it(times, seconds):
    assert max(0, wait_for([Limit(2, timedelta(minutes=1))], times, NOW).total_seconds()) == seconds


def test_the_longest_wait_of_several_limits_counts():
    limits = [Limit(1, timedelta(seconds=30)), Limit(2, timedelta(hours=1))]
    assert wait_for(limits, ago(10, 600), NOW) == timedelta(seconds=3000)


@given(st.binary(min_size=32, max_size=32), st.integers(4, 10))
def test_a_code_has_its_digits_and_reads_back(secret: bytes, digits: int):
    text = code_text(secret, digits)
    assert len(text) == digits
    assert normal_code(f" {text[:3]} - {text[3:]} ") == text


def test_digits_of_any_script_are_taken_and_letters_are_not():
    assert normal_code("\N{ARABIC-INDIC DIGIT ONE}\N{DEVANAGARI DIGIT TWO}3") == "123"
    assert normal_code("12a3") == ""
    assert normal_code("½2") == ""


@pytest.mark.parametrize(
    ("tag", "subject"),
    [
        ("en-GB", "Your code"),
        ("fr", "Votre code"),
        ("FR-ca", "Votre code"),
        ("zh", "您的验证码"),
        ("zh-CN", "您的验证码"),
        ("zh-Hans-SG", "您的验证码"),
        ("zh-Hant-TW", "Your code"),
        ("sw", "Your code"),
        ("", "Your code"),
    ],
)
def test_words_come_in_the_nearest_language(tag, subject):
    assert render(CODE_TEMPLATE, tag, {"code": "1"})[0] == subject


def test_names_are_registered_once():
    with pytest.raises(UnknownPurpose):
        purpose_of("nothing")
    register_purpose("messages.test", Purpose(digits=4))
    register_purpose("messages.test", Purpose(digits=4))
    with pytest.raises(ValueError, match="twice"):
        register_purpose("messages.test", Purpose(digits=5))
    with pytest.raises(ValueError, match="no en text"):
        register_template("messages.test", {"fr": ("a", "b")})
    with pytest.raises(ValueError, match="twice"):
        register_template(CODE_TEMPLATE, {"en": ("a", "b")})
