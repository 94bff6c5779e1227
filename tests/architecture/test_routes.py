"""Every route of the API is served, and declares who may use it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from django.urls import URLResolver, get_resolver
from ninja import NinjaAPI, Router

from storeline.config.api import api as ours
from storeline.config.modules import MODULES
from storeline.config.paths import ROOT
from storeline.identity.api import Requires, requires
from storeline.kernel.api import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest


def routes(api: NinjaAPI) -> Iterator[tuple[str, list[object]]]:
    """Every operation, as `GET /path`, with what guards it."""
    for router in api._get_bound_routers():  # also those that a module's router includes
        prefix = router.prefix
        for path, view in router.path_operations.items():
            for operation in view.operations:
                guards: list[object] = list(operation.auth_callbacks)
                yield from ((f"{method} {prefix}{path}", guards) for method in operation.methods)


def violations(api: NinjaAPI) -> list[str]:
    """Routes that do not name exactly one permission."""
    return [route for route, guards in routes(api) if len(guards) != 1 or not isinstance(guards[0], Requires)]


def shadowed(api: NinjaAPI) -> list[str]:
    """Addresses that two routers have: only the first of them is reached, whatever the method."""
    paths = (
        re.sub(r"\{[^}]*\}", "{}", f"{router.prefix}{path}")
        for router in api._get_bound_routers()
        for path in router.path_operations
    )
    return [path for path, times in Counter(paths).items() if times > 1]


def pages_by_name(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every named page, as `desk:ship`, with its address."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from pages_by_name(one, (*spaces, one.namespace) if one.namespace else spaces)
        elif one.name:
            yield ":".join((*spaces, one.name)), str(one.pattern)


def shared(named: Iterator[tuple[str, str]]) -> list[str]:
    """Names that two addresses have: a form that means one of them is sent to the other."""
    addresses: dict[str, set[str]] = {}
    for name, address in named:
        addresses.setdefault(name, set()).add(address)
    return [name for name, found in addresses.items() if len(found) > 1]


def test_a_page_has_its_name_alone() -> None:
    named = [one for one in pages_by_name(get_resolver()) if not one[0].startswith("api:")]  # whose names nobody uses
    assert "desk:send_transfer" in dict(named)
    assert shared(iter(named)) == []
    assert shared(iter([("a", "1"), ("b", "2"), ("a", "3"), ("b", "2")])) == ["a"]


def test_the_project_keeps_the_rule() -> None:
    assert violations(ours) == []
    assert shadowed(ours) == []
    assert len(list(routes(ours))) > 0


def test_every_http_file_is_served() -> None:
    files = {module for module in MODULES if list((ROOT / "src" / "storeline" / module).glob("http*"))}
    served = {
        operation.view_func.__module__.split(".")[1]
        for router in ours._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    }
    assert served == files


def test_planted_routes_are_found() -> None:
    router = Router()
    code = next(iter(PERMISSIONS))

    @router.get("/open")
    def open_to_all(request: HttpRequest) -> None: ...

    @router.get("/closed", auth=requires(code))
    def closed(request: HttpRequest) -> None: ...

    @router.post("/other", auth=lambda request: True)  # noqa: ARG005  # the shape ninja asks for
    def other(request: HttpRequest) -> None: ...

    second = Router()

    @second.get("/other", auth=requires(code))
    def hidden(request: HttpRequest) -> None: ...

    api = NinjaAPI(urls_namespace="planted-routes")
    api.add_router("", router)
    api.add_router("", second)
    assert shadowed(api) == ["/other"]
    assert violations(api) == ["GET /open", "POST /other"]
