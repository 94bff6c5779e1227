"""The API keeps to its own description, whatever is sent: schemathesis over every operation of the OpenAPI document.

Requests that fit the description and requests that do not, from an administrator's program and from a
stranger. What comes back is never a 5xx, has a documented status, media type, headers and shape, and each
refusal is a problem (RFC 9457). Examples follow from the description alone, so every run sends the same;
each is rolled back.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.db import transaction as django_transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from storeline.aftersales.tests.factories import sold
from storeline.config.api import api
from storeline.identity.tests.factories import bearer, make_token, make_user
from storeline.kernel.api import new_id
from storeline.orders.tests.factories import shop

if TYPE_CHECKING:
    from collections.abc import Iterator


CONDITIONS = ("#/components/parameters/IfMatch", "#/components/parameters/IfNoneMatch")


def narrowed(part: Any) -> Any:
    """A description whose bounded arrays are short, so that examples cost little to make, and whose routes take no
    conditions: any text is one, so they would only draw attention from the inputs that can be wrong.
    """
    if isinstance(part, list):
        return [narrowed(inner) for inner in part if not (isinstance(inner, dict) and inner.get("$ref") in CONDITIONS)]
    if not isinstance(part, dict):
        return part
    short = {key: narrowed(inner) for key, inner in part.items()}
    return short | {"maxItems": min(part["maxItems"], 3)} if isinstance(part.get("maxItems"), int) else short


PLAIN = {"Accept-Encoding": "identity"}
"""Its transport asks for compression, and does not undo it."""
DOCUMENT = schemathesis.openapi.from_dict(narrowed(json.loads(json.dumps(api.get_openapi_schema()))))
DOCUMENT.app = get_wsgi_application()  # not config.wsgi, which also limits this process's statements
DOCUMENT.config.generation.update(with_security_parameters=False)  # who asks is said below
OPERATIONS: dict[str, Any] = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (found.ok() for found in DOCUMENT.get_all_operations())  # type: ignore[union-attr]  # or raises
}
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
REFUSES = [*CHECKS, openapi.negative_data_rejection]
"""For what does not fit the description; but a bulk upsert refuses items, not the request, and lists may in truth be
longer than `narrowed` says.
"""
BOUNDED = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


@pytest.fixture(scope="module")
def ground(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """A small shop with a sale, all of it in a transaction that is undone at the end, and an administrator's token."""
    partners_too = override_settings(STORELINE_PARTNERS_IN_TRANSACTION=True)
    with django_db_blocker.unblock(), partners_too, django_transaction.atomic():
        made = shop()
        order = sold(made)
        known = dict.fromkeys(("place", "place_id", "near_place"), made.place)
        known |= dict.fromkeys(("product", "product_id"), made.products[0])
        known |= dict.fromkeys(("order", "order_id", "source", "source_id"), order)
        known |= {"entity_id": made.entity, "user_id": make_user("someone")}
        token = make_token("administrator")
        with connections_stay():
            yield {"known": known, "headers": bearer(token)}
        django_transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper(ground: dict[str, Any]) -> None:
    """What the mark `django_db` asks for: here one transaction for the whole module."""


@contextmanager
def connections_stay() -> Iterator[None]:
    """The end of a request closes no connection, as with Django's own test client."""
    connected = (signals.request_started, signals.request_finished)
    for signal in connected:
        signal.disconnect(close_old_connections)
    yield
    for signal in connected:
        signal.connect(close_old_connections)


def grounded(value: Any, known: dict[str, UUID], name: str = "") -> Any:
    """`value` with most ids in it being those of things that are there; a client-made one becomes fresh."""
    if isinstance(value, dict):
        return {key: grounded(inner, known, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [grounded(inner, known, name) for inner in value]
    if not isinstance(value, str) or not _UUID.fullmatch(value) or UUID(value).int % 5 == 0:
        return value
    return str(new_id()) if name == "id" else str(known.get(name, value))


def takes_something(operation: Any) -> bool:
    """Whether it has an input that can be wrong."""
    return bool(operation.body or operation.query or operation.path_parameters or operation.headers)


EXAMPLES = [
    pytest.param(name, mode, id=f"{name} {mode}")
    for name, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or takes_something(operation)
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "mode"), EXAMPLES)
def test_operation(name: str, mode: GenerationMode, ground: dict[str, Any]) -> None:
    @BOUNDED
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    def keeps_its_word(case: Any) -> None:
        case.body = grounded(case.body, ground["known"])
        case.path_parameters = grounded(case.path_parameters, ground["known"])
        case.query = grounded(case.query, ground["known"])
        checks = CHECKS if name.endswith("/bulk") or "maxItems" in str(case.meta) else REFUSES
        for headers in (ground["headers"] | PLAIN, PLAIN):
            with django_transaction.atomic():
                case.call_and_validate(checks=checks, headers=headers)
                django_transaction.set_rollback(True)

    keeps_its_word()


def test_the_whole_document_was_walked() -> None:
    assert len(OPERATIONS) >= 100
