"""Timers: each job by one worker at a time, its failures noted and further and further apart, its lock never left behind."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection

from storeline.kernel import timers
from storeline.kernel.api import Event, body_hash, publish, run
from storeline.kernel.events import CONSUMERS
from storeline.kernel.ids import new_id
from storeline.kernel.jobs import tidy


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, timers.Job]:
    """No jobs but the test's own."""
    monkeypatch.setattr(timers, "JOBS", {})
    return timers.JOBS


def row(name: str) -> tuple[int, str, timedelta | None]:
    """Failures, the error, and how long after its end it is due again."""
    return run("SELECT failures, error, next_at - ended_at FROM kernel_job WHERE name = %s", [name]).fetchall()[0]


def make_due() -> None:
    run("UPDATE kernel_job SET next_at = clock_timestamp()")


def test_a_job_is_named_by_its_module_and_registers_once(jobs: dict[str, timers.Job]) -> None:
    def tidy_up() -> None: ...

    tidy_up.__module__ = "storeline.stock.jobs"
    assert timers.job(every=5)(tidy_up) is tidy_up
    assert jobs == {"stock.tidy_up": timers.Job("stock.tidy_up", 5, tidy_up)}
    with pytest.raises(ValueError, match=r"two jobs are called stock\.tidy_up"):
        timers.job(every=5)(tidy_up)


@pytest.mark.parametrize(
    ("every", "failures", "seconds"),
    [(5, 0, 5), (5, 1, 10), (5, 2, 20), (5, 6, 300), (5, 10_000, 300), (3600, 0, 3600), (3600, 9, 3600), (1, 8, 256)],
)
def test_failures_move_a_job_further_away(every: float, failures: int, seconds: float) -> None:
    assert timers.pause(every, failures) == seconds


@pytest.mark.django_db
def test_what_is_due_runs_and_is_due_again_later(jobs: dict[str, timers.Job]) -> None:
    done: list[str] = []
    jobs["a.often"] = timers.Job("a.often", 5, lambda: done.append("often"))
    jobs["a.seldom"] = timers.Job("a.seldom", 86400, lambda: done.append("seldom"))
    timers.enrol(jobs)
    assert timers.due() == ["a.often", "a.seldom"]
    assert timers.run_job("a.often")
    assert timers.due() == ["a.seldom"]
    assert not timers.run_job("a.often"), "another worker did it meanwhile"
    assert timers.run_job("a.seldom")
    assert (timers.due(), done) == ([], ["often", "seldom"])
    assert round(row("a.often")[2].total_seconds(), 3) == 5  # type: ignore[union-attr]
    assert round(row("a.seldom")[2].total_seconds(), 3) == 86400  # type: ignore[union-attr]
    timers.enrol(jobs)
    assert timers.due() == [], "a worker that starts brings nothing forward"


@pytest.mark.django_db
def test_a_job_that_is_no_more_loses_its_row(jobs: dict[str, timers.Job]) -> None:
    timers.enrol(["a.old", "a.kept"])
    assert timers.due() == [], "the code knows neither of them yet"
    timers.enrol(["a.kept"])
    assert run("SELECT name FROM kernel_job").fetchall() == [("a.kept",)]


@pytest.mark.django_db
def test_a_failure_is_noted_by_its_kind_and_forgotten_when_it_goes_well(
    jobs: dict[str, timers.Job], caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def fetch() -> None:
        if broken:
            raise LookupError("someone@example.org")

    jobs["a.fetch"] = timers.Job("a.fetch", 5, fetch)
    timers.enrol(jobs)
    for failures, seconds in ((1, 10), (2, 20), (3, 40)):
        make_due()
        assert timers.run_job("a.fetch")
        noted = row("a.fetch")
        assert noted[:2] == (failures, "builtins.LookupError")
        assert round(noted[2].total_seconds(), 3) == seconds  # type: ignore[union-attr]
    assert [(record.levelno, record.message, vars(record)["job"]) for record in caplog.records] == [
        (logging.ERROR, "a job failed", "a.fetch")
    ] * 3
    broken = False
    make_due()
    assert timers.run_job("a.fetch")
    assert row("a.fetch")[:2] == (0, "")


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_do_one_job_at_once(jobs: dict[str, timers.Job]) -> None:
    begun, go_on = threading.Event(), threading.Event()
    count: list[int] = []

    def slow() -> None:
        count.append(1)
        begun.set()
        assert go_on.wait(10)

    jobs["a.slow"] = timers.Job("a.slow", 5, slow)
    timers.enrol(jobs)
    ran: list[bool] = []

    def other_worker() -> None:
        with closing(connection):
            ran.append(timers.run_job("a.slow"))

    thread = threading.Thread(target=other_worker)
    thread.start()
    assert begun.wait(10)
    assert timers.due() == ["a.slow"]
    assert not timers.run_job("a.slow")
    go_on.set()
    thread.join()
    assert not timers.run_job("a.slow"), "it is done"
    make_due()
    assert timers.run_job("a.slow"), "and the lock is free again"
    assert (ran, count) == ([True], [1, 1])


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_job_is_free_at_once(jobs: dict[str, timers.Job]) -> None:
    jobs["a.slow"] = timers.Job("a.slow", 5, lambda: None)
    timers.enrol(jobs)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(timers._LOCK, ["a.slow"])
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert not timers.run_job("a.slow")
    run("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert timers.run_job("a.slow")


@pytest.mark.django_db
def test_keys_are_kept_two_days_and_events_for_good() -> None:
    keep = """
INSERT INTO kernel_idempotencykey (scope, key, body_hash, status, body, at)
VALUES ('orders', %s, %s, 201, '{}', now() - %s * interval '1 hour')
"""
    for key, hours in (("fresh", 0), ("a day old", 24), ("nearly two", 47.9), ("over", 48.1), ("long over", 1000)):
        run(keep, [key, body_hash(b"{}"), hours])
    unread = Event("orders.confirmed", new_id())
    publish([unread])
    run("UPDATE kernel_event SET at = at - interval '1000 days'")
    assert "fulfilment.tasks" in CONSUMERS
    assert tidy() == 2
    assert tidy() == 0
    kept = run("SELECT key FROM kernel_idempotencykey ORDER BY at").fetchall()
    assert kept == [("nearly two",), ("a day old",), ("fresh",)]
    assert run("SELECT subject_id FROM kernel_event").fetchall() == [(unread.subject_id,)]
