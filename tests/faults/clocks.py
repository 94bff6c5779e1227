"""Clocks that jump: the business clock, and the system's as this process sees it.

PostgreSQL's own clock cannot be moved without moving the machine's.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Any

from storeline.kernel.api import clock

HOURS = (-5, -1, 0, 1, 5)
"""How far the business clock may be off."""
SECONDS = (-3600, -90, 0, 90, 3600)
"""How far the system's may be."""
_TIME, _TIME_NS = time.time, time.time_ns
_away = timedelta()


class _AnyDatetime(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class JumpingDatetime(datetime, metaclass=_AnyDatetime):
    """`datetime` whose now is away from the machine's; all that it makes are plain ones."""

    def __new__(cls, *args: Any, **fields: Any) -> Any:  # as datetime's
        return datetime(*args, **fields)  # noqa: DTZ001  # as it was asked for

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # plain ones, on purpose
        return datetime.now(tz) + _away


def jump(chance: Random) -> str:
    """Move one of the clocks, forward or backward; what was done."""
    if chance.random() < 0.5:  # either
        hours = chance.choice(HOURS)
        clock.run_from(JumpingDatetime.now(UTC) + timedelta(hours=hours))
        return f"the business clock is {hours} h off"
    seconds = chance.choice(SECONDS)
    jump_system(timedelta(seconds=seconds))
    return f"the system's clock is {seconds} s off"


def jump_system(away: timedelta) -> None:
    """From now on every module of the product sees the system's time so far from the machine's."""
    global _away  # noqa: PLW0603  # a clock is global
    _away = away
    seconds = away.total_seconds()
    time.time = lambda: _TIME() + seconds
    time.time_ns = lambda: _TIME_NS() + int(seconds) * 1_000_000_000
    for name, module in list(sys.modules.items()):
        if name.startswith("storeline.") and vars(module).get("datetime") is datetime:
            vars(module)["datetime"] = JumpingDatetime
