"""Fields that many requests have, each with its bounds: whatever comes in has a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

Ref = Annotated[str, Field(min_length=1, max_length=200)]
"""A retailer's own code of something."""
Text = Annotated[str, Field(max_length=500)]
Words = Annotated[str, Field(max_length=20_000)]
Tag = Annotated[str, Field(max_length=35)]
"""A language: BCP 47."""
_Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$")]
Names = Annotated[dict[_Language, Text], Field(max_length=100)]
"""A name in several languages: tags of BCP 47."""
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$", examples=["FR"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
Cursor = Annotated[str, Field(max_length=1000)]
"""The `next` of the page before."""
Quantity = Annotated[str, Field(max_length=32, pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["1.5"])]
"""Decimal text in the product's unit, to the thousandth."""


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such moment in UTC") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment with its offset; in UTC, since PostgreSQL takes no offset beyond 16 hours in text."""
