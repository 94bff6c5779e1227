"""What every operation of the API's description must say: what makes a repeat safe, what bounds a list and a field."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from storeline.config.api import api as ours

if TYPE_CHECKING:
    from collections.abc import Iterator

Document = dict[str, Any]
READS = {
    "POST /quotes": "writes nothing",
    "POST /sourcing/options": "writes nothing",
    "POST /sourcing/promise": "writes nothing",
    "POST /sourcing/plan": "writes nothing",
    "POST /sourcing/what-if": "writes nothing",
    "POST /customers/lookup": "writes nothing; a body, since addresses of pages are logged",
}
REPEATS = {
    "POST /session": "signs in, once more if asked again",
    "POST /payments/resolve": "asks partners what is unknown, and finds nothing the second time",
    "POST /customers/me/consents": "what was said at a moment is said once",
    "POST /customers/{customer_id}/consents": "what was said at a moment is said once",
    "POST /customers/{customer_id}/contacts": "an address is there once",
    "POST /customers/{customer_id}/contacts/remove": "what is gone is gone",
    "POST /customers/{customer_id}/cards": "a card is given once",
    "POST /customers/me/erase": "what is erased stays so",
    "POST /customers/{customer_id}/erase": "what is erased stays so",
    "POST /orders/{order_id}/cancel": "a cancelled order stays so",
    "POST /orders/{order_id}/substitutes/{offer_id}": "the same answer again changes nothing",
    "POST /stock/transfers/{transfer_id}/ship": "what was shipped stays so",
    "POST /stock/transfers/{transfer_id}/cancel": "what was called off stays so",
    "POST /recalls/{recall_id}/end": "what was closed or lifted stays so",
    "POST /fulfilment/tasks/{order_id}/offers/{offer_id}/withdraw": "what was taken back stays so",
    "POST /fulfilment/supplies/{supply}/send": "what was sent stays so",
    "POST /fulfilment/runs/{run}/orders": "what is in the van stays where it is",
    "POST /fulfilment/runs/{run}/return": "a van that is home stays so",
    "POST /fulfilment/tasks/{order}/shipment": "the same number again changes nothing",
    "POST /fulfilment/tasks/{order}/missed": "what goes back stays so until a van leaves with it again",
    "POST /fulfilment/parcels/{parcel}/arrival": "what has arrived stays so",
    "POST /fulfilment/parcels/{parcel}/hand-over": "a code is used once",
    "POST /fulfilment/parcels/{parcel}/return": "what is back stays so",
    "POST /machines/{place}/open": "a code is used once",
}
WHOLE = {
    "GET /slots": "one day of one place",
    "GET /recalls/shelves": "what one place has of recalled lots",
    "GET /fulfilment/vans": "as many as one place has",
    "GET /fulfilment/tasks/{order_id}/supplies": "of one order",
    "GET /fulfilment/supplies": "what one place has to send now",
    "GET /orders/{order_id}/missing": "of one order",
    "GET /fulfilment/runs": "one day of one place",
    "GET /places/{place_id}/hours": "at most 31 days",
    "GET /places/{place}/prices": "at most 200 products, named by the caller",
    "GET /products/{product_id}/alike": "the first of them",
    "GET /promotions/{ref}/preview": "the first products",
    "GET /ledger/accounts": "a chart that is part of the program",
    "GET /ledger/postings": "what one order or return posted",
    "GET /fulfilment/tasks/{order_id}/lines/{line}/substitutes": "the likest few",
    "GET /fulfilment/tasks/{order_id}/offers": "what was offered for one order",
    "GET /orders/{order_id}/substitutes": "what was offered for one order",
    "GET /payments": "what one order or return was paid with",
    "GET /customers/me/consents": "one for each purpose",
    "GET /customers/{customer_id}/consents": "one for each purpose",
    "GET /stock/atp": "at most 200 products, named by the caller",
    "GET /stock/lots": "of one product at one place",
    "GET /stock/lots/expiring": "the first of them",
    "GET /payments/tenders": "as many as are installed",
}
"""Lists that are short by their nature, and why."""


def document() -> Document:
    found: Document = json.loads(json.dumps(ours.get_openapi_schema()))
    return found


def operations(described: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path.removeprefix('/api/v1')}", operation


def resolved(part: Any, described: Document) -> Any:
    """`part`, or what it refers to."""
    while isinstance(part, dict) and "$ref" in part:
        found: Any = described
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def parameters(operation: dict[str, Any], described: Document) -> dict[str, dict[str, Any]]:
    found = (resolved(one, described) for one in operation.get("parameters", ()))
    return {one["name"]: one for one in found}


def body(operation: dict[str, Any], described: Document) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    shape: dict[str, Any] = resolved(content.get("application/json", {}).get("schema", {}), described)
    return shape


def answer(operation: dict[str, Any], described: Document) -> dict[str, Any]:
    for status in ("200", "201"):
        content = operation["responses"].get(status, {}).get("content", {})
        if content:
            shape: dict[str, Any] = resolved(content["application/json"]["schema"], described)
            return shape
    return {}


def names_an_id(shape: Any, described: Document) -> bool:
    """Whether a body carries ids of the caller's: its own, or one in each of its items."""
    shape = resolved(shape, described)
    own = shape.get("properties", {})
    return "id" in own or any(
        "id" in resolved(one.get("items", {}), described).get("properties", {}) for one in own.values()
    )


