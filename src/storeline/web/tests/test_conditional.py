"""Reading again what has not changed, and writing only over what one has seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from storeline.web.tests.urls import WORDS

pytestmark = [pytest.mark.urls("storeline.web.tests.urls"), pytest.mark.django_db]
PATH = "/api/v1/words"


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    WORDS["text"] = "first"
    yield
    WORDS["text"] = "first"


def write(text: str, path: str = PATH, **headers: str) -> Any:
    conditions = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().put(path, {"text": text}, content_type="application/json", headers=conditions)


@pytest.mark.parametrize("condition", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_what_one_has_is_not_sent_again(client: Client, condition: str) -> None:
    first = client.get(PATH)
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    again = client.get(PATH, headers={"If-None-Match": condition.format(tag=first["ETag"])})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert "Content-Type" not in again


def test_what_changed_is_sent(client: Client) -> None:
    first = client.get(PATH)
    write("second")
    again = client.get(PATH, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.json()) == (200, {"text": "second"})
    assert again["ETag"] != first["ETag"]


def test_a_write_over_what_one_has_seen(client: Client) -> None:
    seen = client.get(PATH)["ETag"]
    assert write("second", If_Match=seen).status_code == 200
    stale = write("third", If_Match=seen)
    assert (stale.status_code, stale["Content-Type"]) == (412, "application/problem+json")
    assert stale.json()["code"] == "precondition_failed"
    assert WORDS["text"] == "second"
    assert write("third", If_Match="*").status_code == 200
    assert write("fourth").status_code == 200


def test_a_write_that_only_creates() -> None:
    assert write("second", If_None_Match="*").status_code == 412
    assert WORDS["text"] == "first"
    WORDS["text"] = ""
    assert write("second", If_Match="*").status_code == 412
    assert WORDS["text"] == ""
    assert write("second", If_None_Match="*").status_code == 200


def test_what_cannot_be_read_is_not_written_on_a_condition() -> None:
    assert write("second", path="/api/v1/unseen", If_Match='"any"').status_code == 412
