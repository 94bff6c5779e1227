"""Array literals come back as what went in."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storeline.kernel import api as kernel

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@settings(deadline=None)
@given(st.lists(st.none() | TEXTS))
def test_texts(values):
    assert kernel.run("SELECT %s::text[]", [kernel.texts_array(values)]).fetchone() == (values,)


@pytest.mark.parametrize("text", ["", "NULL", 'a"b', "c\\d", "{x,y}", "%s", "o'x", "收银台"])
def test_texts_that_look_like_syntax(text):
    assert kernel.run("SELECT %s::text[]", [kernel.texts_array([text, None])]).fetchone() == ([text, None],)


def test_moments_of_any_zone_and_days():
    east = timezone(timedelta(hours=5, minutes=30))
    moments = [datetime(2026, 3, 4, 12, 30, 0, 123456, tzinfo=UTC), None, datetime(2026, 3, 4, tzinfo=east)]
    assert kernel.run("SELECT %s::timestamptz[]", [kernel.times_array(moments)]).fetchone() == (moments,)
    days = [date(2026, 3, 4), None]
    assert kernel.run("SELECT %s::date[]", [kernel.dates_array(days)]).fetchone() == (days,)