def unsafe_repeats(described: Document) -> list[str]:
    """POSTs that carry no id of the caller's, take no Idempotency-Key, and are not known to be safe."""
    return [
        name
        for name, operation in operations(described)
        if name.startswith(("POST", "PATCH"))
        and name not in READS | REPEATS
        and "Idempotency-Key" not in parameters(operation, described)
        and not names_an_id(body(operation, described), described)
    ]


def blind_writes(described: Document) -> list[str]:
    """PUTs and PATCHes that take no If-Match; bulk upserts change many things and take none."""
    return [
        name
        for name, operation in operations(described)
        if name.startswith(("PUT", "PATCH"))
        and not name.endswith("/bulk")
        and "If-Match" not in parameters(operation, described)
    ]


def unbounded_lists(described: Document) -> list[str]:
    """Lists without a bounded `limit`, a `cursor` and the `next` page's; also answers that are bare arrays."""
    wrong = []
    for name, operation in operations(described):
        shape = answer(operation, described)
        if shape.get("type") == "array":
            wrong.append(f"{name}: a bare array")
        if not name.startswith("GET") or "items" not in shape.get("properties", {}) or name in WHOLE:
            continue
        takes = parameters(operation, described)
        bounded = "maximum" in takes.get("limit", {}).get("schema", {})
        if not bounded or "cursor" not in takes or "next" not in shape["properties"]:
            wrong.append(f"{name}: no bounded limit, cursor and next")
    return wrong


def unbounded_fields(described: Document) -> list[str]:
    """Texts, lists, maps and numbers that a caller may send and that have no bound."""
    wrong = []
    for name, operation in operations(described):
        for parameter in parameters(operation, described).values():
            wrong += [f"{name} {where}" for where in unbounded(parameter["schema"], parameter["name"], described, ())]
        wrong += [f"{name} {where}" for where in unbounded(body(operation, described), "body", described, ())]
    return sorted(set(wrong))


def unbounded(part: Any, where: str, described: Document, seen: tuple[str, ...]) -> Iterator[str]:
    if "$ref" in part:
        if part["$ref"] in seen:
            return
        seen, part = (*seen, part["$ref"]), resolved(part, described)
    for one in (*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())):
        yield from unbounded(one, where, described, seen)
    kind = part.get("type")
    bounds = {
        "string": bool({"maxLength", "enum", "const", "pattern"} & part.keys() or part.get("format") in FORMATS),
        "array": "maxItems" in part,
        "integer": {"minimum", "maximum"} <= part.keys() or "enum" in part,
        "number": {"minimum", "maximum"} <= part.keys(),
        "object": "properties" in part or "maxProperties" in part,
    }
    if not bounds.get(kind, True):
        yield where
    for name, inner in part.get("properties", {}).items():
        yield from unbounded(inner, f"{where}.{name}", described, seen)
    for name in ("items", "additionalProperties", "propertyNames"):
        if isinstance(part.get(name), dict):
            yield from unbounded(part[name], f"{where}.*", described, seen)


FORMATS = {"uuid", "date", "date-time"}


def test_a_repeat_is_safe() -> None:
    assert unsafe_repeats(document()) == []


def test_every_edit_can_be_made_on_a_condition() -> None:
    assert blind_writes(document()) == []


def test_every_list_is_bounded() -> None:
    assert unbounded_lists(document()) == []


def test_every_field_is_bounded() -> None:
    assert unbounded_fields(document()) == []


def test_the_exceptions_are_needed() -> None:
    named = {name for name, _ in operations(document())}
    assert [name for name in (*READS, *REPEATS, *WHOLE) if name not in named] == []


def test_planted_faults_are_found() -> None:
    described = copy.deepcopy(document())
    paths = described["paths"]
    paths["/api/v1/promotions/{ref}/end"]["post"]["parameters"] = []
    paths["/api/v1/promotions/{ref}"]["put"]["parameters"] = [{"name": "ref", "schema": {"type": "string"}}]
    paths["/api/v1/coupons"]["get"]["parameters"] = [{"name": "limit", "schema": {"type": "integer", "minimum": 1}}]
    assert unsafe_repeats(described) == ["POST /promotions/{ref}/end"]
    assert blind_writes(described) == ["PUT /promotions/{ref}"]
    assert unbounded_lists(described) == ["GET /coupons: no bounded limit, cursor and next"]
    assert unbounded_fields(described) == ["GET /coupons limit", "PUT /promotions/{ref} ref"]
