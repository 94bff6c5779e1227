"""What a single order goes through: the route under the framework, or the lean front. Tests that ask for `door` run with each."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory

from storeline.identity import api as identity
from storeline.orders.http.front import answer_set
from storeline.orders.permissions import PLACE
from storeline.web.front import Arrived


@pytest.fixture(params=["framework", "front"])
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "framework":
        return
    usual = Client.post

    def post(client: Client, path: str, data: bytes, **options: Any) -> Any:
        if path != "/api/v1/orders":
            return usual(client, path, data=data, **options)
        actor = identity.requires(PLACE, guest=True)(RequestFactory().post(path))  # whom the test says it is
        monkeypatch.setattr(identity, "actors_of_tokens", lambda tokens: dict.fromkeys(tokens, actor))
        return answer_set([Arrived(data, "" if actor.kind == "guest" else "Bearer somebody")])[0]

    monkeypatch.setattr(Client, "post", post)
