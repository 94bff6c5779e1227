"""Vans and what they bring: pure rules of a day's deliveries, and of the proof that goods changed hands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from storeline.kernel.api import Invalid


class RunState(StrEnum):
    """A van's turn: being loaded, out, and back again."""

    LOADING = "loading"
    OUT = "out"
    BACK = "back"


class DropState(StrEnum):
    """One order of a turn: ``back`` is on its way home again, since nobody took it."""

    LOADED = "loaded"
    OUT = "out"
    GIVEN = "given"
    BACK = "back"


LIVE_DROPS = ("loaded", "out", "given")
"""An order is in one turn at a time; what came back may go out again."""


class How(StrEnum):
    """How whoever took the goods showed that they did."""

    CODE = "code"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that goods changed hands; `id` is the client's, so that a repeat is the same.

    With a code: `code`. With a signature: `name` of who signed, and `drawing`, the path of an SVG in a field of 600 by 200.
    """

    id: UUID
    how: str
    code: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    drawing: str = field(default="", repr=False)


MOST_DRAWN = 20_000
FEWEST_STROKES = 8
_PATH = re.compile(r"(?:M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})+)+")


def check_proof(proof: Proof) -> None:
    """Refuse a proof that proves nothing, naming the field."""
    if proof.how not in set(How):
        raise Invalid("Take a code or a signature.", field="how")
    if proof.how == How.CODE:
        if not proof.code.strip():
            raise Invalid("Type the code.", field="code")
        return
    if not 0 < len(proof.name.strip()) <= 100:  # noqa: PLR2004  # a long name
        raise Invalid("Say who signs.", field="name")
    if len(proof.drawing) > MOST_DRAWN or not _PATH.fullmatch(proof.drawing):
        raise Invalid("The signature could not be read: sign again.", field="drawing")
    if proof.drawing.count("L") < FEWEST_STROKES:
        raise Invalid("Sign in the field.", field="drawing")


@dataclass(frozen=True, slots=True)
class Van:
    """A van of a place."""

    id: UUID
    place_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Drop:
    """One order of a turn, in the order in which the van goes."""

    run_id: UUID
    order_id: UUID
    position: int
    state: str


@dataclass(frozen=True, slots=True)
class Run:
    """A van's turn on a day of its place."""

    id: UUID
    van_id: UUID
    van: str
    place_id: UUID
    day: date
    state: str
    left_at: datetime | None
    back_at: datetime | None
    drops: tuple[Drop, ...] = ()
