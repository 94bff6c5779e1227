"""Who did what: the audit trail, by person, deed, place and time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse

from storeline.identity import api as identity
from storeline.identity.api import Request
from storeline.kernel.api import VIEW_TRAIL, Deed, WantedDeeds, known_actions, list_deeds
from storeline.office.pages import promotion_words
from storeline.office.pages.deeds import actions, areas, detail_of, link_of, who_of, words_of
from storeline.office.pages.parts import (
    LONGEST_EXPORT,
    address,
    as_day,
    as_id,
    csv_file,
    cursor_of,
    cursor_parts,
    day_bounds,
    office_zone,
)
from storeline.office.pages.shared import pages, render
from storeline.places import api as places

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A deed in a list."""

    deed: Deed
    who: str
    what: str
    place: str
    detail: str
    at: str
    href: str


@pages.get("activity", VIEW_TRAIL, name="activity")
def index(request: Request) -> HttpResponse:
    """Deeds by person, action, subject, place and time, the latest first."""
    zone = office_zone()
    only, person = _wanted(request, zone)
    is_file = request.GET.get("format") == "csv"
    size = LONGEST_EXPORT if is_file else _SHOWN
    found = [] if only is None else list_deeds(only, before=_before(request), limit=size + 1)
    rows = _rows(found[:size], zone)
    if is_file:
        return _file(rows)
    following = cursor_of(found[size - 1].at.isoformat(), found[size - 1].id) if len(found) > size else ""
    known = known_actions()
    context = {
        "tab": "activity",
        "rows": rows,
        "next": address(request, after=following) if following else None,
        "actions": [(code, actions().get(code, code)) for code in known],
        "areas": [(code, name) for code, name in areas().items() if any(one.startswith(code) for one in known)],
        "asked": {name: request.GET.get(name, "") for name in ("who", "action", "place", "from", "to", "subject")},
        "person": person,
        "unknown": only is None,
        "export": address(request, format="csv"),
    }
    return render(request, "office/activity.html", context)


def _before(request: Request) -> tuple[datetime, UUID] | None:
    parts = cursor_parts(request.GET.get("after", ""), 2)
    key = as_id(parts[1]) if parts else None
    try:
        return (datetime.fromisoformat(parts[0]), key) if parts and key else None
    except ValueError:
        return None


def _wanted(request: Request, zone: str) -> tuple[WantedDeeds | None, str]:
    """What the address asks for, None where nobody is called so; and the person's name."""
    given = request.GET
    who = given.get("who", "").strip()[:100]
    actor_id = as_id(who) or (identity.find_user(who) if who and who != "system" else None)
    place_id, own = _place(given.get("place", "").strip()[:100]), request.actor.places_for(VIEW_TRAIL)
    subject = given.get("subject", "").strip()[:100]
    subject_id = as_id(subject)
    lost = (who and who != "system" and actor_id is None) or (subject and subject_id is None)
    if lost or (given.get("place") and place_id is None):
        return None, who
    since, until = day_bounds(as_day(given.get("from", "")), as_day(given.get("to", "")), zone)
    if place_id is not None and own is not None and place_id not in own:
        return None, who
    action = given.get("action", "")[:80] or None
    only = WantedDeeds(
        actor_id=actor_id,
        actor_kind="system" if who == "system" else None,
        action=action,
        subject_ids=None if subject_id is None else [subject_id],
        places=own if place_id is None else [place_id],
        since=since,
        until=until,
    )
    return only, who


def _place(text: str) -> UUID | None:
    """The place with this id or reference."""
    key = as_id(text)
    if key is not None or not text:
        return key
    found = places.find_by_ref(text)
    return None if found is None else found.id


def _rows(found: Collection[Deed], zone: str) -> list[Row]:
    people = {deed.actor_id for deed in found if deed.actor_id is not None}
    names = identity.names_of(people) if people else {}
    where = {deed.place_id for deed in found if deed.place_id is not None}
    named = places.names_of(list(where)) if where else {}
    return [
        Row(
            deed,
            who_of(deed, names),
            words_of(deed),
            named.get(deed.place_id, ("", ""))[1] if deed.place_id else "",
            detail_of(deed),
            promotion_words.moment(deed.at, zone),
            link_of(deed),
        )
        for deed in found
    ]


def _file(rows: Collection[Row]) -> HttpResponse:
    head = ("at", "who", "actor_kind", "actor_id", "action", "subject_id", "place", "detail")
    return csv_file(
        "activity",
        head,
        (
            (
                row.deed.at.isoformat(), row.who, row.deed.actor_kind, row.deed.actor_id, row.deed.action,
                row.deed.subject_id, row.place, row.detail,
            )
            for row in rows
        ),
    )  # fmt: skip
