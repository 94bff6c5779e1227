"""The front door: the four faces, who may open them, and how to sign in where this is the demo."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from storeline.identity import again
from storeline.identity.access import Pages, Request, require
from storeline.identity.demo import demo_sign_ins
from storeline.identity.permissions import SIGN_IN
from storeline.web.pages import render, see

pages = Pages("")


@dataclass(frozen=True, slots=True)
class Way:
    """A sign-in of the demo, its role in people's words."""

    name: str
    login: str
    secret: str


@dataclass(frozen=True, slots=True)
class Face:
    """One of the four, with the demo's sign-ins that open it."""

    name: str
    words: str
    address: str
    picture: str
    sign_ins: tuple[Way, ...]


def _faces() -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    return [
        (
            _("Shop"),
            _("Find products, see which shops have them, order and collect."),
            "/",
            "shopping-bags",
            ("shopper",),
        ),
        (
            _("Till"),
            _("Scan, weigh, take money, print the receipt, take goods back."),
            "/till",
            "receipt",
            ("associate",),
        ),
        (_("Desk"), _("Pick orders, hand them over, receive and count stock."), "/desk", "package", ("associate",)),
        (
            _("Office"),
            _("Sales, stock and orders at a glance, and what needs you."),
            "/office",
            "bar-chart",
            ("finance", "marketer", "planner", "shop_manager"),
        ),
    ]


def role_names() -> dict[str, str]:
    """Roles as people call them."""
    return {
        "shopper": _("Shopper"),
        "associate": _("Shop associate"),
        "shop_manager": _("Shop manager"),
        "planner": _("Planner"),
        "marketer": _("Marketer"),
        "finance": _("Finance"),
        "service_desk": _("Service desk"),
        "administrator": _("Administrator"),
    }


@pages.get("start", SIGN_IN, guest=True, name="start")
def start(request: Request) -> HttpResponse:
    """Everyone's way in. In the demo each face has a button that signs in as one who uses it."""
    names = role_names()
    ways = {one.role: Way(names[one.role], one.login, one.secret) for one in demo_sign_ins()}
    faces = [
        Face(name, words, address, picture, tuple(ways[role] for role in roles if role in ways))
        for name, words, address, picture, roles in _faces()
    ]
    return render(request, "identity/start.html", {"faces": faces, "is_demo": bool(ways), "sign_ins": ways.values()})


@pages.get("again/<uuid:kept_id>", SIGN_IN, name="again")
def look_again(request: Request, kept_id: UUID) -> HttpResponse:
    """What somebody typed and sent while they were signed out: theirs to send, for those who may."""
    kept = again.find(request, kept_id)
    if kept is None:
        return render(request, "identity/again.html", {"kept": None}, status=410)
    require(request, request.actor, kept.permission)
    asks = None if kept.asks is None else [(name, *_asked_for(name)) for name in kept.asks]
    page = render(request, "identity/again.html", {"kept": kept, "shown": again.typed(kept), "asks": asks})
    page["Cache-Control"] = "no-store"
    return page


def _asked_for(name: str) -> tuple[str, str]:
    """A secret field's label and the kind of its input."""
    return (_("Password"), "password") if "password" in name.lower() else (_("Code"), "text")


@pages.post("again/<uuid:kept_id>", SIGN_IN)
def throw_away(request: Request, kept_id: UUID) -> HttpResponse:
    """Keep it no longer; on to the page that it stood on."""
    kept = again.find(request, kept_id)
    again.forget(request, kept_id)
    return see("/start" if kept is None else kept.stood_on)
