"""Every route and every page as every role: let in exactly where the declared permission names the role, and nowhere else.

The expectation comes from the declarations alone; the answer comes over HTTP with real tokens, and
stops just before the route would read its input, so that nothing happens.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve
from ninja.operation import Operation

from storeline.config.api import api
from storeline.config.urls import PAGES
from storeline.identity.api import PageRoute, Requires
from storeline.identity.tests.factories import bearer, make_token
from storeline.kernel.api import PERMISSIONS, ROLES, Error

if TYPE_CHECKING:
    from collections.abc import Iterator

GUEST = "guest"
TEAPOT = 418


class LetIn(Error):
    code = "let_in"
    status: ClassVar[int] = TEAPOT


def routes() -> Iterator[tuple[str, str, Requires]]:
    """Method, address with something in each blank, and what the route requires."""
    for router in api._get_bound_routers():  # also those that a module's router includes
        prefix = router.prefix
        for path, view in router.path_operations.items():
            for operation in view.operations:
                (guard,) = operation.auth_callbacks
                assert isinstance(guard, Requires), f"{path} says not who may use it"
                address = re.sub(r"\{[^}]*\}", str(UUID(int=7)), f"/api/v1{prefix}{path}")
                yield from ((method, address, guard) for method in operation.methods)


def expected(guard: Requires, role: str) -> int:
    """418 where let in, 401 for guests who must sign in, 403 for who may not."""
    named = PERMISSIONS[guard.permission].roles
    if role == GUEST:
        return TEAPOT if guard.guest and GUEST in named else 401
    return TEAPOT if role in named or role == "administrator" or GUEST in named else 403


@pytest.mark.django_db
def test_every_route_as_every_role(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise LetIn

    monkeypatch.setattr(Operation, "_get_values", stop)
    clients = {role: Client(headers=bearer(make_token(role))) for role in ROLES} | {GUEST: Client()}
    wrong, seen = [], 0
    for method, address, guard in routes():
        for role, client in clients.items():
            got = client.generic(method, address, "{}", content_type="application/json").status_code
            want = expected(guard, role)
            seen += 1
            if got != want:
                wrong.append(f"{method} {address} as {role}: {got}, not {want}")
    assert wrong == []
    assert seen >= 50 * (len(ROLES) + 1), "the walk found too few routes to mean anything"


def page_routes() -> Iterator[PageRoute]:
    for pages in PAGES.values():
        yield from pages.routes


def page_address(route: PageRoute) -> str:
    """The page's address with something of the right kind in each blank."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda one: FILLED.get(one[1], "x"), route.address)


FILLED = {"uuid": str(UUID(int=7)), "int": "7"}


def expected_page(route: PageRoute, role: str) -> int:
    """418 where let in, 302 to the sign-in for guests who must, 403 for who may not."""
    named = PERMISSIONS[route.permission].roles
    if role == GUEST:
        return TEAPOT if route.guest and GUEST in named else 302
    return TEAPOT if role in named or role == "administrator" or GUEST in named else 403


@pytest.mark.django_db
def test_every_page_as_every_role() -> None:
    headers = {role: bearer(make_token(role)) for role in ROLES} | {GUEST: {}}
    wrong, seen = [], 0
    for route in page_routes():
        stopped = PageRoute(route.method, route.address, route.permission, route.guest, _let_in, route.name)
        for role in headers:
            request = RequestFactory(headers=headers[role]).generic(route.method, page_address(route))
            got, want = stopped.answer(request, {}).status_code, expected_page(route, role)
            seen += 1
            if got != want:
                wrong.append(f"{route.method} {route.address} as {role}: {got}, not {want}")
    assert wrong == []
    assert seen >= len(ROLES) + 1


def _let_in(*_: Any, **__: Any) -> HttpResponse:
    return HttpResponse(status=TEAPOT)


@pytest.mark.django_db
def test_every_page_is_served_at_its_address() -> None:
    for pages in PAGES.values():
        for route in pages.routes:
            assert resolve(page_address(route)).route == route.address


def test_every_permission_is_named_well_and_held_by_administrators() -> None:
    for code, declared in PERMISSIONS.items():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", code), code
        assert declared.label, code
        assert "administrator" in declared.roles, code
