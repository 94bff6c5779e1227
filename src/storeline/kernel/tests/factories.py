"""What every module's tests share: races on real threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from storeline.kernel.api import Error, run


def race(*deeds: Callable[[], Any]) -> list[Any]:
    """What became of each deed, begun at once on a thread and a connection of its own: its result or its refusal.

    Anything else that a deed raises, such as a deadlock, is raised here.
    """
    start = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        try:
            run("SELECT 1")  # connected before the start, so that all begin together
            start.wait(20)
            return deed()
        except Error as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))
