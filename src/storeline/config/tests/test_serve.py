"""Served for real: a process of its own, static files, a worker beside it, and a clean end."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from storeline.config import demo

pytestmark = pytest.mark.django_db(transaction=True)


def free_port() -> int:
    """Below those that connections going out are given, or one of them could have it before the server does."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port := random.randrange(10_000, 32_000)))
            return port


def fetch(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def post(address: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    """What an order that lacks everything is answered, but for what each answer has of its own."""
    asked = urllib.request.Request(address, b"{}", headers | {"Content-Type": "application/json"}, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(asked, timeout=5):
        pass
    with refused.value as answer:
        given = {name.lower(): value for name, value in answer.headers.items()}
        given["vary"] = given["vary"].removesuffix(", Accept-Encoding")  # the front's own answers are not compressed
        return answer.code, answer.read(), given | {"x-request-id": "", "date": ""}


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            fetch(address)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not come up")


def workers(server: int) -> list[int]:
    """The processes of `storeline work` that `server` started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == server and b"work" in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    assert found
    return found


def wait_for_a_job(after: str) -> str:
    """When a job of a second ended, once that is later than `after`.

    How soon is not the question here, that somebody does it is: a fresh process beside the fault rounds may take long.
    """
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ended_at::text FROM kernel_job WHERE name = 'messages.send' AND ended_at > %s::timestamptz",
                [after],
            )
            if found := cursor.fetchone():
                return str(found[0])
        time.sleep(0.1)
    raise AssertionError("no worker runs jobs")


def others() -> set[int]:
    """Who else is connected: the browser tests keep a server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_it_serves_and_ends(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    database = make_conninfo(settings.ENVIRONMENT.database_url, dbname=connection.settings_dict["NAME"])
    environment = os.environ | {"DATABASE_URL": database, "STORELINE_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "storeline", "serve", "--port", str(port), "--workers", "1"]
    before = others()
    process = subprocess.Popen(command, env=environment)
    try:
        wait_for(f"{address}/health/live", process)
        assert fetch(f"{address}/health/ready") == (200, '{"status": "ok"}')
        status, page = fetch(f"{address}/api/v1/docs")
        assert status == 200
        assert "https://" not in page.replace('"https://schema', "")
        assert "/static/ninja/swagger-ui-bundle." in page
        assert fetch(f"{address}/static/ninja/swagger-ui-init.js")[0] == 200
        assert '"openapi": "3.1.0"' in fetch(f"{address}/api/v1/openapi.json")[1]
        assert "storeline_requests_total" in fetch(f"{address}/metrics")[1]
        lean, framework = (post(f"{address}/api/v1/orders", headers) for headers in ({}, {"Cookie": "theme=dark"}))
        assert lean == framework
        assert lean[0] == 422
        elsewhere = {"Host": "elsewhere.test"}
        assert post(f"{address}/api/v1/orders", elsewhere) == post(
            f"{address}/api/v1/orders", elsewhere | {"Cookie": "a=b"}
        )
        assert post(f"{address}/api/v1/orders", elsewhere)[0] == 400
        first = wait_for_a_job("1970-01-01")
        for pid in workers(process.pid):
            os.kill(pid, signal.SIGKILL)
        assert wait_for_a_job(first) > first, "another worker took its place"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert others() <= before, "it leaves no connection behind"


def test_a_demo_cut_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_NOTES", tmp_path / "demo.json")
    done: list[str] = []
    broken = True

    def second() -> None:
        if broken:
            raise KeyboardInterrupt
        done.append("second")

    todo = [demo.Step("first", "First", lambda: done.append("first")), demo.Step("second", "Second", second)]
    with pytest.raises(KeyboardInterrupt):
        demo.run(todo, key="this database")
    broken = False
    demo.run(todo, key="this database")
    demo.run(todo, key="this database")
    assert done == ["first", "second"]
    demo.run(todo, key="another database")
    assert done == ["first", "second", "first", "second"]


def test_a_kept_connection_is_dropped_when_the_server_closed_it() -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert not connection.is_usable()
    connection.close()
