from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.kernel.api import Invalid
from storeline.places.domain import (
    Hours,
    Interval,
    Position,
    check_gln,
    check_hours,
    check_position,
    distance_km,
    gs1_check_digit,
    no_overlap,
    openings,
)

NEW_YORK = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_gln_has_thirteen_digits_and_a_check_digit() -> None:
    assert check_gln("4012345000009") == "4012345000009"
    for wrong in ("4012345000001", "401234500000", "40123450000o9", "٤٠١٢٣٤٥٠٠٠٠٠٩"):
        with pytest.raises(Invalid) as refusal:
            check_gln(wrong)
        assert refusal.value.field == "gln"


@given(st.text("0123456789", min_size=7, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(body: str, where: int, change: int) -> None:
    code = body + gs1_check_digit(body)
    where %= len(body)
    wrong = body[:where] + str((int(body[where]) + change) % 10) + body[where + 1 :]
    assert gs1_check_digit(wrong) != code[-1]


def test_distance_along_the_great_circle() -> None:
    paris, london = Position(48.8566, 2.3522), Position(51.5074, -0.1278)
    assert round(distance_km(paris, london)) == 344
    assert distance_km(paris, paris) == 0
    assert round(distance_km(Position(0, 179.5), Position(0, -179.5))) == 111


def test_a_position_lies_on_the_earth() -> None:
    assert check_position(90, -180) == Position(90, -180)
    with pytest.raises(Invalid) as refusal:
        check_position(90.1, 0)
    assert refusal.value.field == "position.latitude"
    with pytest.raises(Invalid) as refusal:
        check_position(float("nan"), 0)
    assert refusal.value.field == "position.latitude"


def test_hours_from_text() -> None:
    assert check_hours("08:00", "24:00") == Hours(480, 1440)
    assert check_hours("22:00", "02:00") == Hours(1320, 1560)
    assert check_hours("00:00", "00:00") == Hours(0, 1440)
    assert check_hours("22:00", "26:00") == Hours(1320, 1560)


@pytest.mark.parametrize(
    ("opens", "closes", "field"),
    [
        ("24:00", "25:00", "hours.opens"),
        ("8", "9:00", "hours.opens"),
        ("08:00", "08:60", "hours.closes"),
        ("01:00", "25:30", "hours.closes"),
    ],
)
def test_hours_that_make_no_sense_name_their_field(opens: str, closes: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_hours(opens, closes)
    assert refusal.value.field == field


def test_overlap_within_a_day() -> None:
    assert no_overlap([Hours(480, 720), Hours(720, 1080)])
    assert not no_overlap([Hours(700, 1080), Hours(480, 720)])


def test_across_midnight_and_by_zone() -> None:
    friday = date(2017, 6, 2)
    week = {5: [Hours(1320, 1560), Hours(480, 720)]}
    assert openings(week, {}, friday, NEW_YORK) == (
        Interval(at("2017-06-02T12:00"), at("2017-06-02T16:00")),
        Interval(at("2017-06-03T02:00"), at("2017-06-03T06:00")),
    )
    assert openings(week, {}, date(2017, 6, 3), NEW_YORK) == ()


def test_an_exception_replaces_the_day() -> None:
    christmas = date(2017, 12, 25)
    week = {1: [Hours(480, 1200)]}
    assert openings(week, {christmas: []}, christmas, NEW_YORK) == ()
    assert openings(week, {christmas: [Hours(600, 660)]}, christmas, NEW_YORK) == (
        Interval(at("2017-12-25T15:00"), at("2017-12-25T16:00")),
    )


def test_a_whole_day_has_23_or_25_hours_when_the_clocks_change() -> None:
    week = {7: [Hours(0, 1440)]}
    spring = openings(week, {}, date(2017, 3, 12), NEW_YORK)[0]
    autumn = openings(week, {}, date(2017, 11, 5), NEW_YORK)[0]
    assert (spring.closes - spring.opens).total_seconds() == 23 * 3600
    assert (autumn.closes - autumn.opens).total_seconds() == 25 * 3600


def test_opening_in_the_hour_that_is_skipped_or_repeated() -> None:
    week = {7: [Hours(90, 150)]}  # 01:30 to 02:30
    assert openings(week, {}, date(2017, 3, 12), NEW_YORK) == (
        Interval(at("2017-03-12T06:30"), at("2017-03-12T07:30")),
    )
    repeated = {7: [Hours(90, 110)]}  # 01:30 to 01:50, both come twice: open from the first to the last
    assert openings(repeated, {}, date(2017, 11, 5), NEW_YORK) == (
        Interval(at("2017-11-05T05:30"), at("2017-11-05T06:50")),
    )
