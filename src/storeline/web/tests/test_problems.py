"""Every failure is a problem of one shape that repeats no input and shows no inside."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.urls("storeline.web.tests.urls")


@pytest.fixture
def http() -> Client:
    return Client(raise_request_exception=False)


def problem(code: str, title: str, status: int, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"urn:storeline:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    } | more


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "conflict",
            problem("conflict", "That clashes with what is already there", 409, "Taken.", field="id", other="x"),
        ),
        ("invalid", problem("invalid", "The request is not valid", 422, "No such unit.", field="lines[1].unit")),
        ("busy", problem("too_many", "Too many requests", 429, "Slow down.", retry_after=7)),
        ("anonymous", problem("unauthenticated", "Sign in first", 401, "Sign in first")),
        ("missing", problem("not_found", "There is no such thing", 404, "There is no such thing")),
        ("suspicious", problem("bad_request", "The request could not be read", 400, "The request could not be read")),
        (
            "away",
            problem(
                "unavailable",
                "The service is not available now",
                503,
                "The database does not answer. Nothing was changed; try again.",
                retry_after=2,
            ),
        ),
        (
            "dropped",
            problem(
                "unavailable",
                "The service is not available now",
                503,
                "The database does not answer. Nothing was changed; try again.",
                retry_after=2,
            ),
        ),
        ("bug", problem("error", "Something went wrong", 500, "Something went wrong")),
        ("throttled", problem("too_many", "Too many requests", 429, "Too many requests", retry_after=9)),
    ],
)
def test_each_error_has_its_problem(http: Client, kind: str, expected: dict[str, Any]) -> None:
    answer = http.get(f"/api/v1/fail/{kind}")
    assert answer.status_code == expected["status"]
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == expected
    assert b"secret" not in answer.content
    if "retry_after" in expected:
        assert answer["Retry-After"] == str(expected["retry_after"])
    if expected["status"] == 401:
        assert answer["WWW-Authenticate"] == 'Bearer realm="storeline"'


def test_malformed_input_names_every_field(http: Client) -> None:
    body = {"lines": [{"quantity": 1}, {"quantity": "many"}, {}]}
    answer = http.post("/api/v1/orders?dry=perhaps", body, content_type="application/json")
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "invalid"
    where = [(entry["in"], entry["field"], entry["pointer"]) for entry in told["errors"]]
    assert sorted(where) == [
        ("body", "lines[1].quantity", "/lines/1/quantity"),
        ("body", "lines[2].quantity", "/lines/2/quantity"),
        ("query", "dry", "/dry"),
    ]
    assert b"many" not in answer.content.replace(b"too_many", b"")
    assert told["field"] == told["errors"][0]["field"]


@pytest.mark.parametrize("body", ["{", "[1,", "\ud800", '{"lines": NaN}', '{"a": "\\u0000"}', '{"\\u0000": 1}'])
def test_a_body_that_is_not_storable_json_is_refused(http: Client, body: str) -> None:
    answer = http.post("/api/v1/orders", body.encode("utf-8", "surrogatepass"), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["detail"] != "Cannot parse request body"


def test_a_body_that_is_too_large_is_refused(http: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
    answer = http.post("/api/v1/orders", b"[" + b" " * (1 << 20), content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (413, "A body has at most 1 MB.")


def test_the_words_backslash_u0000_are_ordinary_text(http: Client) -> None:
    answer = http.post("/api/v1/orders", '{"lines": [], "a": "\\\\u0000"}', content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"lines": []})


def test_nul_in_the_address_is_refused(http: Client) -> None:
    answer = http.post("/api/v1/orders?dry=%00", {"lines": []}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_there_is_nothing_at_an_address_with_nul(http: Client) -> None:
    for address in ("/api/v1/orders/%00", "/%00"):
        answer = http.get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_says_which_are_right(http: Client) -> None:
    answer = http.delete("/api/v1/orders")
    assert (answer.status_code, answer["Content-Type"], answer["Allow"]) == (405, "application/problem+json", "POST")
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing"])
def test_an_unknown_address(http: Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
