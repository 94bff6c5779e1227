from datetime import UTC, date, datetime
from typing import Any

import pytest

from storeline.kernel.api import GUEST, SYSTEM, Forbidden, LoadResult, make_error_table, run, source_id, waits
from storeline.places import api as places
from storeline.places.tests.factories import ENTITY, make_entity, make_place

pytestmark = pytest.mark.django_db

PLACE = {"ref": "P1", "entity": "grocer", "name": "One", "format": "convenience", "zone": "Europe/Paris"}


def one(item: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    (verdict,) = places.upsert_places([item], actor=SYSTEM)
    return verdict.outcome, verdict.errors


def test_created_unchanged_updated() -> None:
    make_entity()
    assert one(PLACE) == ("created", ())
    assert one(PLACE) == ("unchanged", ())
    assert one({"ref": "P1", "name": "Uno"}) == ("updated", ())
    found = places.find_by_ref("P1")
    assert found is not None
    assert (found.id, found.name, found.format, found.zone, found.country) == (
        source_id("places.place", "P1"), "Uno", "convenience", "Europe/Paris", "US",
    )  # fmt: skip


def test_an_entity_includes_tax_by_the_custom_of_its_country() -> None:
    make_entity()
    make_entity(ref="de", country="DE", currency="EUR")
    make_entity(ref="us-incl", tax_included=True)
    assert [(entity.ref, entity.inclusive) for entity in places.list_entities()] == [
        ("de", True), ("grocer", False), ("us-incl", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entity": "nobody"}, "entity"),
        ({"format": "kiosk"}, "format"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"gln": "4012345000001"}, "gln"),
        ({"gln": "00012345678905"}, "gln"),
        ({"latitude": 91.0, "longitude": 0.0}, "latitude"),
        ({"latitude": 1.0}, "longitude"),
        ({"capabilities": ["sell", "fly"]}, "capabilities"),
        ({"opens_on": date(2020, 2, 1), "closes_on": date(2020, 1, 31)}, "closes_on"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(change: dict[str, Any], field: str) -> None:
    make_entity()
    outcome, errors = one(PLACE | change)
    assert outcome == "refused"
    assert [name for name, _ in errors] == [field]
    assert places.find_by_ref("P1") is None


def test_what_may_not_change() -> None:
    make_entity()
    make_entity(ref="other")
    one(PLACE)
    assert one(PLACE | {"zone": "Europe/Madrid"})[1][0][0] == "zone"
    assert one(PLACE | {"entity": "other"})[1][0][0] == "entity"
    (verdict,) = places.upsert_entities([ENTITY | {"currency": "EUR"}], actor=SYSTEM)
    assert verdict.errors == (("currency", "immutable: the currency of an entity's books"),)
    found = places.find_by_ref("P1")
    assert found is not None
    assert (found.zone, found.entity, found.currency) == ("Europe/Paris", "grocer", "USD")


def test_each_item_of_a_bulk_has_its_own_verdict() -> None:
    make_entity()
    verdicts = places.upsert_places(
        [
            PLACE,
            {"ref": "P2"},
            PLACE | {"ref": "P3", "gln": "4012345000009"},
            PLACE,
            PLACE | {"ref": "P4", "gln": "4012345000009"},
        ],
        actor=SYSTEM,
    )
    assert [verdict.outcome for verdict in verdicts] == ["created", "refused", "created", "refused", "refused"]
    assert [name for name, _ in verdicts[1].errors] == ["entity", "format", "name", "zone"]


def test_a_guest_may_not_write() -> None:
    with pytest.raises(Forbidden):
        places.upsert_entities([ENTITY], actor=GUEST)
    assert places.list_entities() == ()


def stage(file: str, declared: str, rows: list[tuple[Any, ...]]) -> None:
    make_error_table()
    run(f"DROP TABLE IF EXISTS pg_temp.in_{file}")
    run(f"CREATE TEMP TABLE in_{file} ({declared}) ON COMMIT DROP")
    for row in rows:
        run(f"INSERT INTO pg_temp.in_{file} VALUES ({', '.join(['%s'] * len(row))})", row)


def errors() -> list[tuple[Any, ...]]:
    return run("SELECT file, row, col FROM pg_temp.in_error ORDER BY row, col").fetchall()


def test_a_set_keeps_its_good_rows() -> None:
    make_entity()
    rows = [
        (1, "A", "grocer", "A", "locker", "UTC"),
        (2, "B", "grocer", "B", "castle", "UTC"),
        (3, "A", "grocer", "Again", "locker", "UTC"),
    ]
    declared = "row bigint, ref text, entity text, name text, format text, zone text"
    stage("places", declared, rows)
    assert places.load_places(actor=SYSTEM) == LoadResult(inserted=1, refused=2)
    assert errors() == [("places", 2, "format"), ("places", 3, "ref")]
    stage("places", declared, rows[:1])
    assert places.load_places(actor=SYSTEM) == LoadResult(unchanged=1)


def test_hours_replace_a_day() -> None:
    shop = make_place()
    rows = [
        (1, "shop", "1", "08:00", "12:00"),
        (2, "shop", "1", "14:00", "20:00"),
        (3, "shop", "2017-12-25", None, None),
        (4, "nowhere", "1", "08:00", "12:00"),
        (5, "shop", "8", "08:00", "12:00"),
        (6, "shop", "2", "08:00", "x"),
        (7, "shop", "3", "08:00", "12:00"),
        (8, "shop", "3", "11:00", "13:00"),
    ]
    stage("place_hours", places.PLACE_HOURS_IN, rows)
    assert places.load_place_hours(actor=SYSTEM) == LoadResult(inserted=3, refused=5)
    assert errors() == [
        ("place_hours", row, col) for row, col in ((4, "place"), (5, "day"), (6, "closes"), (7, "opens"), (8, "opens"))
    ]
    stage("place_hours", places.PLACE_HOURS_IN, rows[:3])
    assert places.load_place_hours(actor=SYSTEM) == LoadResult(unchanged=3)
    assert len(places.open_hours(shop, date(2017, 12, 18))) == 2
    assert places.open_hours(shop, date(2017, 12, 25)) == ()
    stage("place_hours", places.PLACE_HOURS_IN, [(1, "shop", "1", "09:00", "17:00")])
    assert places.load_place_hours(actor=SYSTEM) == LoadResult(inserted=1)
    assert places.open_hours(shop, date(2017, 12, 18)) == (
        places.Interval(datetime(2017, 12, 18, 14, tzinfo=UTC), datetime(2017, 12, 18, 22, tzinfo=UTC)),
    )


def test_a_pop_up_is_open_only_while_it_exists() -> None:
    shop = make_place("tent", format="pop_up", opens_on=date(2017, 7, 3), closes_on=date(2017, 7, 3))
    stage("place_hours", places.PLACE_HOURS_IN, [(1, "tent", "1", "08:00", "12:00")])
    places.load_place_hours(actor=SYSTEM)
    found = places.open_hours_many([shop], date(2017, 6, 26), date(2017, 7, 10))[shop]
    assert [interval.opens.date() for interval in found] == [date(2017, 7, 3)]
    facts = places.gather([shop]).result()[shop]
    assert [facts.trades_on(date(2017, 7, day)) for day in (2, 3, 4)] == [False, True, False]


def test_gather_waits_once() -> None:
    ids = [make_place("a"), make_place("b")]
    with waits() as count:
        found = places.gather([*ids, source_id("places.place", "none")]).result()
    assert count.waits == 1
    assert set(found) == set(ids)
    facts = found[ids[0]]
    assert (facts.ref, facts.currency, facts.tax_regime, facts.inclusive, facts.capabilities) == (
        "a", "USD", "us", False, frozenset({"sell", "collect"}),
    )  # fmt: skip


def test_nearest_first_and_pages() -> None:
    for ref, latitude, longitude in (("far", 40.0, -80.0), ("near", 40.0, -75.1), ("across", 40.0, 179.9)):
        make_place(ref, latitude=latitude, longitude=longitude)
    make_place("lost")
    here = places.Position(40.0, -75.0)
    first = places.list_places(near=here, limit=2)
    assert [(place.ref, place.distance_km) for place in first.items] == [("near", 8.518), ("far", 425.846)]
    assert [place.ref for place in places.list_places(near=here, limit=2, cursor=first.next).items] == ["across"]
    page = places.list_places(limit=3)
    assert [place.ref for place in page.items] == ["across", "far", "lost"]
    assert [place.ref for place in places.list_places(limit=3, cursor=page.next).items] == ["near"]
    assert places.list_places(capability="ship").items == ()
