"""`storeline work`: lets consumers read the event log, and runs what is due. Any number may run at once."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from importlib import import_module, util
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import close_old_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PUMP_S = 0.2
JOBS_S = 5.0
_log = logging.getLogger("storeline.work")


def work() -> None:
    """Work until SIGTERM or SIGINT; what is in hand is finished first."""
    django.setup()
    follow_clock()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    jobs = list(due_jobs())
    next_jobs = time.monotonic()
    while not stop.is_set():
        _attempt("events", _pump)
        if time.monotonic() >= next_jobs:
            for name, job in jobs:
                _attempt(name, job)
            next_jobs = time.monotonic() + JOBS_S
        stop.wait(PUMP_S)


def follow_clock() -> None:
    """Take up the demo's clock where the server said so."""
    from storeline.kernel.api import stored_clock  # noqa: PLC0415  # needs the settings

    if os.environ.get("STORELINE_CLOCK") == "stored":
        stored_clock.follow()


def due_jobs() -> Iterator[tuple[str, Callable[[], object]]]:
    """What each module's `jobs.py` names in `__all__`: functions that do what is due and may be called at any time."""
    for module in settings.MODULES:
        if util.find_spec(f"storeline.{module}.jobs"):
            jobs = import_module(f"storeline.{module}.jobs")
            yield from ((f"{module}.{name}", getattr(jobs, name)) for name in jobs.__all__)


def _pump() -> object:
    from storeline.kernel.api import pump  # noqa: PLC0415  # needs the settings

    return pump(patience=0)


def _attempt(name: str, deed: Callable[[], object]) -> None:
    """One failure must not stop the others: it is logged, and tried again in the next round."""
    try:
        close_old_connections()
        deed()
    except DatabaseFailure as error:
        _log.warning("the database did not answer", extra={"job": name}, exc_info=error)
    except Exception:  # noqa: BLE001  # whatever it is, the next job is not to blame
        _log.exception("a job failed", extra={"job": name})
