"""Every route refuses a parameter that its description does not have, once it is known who asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from storeline.config.api import api
from storeline.config.paths import ROOT
from storeline.identity.tests.factories import bearer, make_token
from tests.test_roles import routes

WRONG = "no_such"
_ASKED = re.compile(r"(?:\$API|/api/v1|GET )(/[^\s?`\"']+)\?([^\s`\"'|)]+)")


def described() -> list[str]:
    """For each operation, in the order of the document, the parameters of its address."""
    return [
        ", ".join(sorted(one["name"] for one in operation["parameters"] if one.get("in") == "query")) or "none"
        for operations in api.get_openapi_schema()["paths"].values()
        for operation in operations.values()
    ]


@pytest.mark.django_db
def test_every_route() -> None:
    told, clients = [], {"administrator": Client(headers=bearer(make_token("administrator"))), "guest": Client()}
    for method, address, guard in routes():
        answers = {
            role: client.generic(method, f"{address}?{WRONG}=1", "", content_type="application/json")
            for role, client in clients.items()
        }
        assert answers["guest"].status_code == (422 if guard.guest else 401), address
        problem = answers["administrator"].json()
        assert (answers["administrator"].status_code, problem["errors"][0]["field"]) == (422, WRONG), address
        told.append(problem["errors"][0]["detail"].removeprefix("Not a parameter here; known: "))
    assert len(told) >= 150
    assert sorted(told) == sorted(described())


def shown() -> Iterator[tuple[str, set[str]]]:
    """Each address with parameters that a document names."""
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for address, query in _ASKED.findall(path.read_text()):
            yield address.removeprefix("/api/v1"), {name for name, _ in parse_qsl(query, keep_blank_values=True)}


def test_what_documents_name_is_there() -> None:
    found, wrong = 0, []
    patterns = {
        re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path.removeprefix("/api/v1"))): operations["get"]["parameters"]
        for path, operations in api.get_openapi_schema()["paths"].items()
        if "get" in operations
    }
    for address, names in shown():
        of_these = [parameters for pattern, parameters in patterns.items() if pattern.fullmatch(address)]
        found += 1
        if not any(names <= {one.get("name") for one in parameters} for parameters in of_these):
            wrong.append(f"{address} has not all of {sorted(names)}")
    assert wrong == []
    assert found >= 8
