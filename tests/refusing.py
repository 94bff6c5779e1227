"""A world in which nearly every write of the API would be taken, and what can be wrong with a body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.test import Client

from storeline.aftersales.tests.factories import sold
from storeline.config.api import api
from storeline.fulfilment.tests.factories import loading, ready_to_bring, supplying, to_pick
from storeline.identity.tests.factories import bearer, make_token, make_user
from storeline.kernel.api import new_id, now, run
from storeline.orders.tests.factories import delivers, shop

Body = Any
Path = tuple[str | int, ...]
MISSING: Any = object()
DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
LATER = {"ends_at", "until", "valid_to", "expires_at", "due_at", "closes_on"}
SAMPLES = ("1", "US", "USD", "a", "+16145550123")
"""One of them fits each pattern that a field of ours has."""


def resolved(shape: dict[str, Any]) -> dict[str, Any]:
    """A shape, or what it refers to; of several the first that is something."""
    while True:
        if "$ref" in shape:
            found: Any = DOCUMENT
            for step in shape["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            shape = found
        elif "anyOf" in shape:
            shape = shape["anyOf"][0]
        elif "allOf" in shape:
            shape = shape["allOf"][0]
        else:
            return shape


def sample(shape: dict[str, Any], known: dict[str, Any], name: str = "") -> Body:
    """Something that has this shape, every field filled."""
    shape = resolved(shape)
    if name in known and shape.get("type") == "string":
        return known[name]
    match shape.get("type"):
        case "object":
            return {key: sample(inner, known, key) for key, inner in shape.get("properties", {}).items()}
        case "array":
            return [sample(shape["items"], known, name)]
        case "integer" | "number":
            return max(1, shape.get("minimum", 1))
        case "string":
            return _text(shape, name)
        case kind:
            return False if kind == "boolean" else {}


def _text(shape: dict[str, Any], name: str) -> str:
    if "enum" in shape:
        return str(shape["enum"][0])
    match shape.get("format"):
        case "uuid":
            return str(new_id())
        case "date-time":
            return (now() + timedelta(hours=name in LATER)).isoformat()
        case "date":
            return now().date().isoformat()
    given = [*shape.get("examples", ()), *SAMPLES]
    return str(next(one for one in given if re.search(shape.get("pattern", ""), one)))


def parts(body: Body, path: Path = ()) -> Iterator[Path]:
    """The path of each part of a body but the whole."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from parts(value, (*path, key))


def changed(body: Body, path: Path, value: Any) -> Body:
    """The body with something else at a path."""
    first, *rest = path
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    if rest:
        copy[first] = changed(copy[first], tuple(rest), value)
    elif value is MISSING:
        del copy[first]
    else:
        copy[first] = value
    return copy


def named(shape: dict[str, Any], steps: list[str]) -> bool:
    """Whether a field's path leads to a part of what has this shape."""
    shape = resolved(shape)
    if not steps or not shape:
        return True
    if shape.get("type") == "array":
        return steps[0].isdigit() and named(shape["items"], steps[1:])
    return steps[0] in shape.get("properties", ()) and named(shape["properties"][steps[0]], steps[1:])


Changes = dict[str, Any]


class World:
    """A shop with whatever an order, its goods and its partners go through."""

    def __init__(self) -> None:
        self.client: Any = Client(headers=bearer(make_token("administrator")), raise_request_exception=False)
        made = shop(units=100)
        other, slot = supplying(made, 20), delivers(made)
        self.known: Changes = {
            **dict.fromkeys(("place", "place_id", "near_place", "from_place"), made.place),
            **dict.fromkeys(("order", "order_id"), to_pick(made)),
            "product": made.products[0],
            "to_place": other,
            "entity": made.entity,
            "currency": "USD",
            "country": "US",
            "slot": slot,
            "user_id": make_user("someone"),
            "ref": "r0",
            "line": 1,
            "payment_id": new_id(),
            "another": made.products[2],
            "sold": sold(made),
            "brought": ready_to_bring(made, slot),
            "moved": to_pick(made),
        }
        self.known["run"] = loading(made, self.known["brought"])
        [(self.known["service"],)] = run("SELECT id FROM catalog_product WHERE service").fetchall()
        for name, method, path in MADE_FIRST:
            self.known[name] = self.take(method, path)["id"]
        self.take("POST", "/stock/transfers/{transfer_id}/ship")
        self.take("POST", "/fulfilment/tasks/{order_id}/lines/{line}/reject")
        [(self.known["supply"],)] = run("SELECT id FROM fulfilment_supply").fetchall()
        self.take("POST", "/fulfilment/picks")
        self.known["offer_id"] = self.take("POST", "/fulfilment/tasks/{order_id}/offers")["id"]

    def take(self, method: str, path: str) -> Any:
        """The answer to what must be taken."""
        answer = self.send(method, path, self.body(method, path))
        assert answer.status_code < 300, (path, answer.content)
        return answer.json()

    def body(self, method: str, path: str) -> Body:
        """A body that this operation would take."""
        shape = operation(method, path)["requestBody"]["content"]["application/json"]["schema"]
        body, given = sample(shape, self.known), CHANGES.get(f"{method} {path}", {})
        into = body[0] if isinstance(body, list) else body
        into |= given
        return json.loads(self.told(json.dumps(body, default=str)))

    def told(self, text: str) -> str:
        """A text with what is known by each name in it."""
        known = self.known | {"fresh": new_id(), "lot": str(new_id())[-12:]}
        return re.sub(r"<(\w+)>", lambda name: str(known[name[1]]), text)

    def send(self, method: str, path: str, body: Body) -> Any:
        """The answer, as an administrator's program has it."""
        here = self.known | ELSEWHERE.get(f"{method} {path}", {})
        address = self.told("/api/v1" + re.sub(r"\{([^}]*)\}", lambda blank: str(here[blank[1]]), path))
        return self.client.generic(
            method,
            address,
            json.dumps(body),
            content_type="application/json",
            headers={"Idempotency-Key": str(new_id())},
        )


