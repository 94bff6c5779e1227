"""The embedded server: made once, started by whoever comes first, and there again after a crash."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from storeline.config import accounts
from storeline.config.database import Server
from storeline.config.paths import SYSTEM_STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="no embedded server here")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "postgres")
        server.start()
        yield server
        server.remove()


def test_it_is_local_durable_and_utf8(server: Server) -> None:
    with server.connect() as connection:
        shown = {
            name: connection.execute("select current_setting(%s)", [name]).fetchone()
            for name in ("listen_addresses", "fsync", "synchronous_commit", "server_encoding", "TimeZone")
        }
        assert shown == {
            "listen_addresses": ("",),
            "fsync": ("on",),
            "synchronous_commit": ("on",),
            "server_encoding": ("UTF8",),
            "TimeZone": ("UTC",),
        }
        rules = connection.execute("select distinct type, auth_method from pg_hba_file_rules").fetchall()
        assert rules == [("local", "peer")]
        assert connection.info.server_version // 10_000 == 18


def test_it_knows_letters_of_every_script(server: Server) -> None:
    with server.connect() as connection:
        connection.execute("create extension if not exists pg_trgm")
        found = connection.execute("select lower('ÉÑ'), cardinality(show_trgm('北京烤鸭'))").fetchone()
        assert found == ("éñ", 5)


def test_folders_are_private(server: Server) -> None:
    for folder in (server.root, server.data, server.socket_folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_uid == server.account.uid


def test_what_was_committed_survives_a_kill(server: Server) -> None:
    connection = server.connect()
    connection.execute("create table kept (n int)")
    connection.execute("insert into kept values (1), (2)")
    connection.execute("begin")
    connection.execute("insert into kept values (3)")
    server.kill()
    connection.close()
    assert not server.running()
    assert server.status().startswith("stopped: data in")
    server.start()
    with server.connect() as connection:
        assert connection.execute("select array_agg(n) from kept").fetchone() == ([1, 2],)
        connection.execute("drop table kept")


def test_a_lock_file_whose_number_lives_as_another_program_is_no_obstacle(server: Server) -> None:
    server.kill()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert server.pid() is None
    server.start()
    assert server.running()


def test_one_whose_socket_was_taken_away_is_started_anew(server: Server) -> None:
    before = server.start().pid()
    for file in server.socket_folder.iterdir():
        file.unlink()
    assert server.start().pid() not in (None, before)
    assert server.running()


def test_two_commands_may_start_it_at_once(server: Server) -> None:
    server.stop()
    with ThreadPoolExecutor(4) as threads:
        pids = set(threads.map(lambda _: Server(server.asked).start().pid(), range(4)))
    assert len(pids) == 1
    assert pids != {None}


def test_stop_is_clean_and_can_be_repeated(server: Server) -> None:
    server.start()
    server.stop()
    server.stop()
    assert server.status() == f"stopped: data in {server.data}"
    assert not (server.data / "postmaster.pid").exists()
    with pytest.raises(psycopg.OperationalError):
        server.connect()


def test_an_interrupted_making_is_made_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "postgres")
        server._make_folders()
        half = server.account.own(server.root / "data.partial")
        (half / "PG_VERSION").write_text("18\n")
        try:
            assert server.start().running()
        finally:
            server.remove()
        assert not server.root.exists()


def test_a_path_too_long_for_a_socket_gets_a_short_one() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, *["a-rather-long-name"] * 6)
        server = Server(root)
        try:
            assert server.start().running()
            assert len(os.fsencode(server.socket_folder)) < 80
            assert server.socket_folder.stat().st_mode & 0o777 == 0o700
        finally:
            server.remove()
        assert not server.socket_folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_a_closed_parent_moves_the_data_and_changes_no_mode() -> None:
    with tempfile.TemporaryDirectory() as folder:  # made with mode 0700, root's
        closed = Path(folder)
        assert not accounts.server_account().reaches(closed / "postgres")
        server = Server(closed / "postgres")
        try:
            assert server.start().running()
            assert server.root.parent == SYSTEM_STATE
            assert list(closed.iterdir()) == []
            assert closed.stat().st_mode & 0o777 == 0o700
        finally:
            server.remove()


def test_settings_of_a_private_server_are_added(server: Server) -> None:
    server.stop()
    changed = Server(server.asked, {"work_mem": "7MB"}).start()
    with changed.connect() as connection:
        assert connection.execute("show work_mem").fetchone() == ("7MB",)
    changed.stop()


def test_the_command_line_reports_it(tmp_path: Path) -> None:
    environment = os.environ | {"STORELINE_VAR": str(tmp_path)}
    environment.pop("DATABASE_URL", None)
    shown = subprocess.run(
        [sys.executable, "-m", "storeline", "db", "status"], env=environment, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "stopped: no data yet\n"
