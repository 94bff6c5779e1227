"""Ids, events, idempotency keys, pipelines: against the real database."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from storeline.kernel import api, events
from storeline.kernel.api import (
    Actor,
    Answer,
    BodyMismatch,
    Envelope,
    Event,
    Forbidden,
    InFlight,
    InvalidId,
    MissingKey,
    Refused,
    later,
    once,
    pipeline,
    publish,
    pump,
    run,
    source_id,
    transaction,
    waits,
)

MOMENT = datetime(2017, 5, 4, 12, 30, 15, 250_000, UTC)


def test_new_ids_are_of_version_7_and_sort_by_time() -> None:
    first, second = api.new_id(), api.new_id()
    assert first.version == second.version == 7
    assert abs(api.id_time(first) - datetime.now(UTC)) < timedelta(seconds=5)
    assert first.int >> 64 <= second.int >> 64


@pytest.mark.django_db
@pytest.mark.parametrize("at", [MOMENT, None])
def test_source_ids_are_the_same_in_sql(at: datetime | None) -> None:
    key = "店-0042 'x'"
    row = run("SELECT kernel_source_id('order', %s, %s::timestamptz)", [key, at]).fetchone()
    assert row == (source_id("order", key, at),)
    assert row[0].version == 8
    assert at is None or api.id_time(row[0]) == at.replace(microsecond=250_000)


@given(st.text(max_size=30), st.text(max_size=30))
def test_source_ids_differ_with_their_keys(one: str, other: str) -> None:
    assert (source_id("k", one, MOMENT) == source_id("k", other, MOMENT)) == (one == other)


def test_a_skewed_or_random_id_is_refused() -> None:
    late, old = (UUID(int=api.new_id().int + (milliseconds << 80)) for milliseconds in (600_000, -86_500_000))
    for bad in (late, old, UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"), uuid4()):
        with pytest.raises(InvalidId):
            api.check_id(bad)
    of_a_form = UUID(int=api.new_id().int - (86_300_000 << 80))
    assert api.check_id(of_a_form) == of_a_form
    assert api.check_id(late, skew=None) == late


def test_actors_may_what_they_hold_where_they_hold_it() -> None:
    here, there = uuid4(), uuid4()
    actor = Actor("user", uuid4(), frozenset({"stock.count"}), frozenset({here}))
    actor.require("stock.count", here)
    for code, place in (("stock.count", there), ("orders.place", here)):
        with pytest.raises(Forbidden):
            actor.require(code, place)


@pytest.mark.django_db(transaction=True)
def test_a_pipeline_waits_once() -> None:
    with waits() as count:
        with pipeline():
            one = later("SELECT 1", [], list)
            two = later("SELECT 2", [], list)
        assert (one.result(), two.result()) == ([(1,)], [(2,)])
    assert count.waits == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_in_a_pipeline_waits_for_its_statements_and_its_commit() -> None:
    with waits() as count, transaction():
        with pipeline():
            later("SELECT 1", [], list)
        run("SELECT 2")
    assert count.waits == 3


@pytest.fixture
def heard() -> Iterator[list[Envelope]]:
    got: list[Envelope] = []
    tried: set[int] = set()

    def listen(batch: Sequence[Envelope]) -> None:
        if any(event.payload.get("poison") for event in batch):
            raise Refused("poison")
        for event in batch:
            if (statement := event.payload.get("run")) and event.id not in tried:
                tried.add(event.id)
                run(statement)
        got.extend(batch)

    api.consumer("test.listener", types=("test.*",), batch=3)(listen)
    yield got
    del events.CONSUMERS["test.listener"]


@pytest.mark.django_db(transaction=True)
def test_consumers_hear_every_event_once_in_order(heard: list[Envelope]) -> None:
    subjects = [uuid4() for _ in range(8)]
    publish([Event("test.happened", subject, payload={"n": n}) for n, subject in enumerate(subjects)])
    publish([Event("other.happened", uuid4())])
    assert pump(["test.listener"]) == 9
    assert [event.subject_id for event in heard] == subjects
    assert pump(["test.listener"]) == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_that_cannot_be_taken_is_parked_and_the_rest_goes_on(heard: list[Envelope]) -> None:
    subjects = [uuid4() for _ in range(5)]
    publish([Event("test.happened", subject, payload={"poison": n == 1}) for n, subject in enumerate(subjects)])
    pump(["test.listener"])
    assert {event.subject_id for event in heard} == set(subjects) - {subjects[1]}
    assert run("SELECT consumer, error FROM kernel_parked").fetchall() == [("test.listener", "Refused: poison")]


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_statement_failed_once_is_taken_alone(heard: list[Envelope]) -> None:
    publish([Event("test.happened", uuid4(), payload={"run": "SELECT 1/0"})])
    pump(["test.listener"])
    # The batch failed, then the event alone was taken: it fails at its first attempt only.
    assert (len(heard), run("SELECT count(*) FROM kernel_parked").fetchall()) == (1, [(0,)])


@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_away_parks_nothing_and_is_found_again(heard: list[Envelope]) -> None:
    subject = uuid4()
    publish([Event("test.happened", subject, payload={"run": "SELECT pg_terminate_backend(pg_backend_pid())"})])
    with pytest.raises(psycopg.OperationalError):
        pump(["test.listener"])
    assert run("SELECT count(*) FROM kernel_parked").fetchall() == [(0,)]
    pump(["test.listener"])
    assert [event.subject_id for event in heard] == [subject]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_ended_is_opened_anew_after_its_one_failure() -> None:
    with pytest.raises(psycopg.OperationalError):
        run("SELECT pg_terminate_backend(pg_backend_pid())")
    assert run("SELECT 1").fetchall() == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_an_event_of_an_older_open_transaction_is_never_passed_over(heard: list[Envelope]) -> None:
    opened, go_on = threading.Event(), threading.Event()
    slow, fast = uuid4(), uuid4()

    def write_slowly() -> None:
        try:
            with transaction():
                publish([Event("test.happened", slow)])
                opened.set()
                go_on.wait(10)
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert opened.wait(10)
    publish([Event("test.happened", fast)])
    pump(["test.listener"], patience=0.1)
    assert heard == []
    go_on.set()
    writer.join(10)
    pump(["test.listener"])
    assert {event.subject_id for event in heard} == {slow, fast}


@pytest.mark.django_db(transaction=True)
def test_one_key_is_one_deed_and_one_answer() -> None:
    deeds: list[int] = []

    def deed() -> Answer:
        deeds.append(1)
        return Answer(201, {"n": len(deeds)})

    assert once("s", "k", b"body", deed) == once("s", "k", b"body", deed) == Answer(201, {"n": 1})
    with pytest.raises(BodyMismatch):
        once("s", "k", b"other", deed)
    assert once("another scope", "k", b"body", deed) == Answer(201, {"n": 2})
    with pytest.raises(MissingKey):
        once("s", None, b"", deed)


@pytest.mark.django_db(transaction=True)
def test_a_failed_deed_keeps_no_key_and_changes_nothing() -> None:
    def deed() -> Answer:
        publish([Event("test.happened", uuid4())])
        raise Refused("no")

    with pytest.raises(Refused):
        once("s", "k", b"body", deed)
    assert run("SELECT count(*) FROM kernel_event").fetchone() == (0,)
    assert run("SELECT count(*) FROM kernel_idempotencykey").fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_a_second_request_with_the_key_in_flight_is_told_to_come_back() -> None:
    outcomes: list[str] = []

    def second() -> None:
        try:
            once("s", "k", b"body", lambda: Answer(200, {}))
        except InFlight:
            outcomes.append("in flight")
        finally:
            connection.close()

    def first() -> Answer:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)
        return Answer(200, {})

    once("s", "k", b"body", first)
    assert outcomes == ["in flight"]


def test_business_time_can_stand_still() -> None:
    with api.clock_at(MOMENT):
        assert api.now() == MOMENT
    assert abs(api.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_weeks_end_on_sunday_where_the_place_stands() -> None:
    sunday_night = datetime(2017, 1, 9, 3, 0, tzinfo=UTC)
    day = api.business_date(sunday_night, "America/New_York")
    assert str(day) == "2017-01-08"
    assert api.week_ending(day) == day
