"""The day's deliveries, van by van: loaded, sent out, handed over at the door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.desk.pages import words
from storeline.desk.pages.shared import as_id, back_to, choose_first, own_task, pages, place_of, render
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import DISPATCH, HAND_OVER
from storeline.identity.api import Request
from storeline.kernel.api import Error, Invalid, business_date, new_id, now
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.places import api as places

_AHEAD = timedelta(hours=36)
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Stop:
    """An order that is brought: where to, how it stands, and in which van it is."""

    id: UUID
    number: str
    state: words.State
    code: str
    due_at: datetime
    drop: str | None
    address: orders.Address | None

    @property
    def street(self) -> str:
        """The address in one line."""
        return ", ".join([*self.address.lines, self.address.city]) if self.address else ""


def _stops(found: list[fulfilment.Bring]) -> dict[UUID, Stop]:
    to = orders.destinations([one.order_id for one in found]).result()
    return {
        one.order_id: Stop(
            one.order_id,
            orders.order_number(one.order_id),
            words.state(one.state),
            one.state,
            one.due_at,
            one.drop,
            to[one.order_id].address if one.order_id in to else None,
        )
        for one in found
    }


@pages.get("vans", DISPATCH, name="vans")
def overview(request: Request) -> HttpResponse:
    """What is to be brought today and tomorrow, or whenever where that is asked for, and which van has what."""
    place = place_of(request)
    if place is None:
        return choose_first()
    today = business_date(now(), place.zone)
    shows_all = request.GET.get("due") == _ALL
    found = fulfilment.to_bring(place.id, None if shows_all else now() + _AHEAD)
    stops = _stops([one for one in found.first if one.run_id is None])
    runs = fulfilment.runs_of(place.id, today)
    busy = {run.van_id for run in runs if run.state != "back"}
    context = {
        "tab": "vans",
        "runs": [(run, _numbers(run)) for run in runs],
        "loading": [run for run in runs if run.state == "loading"],
        "waiting": list(stops.values()),
        "found": found,
        "shows_all": shows_all,
        "free": [van for van in fulfilment.vans_of(place.id) if van.id not in busy],
    }
    return render(request, "desk/vans.html", place, context)


def _numbers(run: fulfilment.Run) -> list[str]:
    """What people call the orders that a van still has."""
    return [orders.order_number(drop.order_id) for drop in run.drops if drop.state in ("loaded", "out")]


@pages.post("vans", DISPATCH)
def add(request: Request) -> HttpResponse:
    """A van of this place: the same name again is the same van."""
    place = place_of(request)
    if place is None:
        return choose_first()
    fulfilment.add_van(new_id(), place.id, request.POST.get("name", "")[:60], actor=request.actor)
    return back_to("desk:vans")


@pages.post("vans/runs", DISPATCH, name="start_run")
def start(request: Request) -> HttpResponse:
    """Begin to load a van."""
    place, run_id, van = place_of(request), as_id(request.POST.get("id", "")), as_id(request.POST.get("van", ""))
    if place is None or run_id is None or van is None:
        return choose_first()
    try:
        fulfilment.start_run(run_id, van, business_date(now(), place.zone), actor=request.actor)
    except fulfilment.RunClosed:
        return back_to("desk:vans", said="van_busy")
    return back_to("desk:vans")


@pages.post("vans/load", DISPATCH, name="load")
def load(request: Request) -> HttpResponse:
    """Put the ticked orders into a van that is being loaded."""
    run_id, due = as_id(request.POST.get("run", "")), _ALL if request.POST.get("due") == _ALL else ""
    ids = [one for one in map(as_id, request.POST.getlist("order")[:200]) if one is not None]
    if run_id is None or not ids:
        return back_to("desk:vans", said="tick_orders", due=due)
    try:
        fulfilment.assign(run_id, ids, actor=request.actor)
    except (fulfilment.InAnotherRun, fulfilment.TaskClosed, fulfilment.RunClosed):
        return back_to("desk:vans", said="van_changed", due=due)
    return back_to("desk:vans", due=due)


@pages.get("vans/runs/<uuid:run_id>", DISPATCH, name="run")
def run(request: Request, run_id: UUID) -> HttpResponse:
    """One van: what is in it, what is next; before it leaves the driver takes it over."""
    return _run(request, run_id)


def _run(request: Request, run_id: UUID, refused: Error | None = None) -> HttpResponse:
    found = fulfilment.get_run(run_id)
    request.actor.require(DISPATCH, found.place_id)
    tasks = fulfilment.tasks_of([drop.order_id for drop in found.drops])
    brought = [
        fulfilment.Bring(drop.order_id, tasks[drop.order_id].state, tasks[drop.order_id].due_at, run_id, drop.state)
        for drop in found.drops
    ]
    stops = list(_stops(brought).values())
    context = {
        "tab": "vans",
        "run": found,
        "stops": stops,
        "not_ready": [stop for stop in stops if stop.code != "ready"],
        "open": [stop for stop in stops if stop.drop == "out"],
        "code": fulfilment.departure_code(run_id) if found.state == "loading" else None,
        "proof": fulfilment.proofs_of([run_id]).get(run_id),
        **_signing(request, refused),
    }
    place = places.get_place(found.place_id)
    return render(request, "desk/run.html", place, context, refused.status if refused else 200)


def _signing(request: Request, refused: Error | None) -> dict[str, Any]:
    """What the form of a hand-over holds: nothing typed is lost."""
    field = (refused.field or "").rpartition(".")[2] if refused else ""
    return {
        "key": new_id(),
        "typed": request.POST.get("name", "")[:100],
        "refused": words.proof_refused(refused) if refused else "",
        "field": field,
    }


def _proof(request: Request) -> fulfilment.Proof:
    given = request.POST
    how = "signature" if given.get("how") == "signature" else "code"
    proof_id = as_id(given.get("id", "")) or new_id()
    return fulfilment.Proof(proof_id, how, given.get("code", "")[:300], given.get("name", ""), given.get("drawing", ""))


def _refusal(deed: Callable[[], object]) -> Error | None:
    """Do it; what is to be said beside the form, where the proof or its moment was not right."""
    try:
        deed()
    except (messages.WrongCode, messages.NoCode, fulfilment.TaskClosed, fulfilment.RunClosed) as error:
        return error
    except Error as error:
        if error.status != 422:  # noqa: PLR2004  # what was typed
            raise
        return error
    return None


@pages.post("vans/runs/<uuid:run_id>", DISPATCH)
def leave(request: Request, run_id: UUID) -> HttpResponse:
    """The driver takes over what is in the van."""
    refused = _refusal(lambda: fulfilment.leave(run_id, _proof(request), actor=request.actor))
    if refused is not None:
        return _run(request, run_id, refused)
    return back_to("desk:run", run_id)


@pages.post("vans/runs/<uuid:run_id>/off", DISPATCH, name="off")
def off(request: Request, run_id: UUID) -> HttpResponse:
    """Take an order off the van again."""
    order_id = as_id(request.POST.get("order", ""))
    if order_id is not None:
        fulfilment.take_off(run_id, order_id, actor=request.actor)
    return back_to("desk:run", run_id)


@pages.post("vans/runs/<uuid:run_id>/back", DISPATCH, name="home")
def home(request: Request, run_id: UUID) -> HttpResponse:
    """The van is home."""
    try:
        fulfilment.come_back(run_id, actor=request.actor)
    except fulfilment.RunClosed:
        return back_to("desk:run", run_id, said="van_open")
    return back_to("desk:vans")


@pages.get("vans/door/<uuid:order_id>", DISPATCH, name="door")
def door(request: Request, order_id: UUID) -> HttpResponse:
    """At the door: where it is, and the code or the signature."""
    return _door(request, order_id)


def _door(request: Request, order_id: UUID, refused: Error | None = None) -> HttpResponse:
    task = fulfilment.get_task(order_id)
    request.actor.require(DISPATCH, task.place_id)
    drop = fulfilment.live_drops([order_id]).get(order_id)
    run_id, state = (None, None) if drop is None else (drop.run_id, drop.state)
    bring = fulfilment.Bring(order_id, task.state, task.due_at, run_id, state)
    context = {
        "tab": "vans",
        "stop": _stops([bring])[order_id],
        "run_id": run_id,
        "proof": fulfilment.proofs_of([order_id]).get(order_id),
        **_signing(request, refused),
    }
    place = places.get_place(task.place_id)
    return render(request, "desk/door.html", place, context, refused.status if refused else 200)


@pages.post("vans/door/<uuid:order_id>", DISPATCH)
def given(request: Request, order_id: UUID) -> HttpResponse:
    """It is with its shopper."""
    refused = _refusal(lambda: fulfilment.deliver(order_id, _proof(request), actor=request.actor))
    if refused is not None:
        return _door(request, order_id, refused)
    return back_to("desk:door", order_id)


@pages.post("tasks/<uuid:order_id>/ship", HAND_OVER, name="ship")
def ship(request: Request, order_id: UUID) -> HttpResponse:
    """A parcel goes to its carrier."""
    own_task(request, order_id, HAND_OVER)
    given = request.POST
    try:
        fulfilment.ship(order_id, given.get("carrier", "")[:100], given.get("tracking", "")[:100], actor=request.actor)
    except fulfilment.TaskClosed:
        return back_to("desk:task", order_id, said="closed")
    except Invalid:
        return back_to("desk:task", order_id, said="no_tracking")
    return back_to("desk:task", order_id)


@pages.post("vans/door/<uuid:order_id>/missed", DISPATCH, name="missed")
def missed(request: Request, order_id: UUID) -> HttpResponse:
    """Nobody was there: it goes back, and out again in the next slot with room."""
    drop = fulfilment.live_drops([order_id]).get(order_id)
    fulfilment.missed(order_id, actor=request.actor)
    if drop is None:
        return back_to("desk:vans")
    return back_to("desk:run", drop.run_id, said="missed")
