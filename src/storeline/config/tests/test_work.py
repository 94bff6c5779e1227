"""The worker: every module's jobs, side by side; one that hangs or fails holds up nobody; its statements have an end."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from psycopg.conninfo import make_conninfo

from storeline.config import work
from storeline.config.modules import MODULES
from storeline.kernel import timers


def test_each_modules_jobs_are_found() -> None:
    found = dict(work.due_jobs())
    assert found["messages.send"].__module__ == "storeline.messages.jobs"
    assert {name.partition(".")[0] for name in found} == {
        module for module in MODULES if (Path(work.__file__).parents[1] / module / "jobs.py").exists()
    }


def test_a_failure_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def bad() -> None:
        raise ValueError("secret words")

    def away() -> None:
        raise psycopg.OperationalError("secret address")

    deeds: list[tuple[str, Callable[[], Any]]] = [
        ("a", lambda: done.append("a")),
        ("bad", bad),
        ("away", away),
        ("c", lambda: done.append("c")),
    ]
    assert [work.attempt(name, deed) for name, deed in deeds] == [True, False, False, True]
    assert done == ["a", "c"]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "a job failed"),
        (logging.WARNING, "the database did not answer"),
    ]


@contextmanager
def time_passes() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=work.keep_time, args=[stop])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_hangs_holds_up_no_other_and_is_not_begun_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    silent_partner = threading.Event()
    hung: list[int] = []
    done: list[int] = []

    def hang() -> None:
        hung.append(1)
        assert silent_partner.wait(20)

    jobs = {"a.hang": timers.Job("a.hang", 0, hang), "a.quick": timers.Job("a.quick", 0, lambda: done.append(1))}
    monkeypatch.setattr(timers, "JOBS", jobs)
    monkeypatch.setattr(work, "due_jobs", lambda: ((name, job.run) for name, job in jobs.items()))
    monkeypatch.setattr(work, "LOOK_S", 0.01)
    with time_passes():
        wait_until(lambda: len(done) >= 3)
        assert hung == [1]
        silent_partner.set()
        wait_until(lambda: len(hung) >= 2)
    assert timers.run_job("a.quick"), "no lock is left"


def test_statements_and_forgotten_transactions_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"default": {"OPTIONS": {"options": "-c work_mem=5MB"}}}
    monkeypatch.setattr(work, "connections", SimpleNamespace(settings=given))
    limits = replace(settings.ENVIRONMENT.limits, statement=1.5)
    monkeypatch.setattr(work, "settings", SimpleNamespace(ENVIRONMENT=replace(settings.ENVIRONMENT, limits=limits)))
    work.limit_statements()
    options = given["default"]["OPTIONS"]["options"]
    assert options == "-c work_mem=5MB -c statement_timeout=1500 -c idle_in_transaction_session_timeout=3000"
    address = make_conninfo(settings.ENVIRONMENT.database_url, options=options)
    with psycopg.connect(address, autocommit=True) as limited:
        shown = [
            limited.execute(f"SHOW {name}").fetchone()
            for name in ("work_mem", "statement_timeout", "idle_in_transaction_session_timeout")
        ]
        assert shown == [("5MB",), ("1500ms",), ("3s",)]
        with pytest.raises(psycopg.errors.QueryCanceled):
            limited.execute("SELECT pg_sleep(5)")
    assert "options" not in connections.settings["default"]["OPTIONS"], "commands such as an import have no such limit"


@pytest.mark.django_db(transaction=True)
def test_a_worker_ends_with_the_server_that_started_it() -> None:
    database = make_conninfo(settings.ENVIRONMENT.database_url, dbname=connection.settings_dict["NAME"])
    environment = os.environ | {"DATABASE_URL": database, "STORELINE_WORKS_FOR": "1"}  # not us
    command = [sys.executable, "-m", "storeline", "work"]
    subprocess.run(command, env=environment, check=True, timeout=30)
