"""A forgotten password, for shoppers and staff alike: say whose it is, get a code, type it with a new password."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storeline.identity.api import SIGN_IN, Pages, Request
from storeline.kernel.api import Error
from storeline.messages.recovery import ask_new_password, take_new_password
from storeline.web.pages import render, see

pages = Pages("forgot")
_ASKED, _BACK = "new_password_of", "new_password_back"
"""Where in the session it is kept who asked, and where they came from: an address in a URL would be logged."""
_LANGUAGES = {"zh-hans": "zh-Hans"}
STAFF_SIGN_IN = "/accounts/login/"


@pages.get("", SIGN_IN, guest=True, name="forgot")
def forgot(request: Request) -> HttpResponse:
    """Whose password it is."""
    back = request.GET.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, {request.get_host()}):
        request.session[_BACK] = back
    return _forgot(request, login=request.session.get(_ASKED, ""))


@pages.post("", SIGN_IN, guest=True)
def ask(request: Request) -> HttpResponse:
    """Send a code, where there is somebody to send it to."""
    login = request.POST.get("login", "")
    try:
        ask_new_password(request, login, language=_language())
    except Error as error:
        return _forgot(request, login=login, problem=words_of(error), status=error.status)
    request.session[_ASKED] = login.strip()
    return see(reverse("messages:new_password"))


@pages.get("new", SIGN_IN, guest=True, name="new_password")
def new_password(request: Request) -> HttpResponse:
    """The code, and the password that is to be."""
    return _new(request) if _ASKED in request.session else see(reverse("messages:forgot"))


@pages.post("new", SIGN_IN, guest=True)
def take(request: Request) -> HttpResponse:
    """Change the password; what is refused is said beside its field, and the code that was typed is kept."""
    login = request.session.get(_ASKED)
    if login is None:
        return see(reverse("messages:forgot"))
    given = request.POST
    try:
        take_new_password(request, login, given.get("code", ""), given.get("password", ""), language=_language())
    except Error as error:
        words = words_of(error)
        problem = {"wrong": {error.field: words}} if error.field in ("code", "password") else {"problem": words}
        return _new(request, status=error.status, code=given.get("code", ""), **problem)
    request.session.pop(_ASKED)
    return see(reverse("messages:password_changed"))


@pages.get("done", SIGN_IN, guest=True, name="password_changed")
def done(request: Request) -> HttpResponse:
    """The password is another: sign in with it."""
    return render(request, "messages/password_changed.html", {"back": _back(request)})


def _forgot(request: Request, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, "messages/forgot.html", {"back": _back(request)} | context, status=status)


def _new(request: Request, *, status: int = 200, **context: Any) -> HttpResponse:
    asked = {"login": request.session[_ASKED], "back": _back(request)}
    return render(request, "messages/new_password.html", asked | context, status=status)


def _back(request: Request) -> str:
    back: str = request.session.get(_BACK, STAFF_SIGN_IN)
    return back


def _language() -> str:
    language = get_language() or "en"
    return _LANGUAGES.get(language, language)


def words_of(error: Error) -> str:
    """A refusal in the visitor's language."""
    return {
        "wrong_code": _("That is not the code, or it is too old. Look again, or ask for another."),
        "weak_password": error.detail,
        "too_many": _("There were many attempts. Wait a quarter of an hour, then try again."),
        "invalid": _("Type your email address, name or phone number."),
    }.get(error.code, error.detail)
