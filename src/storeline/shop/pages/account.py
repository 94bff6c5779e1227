"""Signing in and up, and what a member sees of themself: language, shop, consent, their data, an end to it all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth import logout
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storeline.customers import api as customers
from storeline.identity import api as identity
from storeline.identity.api import SIGN_IN, Request
from storeline.kernel.api import Error, Invalid, check_id, new_id
from storeline.shop import shelf
from storeline.shop.pages.router import pages, show
from storeline.web.pages import see

PURPOSES = ("offers.email", "offers.personal")
_LANGUAGES = {"zh-hans": "zh-Hans"}
_SOURCE = "shop"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody may agree to: in words, and whether they do."""

    code: str
    name: str
    words: str
    agreed: bool


@pages.get("enter", SIGN_IN, guest=True, name="enter")
def enter(request: Request) -> HttpResponse:
    """Sign in, or make an account."""
    if request.actor.kind == "user":
        return see(_next(request))
    return _enter(request)


@pages.post("enter", SIGN_IN, guest=True)
def sign_in(request: Request) -> HttpResponse:
    """Sign in; what is wrong is said on the same page, and nothing typed is lost but the password."""
    given = request.POST
    try:
        identity.enter(request, given.get("login", ""), given.get("password", ""), code=given.get("code", ""))
    except identity.SecondFactorNeeded:
        return _enter(request, code=True, password=given.get("password", ""))
    except Error as error:
        return _enter(request, wrong=words_of(error), status=error.status, code="code" in given)
    return see(_next(request))


@pages.get("join", SIGN_IN, guest=True, name="join")
def join(request: Request) -> HttpResponse:
    """The form of a new account."""
    if request.actor.kind == "user":
        return see(_next(request))
    return show(request, "join", user_id=new_id(), given={}, next=_next(request))


@pages.post("join", SIGN_IN, guest=True)
def sign_up(request: Request) -> HttpResponse:
    """Make an account and sign in to it; sent twice, it is one."""
    given = request.POST
    try:
        user_id = _user_id(given.get("id", ""))
        language = get_language() or "en"
        identity.sign_up(
            request,
            user_id,
            email=given.get("email", ""),
            password=given.get("password", ""),
            name=given.get("name", "")[:200],
            language=_LANGUAGES.get(language, language),
        )
    except Error as error:
        page = show(
            request,
            "join",
            user_id=given.get("id") or new_id(),
            given=given,
            next=_next(request),
            problem=words_of(error),
            wrong={error.field: words_of(error)} if error.field else {},
        )
        page.status_code = error.status
        return page
    return see(_next(request))


def _user_id(text: str) -> UUID:
    try:
        return check_id(UUID(text))
    except ValueError:
        raise Invalid(_("Open the page again.")) from None


def _enter(request: Request, *, status: int = 200, **context: Any) -> HttpResponse:
    page = show(request, "enter", given=request.POST, next=_next(request), **context)
    page.status_code = status
    return page


def _next(request: Request) -> str:
    """Where to go on: to a page of ours, else to the shop."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    return asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else reverse("shop:home")


def words_of(error: Error) -> str:
    """A refusal in the visitor's language."""
    return {
        "wrong_sign_in": _("The email address or the password is not right."),
        "too_many_sign_ins": _("Too many attempts. Wait a quarter of an hour, then try again."),
        "login_taken": _("There is an account with this address already. Sign in instead."),
        "weak_password": error.detail,
        "invalid": _("That is not an email address.") if error.field == "email" else error.detail,
    }.get(error.code, error.detail)


@pages.post("leave", SIGN_IN, name="leave")
def leave(request: Request) -> HttpResponse:
    """Sign out; basket and orders stay the member's."""
    logout(request)
    return see(reverse("shop:home"))


@pages.get("account", SIGN_IN, name="account")
def account(request: Request) -> HttpResponse:
    """What a member sees of themself."""
    return _account(request)


def _account(request: Request, **context: Any) -> HttpResponse:
    assert request.actor.id is not None  # signed in: the permission is no guest's
    user = identity.get_user(request.actor.id)
    member = request.actor.may(customers.OWN)
    purposes = _purposes(request) if member else []
    return show(request, "account", user=user, member=member, purposes=purposes, **context)


def _purposes(request: Request) -> list[Purpose]:
    mine = customers.of_user(request.actor.id) if request.actor.id else None
    said = {one.purpose: one.in_force for one in customers.consents(mine)} if mine else {}
    return [Purpose(code, *purpose_words(code), said.get(code, False)) for code in PURPOSES]


def purpose_words(code: str) -> tuple[str, str]:
    """What a purpose is called, and the very words that are agreed to."""
    return {
        "offers.email": (
            _("Offers by email"),
            _("Write to me about offers at my shop, at most once a week. I can stop it here at any time."),
        ),
        "offers.personal": (
            _("Offers chosen for me"),
            _("Use what I bought to choose offers for me. I can stop it here at any time."),
        ),
    }[code]


@pages.post("account/consent", customers.JOIN, name="consent")
def consent(request: Request) -> HttpResponse:
    """Agree to a purpose, or withdraw: kept with the very words that were shown."""
    code, granted = request.POST.get("purpose", ""), request.POST.get("agreed") == "1"
    if code not in PURPOSES:
        raise Invalid(_("Say what for."), field="purpose")
    said = customers.NewConsent(
        code, granted, source=_SOURCE, text=purpose_words(code)[1], text_version="1", language=shelf.language()[0]
    )
    customers.record_consent(customers.join(actor=request.actor), said, actor=request.actor)
    return see(f"{reverse('shop:account')}#consent")


@pages.post("account/data", customers.OWN, name="data")
def data(request: Request) -> HttpResponse:
    """Everything that is known of the member, as a file."""
    mine = customers.join(actor=request.actor)
    known = customers.export_person(mine, actor=request.actor)
    file = HttpResponse(orjson.dumps(known, default=str, option=orjson.OPT_INDENT_2), content_type="application/json")
    file["Content-Disposition"] = 'attachment; filename="my-data.json"'
    file["Cache-Control"] = "no-store"
    return file


@pages.post("account/erase", customers.OWN, name="erase")
def erase(request: Request) -> HttpResponse:
    """Take the member's data away for good, once they have said so twice."""
    if request.POST.get("sure") != "1":
        page = _account(request, unsure=True)
        page.status_code = 422
        return page
    customers.erase(customers.join(actor=request.actor), actor=request.actor)
    logout(request)
    return show(request, "erased")
