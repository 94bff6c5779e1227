"""The API's description, with what is true of every route said once: its refusals, its ETags, its own names.

A shape is named after its module (`StockLineIn`), since several modules have a `LineIn`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja.openapi.schema import OpenAPISchema

from storeline.web.conditional import readings
from storeline.web.problems import BY_STATUS, CONTENT_TYPE

if TYPE_CHECKING:
    from ninja import NinjaAPI
    from ninja.operation import Operation

_SCHEMAS = "#/components/schemas/"
_ALWAYS = (401, 403, 404, 410, 422, 503)
_WITH_INPUT = 400
_WRITES = frozenset({"post", "put", "patch", "delete"})
_CONDITIONAL = frozenset({"put", "patch", "delete"})
_HEADERS = {
    "ETag": {"description": "The tag of this answer, for If-None-Match and If-Match.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
}
_TEXT = {"type": "string", "maxLength": 2000}
_PARAMETERS = {
    "IfNoneMatch": ("If-None-Match", "Answers 304 with no body where the ETag is among these.", False),
    "IfMatch": ("If-Match", "Writes only where the resource's ETag is among these, else 412.", False),
    "IdempotencyKey": ("Idempotency-Key", "A fresh one for each new request; again, it gives the same answer.", True),
}
_PROBLEM = {
    "title": "Problem",
    "description": "Why it was refused (RFC 9457). `code` is stable, `field` is the path of what was wrong.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "field", "pointer", "detail"],
                "properties": {name: {"type": "string"} for name in ("in", "field", "pointer", "detail")},
            },
        },
        "retry_after": {"type": "integer", "minimum": 0},
    },
}


def also_refuses(*statuses: int) -> dict[str, Any]:
    """For a route's `openapi_extra`: refusals that few routes have."""
    return {"responses": {status: _reference("responses", _name(status)) for status in statuses}}


def parameter(name: str) -> dict[str, str]:
    """A reference to one of the headers that many routes take."""
    return _reference("parameters", name)


def describe(api: NinjaAPI) -> OpenAPISchema:
    """The OpenAPI 3.1 document of `api`."""
    document = _Document(api, api.get_root_path({}))
    paths = document["paths"]
    for path, operations in paths.items():
        readable = any(
            "get" in paths.get(address, ()) for address in readings(path, named=lambda one: one.endswith("}"))
        )
        for method, operation in operations.items():
            _complete(operation, method, readable=readable)
    components = document["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["headers"] = _HEADERS
    components["parameters"] = {
        key: {"name": name, "in": "header", "description": words, "required": required, "schema": _TEXT}
        for key, (name, words, required) in _PARAMETERS.items()
    }
    components["responses"] = {_name(status): _refusal(status) for status in BY_STATUS}
    return document


class _Document(OpenAPISchema):
    """Ninja's own, with each operation and shape under its module's name."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        kept, self.schemas = self.schemas, {}
        details: dict[str, Any] = super().operation_details(operation)
        _, name, *_ = operation.view_func.__module__.split(".")
        details["operationId"] = f"{name}_{operation.view_func.__name__}"
        module = name.capitalize()
        for name, schema in self.schemas.items():
            described = _renamed(schema, module)
            if kept.setdefault(module + name, described) != described:
                raise ValueError(f"{module} has two shapes named {name}")
        self.schemas = kept
        renamed: dict[str, Any] = _renamed(details, module)
        return renamed

    def operation_security(self, operation: Operation) -> list[dict[str, Any]]:
        """A token or a session; nothing where guests are let in too."""
        (guard,) = operation.auth_callbacks
        self.securitySchemes["token"] = guard.openapi_security_schema  # type: ignore[attr-defined]
        return [{"token": []}, *([{}] if getattr(guard, "guest", False) else [])]


def _renamed(part: Any, module: str) -> Any:
    """`part` with its references to shapes put under the module's name."""
    if isinstance(part, dict):
        return {
            key: _SCHEMAS + module + value.removeprefix(_SCHEMAS)
            if key == "$ref" and value.startswith(_SCHEMAS)
            else _renamed(value, module)
            for key, value in part.items()
        }
    return [_renamed(item, module) for item in part] if isinstance(part, list) else part


def _complete(operation: dict[str, Any], method: str, *, readable: bool) -> None:
    """Say what the frame around every route adds to this one."""
    parameters = operation["parameters"] = [
        parameter("IdempotencyKey") if one.get("name") == "Idempotency-Key" else one for one in operation["parameters"]
    ]
    has_body = "requestBody" in operation
    refused = {*_ALWAYS, *({_WITH_INPUT} if has_body or parameters else ())}
    if method in _WRITES:
        refused.add(409)
    if has_body:
        refused.add(413)
    responses = {str(status): response for status, response in operation["responses"].items()}
    if method == "get":
        parameters.append(_reference("parameters", "IfNoneMatch"))
        responses["200"]["headers"] = {"ETag": _reference("headers", "ETag")}
        responses["304"] = {"description": "Not Modified", "headers": {"ETag": _reference("headers", "ETag")}}
    if method in _CONDITIONAL and readable:
        parameters += [_reference("parameters", "IfMatch"), _reference("parameters", "IfNoneMatch")]
        refused.add(412)
    responses |= {str(status): _reference("responses", _name(status)) for status in refused}
    operation["responses"] = dict(sorted(responses.items()))


def _refusal(status: int) -> dict[str, Any]:
    header = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    return {
        "description": BY_STATUS[status][1],
        "content": {CONTENT_TYPE: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
    } | ({"headers": {header: _reference("headers", header)}} if header else {})


def _name(status: int) -> str:
    """405 as `MethodNotAllowed`: what a response is called among the components."""
    return "".join(word.capitalize() for word in BY_STATUS[status][0].split("_"))


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
