"""What an address of the office asks for: which days, whose, and how it is passed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from storeline.insight.api import Span

RANGES: Final = {"day": 1, "week": 7, "month": 28, "quarter": 91, "year": 364}
"""How many days each range has that is not chosen day by day; whole weeks, so that weekdays meet."""
CUSTOM = "custom"
MOST_DAYS = 1100
"""Three years; more in one line says nothing."""
_LONGEST = 100
_EARLIEST, _LATEST = 1900, 2200


@dataclass(frozen=True, slots=True)
class Asked:
    """An address's query: `day` is the last day, of a custom range `first` too; "" is all. `wrong` names a field not understood."""

    range: str = "day"
    day: date | None = None
    first: date | None = None
    place: str = ""
    format: str = ""
    region: str = ""
    channel: str = ""
    entity: str = ""
    currency: str = ""
    department: str = ""
    wrong: str = ""

    def span(self, latest: date, complete: date) -> Span:
        """The days: of one day the latest with trade, of longer ranges those up to the latest that is over."""
        if self.range == CUSTOM and self.first is not None and self.day is not None:
            return Span(self.first, self.day)
        days = RANGES.get(self.range, 1)
        last = self.day or (latest if days == 1 else min(latest, complete))
        return Span(last - timedelta(days=days - 1), last)

    def query(self, **changes: object) -> str:
        """This as an address's query, with some of it changed; None takes a thing out."""
        values: dict[str, object] = {
            "range": "" if self.range == "day" else self.range,
            "from": self.first if self.range == CUSTOM else None,
            "to" if self.range == CUSTOM else "day": self.day,
        }
        names = ("place", "format", "region", "channel", "entity", "currency", "department")
        values |= {name: getattr(self, name) for name in names} | changes
        found = {name: str(value) for name, value in values.items() if value not in (None, "")}
        return f"?{urlencode(found)}" if found else ""


def read(given: Mapping[str, str]) -> Asked:
    """An address's query. What cannot be understood is left out and named, so that a page always has something to show."""
    kind = given.get("range", "day")
    known = kind in RANGES or kind == CUSTOM

    def text(name: str) -> str:
        return given.get(name, "").replace("\0", "").strip()[:_LONGEST]

    asked = Asked(
        range=kind if known else "day",
        place=text("place"),
        format=text("format"),
        region=text("region"),
        channel=text("channel"),
        entity=text("entity"),
        currency=text("currency"),
        department=text("department"),
        wrong="" if known else "range",
    )
    names = ("from", "to") if asked.range == CUSTOM else ("day",)
    days = {}
    for name in names:
        days[name], wrong = _day(given.get(name, ""))
        if wrong:
            asked = replace(asked, wrong=name)
    if asked.range != CUSTOM:
        return replace(asked, day=days["day"])
    first, last = days["from"], days["to"]
    if first is None or last is None:
        return replace(asked, range="month", day=last, wrong=asked.wrong or ("from" if first is None else "to"))
    if not 0 <= (last - first).days < MOST_DAYS:
        return replace(asked, range="month", day=last, wrong="from")
    return replace(asked, first=first, day=last)


def _day(text: str) -> tuple[date | None, bool]:
    """A day, and whether what was given is none."""
    if not text:
        return None, False
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None, True
    return (found, False) if _EARLIEST <= found.year <= _LATEST else (None, True)
