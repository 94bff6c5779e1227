"""Every route refuses a parameter that its description does not have, once it is known who asks."""

from __future__ import annotations

import pytest
from django.test import Client

from storeline.config.api import api
from storeline.identity.tests.factories import bearer, make_token
from tests.test_roles import routes

WRONG = "no_such"


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
