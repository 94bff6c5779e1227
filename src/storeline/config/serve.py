"""`storeline serve`: granian's workers over the application (`asgi.py`), and the worker that reads events.

Why these numbers of processes and threads: docs/adr/0002-server.md and 0012-live.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import django
import psycopg
from django.conf import settings
from django.db import Error as DatabaseFailure
from granian import Granian
from granian.constants import Interfaces

from storeline.config.paths import VAR
from storeline.web import statics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BEAT_S = 1.0
_PATIENCE_S = 30
_MOST_TO_END_S = 30
"""What a process is still at so long after it was told to stop is cut off: whatever it was writing is whole or undone."""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="storeline serve", description="Serve the API and its pages.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8), help="processes")
    parser.add_argument("--threads", type=int, default=8, help="requests at once in each process")
    parser.add_argument("--writers", type=int, default=1, help="sets of orders written at once in each process")
    parser.add_argument(
        "--stored-clock", action="store_true", help="business time goes on from where the demo's stands"
    )
    parser.add_argument("--no-work", action="store_true", help="start no worker for events and timers")
    return parser.parse_args(arguments)


def serve(arguments: Sequence[str]) -> None:
    """Serve until told to stop."""
    chosen = options(arguments)
    (VAR / "metrics").mkdir(parents=True, exist_ok=True)
    # Counts of all processes of this server, and of no other of the same checkout.
    # The sockets between them are in the system's own folder: an address of a socket has a hundred characters at most.
    with TemporaryDirectory(dir=VAR / "metrics") as metrics, TemporaryDirectory(prefix="storeline-") as siblings:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics  # read when its library is first imported
        os.environ["STORELINE_SIBLINGS"] = siblings
        _serve(chosen)


def _serve(chosen: argparse.Namespace) -> None:
    os.environ["STORELINE_STATIC"] = "collected"
    django.setup()
    statics.collect()
    os.environ["STORELINE_THREADS"] = str(chosen.threads)
    os.environ["STORELINE_PROCESSES"] = str(chosen.workers)
    os.environ["STORELINE_WRITERS"] = str(chosen.writers)
    with _clock(stored=chosen.stored_clock), _worker(wanted=not chosen.no_work):
        Granian(
            "storeline.config.asgi:application",
            address=chosen.host,
            port=chosen.port,
            interface=Interfaces.ASGI,
            workers=chosen.workers,
            backlog=2048,
            backpressure=chosen.threads * 8 + settings.LIVE_STREAMS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=_MOST_TO_END_S,
            log_access=False,
        ).serve()


@contextmanager
def _clock(*, stored: bool) -> Iterator[None]:
    """Let the demo's clock run while we serve, and keep how far it came."""
    from django.db import connection  # noqa: PLC0415  # needs the settings

    from storeline.kernel.api import stored_clock  # noqa: PLC0415

    if not stored:
        yield
        return
    stored_clock.start()
    os.environ["STORELINE_CLOCK"] = "stored"
    connection.close()  # the processes that follow must not share it
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(_BEAT_S):
            try:
                stored_clock.beat()
            except (DatabaseFailure, psycopg.Error):
                connection.close()  # it beats again with the next
        connection.close()

    thread = threading.Thread(target=beat, name="clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _worker(*, wanted: bool) -> Iterator[None]:
    """`storeline work` beside the server, for as long as it serves."""
    if not wanted:
        yield
        return
    over = threading.Event()
    # The first is started before the server's own processes are: one forked while another thread starts a program holds
    # that program's pipe open, and the thread would wait for its end for ever.
    keeper = threading.Thread(target=_keep_worker, args=[over, _start_worker()], name="worker")
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _start_worker() -> subprocess.Popen[bytes]:
    """It ends by itself should we be killed."""
    environment = os.environ | {"STORELINE_WORKS_FOR": str(os.getpid())}
    return subprocess.Popen([sys.executable, "-m", "storeline", "work"], env=environment)


def _keep_worker(over: threading.Event, process: subprocess.Popen[bytes]) -> None:
    """Start it again when it was killed."""
    while True:
        while process.poll() is None and not over.wait(_BEAT_S / 10):
            pass
        if over.wait(_BEAT_S):
            _end(process)
            return
        process = _start_worker()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()  # whatever it had in hand is taken up by the next worker
        process.wait()
