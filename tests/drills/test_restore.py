"""The drill of docs/backup.md: a base backup, archived logs, and the way back to a moment between two trades."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storeline.config.database import Server, binaries
from storeline.config.paths import VAR
from tests.faults.harness import Faults, await_end, faults, own_database
from tests.faults.judge import FINDINGS
from tests.faults.logbook import read
from tests.faults.worker import Job

TRADE_S = 1.0
WITHIN_S = 120.0  # on a busy machine
ARCHIVE = VAR / "drill-archive"
pytestmark = [pytest.mark.slow, pytest.mark.django_db]  # the second only so that there is a migrated database to copy


@pytest.fixture(scope="module")
def engine(django_db_setup: None) -> Iterator[Faults]:
    archive = Server(ARCHIVE).root  # where the server's account can write
    settings = {
        "archive_mode": "on",
        "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f.partial && mv {archive}/%f.partial {archive}/%f",
    }
    Server(ARCHIVE).account.own(archive)
    with faults("drill", settings, own_database()) as made:
        yield made
    shutil.rmtree(archive)


def trade(engine: Faults, name: str) -> Path:
    """One worker trades for a while; the folder of its log."""
    folder = engine.folder / name
    folder.mkdir()
    job = Job("work", "storeline", "drill", name, str(folder))
    worker = engine.spawn(job)
    time.sleep(TRADE_S)
    job.stop.touch()
    assert not await_end([worker])
    return folder


def back_up(server: Server) -> Path:
    """A base backup, taken while the server serves."""
    backup = server.root / "backup"
    done = server.account.run(
        [binaries() / "pg_basebackup", "--dbname", server.url, "--pgdata", backup, "--checkpoint", "fast"]
    )
    assert done.returncode == 0, done.stdout
    return backup


def archive_all(server: Server) -> None:
    """Wait until all that was written is in the archive."""
    with server.connect() as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row
        deadline = time.monotonic() + WITHIN_S
        while True:
            last = connection.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
            if last and last[0] and last[0] >= row[0]:
                return
            assert time.monotonic() < deadline, f"{row[0]} was not archived"
            time.sleep(0.05)


def restore(server: Server, backup: Path, moment: str) -> None:
    """The data is gone; put the backup in its place and let the archive bring it to `moment`."""
    server.kill()
    shutil.rmtree(server.data)
    backup.rename(server.data)
    signal = server.data / "recovery.signal"
    signal.touch()
    if server.account.switch:
        shutil.chown(signal, server.account.uid, server.account.gid)
    server.settings |= {
        "restore_command": f"cp {Server(ARCHIVE).root}/%f %p",
        "recovery_target_time": moment,
        "recovery_target_action": "promote",
    }
    server.start()
    with server.connect() as connection:
        deadline = time.monotonic() + WITHIN_S
        while connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
            assert time.monotonic() < deadline, "it did not come to the moment"
            time.sleep(0.05)


def test_a_restore_to_a_moment_has_the_trade_before_it_and_none_after_it(engine: Faults) -> None:
    backup = back_up(engine.server)
    earlier = trade(engine, "earlier")
    with engine.server.connect() as connection:
        moment = str(connection.execute("SELECT clock_timestamp()").fetchone()[0])  # type: ignore[index]
    later = trade(engine, "later")
    archive_all(engine.server)
    with engine.server.connect() as connection:
        before = connection.execute("SELECT count(*) FROM orders_order").fetchone()
    restore(engine.server, backup, moment)
    verdict = engine.judge("storeline", earlier)
    with engine.server.connect() as connection:
        after = connection.execute("SELECT count(*) FROM orders_order").fetchone()
    assert before
    assert after
    assert 0 < after[0] < before[0]
    assert any("orders" in (entry.answer or {}) for entry in read(later / "later.log")[0])
    assert {kind: verdict[kind] for kind in FINDINGS} == {kind: [] for kind in FINDINGS}, json.dumps(verdict)[:3000]
