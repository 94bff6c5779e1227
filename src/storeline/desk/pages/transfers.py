"""Goods between places: packed by scanning and sent, and taken in by scanning at the other end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from storeline.catalog import api as catalog
from storeline.desk.pages import stock_words, words
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.fulfilment import api as fulfilment
from storeline.identity.api import Request
from storeline.kernel.api import (
    QUANTITY_ONE,
    Answer,
    BodyMismatch,
    Invalid,
    business_date,
    check_id,
    format_quantity,
    now,
    once,
    parse_quantity,
    time_zone,
)
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.stock import api as stock
from storeline.stock.api import ADJUST, READ, RECEIVE, TRANSFER

_SHOWN = 30
_ONLY_WAITED_AT = {"collect"}
"""What points and lockers can do: they have no stock of their own."""
_ENDED = 5
_ARRIVES = time(18)
"""When goods are thought to arrive on the day that is chosen."""
_DAYS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A product of a transfer, and what a form says of it."""

    line: stock.TransferLine
    product: catalog.ProductFacts
    error: str = ""

    @property
    def packed(self) -> str:
        """How much is in it, as a form sends it."""
        return format_quantity(self.line.quantity)

    @property
    def coming(self) -> str:
        """How much is on the way, as a form sends it."""
        return format_quantity(self.line.in_transit)


@dataclass(frozen=True, slots=True)
class Head:
    """A transfer in a list, with the name of the place at its other end."""

    transfer: stock.Transfer
    state: words.State
    other: str
    is_late: bool


@pages.get("transfers", READ, name="transfers")
def show(request: Request) -> HttpResponse:
    """What comes here, what is being packed or is under way from here, and what came lately."""
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(READ, place.id)
    state = stock.TransferState
    coming = stock.list_transfers(place.id, "in", states=(state.SHIPPED,), limit=_SHOWN)
    going = stock.list_transfers(place.id, "out", states=(state.OPEN, state.SHIPPED), limit=_SHOWN)
    ended = stock.list_transfers(place.id, "in", states=(state.RECEIVED,), limit=_ENDED)
    ids = {one for found in (*coming, *going, *ended) for one in (found.from_place, found.to_place)}
    names = {place_id: name for place_id, (_, name) in places.names_of(sorted(ids)).items()} if ids else {}
    context = {
        "tab": "receive",
        "said": stock_words.said(request.GET),
        "coming": [_head(one, names[one.from_place]) for one in coming],
        "going": [_head(one, names[one.to_place]) for one in going],
        "ended": [_head(one, names[one.from_place]) for one in ended],
        "may_send": request.actor.may(TRANSFER, place.id),
    }
    return render(request, "desk/transfers.html", place, context)


def _head(one: stock.Transfer, other: str) -> Head:
    late = one.state is stock.TransferState.SHIPPED and one.due_at is not None and one.due_at < now()
    return Head(one, stock_words.transfer_state(one.state), other, late)


@pages.get("transfers/new", TRANSFER, name="new_transfer")
def ask_where(request: Request) -> HttpResponse:
    """To which place: those nearby, or those of a name."""
    place = place_of(request)
    if place is None:
        return choose_first()
    request.actor.require(TRANSFER, place.id)
    q = request.GET.get("q", "").strip()
    if q or place.position is None:
        found = places.find_among(None, text=q, limit=_SHOWN + 2)
    else:
        found = places.list_places(near=place.position, limit=_SHOWN + 2).items
    fitting = [one for one in found if one.id != place.id and set(one.capabilities) != _ONLY_WAITED_AT]
    context = {"tab": "receive", "q": q, "choices": fitting[:_SHOWN], "more": len(fitting) > _SHOWN}
    return render(request, "desk/new_transfer.html", place, context)


@pages.post("transfers/new", TRANSFER)
def begin(request: Request) -> HttpResponse:
    """An empty transfer to that place; the same form again is the same transfer."""
    ids = [as_id(request.POST.get(field, "")) for field in ("id", "from", "to")]
    transfer_id, origin, to = ids
    if transfer_id is None or origin is None or to is None:
        raise Invalid("The form is not whole. Choose the place again.")
    check_id(transfer_id)
    try:
        stock.create_transfer(stock.TransferDraft(transfer_id, origin, to), actor=request.actor)
    except BodyMismatch:
        return back_to("desk:transfers", said="used")
    return back_to("desk:transfer", transfer_id)


@pages.get("transfers/<uuid:transfer_id>", READ, name="transfer")
def one(request: Request, transfer_id: UUID) -> HttpResponse:
    """Packing it, taking it in, or how it went: by where one works and how far it is."""
    return _page(request, _own(request, transfer_id))


def _own(request: Request, transfer_id: UUID) -> stock.Transfer:
    """A transfer of a place of this person's; one elsewhere is not shown to be there."""
    found = stock.get_transfer(transfer_id)
    if not any(request.actor.may(READ, place) for place in (found.from_place, found.to_place)):
        raise stock.NoTransfer("There is no such transfer.")
    return found


