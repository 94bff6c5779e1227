"""A form that was sent after the session had ended: what was typed is kept, its sender sends it, nobody else, no secret."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth import get_user_model
from django.http import QueryDict
from django.test import Client

from storeline.identity import again
from storeline.identity.tests.factories import PASSWORD, make_user
from storeline.kernel.api import run

pytestmark = pytest.mark.django_db
ADDRESS = "/office/promotions/new"
STOOD_ON = "http://testserver/office/promotions/new?kind=percent"
TYPED: dict[str, Any] = {"id": "01890000-0000-7000-8000-000000000001", "name": "Kätzchen <b>", "stores": ["a", "b"]}


def sent(client: Client, typed: dict[str, Any] = TYPED, headers: dict[str, str] | None = None) -> str:
    """The address that what was sent without a sign-in is found at, once signed in."""
    answer = client.post(ADDRESS, typed, headers={"Referer": STOOD_ON} | (headers or {}))
    where = answer.get("HX-Redirect") or answer["Location"]
    assert "tzchen" not in where
    return parse_qs(urlsplit(where).query)["next"][0]


def sign_in(client: Client, where: str, login: str = "mia") -> Any:
    return client.post("/accounts/login/", {"login": login, "password": PASSWORD, "next": where})


def fields_of(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return [one for one in found if one[0] not in {"csrfmiddlewaretoken", "next"}]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Current-URL": STOOD_ON}])
def test_what_was_typed_is_sent_by_its_sender_after_the_sign_in(client: Client, headers: dict[str, str]) -> None:
    make_user("mia", "marketer")
    where = sent(client, headers=headers)
    assert client.session.get_expiry_age() == again.AGE_S
    assert client.get(where)["Location"].startswith("/accounts/login/")
    assert "What you typed is kept" in client.get("/accounts/login/", {"next": where}).content.decode()
    assert sign_in(client, where)["Location"] == where
    assert client.session.get_expiry_age() > again.AGE_S
    page = client.get(where)
    text = page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert f'action="{ADDRESS}"' in text
    assert fields_of(text) == [("id", TYPED["id"]), ("name", "Kätzchen &lt;b&gt;"), ("stores", "a"), ("stores", "b")]
    assert 'href="/office/promotions/new?kind=percent"' in text
    assert client.post(where)["Location"] == "/office/promotions/new?kind=percent"
    assert client.get(where).status_code == 410


def test_a_second_factor_comes_between(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user, secret = make_user("mia", "marketer"), generate_totp_secret()
    TOTP.activate(get_user_model().objects.get(id=user), secret)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.yield_hotp_counters_from_time", lambda: iter([7]))
    where = sent(client)
    stage = sign_in(client, where)["Location"]
    assert stage == "/accounts/2fa/authenticate/"
    code = format_hotp_value(hotp_value(secret, 7))
    assert client.post(stage, {"code": code})["Location"] == where
    assert ("name", "Kätzchen &lt;b&gt;") in fields_of(client.get(where).content.decode())


def test_staff_without_a_second_factor_set_one_up_first(client: Client, settings: Any) -> None:
    settings.STAFF_MFA = True
    make_user("mia", "marketer")
    sign_in(client, "/start")
    assert client.post(ADDRESS, TYPED, headers={"Referer": STOOD_ON})["Location"] == "/accounts/2fa/"
    where = client.session["after_second_factor"]
    assert client.get(where)["Location"] == "/accounts/2fa/"
    settings.STAFF_MFA = False
    assert len(fields_of(client.get(where).content.decode())) == 4


def test_another_browser_and_another_role_do_not_see_it(client: Client) -> None:
    make_user("mia", "marketer")
    make_user("sam", "shopper")
    where = sent(client)
    other = Client()
    sign_in(other, where)
    assert other.get(where).status_code == 410
    sign_in(client, where, "sam")
    assert client.get(where).status_code == 403
    client.post("/accounts/logout/")
    sign_in(client, where)
    assert client.get(where).status_code == 410  # it went with the session


@pytest.mark.parametrize(
    ("secret", "asked"),
    [("code", 'name="code" type="text"'), ("new_password", 'name="new_password" type="password"'), ("card", None)],
)
def test_no_secret_is_kept(client: Client, secret: str, asked: str | None) -> None:
    make_user("mia", "marketer")
    where = sent(client, {secret: "4111", "postal_code": "43215", "api-token": ""})
    assert "4111" not in str(dict(client.session))
    sign_in(client, where)
    page = client.get(where).content.decode()
    assert "43215" in page
    if asked is None:
        assert "Cards are not kept" in page
    else:
        assert asked in page
    assert fields_of(page) == ([("postal_code", "43215")] if asked else [])


@pytest.mark.parametrize(("ours", "status"), [(True, 302), (False, 403)])
def test_a_page_older_than_the_sign_in_is_sent_again(ours: bool, status: int) -> None:  # noqa: FBT001  # as pytest hands it
    make_user("mia", "marketer")
    client = Client(enforce_csrf_checks=True)
    client.login(username="mia", password=PASSWORD)
    headers = {"Origin": "http://testserver" if ours else "http://evil.example", "Accept": "text/html"}
    answer = client.post(ADDRESS, TYPED | {"csrfmiddlewaretoken": "old"}, headers={"Referer": STOOD_ON} | headers)
    assert answer.status_code == status
    assert ("again" in client.session) is ours
    if ours:
        assert ("name", "Kätzchen &lt;b&gt;") in fields_of(client.get(answer["Location"]).content.decode())
        assert Client(enforce_csrf_checks=True).post("/basket", {"q": "1"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "typed", [{}, {"id": TYPED["id"], "code": "1"}, {"name": "x" * again.MOST_CHARS}, {"name": "a\x00"}]
)
def test_what_cannot_be_kept_leads_to_the_forms_page(client: Client, typed: dict[str, str]) -> None:
    assert sent(client, typed) == STOOD_ON
    assert "again" not in client.session


def test_it_is_kept_for_an_hour_and_the_newest_only(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("mia", "marketer")
    found = [sent(client, {"name": str(number)}) for number in (1, 1, *range(2, 6))]
    sign_in(client, "/start")
    assert [client.get(where).status_code for where in found] == [410, 410, 200, 200, 200, 200]
    moment = time.time() + again.AGE_S
    monkeypatch.setattr(time, "time", lambda: moment)
    assert client.get(found[-1]).status_code == 410


def test_many_from_one_address_are_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "PER_ADDRESS", 1)
    assert sent(client).startswith("/again/")
    assert sent(Client()) == STOOD_ON
    assert run("SELECT count(*) FROM django_session").fetchall() == [(1,)]


def test_what_was_taken_is_no_longer_kept(client: Client, rf: Any) -> None:
    sent(client)
    other = sent(client, {"name": "other"})
    request = rf.post(ADDRESS, TYPED)
    request.session = client.session
    again.was_sent(request)
    assert [f"/again/{one['id']}" for one in request.session["again"]] == [other]


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/x", "//evil.example", "http://testserver//evil.example", "javascript:alert(1)", "/x" * 1001],
)
def test_nobody_is_led_away(rf: Any, address: str) -> None:
    assert again.local(rf.get("/"), address) == "/start"


def test_names_that_are_secret() -> None:
    given = QueryDict("postal_code=1&code=2&pin=3&shipping=4&Card=5&csrfmiddlewaretoken=6&barcode=7")
    assert again._fields(given) == (
        [["postal_code", "1"], ["shipping", "4"], ["barcode", "7"]],
        ["code", "pin", "Card"],
    )
