"""How whoever placed an order can be told of a recall."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

How = Literal["member", "order", ""]


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of whoever placed an order: a member's confirmed address, what was given with the order, and the
    number of where it was brought.
    """

    order_id: UUID
    customer_id: UUID | None
    place: str
    bought_on: date
    member_language: str
    member_kind: str
    member_value: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    language: str
    delivery_phone: str = field(repr=False)
    country: str


@dataclass(frozen=True, slots=True)
class Reached:
    """Where to write, and in which language; `how` is empty where nobody can be told."""

    order_id: UUID
    customer_id: UUID | None
    place: str
    bought_on: date
    language: str
    how: How
    channel: str = ""
    destination: str = field(default="", repr=False)


def reach(known: Reach, kinds: Collection[str], number: Callable[[str, str], str]) -> Reached:
    """A member's own confirmed address before what was given with the order, as messages about orders choose it.

    `kinds` are those that somebody carries; `number` makes one of what was typed for a country, or nothing.
    """
    language = known.member_language or known.language or "en"
    told: list[tuple[How, str, str]] = [
        ("member", known.member_kind, known.member_value),
        ("order", "email", known.email),
        ("order", "phone", known.phone),
    ]
    if "phone" in kinds and known.delivery_phone:
        told.append(("order", "phone", number(known.delivery_phone, known.country)))
    for how, kind, value in told:
        if value and kind in kinds:
            channel = "sms" if kind == "phone" else kind
            return Reached(
                known.order_id, known.customer_id, known.place, known.bought_on, language, how, channel, value
            )
    return Reached(known.order_id, known.customer_id, known.place, known.bought_on, language, "")
