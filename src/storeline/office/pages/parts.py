"""What lists and forms of the office share: addresses with filters, cursors, days, decimals as people type them, CSV."""

from __future__ import annotations

import base64
import binascii
import csv
import functools
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from babel.lists import format_list
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storeline.identity.api import Request
from storeline.kernel.api import Invalid, time_zone
from storeline.places import api as places
from storeline.web.formats import locale
from storeline.web.pages import see

LOCAL = "%Y-%m-%dT%H:%M"
"""A moment as a field of day and time sends and shows it."""
LONGEST_EXPORT = 20_000
"""Rows of one file: what a spreadsheet still opens gladly. Whoever wants all takes `storeline export`."""
T = TypeVar("T")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")


def by_language(make: Callable[[], dict[str, T]]) -> Callable[[], dict[str, T]]:
    """Keep what `make` makes of texts, once for each language: lists ask for it on each of their rows."""
    kept: dict[str, dict[str, T]] = {}

    @functools.wraps(make)
    def words() -> dict[str, T]:
        language = get_language() or "en"
        if language not in kept:
            kept[language] = make()
        return kept[language]

    return words


@functools.lru_cache(maxsize=512)
def pill(name: str, tone: str, symbol: str) -> SafeString:
    """A state as lists show it on each of their rows: drawn once."""
    return render_to_string("web/parts/pill.html", {"text": name, "tone": tone, "symbol": symbol})


def as_id(text: str) -> UUID | None:
    """An id from a form or an address, where it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def as_day(text: str) -> date | None:
    """A day as a date field sends it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def day_bounds(first: date | None, last: date | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The moments from the beginning of `first` to the end of `last`, in a zone."""
    at = time_zone(zone)
    since = None if first is None else datetime.combine(first, time(), at).astimezone(UTC)
    until = None if last is None else datetime.combine(last + timedelta(days=1), time(), at).astimezone(UTC)
    return since, until


def decimal_text(text: str) -> str:
    """A decimal as people of each language type it, with a point."""
    plain = re.sub(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", "", text)
    return plain.replace(",", ".") if "." not in plain else plain


def cursor_of(*parts: object) -> str:
    """What the next page begins after."""
    return base64.urlsafe_b64encode("|".join(map(str, parts)).encode()).decode().rstrip("=")


def cursor_parts(text: str, parts: int) -> list[str] | None:
    """The same, read again; None where there is none. Raises Invalid where it is no cursor."""
    if not text:
        return None
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode().split("|")
    except (ValueError, binascii.Error):
        found = []
    if len(found) != parts:
        raise Invalid(_("Begin again at the first page."), field="after")
    return found


def address(request: Request, **changes: object) -> str:
    """This page's own address with other filters; None or an empty one takes one away, the page always begins anew."""
    kept: dict[str, Any] = {name: request.GET[name] for name in request.GET if name not in ("after", "said")}
    kept |= changes
    query = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
    return f"{request.path}?{query}" if query else request.path


def back_to(name: str, *args: Any, **told: object) -> HttpResponse:
    """To a page that says what became of a form: a reload repeats nothing."""
    query = urlencode({key: value for key, value in told.items() if value not in (None, "")})
    return see(reverse(name, args=args) + (f"?{query}" if query else ""))


def office_zone() -> str:
    """The zone that head office reckons in: that of the first legal entity. One query."""
    found = places.list_entities(limit=1)
    return found[0].zone if found else "UTC"


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A CSV file with a byte order mark, so that every spreadsheet reads its letters; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    response = HttpResponse("\N{BYTE ORDER MARK}" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def cell(value: object) -> str:
    """A cell's text. One that a spreadsheet would run gets an apostrophe before it; numbers stay numbers."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def joined(parts: Iterable[str]) -> str:
    """Words one after another, as the reader's language writes lists."""
    return str(format_list(list(parts), style="unit", locale=locale()))


def moment_of(text: str, zone: str) -> datetime | None:
    """A moment as a field of day and time sends it, at a zone; None where it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=time_zone(zone)).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def end_of(ends: datetime | None, zone: str) -> str:
    """The same the other way round."""
    return "" if ends is None else ends.astimezone(time_zone(zone)).strftime(LOCAL)
