"""Business time. Ids, tokens, signatures and sessions use the system's clock instead.

The clock is the system's unless a stored one is taken up: the demo's stands at the end of the
trade that it replayed, and runs only while the demo serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from storeline.kernel.errors import Invalid


def _system() -> datetime:
    return datetime.now(UTC)


class _Clock:
    source: Callable[[], datetime] = staticmethod(_system)


_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """The business time, in UTC."""
    return _fixed.get() or _Clock.source()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Business time stands at `moment` inside the block: replays and tests."""
    if moment.tzinfo is None:
        raise Invalid("A business time needs its zone.")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def run_from(moment: datetime) -> None:
    """From now on in this process, business time runs on from `moment`."""
    offset = moment - _system()
    _Clock.source = staticmethod(lambda: _system() + offset)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"{name!r} is not an IANA time zone.", field="zone") from None


def business_date(moment: datetime, zone_name: str) -> date:
    """The calendar day of `moment` where the place stands."""
    return moment.astimezone(zone(zone_name)).date()


def week_ending(day: date) -> date:
    """The Sunday that ends the ISO week of `day`."""
    return day + timedelta(days=6 - day.weekday())
