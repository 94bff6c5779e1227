"""The one router, and what its routes share."""

from __future__ import annotations

from typing import Annotated

from ninja import Field, Header, Router

from storeline.identity.api import Request

router = Router()
Key = Annotated[str | None, Header(alias="Idempotency-Key")]
Token = Annotated[
    str | None,
    Header(
        alias="Order-Token", max_length=64, description="The `token` that came with the order, instead of a sign-in."
    ),
]
Quantity = Annotated[str, Field(max_length=32, examples=["2"])]


def scope_of(request: Request, what: str) -> str:
    """Each client has its own keys for each deed."""
    actor = request.actor
    return f"fulfilment.{what} {actor.kind} {actor.id}"