def operation(method: str, path: str) -> dict[str, Any]:
    """What the document says of it."""
    found: dict[str, Any] = DOCUMENT["paths"]["/api/v1" + path][method.lower()]
    return found


MADE_FIRST = (
    ("customer_id", "POST", "/customers"),
    ("organisation_id", "POST", "/partners"),
    ("agreement_id", "POST", "/partners/{organisation_id}/agreements"),
    ("transfer_id", "POST", "/stock/transfers"),
    ("recall_id", "POST", "/recalls"),
    ("van", "POST", "/fulfilment/vans"),
    ("client_id", "POST", "/clients"),
    ("endpoint_id", "POST", "/partners/{organisation_id}/endpoints"),
    ("survivor_id", "POST", "/customers"),
    ("parcel", "PUT", "/parcels/{parcel}"),
)
LINE = {"product": "<product>", "quantity": "1", "discounts": [], "tax": "0", "tax_rate_ppm": 0}
ORDER: Changes = {
    "id": "<fresh>",
    "place": "<place>",
    "currency": "USD",
    "lines": [LINE],
    "payments": [{"tender": "sandbox_card", "amount": None, "token": "tok_approve", "tendered": None}],
    "expected_total": "1.35",
    "customer": None,
    "method": "collect",
    "address": None,
    "slot": None,
    "coupons": [],
    "served_by": None,
    "collect_at": None,
    "till": None,
    "ref": None,
    "channel": "web",
    "source": False,
    "placed_at": None,
    "contact": {"email": "kim@example.org", "phone": "", "language": "en"},
}
CHANGES: dict[str, Changes] = {
    "POST /users": {"email": "kim@example.org", "username": "kim", "password": "long and unlikely words 9"},
    "PUT /users/{user_id}/grants": {"role": "associate", "entity_id": None},
    "POST /clients": {"role": "partner", "scopes": ["orders.place"], "entity_ids": None, "place_ids": None},
    "PUT /clients/{client_id}": {"scopes": ["orders.place"], "entity_ids": None, "place_ids": None},
    "PUT /entities/bulk": {"zone": "UTC", "gln": None},
    "PUT /places/bulk": {
        "ref": "p",
        "entity": "e",
        "format": "supermarket",
        "zone": "America/New_York",
        "country": "US",
        "capabilities": ["sell"],
        "keeps": ["ambient"],
        "gln": None,
    },
    "POST /partners": {"ref": "<fresh>"},
    "POST /partners/{organisation_id}/agreements": {
        "scopes": ["orders.place"],
        "events": ["*"],
        "place_ids": None,
        "entity_ids": None,
    },
    "POST /partners/{organisation_id}/endpoints": {"url": "https://example.org/hook", "patterns": ["*"]},
    "PUT /partners/endpoints/{endpoint_id}": {"url": "https://example.org/hook", "patterns": ["*"]},
    "POST /partners/endpoints/{endpoint_id}/replay": {"ids": []},
    "PUT /categories/bulk": {"parent": None},
    "PUT /products/bulk": {
        "allergens": ["milk"],
        "category": None,
        "content_unit": "kg",
        "deposit_product": None,
        "gtins": [],
        "status": "active",
        "temperature": "ambient",
        "unit": "each",
        "tax_class": "standard",
        "pictures": [],
    },
    "PUT /customers/bulk": {"kind": "member"},
    "POST /customers/lookup": {"card": "1234", "phone": None, "email": None},
    "POST /customers/merges": {"merged_id": "<customer_id>", "survivor_id": "<survivor_id>"},
    "POST /customers": {"kind": "member", "contacts": [], "user_id": None, "ref": "<fresh>"},
    "POST /customers/{customer_id}/contacts": {"contacts": [{"kind": "email", "value": "kim@example.org"}]},
    "POST /customers/{customer_id}/contacts/remove": {"kind": "email", "value": "kim@example.org"},
    "POST /customers/{customer_id}/cards": {"number": "12345"},
    "POST /customers/{customer_id}/consents": {"purpose": "marketing_email"},
    "PUT /stock/bulk": {"place": "p", "product": "r0"},
    "PUT /stock/owners/bulk": {
        "rows": [
            {
                "place": "<place>",
                "product": "<product>",
                "agreement": "<agreement_id>",
                "value": 5,
            }
        ]
    },
    "PUT /stock/policies/bulk": {"place": "p", "product": "r0"},
    "POST /recalls": {"lot": "<lot>"},
    "POST /recalls/{recall_id}/taken-off": {"expected": "0", "found": "1"},
    "POST /stock/transfers/{transfer_id}/arrivals": {
        "lines": [
            {
                "product": "<product>",
                "received": "1",
                "lost": "0",
                "damaged": "0",
                "found": "0",
                "note": "",
            }
        ]
    },
    "PUT /prices/bulk": {"place": "p", "product": "r0", "zone": None},
    "PUT /promotions/{ref}": {
        "amount": None,
        "percent": "10",
        "currency": None,
        "group_size": None,
        "from_minute": 60,
        "to_minute": 120,
        "places": None,
        "targets": [{"product": "<product>"}],
    },
    "PUT /places/{place}/slots/{method}": {
        "minutes": 60,
        "peaks": [{"weekday": 1, "opens": 600, "closes": 660, "fee": "1"}],
    },
    "PUT /places/{place}/areas": {
        "areas": [
            {
                "method": "deliver",
                "name": "all",
                "country": "US",
                "postal_codes": ["1"],
                "fee": "1",
                "free_from": "9",
                "days": 1,
                "product": "<service>",
            }
        ]
    },
    "PUT /sourcing/groups/{ref}": {"places": ["<place>"]},
    "PUT /sourcing/channels/{channel}": {"groups": []},
    "POST /sourcing/what-if": {"against": "default"},
    "PUT /coupons/bulk": {"funder": "retailer", "kind": "percentage", "value": "10", "currency": "USD"},
    "POST /orders": ORDER,
    "POST /orders/batch": {"orders": [ORDER]},
    "POST /quotes": {
        "customer": None,
        "served_by": None,
        "coupons": [],
        "slot": None,
        "address": None,
        "collect_at": None,
        "lines": [LINE],
    },
    "PUT /parcels/{parcel}": {
        "reference": "<fresh>",
        "contact": {"email": "kim@example.org", "phone": "", "language": "en"},
    },
    "POST /fulfilment/tasks/{order_id}/offers": {
        "product": "<another>",
        "missing": "1",
        "quantity": "1",
    },
    "POST /fulfilment/picks": {"picks": [{"order": "<order>", "line": 1, "quantity": "0"}]},
    "POST /fulfilment/tasks/{order_id}/lines/{line}/reject": {"reason": "not_found", "quantity": "1"},
    "POST /fulfilment/ready": {"orders": ["<order>"]},
    "POST /fulfilment/runs/{run}/orders": {"orders": ["<brought>"]},
    "PUT /fulfilment/supplies/{supply}/lines/{line}": {"picked": "1"},
    "POST /returns": {
        "order": "<sold>",
        "original_reference": None,
        "customer": None,
        "lines": [{"order_line": 1, "quantity": "1"}],
        "refunds": [{"tender": "cash"}],
    },
}
"""What a body has instead of what its shape says, where that would be refused. ``<name>`` is what the world knows by it."""
ELSEWHERE: dict[str, Changes] = {
    "POST /fulfilment/tasks/{order_id}/lines/{line}/reject": {"order_id": "<moved>"},
    "PUT /fulfilment/supplies/{supply}/lines/{line}": {"line": 3},
    "POST /fulfilment/tasks/{order}/shipment": {"order": "<brought>"},
    "POST /fulfilment/tasks/{order}/delivery": {"order": "<brought>"},
    "PUT /sourcing/channels/{channel}": {"channel": "web"},
    "PUT /sourcing/groups/{ref}": {"ref": "g"},
    "PUT /promotions/{ref}": {"ref": "promo"},
    "PUT /places/{place}/slots/{method}": {"method": "collect"},
    "PUT /parcels/{parcel}": {"parcel": "<fresh>"},
}
"""What stands in an address, where it is not what others have there."""
