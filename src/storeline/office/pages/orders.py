"""Orders: how many are in each state and what is stuck, a list that can be searched and exported."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.customers import api as customers
from storeline.fiscal import api as fiscal
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import Error, format_amount, now
from storeline.office.pages import order_words as words
from storeline.office.pages import promotion_words
from storeline.office.pages.parts import (
    LONGEST_EXPORT,
    address,
    as_day,
    as_id,
    csv_file,
    cursor_of,
    cursor_parts,
    office_zone,
    pill,
)
from storeline.office.pages.shared import pages, render
from storeline.office.queries import taken_off
from storeline.orders import api as orders
from storeline.payments import api as payments
from storeline.places import api as places

_SHOWN = 40
_OWED = 200
_WAITS = timedelta(days=3)
_NUMBER = re.compile(r"[0-9a-fA-F]{6}")
_STATES = ("pending", "confirmed", "completed", "cancelled")
_TASKS = {"to_pick": ("to_pick", "picking"), "late": ("to_pick", "picking"), "unpaid": ("unpaid",)}
_TASKS |= {"capturing": ("capturing",), "ready": ("ready",), "waiting": ("ready",)}
_STUCK = ("expired", "unfinished", "owed", *_TASKS)
_CHANNELS = ("web", "till", "store", "online")


@dataclass(frozen=True, slots=True)
class Tile:
    """How many orders are in a state, since when, and where to see them."""

    name: str
    count: int
    note: str
    href: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Stuck:
    """Orders that do not go on: why, how many, since when, and what to do."""

    reason: words.Reason
    count: int
    since: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """An order in a list."""

    head: orders.OrderHead
    number: str
    pill: str
    place: str
    channel: str
    method: str
    at: str
    payable: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    place: places.Place | None
    first: date | None
    last: date | None
    channel: str
    state: str
    q: str

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.place or self.first or self.last or self.channel or self.state or self.q)


@pages.get("orders", orders.VIEW, name="orders")
def index(request: Request) -> HttpResponse:
    """What is open and what is stuck, then the orders that the address asks for, the latest first."""
    asked = _asked(request)
    zone = asked.place.zone if asked.place else office_zone()
    found, following = _found(request, asked)
    own = _scope(request)
    context = {
        "tab": "orders",
        "asked": asked,
        "place_ref": request.GET.get("place", ""),
        "place_unknown": bool(request.GET.get("place")) and asked.place is None,
        "rows": _rows(found, zone),
        "next": address(request, after=following) if following else None,
        "zone": zone,
        "states": [(code, words.state(code).name) for code in _STATES],
        "channels": [(code, promotion_words.channel(code)) for code in _channels(asked.channel)],
        "export": address(request, format="csv"),
        "stuck_name": words.stuck(asked.state).name if asked.state in _STUCK and asked.state in _REASONS else "",
        "may_find_people": request.actor.may(customers.FIND),
    }
    if request.GET.get("format") == "csv":
        return _export(request, asked)
    # What is open is said above the list, not on its further pages.
    if not request.GET.get("after"):
        context |= _standing(own, request, zone)
    return render(request, "office/orders.html", context)


_REASONS = ("expired", "unfinished", "late", "unpaid", "capturing", "waiting", "owed")


def _channels(asked: str) -> tuple[str, ...]:
    return _CHANNELS if asked in ("", *_CHANNELS) else (*_CHANNELS, asked)


def _scope(request: Request) -> Collection[UUID] | None:
    return request.actor.places_for(orders.VIEW)


def _asked(request: Request) -> Asked:
    given = request.GET
    day = as_day(given.get("day", ""))
    stuck = given.get("stuck", "")
    state = given.get("state", "") or {"payments": "capturing", "refunds": "owed"}.get(stuck, stuck)
    return Asked(
        _place(given.get("place", "").strip()[:100]),
        day or as_day(given.get("from", "")),
        day or as_day(given.get("to", "")),
        given.get("channel", "").strip()[:50],
        state if state in (*_STATES, *_STUCK) else "",
        given.get("q", "").strip()[:100],
    )


def _place(text: str) -> places.Place | None:
    """The place that the address names by its id or its reference."""
    if not text:
        return None
    key = as_id(text)
    if key is None:
        return places.find_by_ref(text)
    try:
        return places.get_place(key)
    except places.PlaceNotFound:
        return None


def _search(request: Request, asked: Asked) -> orders.Search | None:
    """What to look for; None where it can be nothing."""
    own = _scope(request)
    only = orders.Search(places=own, first=asked.first, last=asked.last, channel=asked.channel or None)
    if asked.place is not None:
        if own is not None and asked.place.id not in own:
            return None
        only = replace(only, places=[asked.place.id])
    elif request.GET.get("place"):
        return None
    if asked.state in _STATES:
        only = replace(only, state=asked.state)
    elif asked.state:
        only = replace(only, order_ids=_stuck_ids(asked.state, only.places))
    return _named(request, asked.q, only) if asked.q else only


def _stuck_ids(code: str, own: Collection[UUID] | None) -> list[UUID]:
    """The orders that are stuck for this reason."""
    if code == "owed":
        return [one.source_id for one in payments.list_owed(places=own, limit=_OWED)]
    if code in ("expired", "unfinished"):
        return orders.overdue("pending" if code == "expired" else "confirmed", places=own)
    moment = now()
    tasks = fulfilment.list_tasks(
        places=own, states=_TASKS[code], due_before=moment if code == "late" else None, limit=_OWED
    )
    if code == "waiting":
        tasks = [task for task in tasks if task.ready_at and task.ready_at < moment - _WAITS]
    return [task.order_id for task in tasks]


def _named(request: Request, q: str, only: orders.Search) -> orders.Search | None:
    """An order by its number, its receipt, its reference, its id; or orders by their shopper, for those who may."""
    key = as_id(q)
    if key is not None:
        return replace(only, order_ids=[key])
    if ("@" in q or q.startswith("+")) and request.actor.may(customers.FIND):
        return replace(only, customer_ids=_people(q))
    if _NUMBER.fullmatch(q) and not q.isdecimal():
        return replace(only, number=q)
    of_ref = orders.find_by_ref(q)
    found = [] if of_ref is None else [of_ref.id]
    found += [source for source, kind in fiscal.find_receipts(q) if kind == "sale"]
    if found or not _NUMBER.fullmatch(q):
        return replace(only, order_ids=found)
    return replace(only, number=q)


def _people(q: str) -> list[UUID]:
    """Every record of whoever has this address or number."""
    try:
        views = customers.look_up(email=q) if "@" in q else customers.look_up(phone=q)
    except Error:
        return []
    return [record for view in views for record in customers.records_of(view.id)]


def _found(request: Request, asked: Asked, limit: int = _SHOWN) -> tuple[list[orders.OrderHead], str]:
    """A page of orders, and the cursor of the next one."""
    only = _search(request, asked)
    if only is None:
        return [], ""
    after = cursor_parts(request.GET.get("after", ""), 2)
    before = None
    if after is not None:
        day, key = as_day(after[0]), as_id(after[1])
        before = (day, key) if day is not None and key is not None else None
    found = orders.search(only, before=before, limit=limit + 1)
    if len(found) <= limit:
        return found, ""
    last = found[limit - 1]
    return found[:limit], cursor_of(last.business_date.isoformat(), last.id)


def _rows(found: Collection[orders.OrderHead], zone: str) -> list[Row]:
    named = places.names_of(list({head.place_id for head in found})) if found else {}
    less = taken_off([head.id for head in found]) if found else {}
    return [
        Row(
            head,
            orders.order_number(head.id),
            pill(*astuple(words.state(head.state))),
            named.get(head.place_id, ("", ""))[1],
            promotion_words.channel(head.channel),
            words.method(head.method),
            promotion_words.moment(head.placed_at, zone),
            head.payable - less.get(head.id, 0),
        )
        for head in found
    ]


def _export(request: Request, asked: Asked) -> HttpResponse:
    """The same orders as a file: all that the filters hold, up to what a spreadsheet takes."""
    found, _next = _found(request, asked, LONGEST_EXPORT)
    head = (
        "number", "id", "ref", "place", "channel", "method", "state", "placed_at", "business_date", "currency",
        "total", "funded", "payable", "kept",
    )  # fmt: skip
    return csv_file("orders", head, _lines(found))


def _lines(found: Collection[orders.OrderHead]) -> Iterator[tuple[object, ...]]:
    refs = places.names_of(list({one.place_id for one in found})) if found else {}
    less = taken_off([one.id for one in found]) if found else {}
    for one in found:
        amounts = (one.total, one.funded, one.payable, one.payable - less.get(one.id, 0))
        money = (format_amount(amount, one.currency) for amount in amounts)
        yield (
            orders.order_number(one.id), one.id, one.ref, refs.get(one.place_id, ("",))[0], one.channel, one.method,
            one.state, one.placed_at.isoformat(), one.business_date, one.currency, *money,
        )  # fmt: skip


def _standing(own: Collection[UUID] | None, request: Request, zone: str) -> dict[str, object]:
    """What is open, and what is stuck. Three queries."""
    opened = orders.count_open(places=own)
    tasks = fulfilment.standing(places=own)
    owed = payments.list_owed(places=own, limit=_OWED)
    state = request.GET.get("state", "")

    def href(code: str) -> str:
        return f"{reverse('office:orders')}?state={code}"

    def since(moment: datetime | None) -> str:
        return "" if moment is None else promotion_words.moment(moment, zone)

    def count(*codes: str) -> int:
        return sum(tasks[code].orders for code in codes if code in tasks)

    pending, picking = opened["pending"], [tasks[code] for code in ("to_pick", "picking") if code in tasks]
    due = min((one.first_due for one in picking), default=None)
    ready = tasks.get("ready")
    ready_since = None if ready is None else ready.ready_since
    late = sum(one.late for one in picking)
    tiles = [
        Tile(words.state("pending").name, pending.orders, since(pending.oldest), href("pending"), state == "pending"),
        Tile(words.state("to_pick").name, count("to_pick", "picking"), since(due), href("to_pick"), state == "to_pick"),
        Tile(words.state("ready").name, count("ready"), since(ready_since), href("ready"), state == "ready"),
    ]
    waits = ready is not None and ready_since is not None and ready_since < now() - _WAITS
    troubles = [
        ("expired", pending.overdue, pending.oldest),
        ("unfinished", opened["confirmed"].overdue, opened["confirmed"].oldest),
        ("late", late, due),
        ("unpaid", count("unpaid"), None),
        ("capturing", count("capturing"), None),
        ("waiting", ready.orders if waits and ready else 0, ready_since),
        ("owed", len(owed), owed[0].at if owed else None),
    ]
    stuck = [Stuck(words.stuck(code), number, since(at), href(code)) for code, number, at in troubles if number]
    return {"tiles": tiles, "stuck": stuck, "shows_standing": True}
