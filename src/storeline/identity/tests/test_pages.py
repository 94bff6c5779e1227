"""Pages: who is let in, where the others go, and the front door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from storeline.identity.api import Pages, ensure_demo_sign_ins
from storeline.identity.permissions import MANAGE_USERS, SIGN_IN
from storeline.kernel.api import Refused, TooMany, run


def answer(view: Any, *, permission: str = SIGN_IN, guest: bool = True, method: str = "GET", **headers: str) -> Any:
    pages = Pages("x")
    pages.get("a", permission, name="a", guest=guest)(view)
    request = RequestFactory(headers=headers).generic(method, "/x/a?q=1")
    return pages.urls[0].callback(request)


def fine(_request: Any) -> HttpResponse:
    return HttpResponse("fine")


def refuse(_request: Any) -> HttpResponse:
    raise Refused("The slot has gone. Choose another.")


def too_often(_request: Any) -> HttpResponse:
    raise TooMany(retry_after=30)


def test_a_guest_is_let_in_where_guests_are() -> None:
    assert answer(fine).content == b"fine"


def test_a_guest_is_sent_to_sign_in_and_back() -> None:
    gone = answer(fine, permission=MANAGE_USERS, guest=False)
    assert (gone.status_code, gone["Location"]) == (302, "/accounts/login/?next=%2Fx%2Fa%3Fq%3D1")


def test_htmx_is_sent_there_as_a_whole_page() -> None:
    gone = answer(fine, permission=MANAGE_USERS, guest=False, HX_Request="true")
    assert (gone.status_code, gone["HX-Redirect"]) == (204, "/accounts/login/?next=%2Fx%2Fa%3Fq%3D1")


def test_who_sent_a_form_comes_back_to_where_it_stood() -> None:
    pages = Pages("x")
    pages.post("a", MANAGE_USERS, name="a")(fine)
    request = RequestFactory(headers={"Referer": "https://testserver/x/form"}).post("/x/a")
    gone = pages.urls[0].callback(request)
    assert gone["Location"] == "/accounts/login/?next=https%3A%2F%2Ftestserver%2Fx%2Fform"


def test_a_refusal_is_a_page_with_its_words() -> None:
    page = answer(refuse)
    assert page.status_code == 409
    assert "The slot has gone. Choose another." in page.content.decode()


def test_too_often_says_when_again() -> None:
    page = answer(too_often)
    assert (page.status_code, page["Retry-After"]) == (429, "30")


@pytest.mark.django_db
def test_what_no_text_column_holds_cannot_be_asked_for() -> None:
    pages = Pages("x")
    pages.get("a", SIGN_IN, name="a", guest=True)(
        lambda request: HttpResponse(str(run("SELECT %s::text", [request.GET["q"]]).fetchone()))
    )
    view = pages.urls[0].callback
    assert view(RequestFactory().get("/x/a?q=caf%C3%A9")).content == "('café',)".encode()
    assert view(RequestFactory().get("/x/a?q=%00")).status_code == 400


def test_another_method_is_refused() -> None:
    assert answer(fine, method="POST").status_code == 405


def test_an_address_is_declared_once() -> None:
    pages = Pages("x")
    pages.get("a", SIGN_IN, name="a", guest=True)(fine)
    pages.get("a", SIGN_IN, name="b", guest=True)(fine)
    with pytest.raises(LookupError, match="GET /x/a is declared twice"):
        _ = pages.urls


def test_a_permission_that_is_not_declared_is_refused() -> None:
    with pytest.raises(LookupError):
        Pages("x").get("a", "no.such", name="a")


@pytest.mark.django_db
def test_the_front_door_names_the_faces(client: Client) -> None:
    page = client.get("/start").content.decode()
    for face in ("Shop", "Till", "Desk", "Office"):
        assert f"<h2>{face}</h2>" in page
    assert "What is invented" not in page


@pytest.mark.django_db
def test_the_demos_front_door_signs_in_and_says_what_is_invented(client: Client) -> None:
    made = {one.role: one for one in ensure_demo_sign_ins()}
    page = client.get("/start").content.decode()
    assert "What is real" in page
    assert "What is invented" in page
    assert made["associate"].secret in page
    entered = client.post(
        "/accounts/login/",
        {"login": made["associate"].login, "password": made["associate"].secret, "next": "/start"},
    )
    assert (entered.status_code, entered["Location"]) == (302, "/start")
    assert isinstance(UUID(client.session["_auth_user_id"]), UUID)


@pytest.mark.django_db
def test_the_sign_in_is_in_the_design(client: Client) -> None:
    page = client.get("/accounts/login/?next=/start")
    assert page.status_code == 200
    assert 'class="button button-primary button-wide button-big"' in page.content.decode()
    wrong = client.post("/accounts/login/", {"login": "nobody", "password": "x"})
    assert 'class="banner banner-stop"' in wrong.content.decode()


@pytest.mark.django_db
def test_production_shows_no_sign_ins(client: Client, settings: Any) -> None:
    ensure_demo_sign_ins()
    settings.PRODUCTION = True
    assert "Sign-ins of the demo" not in client.get("/start").content.decode()