def _page(request: Request, found: stock.Transfer, status: int = 200, **more: Any) -> HttpResponse:
    both = {place: places.get_place(place) for place in (found.from_place, found.to_place)}
    products = catalog.gather([line.product_id for line in found.lines]).result()
    errors = more.pop("errors", {})
    lines = [
        Line(line, products[line.product_id], errors.get(index, ""))
        for index, line in enumerate(found.lines)
        if line.product_id in products
    ]
    chosen = as_id(request.GET.get("product", "")) if "chosen" not in more else more["chosen"]
    state = stock.TransferState
    is_packing = found.state is state.OPEN and request.actor.may(TRANSFER, found.from_place)
    is_coming = found.state is state.SHIPPED and request.actor.may(RECEIVE, found.to_place)
    supply = _supply(found)
    here = both[found.from_place if is_packing or not request.actor.may(READ, found.to_place) else found.to_place]
    context = {
        "tab": "receive",
        "said": stock_words.said(request.GET),
        "transfer": found,
        "state": stock_words.transfer_state(found.state, is_coming=is_coming),
        "origin": both[found.from_place],
        "target": both[found.to_place],
        "lines": lines,
        "supply": supply,
        "number": "" if supply is None else orders.order_number(supply.order_id),
        "may_follow": request.actor.may(fulfilment.VIEW, found.to_place),
        "is_packing": is_packing,
        "is_coming": is_coming,
        "is_whole": all(line.line.in_transit == line.line.shipped for line in lines),
        "arriving": next((line for line in lines if line.line.product_id == chosen), None) if is_coming else None,
        "days": _days(both[found.to_place].zone) if is_packing else [],
        "may_force": request.actor.may(ADJUST, found.from_place),
        "rests": stock_words.rests(),
    }
    return render(request, "desk/transfer.html", here, context | more, status)


def _supply(found: stock.Transfer) -> fulfilment.Supply | None:
    """What the goods are for, where they were sent for an order; it ends with the order."""
    if found.state is stock.TransferState.OPEN:
        return None
    try:
        supply = fulfilment.get_supply(found.id)
    except fulfilment.NoSupply:
        return None
    return None if supply.state is fulfilment.SupplyState.CANCELLED else supply


def _days(zone: str) -> list[datetime]:
    """The evenings on which it may arrive, as the place there reckons them."""
    today = business_date(now(), zone)
    evenings = [datetime.combine(today + timedelta(days=days), _ARRIVES, time_zone(zone)) for days in range(_DAYS + 1)]
    return [evening for evening in evenings if evening > now()][:_DAYS]


@pages.post("transfers/<uuid:transfer_id>/scan", READ, name="scan_transfer")
def scan(request: Request, transfer_id: UUID) -> HttpResponse:
    """A product was scanned: one more of it is packed, or it is asked how many of it came."""
    found = _own(request, transfer_id)
    code = request.POST.get("code", "").strip()[:300]
    try:
        hits = catalog.search(code, limit=2).hits if code else ()
    except Invalid:
        return back_to("desk:transfer", transfer_id, said="unreadable")
    if len(hits) != 1:
        return back_to("desk:transfer", transfer_id, said="unknown")
    product = hits[0].product
    if found.state is stock.TransferState.SHIPPED:
        if product.id not in {line.product_id for line in found.lines}:
            return back_to("desk:transfer", transfer_id, said="not_sent")
        return back_to("desk:transfer", transfer_id, product=product.id)
    scanned = _scanned(code)
    quantity = scanned if scanned is not None else QUANTITY_ONE
    return _pack_once(request, found, product.id, quantity, code)


def _scanned(code: str) -> int | None:
    """The quantity that a code holds; None where it was a name."""
    try:
        found = catalog.scan(code)
    except Invalid:
        return None
    return None if found is None else found.quantity


def _pack_once(request: Request, found: stock.Transfer, product_id: UUID, quantity: int, code: str) -> HttpResponse:
    """One more of a product, once for each form."""
    fresh: list[int] = []

    def deed() -> Answer:
        packed = {line.product_id: line.quantity for line in stock.get_transfer(found.id).lines}
        stock.put_transfer_line(found.id, product_id, packed.get(product_id, 0) + quantity, actor=request.actor)
        fresh.append(1)
        return Answer(200, None)

    key = request.POST.get("key", "")[:40]
    try:
        once(f"desk.pack {found.id}", key and f"{key} {code}"[:100], f"{found.id} {code}".encode(), deed)
    except stock.WrongTransferState:
        return back_to("desk:transfer", found.id, said="left")
    return back_to("desk:transfer", found.id, said="picked" if fresh else "again")


