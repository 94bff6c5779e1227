"""A forgotten password: the code opens it once, strangers learn nothing, and a refusal changes nothing."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client

from storeline.customers import api as customers
from storeline.identity.api import actor_of_user
from storeline.identity.tests.factories import PASSWORD, browser_of, make_user
from storeline.kernel.api import SYSTEM, Error, TooMany, run
from storeline.messages.api import shown_code
from storeline.messages.domain import NEW_PASSWORD
from storeline.messages.outbox import send_due
from storeline.messages.recovery import ASKED_PER_LOGIN, ask_new_password, take_new_password

FRESH = "a lake of seven swans"
EMAIL = "kim@example.org"
FORGOT, NEW = "/forgot", "/forgot/new"


def kim(**values: Any) -> Any:
    return make_user("kim", "shopper", email=EMAIL, **values)


def signs_in(password: str, login: str = EMAIL) -> int:
    body = {"login": login, "password": password}
    return Client().post("/api/v1/session", body, content_type="application/json").status_code


def asked_for(login: str) -> Client:
    browser = Client()
    assert browser.post(FORGOT, {"login": login})["Location"] == NEW
    return browser


def code_in(sent: list[Any]) -> str:
    send_due()
    (code,) = re.findall(r"\d{8}", sent[-1].body)
    return str(code)


@pytest.mark.django_db
def test_a_code_by_mail_opens_the_account_to_a_new_password_and_ends_every_session(sent: list[Any]) -> None:
    user = kim()
    elsewhere = browser_of(user)
    browser = asked_for("Kim@Example.org ")
    code = code_in(sent)
    assert sent[-1].destination == EMAIL
    done = browser.post(NEW, {"code": f"{code[:4]} {code[4:]}", "password": FRESH})
    assert done["Location"] == "/forgot/done"
    assert b"Your password is changed" in browser.get("/forgot/done").content
    assert elsewhere.get("/api/v1/me").json()["kind"] == "guest"
    assert (signs_in(PASSWORD), signs_in(FRESH)) == (401, 200)
    assert run("SELECT action, actor_id FROM kernel_trail WHERE action LIKE '%%password'").fetchall() == [
        ("identity.reset_password", user)
    ]
    assert browser.post(NEW, {"code": code, "password": "eight more swans"})["Location"] == FORGOT
    send_due()
    assert [one.subject for one in sent] == ["New password", "Your password was changed"]


@pytest.mark.django_db
def test_a_stranger_sees_the_same_whether_there_is_such_an_account(sent: list[Any]) -> None:
    user = kim()
    make_user("gone", email="gone@example.org")
    run("UPDATE identity_user SET is_active = false WHERE username = 'gone'")
    pages = []
    for login in (EMAIL, "nobody@example.org", "gone@example.org", "+41791234567"):
        browser = asked_for(login)
        asked = browser.get(NEW).content.decode()
        tries = [browser.post(NEW, {"code": "1234", "password": FRESH}) for _ in range(6)]
        pages.append(
            [(200, f"If there is an account for {login}, a code" in asked)]
            + [(one.status_code, b"That is not the code" in one.content) for one in tries]
        )
    assert pages == [[(200, True), *[(422, True)] * 6]] * 4
    send_due()
    assert [one.destination for one in sent] == [EMAIL]
    assert shown_code(NEW_PASSWORD, user) is not None
    assert signs_in(PASSWORD) == 200


@pytest.mark.django_db
def test_a_phone_opens_only_what_its_owner_proved(sent: list[Any]) -> None:
    proved, typed = kim(), make_user("eve", "shopper", email="eve@example.org")
    for user, number, verified in ((proved, "+41791234567", True), (typed, "+41791234568", False)):
        actor = actor_of_user(user)
        assert actor is not None
        mine = customers.join(actor=actor)
        customers.add_contacts(mine, [customers.NewContact("phone", number, verified=verified)], actor=SYSTEM)
    asked_for("+41 79 123 45 68")
    browser = asked_for("+41 79 123 45 67")
    code = code_in(sent)
    assert [one.destination for one in sent] == ["+41791234567"]
    assert browser.post(NEW, {"code": code, "password": FRESH}).status_code == 303
    assert signs_in(FRESH) == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("login", "fault", "given", "says"),
    [
        (EMAIL, "", {"password": "kim"}, "too short"),
        (EMAIL, "", {"password": "kim@example.org"}, "too similar"),
        (EMAIL, "", {"code": "00000000"}, "That is not the code"),
        (EMAIL, "expires_at = created_at", {}, "That is not the code"),
        (EMAIL, "used_at = created_at, attempts = 1", {}, "That is not the code"),
        (EMAIL, "attempts = 5", {}, "That is not the code"),
    ],
)
def test_what_is_refused_changes_nothing(
    sent: list[Any], login: str, fault: str, given: dict[str, str], says: str
) -> None:
    user = kim()
    browser = asked_for(login)
    code = code_in(sent)
    if fault:
        run(f"UPDATE messages_code SET {fault}")
    before = run("SELECT used_at FROM messages_code").fetchall()
    refused = browser.post(NEW, {"code": code, "password": FRESH} | given)
    assert (refused.status_code, says in refused.content.decode()) == (422, True)
    assert run("SELECT used_at FROM messages_code").fetchall() == before
    assert signs_in(PASSWORD) == 200
    assert run("SELECT count(*) FROM kernel_trail WHERE action = 'identity.reset_password'").fetchall() == [(0,)]
    if not fault:  # the code is as good as before
        assert browser.post(NEW, {"code": code, "password": FRESH}).status_code == 303
    assert user is not None


@pytest.mark.django_db
def test_nobody_asks_without_end(sent: list[Any]) -> None:
    kim()
    browser = Client()
    said = [browser.post(FORGOT, {"login": EMAIL}).status_code for _ in range(ASKED_PER_LOGIN + 1)]
    assert said == [303] * ASKED_PER_LOGIN + [429]
    assert [browser.post(FORGOT, {"login": "no@example.org"}).status_code for _ in range(ASKED_PER_LOGIN + 1)] == said
    assert browser.post(FORGOT, {"login": " "}).status_code == 422
    send_due()
    assert len(sent) == 1  # within half a minute one leaves


@pytest.mark.django_db
def test_staff_still_need_their_second_factor(sent: list[Any], settings: Any) -> None:
    settings.STAFF_MFA = True
    make_user("ann", "administrator", email="ann@example.org")
    browser = asked_for("ann")
    assert browser.post(NEW, {"code": code_in(sent), "password": FRESH}).status_code == 303
    entered = Client()
    assert entered.post("/accounts/login/", {"login": "ann", "password": FRESH}).status_code == 302
    assert entered.get("/office")["Location"] == "/accounts/2fa/"


@pytest.mark.django_db
def test_the_packages_own_ways_to_a_password_are_closed() -> None:
    for closed in ("accounts/password/reset/", "accounts/password/set/", "accounts/password/reset/key/1-2/"):
        assert Client().post(f"/{closed}")["Location"] == FORGOT
    assert Client().get("/admin/password_change/")["Location"] == FORGOT
    assert Client().get("/accounts/email/")["Location"] == "/start"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_the_code_at_once_one_is_taken(sent: list[Any]) -> None:
    user = kim()
    ask_new_password(HttpRequest(), EMAIL)
    code = shown_code(NEW_PASSWORD, user)
    assert code is not None

    def take(number: int) -> str:
        try:
            take_new_password(HttpRequest(), EMAIL, code, f"{FRESH} {number}")
        except Error as error:
            return error.code
        finally:
            connection.close()
        return str(number)

    with ThreadPoolExecutor(5) as pool:
        said = Counter(pool.map(take, range(5)))
    (won,) = [one for one in said if one.isdigit()]
    assert said == {won: 1, "wrong_code": 4}
    assert signs_in(f"{FRESH} {won}") == 200
    assert run("SELECT count(*) FROM kernel_trail WHERE action = 'identity.reset_password'").fetchall() == [(1,)]


@pytest.mark.django_db
def test_tries_are_counted_by_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storeline.messages.recovery.TRIED_PER_ADDRESS", 1)
    with pytest.raises(Error) as first:
        take_new_password(HttpRequest(), EMAIL, "1", FRESH)
    with pytest.raises(TooMany):
        take_new_password(HttpRequest(), EMAIL, "1", FRESH)
    assert first.value.code == "wrong_code"
