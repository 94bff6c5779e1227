"""Staff's second factor: where the installation asks for it, nobody of the staff gets further without one."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth import get_user_model
from django.test import Client

from storeline.identity.queries import actor_in_session, actor_of_user
from storeline.identity.tests.factories import PASSWORD, bearer, browser_of, make_token, make_user
from storeline.kernel.api import new_id

pytestmark = pytest.mark.django_db
USERS = "/api/v1/users"
FACTOR = "/accounts/2fa/"


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_MFA = True


def give_factor(user_id: Any) -> str:
    """A second factor for this user; its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(get_user_model().objects.get(id=user_id), secret)
    return secret


def test_a_page_sends_staff_to_set_one_up_and_back() -> None:
    user = make_user("ann", "administrator")
    browser = browser_of(user)
    gone = browser.get("/admin/")
    assert gone.status_code == 302
    assert browser.get(gone["Location"])["Location"] == FACTOR
    api = browser.get(USERS)
    assert (api.status_code, api.json()["code"]) == (403, "second_factor_missing")
    give_factor(user)
    assert browser.get(USERS).status_code == 200
    assert browser.get("/admin/").status_code == 200


def test_a_write_of_theirs_changes_nothing() -> None:
    browser = browser_of(make_user("ann", "administrator"))
    refused = browser.post(USERS, {"id": str(new_id()), "username": "bob"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_missing")
    assert get_user_model().objects.count() == 1


def test_staff_without_one_act_as_shoppers() -> None:
    both, shopper = make_user("both", "associate", "shopper"), make_user("eve", "shopper")
    actor, lacks = actor_in_session(both)
    plain, free = actor_in_session(shopper)
    assert actor is not None
    assert plain is not None
    assert (lacks, free) == (True, False)
    assert actor.permissions == plain.permissions
    give_factor(both)
    assert actor_in_session(both) == (actor_of_user(both), False)


def test_shoppers_and_programs_need_none() -> None:
    assert browser_of(make_user("eve", "shopper")).get("/api/v1/me").json()["second_factor_missing"] is False
    assert Client(headers=bearer(make_token("administrator"))).get(USERS).status_code == 200


def test_recovery_codes_alone_are_no_second_factor() -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes  # noqa: PLC0415

    user = make_user("ann", "associate")
    RecoveryCodes.activate(get_user_model().objects.get(id=user))
    assert actor_in_session(user)[1] is True


def test_the_session_api_says_so(client: Client) -> None:
    make_user("ann", "associate")
    body = {"login": "ann", "password": PASSWORD}
    signed = client.post("/api/v1/session", body, content_type="application/json").json()
    assert signed["second_factor_missing"] is True
    assert "orders.view" not in signed["permissions"]
    assert client.get("/api/v1/me").json()["second_factor_missing"] is True
    assert client.delete("/api/v1/session", headers={"X-CSRFToken": signed["csrf_token"]}).status_code == 204


def test_optional_lets_staff_in(settings: Any) -> None:
    settings.STAFF_MFA = False
    assert browser_of(make_user("ann", "administrator")).get(USERS).status_code == 200


def test_set_up_on_our_own_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.yield_hotp_counters_from_time", lambda: iter([7]))
    make_user("ann", "administrator")
    client.post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    page = client.get(FACTOR).content.decode()
    assert "Whoever works here signs in with a password and a second factor" in page
    where = "/accounts/2fa/totp/activate/"
    again = client.get(where)["Location"]
    assert client.post(again, {"password": PASSWORD, "next": where})["Location"] == where
    page = client.get(where).content.decode()
    assert 'class="qr"' in page
    secret = client.session["mfa.totp.secret"]
    assert "Incorrect code" in client.post(where, {"code": "0"}).content.decode()
    code = format_hotp_value(hotp_value(secret, 7))
    assert client.post(where, {"code": code})["Location"] == "/accounts/2fa/recovery-codes/"
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert "I have kept them: go on" in page
    assert "Your account is protected by a second factor." in client.get(FACTOR).content.decode()
    assert client.get("/accounts/2fa/webauthn/").status_code == 200
    assert client.get(USERS).status_code == 200