@pages.post("transfers/<uuid:transfer_id>/lines", TRANSFER, name="pack")
def pack(request: Request, transfer_id: UUID) -> HttpResponse:
    """So much of a product is packed; nothing takes it off."""
    found = _own(request, transfer_id)
    product_id = as_id(request.POST.get("product", ""))
    if product_id is None:
        raise Invalid("The form is not whole. Scan the product again.")
    try:
        quantity = parse_quantity(request.POST.get("quantity", "").strip().replace(",", ".")[:20] or "0")
        stock.put_transfer_line(transfer_id, product_id, quantity, actor=request.actor)
    except stock.WrongTransferState:
        return back_to("desk:transfer", transfer_id, said="left")
    except Invalid:
        numbers = [line.product_id for line in found.lines]
        index = numbers.index(product_id) if product_id in numbers else 0
        return _page(request, found, 422, errors={index: words.no_number()})
    return back_to("desk:transfer", transfer_id, said="noted")


@pages.post("transfers/<uuid:transfer_id>/ship", TRANSFER, name="send_transfer")
def ship(request: Request, transfer_id: UUID) -> HttpResponse:
    """It leaves. What is promised to orders stays, unless a manager says why it goes all the same."""
    found = _own(request, transfer_id)
    try:
        due_at = datetime.fromisoformat(request.POST["due_at"]) if request.POST.get("due_at") else None
    except ValueError:
        due_at = None
    force = request.POST.get("force", "").strip()
    try:
        stock.ship_transfer(transfer_id, actor=request.actor, due_at=due_at, force=force)
    except stock.Reserved as refusal:
        index = int((refusal.field or "lines[0]").removeprefix("lines[").partition("]")[0])
        error = stock_words.not_free(str(refusal.extra["available"]))
        return _page(request, found, 409, errors={index: error}, is_short=True)
    except Invalid as refusal:
        return back_to("desk:transfer", transfer_id, said="empty" if refusal.field == "lines" else "past")
    return back_to("desk:transfer", transfer_id, said="shipped")


@pages.post("transfers/<uuid:transfer_id>/cancel", TRANSFER, name="cancel_transfer")
def cancel(request: Request, transfer_id: UUID) -> HttpResponse:
    """It does not go after all."""
    _own(request, transfer_id)
    try:
        stock.cancel_transfer(transfer_id, actor=request.actor)
    except stock.WrongTransferState:
        return back_to("desk:transfer", transfer_id, said="left")
    return back_to("desk:transfers", said="called_off")


@pages.post("transfers/<uuid:transfer_id>/arrivals", RECEIVE, name="arrive")
def arrive(request: Request, transfer_id: UUID) -> HttpResponse:
    """All of it came, or so many of one product, with what became of the rest."""
    found = _own(request, transfer_id)
    arrival_id = as_id(request.POST.get("id", ""))
    if arrival_id is None:
        raise Invalid("The form is not whole. Open the transfer again.")
    check_id(arrival_id)
    if stock.knows_arrival(arrival_id):
        return _taken_in(found)
    if found.state is not stock.TransferState.SHIPPED:
        return back_to("desk:transfer", transfer_id, said="taken_in")
    product_id = as_id(request.POST.get("product", ""))
    if product_id is None:
        lines = [stock.ArrivedLine(line.product_id, line.in_transit) for line in found.lines if line.in_transit]
    else:
        try:
            lines = [_arrived(request, found, product_id)]
        except Invalid as refusal:
            typed, rest = request.POST.get("quantity", "")[:20], request.POST.get("rest", "")
            shown = {"error": refusal.detail, "typed": typed, "rest": rest, "id": arrival_id}
            return _page(request, found, 422, chosen=product_id, **shown)
    try:
        after = stock.receive_transfer(stock.Arrival(arrival_id, transfer_id, lines), actor=request.actor)
    except (BodyMismatch, stock.WrongTransferState):
        return back_to("desk:transfer", transfer_id, said="taken_in")
    except Invalid:
        return _page(request, found, 422, chosen=product_id, error=words.wrong_sign(), id=arrival_id)
    return _taken_in(after)


def _taken_in(found: stock.Transfer) -> HttpResponse:
    said = "all_in" if found.state is stock.TransferState.RECEIVED else "received"
    return back_to("desk:transfer", found.id, said=said)


def _arrived(request: Request, found: stock.Transfer, product_id: UUID) -> stock.ArrivedLine:
    """What a form says of one product; raises Invalid with the words to show where it does not add up."""
    line = next((one for one in found.lines if one.product_id == product_id), None)
    if line is None:
        raise Invalid(stock_words.not_sent())
    try:
        came = parse_quantity(request.POST.get("quantity", "").strip().replace(",", ".")[:20])
    except Invalid:
        raise Invalid(words.no_number()) from None
    rest = request.POST.get("rest", "later")
    missing = line.in_transit - came
    if came < 0 or (missing < 0 and rest != "found"):
        raise Invalid(words.wrong_sign() if came < 0 else stock_words.more_than_sent())
    if missing < 0:
        return stock.ArrivedLine(product_id, came, found=-missing)
    if rest == "lost":
        return stock.ArrivedLine(product_id, came, lost=missing)
    if rest == "damaged":
        return stock.ArrivedLine(product_id, came, damaged=missing)
    if not came:
        raise Invalid(stock_words.say_what())
    return stock.ArrivedLine(product_id, came)
