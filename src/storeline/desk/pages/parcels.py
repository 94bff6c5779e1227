"""Parcels of others that wait here, and ours that wait elsewhere: received by scanning, handed over, sent back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from storeline.desk.domain import collection_of
from storeline.desk.pages.shared import as_id, back_to, choose_first, pages, place_of, render
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.api import HAND_OVER
from storeline.identity.api import Request
from storeline.kernel.api import Answer, once
from storeline.messages import api as messages
from storeline.places import api as places

_SHOWN = 100


@pages.get("parcels", HAND_OVER, name="parcels")
def waiting(request: Request) -> HttpResponse:
    """What waits here, what is on its way, what goes back."""
    place = place_of(request)
    if place is None:
        return choose_first()
    found = fulfilment.parcels_at(place.id, ["announced", "arrived", "returning"], limit=3 * _SHOWN)
    context = {
        "tab": "hand_over",
        "arrived": [one for one in found if one.state == "arrived"],
        "announced": [one for one in found if one.state == "announced"],
        "returning": [one for one in found if one.state == "returning"],
        "home": fulfilment.returning_to(place.id, _SHOWN),
    }
    return render(request, "desk/parcels.html", place, context)


@pages.post("parcels", HAND_OVER)
def scanned(request: Request) -> HttpResponse:
    """A label: what is expected has arrived; what is here is shown. A QR with its code hands the parcel over."""
    place = place_of(request)
    if place is None:
        return choose_first()
    text = request.POST.get("code", "").strip()[:300]
    parcel_id, code = collection_of(text)
    if parcel_id is not None and code:
        return _give(request, parcel_id, code)
    found = fulfilment.find_parcel(place.id, text)
    if found is None:
        return back_to("desk:parcels", said="no_parcel")
    if found.state == "announced":
        fulfilment.arrive(found.id, actor=request.actor)
        return back_to("desk:parcels", said="parcel_in")
    return back_to("desk:parcel", found.id)


@pages.get("parcels/<uuid:parcel_id>", HAND_OVER, name="parcel")
def parcel(request: Request, parcel_id: UUID) -> HttpResponse:
    """One parcel, and what comes next."""
    found = _here(request, parcel_id)
    context = {
        "tab": "hand_over",
        "parcel": found,
        "may_renew": request.actor.may(fulfilment.RENEW, found.place_id),
    }
    return render(request, "desk/parcel.html", places.get_place(found.place_id), context)


@pages.get("parcels/<uuid:parcel_id>/code", fulfilment.RENEW, name="parcel_code")
def ask_another_code(request: Request, parcel_id: UUID) -> HttpResponse:
    """Is that so? What another code ends, and who is told it where."""
    found = _here(request, parcel_id)
    if found.state != "arrived":
        return back_to("desk:parcel", parcel_id, said="closed")
    context = {"tab": "hand_over", "parcel": found, "told": hidden(fulfilment.told_at(found, actor=request.actor))}
    return render(request, "desk/parcel_code.html", places.get_place(found.place_id), context)


@pages.post("parcels/<uuid:parcel_id>/code", fulfilment.RENEW)
def another_code(request: Request, parcel_id: UUID) -> HttpResponse:
    """Another code, once however often it is pressed: whoever it is for is told."""
    found = _here(request, parcel_id)
    key = as_id(request.POST.get("id", ""))
    if key is None:
        return back_to("desk:parcel_code", parcel_id)
    told = fulfilment.told_at(found, actor=request.actor) is not None

    def deed() -> Answer:
        fulfilment.renew_parcel_code(parcel_id, actor=request.actor)
        return Answer(200, None)

    try:
        once(f"desk.parcel_code {parcel_id}", str(key), b"", deed)
    except messages.TooManyCodes:
        return back_to("desk:parcel", parcel_id, said="many_codes")
    except fulfilment.ParcelClosed:
        return back_to("desk:parcel", parcel_id, said="closed")
    return back_to("desk:parcel", parcel_id, said="code_told" if told else "code_made")


def hidden(told: tuple[str, str] | None) -> str:
    """As much of an address as its owner knows it by: others read the desk's screen too."""
    if told is None:
        return ""
    channel, address = told
    if channel == "email":
        name, _, domain = address.partition("@")
        return f"{name[:1]}…@{domain}"
    return f"…{address[-3:]}"


def _here(request: Request, parcel_id: UUID) -> fulfilment.Parcel:
    """A parcel at a place of this person's; one elsewhere is not shown to be there."""
    found = fulfilment.get_parcel(parcel_id)
    if not request.actor.may(HAND_OVER, found.place_id):
        raise fulfilment.NoParcel("There is no such parcel.")
    return found


@pages.post("parcels/<uuid:parcel_id>", HAND_OVER)
def give(request: Request, parcel_id: UUID) -> HttpResponse:
    """Hand it over against the code that was scanned or typed."""
    named, code = collection_of(request.POST.get("code", "")[:300])
    if named not in (None, parcel_id):
        return back_to("desk:parcel", parcel_id, said="other_order")
    return _give(request, parcel_id, code)


def _give(request: Request, parcel_id: UUID, code: str) -> HttpResponse:
    _here(request, parcel_id)
    try:
        fulfilment.give(parcel_id, code, actor=request.actor)
    except messages.WrongCode as error:
        return back_to("desk:parcel", parcel_id, said="wrong_code", left=error.extra.get("attempts_left"))
    except messages.NoCode:
        return back_to("desk:parcel", parcel_id, said="no_code")
    except fulfilment.ParcelClosed:
        return back_to("desk:parcel", parcel_id, said="closed")
    return back_to("desk:parcel", parcel_id)


@pages.post("parcels/back", HAND_OVER, name="parcel_back")
def back(request: Request) -> HttpResponse:
    """An unclaimed one is back with who sent it."""
    parcel_id = as_id(request.POST.get("parcel", ""))
    if parcel_id is None:
        return back_to("desk:parcels")
    try:
        fulfilment.came_back(parcel_id, actor=request.actor)
    except fulfilment.ParcelClosed:
        return back_to("desk:parcels", said="closed")
    return back_to("desk:parcels", said="parcel_back")
