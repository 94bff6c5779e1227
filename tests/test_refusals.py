"""Whatever is wrong with a body, the refusal names the field, and nothing was written.

For every operation that takes a body, one that would be taken is sent with each of its parts wrong in turn. What `field`
says leads to a part of the body, or is a parameter of the operation; only of what is no body at all it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import transaction as django_transaction
from django.test import override_settings

from storeline.kernel.api import new_id, run
from tests.refusing import DOCUMENT, MISSING, Path, World, changed, named, operation, parts

OPERATIONS = [
    (method.upper(), path.removeprefix("/api/v1"))
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
    if "requestBody" in described
]
ANYWHERE: tuple[Any, ...] = (None, MISSING, True, 1.5, {}, [[1]])
OF_TEXT = ("", "a", "0", "-1", "9" * 12, "1.2345")
QUANTITIES = {"quantity", "missing", "picked", "expected", "received", "content_quantity"}
OF_NUMBER = (-1, 10**30, "a")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STEP = re.compile(r"[^.\[\]]+")
_WRITTEN = "SELECT (SELECT count(*) FROM kernel_trail), (SELECT count(*) FROM kernel_event)"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """It is there for others too, so that no transaction stays open, which would hold back whoever reads events."""
    with django_db_blocker.unblock(), override_settings(STORELINE_PARTNERS_IN_TRANSACTION=True):
        try:
            yield World()
        finally:
            call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)


@contextmanager
def undone() -> Iterator[None]:
    """What is done in this block never was."""
    block = django_transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # as Django's own TestCase: what must be durable may run in it
    with block:
        yield
        django_transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper(world: World) -> None:
    """What the mark `django_db` asks for: here one world for the whole module."""


def wrongs(value: Any) -> Iterator[Any]:
    """What stands for this in vain, or nearly."""
    yield from ANYWHERE
    if isinstance(value, str) and _UUID.fullmatch(value):
        yield from ("a", str(UUID(int=9)), str(new_id()))
    elif isinstance(value, str):
        yield from OF_TEXT
    elif isinstance(value, int):
        yield from OF_NUMBER


def at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def written_as(path: Path) -> str:
    """``lines[0].quantity``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def fault(method: str, path: str, answer: Any, written: Any) -> str:
    """What is wrong with an answer, if anything."""
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.status_code < 400:
        return ""
    problem, described = answer.json(), operation(method, path)
    field, shape = problem.get("field"), described["requestBody"]["content"]["application/json"]["schema"]
    if not field and answer.status_code == 422:
        return f"names no field: {problem['detail']}"
    known = {one.get("name") for one in described.get("parameters", ())}
    if field and field not in known and not named(shape, _STEP.findall(field)):
        return f"{field} leads nowhere: {problem['detail']}"
    wrote = (
        answer.status_code == 422 and run(_WRITTEN).fetchone() != written
    )  # an order whose payment is refused is written
    return "wrote something" if wrote else ""


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_each_part_of_a_body(method: str, path: str, world: World) -> None:
    good, written = world.body(method, path), run(_WRITTEN).fetchone()
    found = []
    for where in parts(good):
        for value in wrongs(at(good, where)):
            with undone():
                answer = world.send(method, path, changed(good, where, value))
                told = fault(method, path, answer, written)
            if where[-1] in QUANTITIES and answer.status_code == 422 and answer.json()["field"] != written_as(where):
                told = f"names {answer.json()['field']}"
            if told:
                found.append(f"{where} = {'missing' if value is MISSING else repr(value)}: {told}")
    assert found == []


REFUSED = {
    "POST /session": "nobody has that password",
    "POST /customers/me/consents": "a program is no member",
    "POST /customers/{customer_id}/contacts/remove": "there are none",
    "PUT /stock/owners/bulk": "there is stock",
    "POST /payments/{payment_id}/repayments": "nothing is owed",
    "POST /fulfilment/parcels/{parcel}/hand-over": "it has not arrived",
    "POST /machines/{place}/open": "it has not arrived",
    "POST /orders/{order_id}/substitutes/{offer_id}": "a program has no orders of its own",
    "PUT /orders/{order_id}/fulfilment/slot": "a program has no orders of its own",
    "POST /fulfilment/ready": "not all is picked",
    "POST /fulfilment/hand-overs": "it is being picked",
    "POST /fulfilment/runs/{run}/departure": "another code",
    "POST /fulfilment/tasks/{order}/delivery": "another code",
    "POST /fulfilment/tasks/{order}/shipment": "it is brought, not sent",
    "POST /partners/{organisation_id}/settlements": "nothing is owed",
}
"""What is refused for what it is about, and only then; the bodies of all others would be taken as they are."""


@pytest.mark.django_db
def test_what_is_made_wrong_would_be_taken(world: World) -> None:
    refused = set()
    for method, path in OPERATIONS:
        with undone():
            answer = world.send(method, path, world.body(method, path))
        if answer.status_code >= 300 or b'"refused",' in answer.content:
            refused.add(f"{method} {path}")
    assert refused == set(REFUSED)
