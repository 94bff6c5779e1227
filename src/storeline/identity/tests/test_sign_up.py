"""A shopper makes an account: once, counted, and nothing is left of one that was refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from storeline.identity.api import (
    LoginTaken,
    TooManySignIns,
    WeakPassword,
    WrongSignIn,
    actor_of_user,
    enter,
    find_user,
    sign_up,
)
from storeline.identity.models import User
from storeline.identity.sessions import NEW_PER_ADDRESS
from storeline.kernel.api import BodyMismatch, Invalid, new_id

pytestmark = pytest.mark.django_db
GOOD = {"email": "Kim@Example.org", "password": "a lake of seven swans", "name": "Kim", "language": "fr"}


@pytest.fixture
def asked() -> HttpRequest:
    request = HttpRequest()
    request.session = SessionStore()
    request.META["REMOTE_ADDR"] = "203.0.113.9"
    return request


def join(request: HttpRequest, user_id: UUID | None = None, **changes: Any) -> UUID:
    return sign_up(request, user_id or new_id(), **(GOOD | changes))


def test_an_account_is_made_and_entered(asked):
    key = join(asked)
    assert asked.session["_auth_user_id"] == str(key)
    actor = actor_of_user(key)
    assert actor is not None
    assert actor.may("customers.own")
    assert not actor.may("orders.sell")
    assert find_user("kim@example.org") == key


def test_sent_twice_it_is_one(asked):
    key = new_id()
    assert join(asked, key) == join(asked, key) == key
    assert User.objects.count() == 1
    with pytest.raises(BodyMismatch):
        join(asked, key, name="Another")


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"email": "nobody"}, Invalid, "email"),
        ({"email": " "}, Invalid, "email"),
        ({"password": "kim"}, WeakPassword, "password"),
        ({"password": "password"}, WeakPassword, "password"),
    ],
)
def test_what_is_wrong_makes_no_account(asked, changes, error, field):
    with pytest.raises(error) as refused:
        join(asked, **changes)
    assert refused.value.field == field
    assert User.objects.count() == 0
    assert "_auth_user_id" not in asked.session


def test_an_address_has_one_account(asked):
    join(asked)
    with pytest.raises(LoginTaken):
        join(asked)
    assert User.objects.count() == 1


def test_a_wrong_password_enters_nothing(asked):
    join(asked)
    asked.session.flush()
    with pytest.raises(WrongSignIn):
        enter(asked, "kim@example.org", "wrong")
    assert "_auth_user_id" not in asked.session
    enter(asked, "kim@example.org", GOOD["password"])
    assert "_auth_user_id" in asked.session


def test_nobody_makes_accounts_by_the_hundred(asked):
    for _ in range(NEW_PER_ADDRESS):
        with pytest.raises(Invalid):
            join(asked, email="nobody")
    with pytest.raises(TooManySignIns):
        join(asked)
    assert User.objects.count() == 0
