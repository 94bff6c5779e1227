"""Every route of the API declares who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import NinjaAPI, Router

from storeline.config.api import api as ours
from storeline.identity.api import Requires, requires
from storeline.kernel.api import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest


def routes(api: NinjaAPI) -> Iterator[tuple[str, list[object]]]:
    """Every operation, as `GET /path`, with what guards it."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                guards: list[object] = list(operation.auth_callbacks)
                yield from ((f"{method} {prefix}{path}", guards) for method in operation.methods)


def violations(api: NinjaAPI) -> list[str]:
    """Routes that do not name exactly one permission."""
    return [route for route, guards in routes(api) if len(guards) != 1 or not isinstance(guards[0], Requires)]


def test_the_project_keeps_the_rule() -> None:
    assert violations(ours) == []
    assert len(list(routes(ours))) > 0


def test_planted_routes_are_found() -> None:
    router = Router()
    code = next(iter(PERMISSIONS))

    @router.get("/open")
    def open_to_all(request: HttpRequest) -> None: ...

    @router.get("/closed", auth=requires(code))
    def closed(request: HttpRequest) -> None: ...

    @router.post("/other", auth=lambda request: True)  # noqa: ARG005  # the shape ninja asks for
    def other(request: HttpRequest) -> None: ...

    api = NinjaAPI(urls_namespace="planted-routes")
    api.add_router("", router)
    assert violations(api) == ["GET /open", "POST /other"]
