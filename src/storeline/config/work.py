"""`storeline work`: lets consumers read the event log, and runs what is due. Any number may run at once.

Events are read by one thread and jobs run by others: a partner who does not answer holds up no event, and no other job.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from functools import partial
from importlib import import_module, util
from queue import SimpleQueue
from typing import TYPE_CHECKING

import django
import psycopg
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import close_old_connections, connections

from storeline.config import tracing
from storeline.kernel import timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PUMP_S = 0.2
LOOK_S = 0.5
"""How often we look which jobs are due."""
REST_S = 2.0
"""How long we let a database be that did not answer."""
HANDS = 4
"""How many jobs one worker runs at once."""
_log = logging.getLogger("storeline.work")


def work() -> None:
    """Work until SIGTERM or SIGINT, or until the server that started us is gone; what is in hand is finished first."""
    django.setup()
    follow_clock()
    limit_statements()
    tracing.start()
    server = int(os.environ.get("STORELINE_WORKS_FOR", "0"))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock = threading.Thread(target=keep_time, args=[stop], name="timers")
    clock.start()
    while not stop.is_set():
        stop.wait(PUMP_S if attempt("events", _pump) else REST_S)
        if server and os.getppid() != server:
            stop.set()
    clock.join()


def follow_clock() -> None:
    """Take up the demo's clock where the server said so."""
    from storeline.kernel.api import stored_clock  # noqa: PLC0415  # needs the settings

    if os.environ.get("STORELINE_CLOCK") == "stored":
        stored_clock.follow()


def limit_statements() -> None:
    """No statement of this process lasts for ever, and no transaction is forgotten open: consumers would wait for it."""
    milliseconds = round(settings.ENVIRONMENT.limits.statement * 1000)
    options = connections.settings["default"]["OPTIONS"]
    given = options.get("options", "")
    options["options"] = (
        f"{given} -c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={2 * milliseconds}".strip()
    )


def due_jobs() -> Iterator[tuple[str, Callable[[], object]]]:
    """What each module's `jobs.py` registers: functions that do what is due and may be called at any time."""
    for module in settings.MODULES:
        if util.find_spec(f"storeline.{module}.jobs"):
            import_module(f"storeline.{module}.jobs")
    yield from ((job.name, job.run) for job in timers.JOBS.values())


def keep_time(stop: threading.Event) -> None:
    """Hand each job that is due to a free hand, until told to stop."""
    names = [name for name, _ in due_jobs()]
    hands = _Hands(stop)
    while not stop.is_set() and not attempt("timers", partial(timers.enrol, names)):
        stop.wait(REST_S)
    while not stop.is_set():
        stop.wait(LOOK_S if attempt("timers", hands.look) else REST_S)
    hands.rest()
    connections.close_all()


class _Hands:
    """Threads that run jobs; none is given out again before it was done."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.todo: SimpleQueue[str] = SimpleQueue()
        self.taken: set[str] = set()
        self.threads = [threading.Thread(target=self.lend, name=f"hand {number}") for number in range(1, HANDS + 1)]
        for thread in self.threads:
            thread.start()

    def look(self) -> None:
        for name in timers.due():
            if name not in self.taken:
                self.taken.add(name)
                self.todo.put(name)

    def lend(self) -> None:
        while name := self.todo.get():
            if not self.stop.is_set():
                attempt(name, partial(timers.run_job, name))
            self.taken.discard(name)
        connections.close_all()

    def rest(self) -> None:
        for _ in self.threads:
            self.todo.put("")
        for thread in self.threads:
            thread.join()


def _pump() -> object:
    from storeline.kernel.api import pump  # noqa: PLC0415  # needs the settings

    return pump(patience=0)


def attempt(name: str, deed: Callable[[], object]) -> bool:
    """Whether it was done. One failure must not stop the others: it is logged, and tried again in the next round."""
    try:
        close_old_connections()
        deed()
    except (DatabaseFailure, psycopg.Error) as error:
        _log.warning("the database did not answer", extra={"job": name}, exc_info=error)
    except Exception:  # noqa: BLE001  # whatever it is, the next one is not to blame
        _log.exception("a job failed", extra={"job": name})
    else:
        return True
    return False
