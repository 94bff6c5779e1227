"""JSON in and out of the API: fast, and strict about what PostgreSQL cannot store."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from django.http import HttpRequest
from django.utils.functional import Promise
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic import BaseModel

if TYPE_CHECKING:
    from django.utils.datastructures import MultiValueDict

_NUL = "\x00"
NOT_JSON = "The body is not JSON in UTF-8."


class StrictParser(Parser):
    """Reads JSON by RFC 8259, and refuses the character U+0000, which no text column can hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        values = super().parse_querydict(data, list_fields, request)
        if _has_nul(values):
            raise HttpError(400, "A parameter holds the character U+0000.")
        return values


def read_json(body: bytes) -> Any:
    """A body's value; raises HttpError 400."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HttpError(400, NOT_JSON) from None
    if b"\\u0000" in body and _has_nul(value):
        raise HttpError(400, "A text in the body holds the character U+0000.")
    return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return _NUL in value
    if isinstance(value, dict):
        return any(_NUL in key or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


class JSONRenderer(BaseRenderer):
    """Writes UUIDs, moments, enums, dataclasses and schemas; a decimal number becomes text, so that none is rounded."""

    media_type = "application/json"

    def render(self, _request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002
        return orjson.dumps(data, default=plain, option=orjson.OPT_UTC_Z)


def plain(value: Any) -> Any:
    """What orjson has no form for, as something that it has; raises TypeError."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, Decimal | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
