"""Attempts to sign in are counted exactly, also when they come at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from storeline.identity import sessions
from storeline.identity.errors import TooManySignIns, WrongSignIn


@pytest.mark.django_db(transaction=True)
def test_of_thirty_attempts_at_once_ten_are_looked_at(monkeypatch):
    monkeypatch.setattr(sessions, "make_password", lambda _password: None)

    def attempt(_number: int) -> str:
        try:
            sessions.sign_in("kim", "wrong", address="192.0.2.1")
        except WrongSignIn:
            return "wrong"
        except TooManySignIns:
            return "too many"
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(10) as pool:
        seen = list(pool.map(attempt, range(30)))
    assert sorted(seen) == ["too many"] * 20 + ["wrong"] * 10
