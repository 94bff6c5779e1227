"""Answers that a client may keep: an ETag of what is in them, and 304 where the client has it (RFC 9110, 13.1.2)."""

from __future__ import annotations

import hashlib

import orjson
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel


def answer(request: HttpRequest, body: BaseModel) -> HttpResponse:
    """`body` as JSON with a strong ETag, or an empty 304 where `If-None-Match` names it."""
    content = orjson.dumps(body.model_dump(mode="json"))
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    wanted = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
    response = (
        HttpResponse(status=304)
        if tag in wanted or "*" in wanted
        else HttpResponse(content, content_type="application/json")
    )
    response["ETag"] = tag
    return response
