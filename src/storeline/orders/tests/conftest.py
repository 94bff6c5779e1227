"""What a single order goes through: the route under the framework, or the lean front. Tests that ask for `door` run with each."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory

from storeline.identity import api as identity
from storeline.orders.http.front import answer_set
from storeline.orders.permissions import PLACE
from storeline.web.front import Arrived, Front, Sets


@pytest.fixture(params=["framework", "front"])
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "framework":
        return
    usual, front = Client.post, Front("/api/v1/orders", Sets(answer_set, largest=1))

    def post(client: Client, path: str, data: bytes, **options: Any) -> Any:
        address, _, query = path.partition("?")
        scope = {"path": address, "query_string": query.encode(), "method": "POST", "headers": []}
        if not front.takes(scope):
            return usual(client, path, data=data, **options)
        actor = identity.requires(PLACE, guest=True)(RequestFactory().post(path))  # whom the test says it is
        monkeypatch.setattr(identity, "actors_of_tokens", lambda tokens: dict.fromkeys(tokens, actor))
        return answer_set([Arrived(data, "" if actor.kind == "guest" else "Bearer somebody")])[0]

    monkeypatch.setattr(Client, "post", post)
