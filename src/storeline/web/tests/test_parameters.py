"""A parameter that a route does not have is refused, beside all else that is wrong."""

from __future__ import annotations

import pytest
from django.test import Client

from storeline.web.tests import urls

pytestmark = pytest.mark.urls("storeline.web.tests.urls")


def test_it_is_told_with_those_that_are_known_and_with_every_other_fault() -> None:
    answer = Client().post("/api/v1/orders?dyr=1&dry=perhaps&b", {"lines": [{}]}, content_type="application/json")
    told = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert (told["code"], told["field"], told["detail"]) == ("invalid", "b", "b: Not a parameter here; known: dry")
    assert [(entry["in"], entry["field"], entry["pointer"]) for entry in told["errors"]] == [
        ("query", "b", "/b"),
        ("query", "dyr", "/dyr"),
        ("body", "lines[0].quantity", "/lines/0/quantity"),
        ("query", "dry", "/dry"),
    ]


def test_a_route_without_parameters_takes_none() -> None:
    answer = Client().get("/api/v1/words?%00=secret")
    assert (answer.status_code, answer.json()["detail"]) == (422, "\x00: Not a parameter here; known: none")
    assert b"secret" not in answer.content


@pytest.mark.django_db
def test_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(urls.WORDS, "text", "first")
    for condition in ({}, {"If-Match": "*"}):
        asked = Client(headers=condition).put("/api/v1/words?force=1", {"text": "x"}, content_type="application/json")
        assert (asked.status_code, asked.json()["field"], urls.WORDS["text"]) == (422, "force", "first")


def test_what_a_route_has_may_be_left_out_or_said() -> None:
    for query in ("", "?", "?dry=1", "?dry=1&dry=0"):
        answer = Client().post(f"/api/v1/orders{query}", {"lines": []}, content_type="application/json")
        assert answer.status_code == 200
