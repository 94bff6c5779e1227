"""Recalls: a lot that must not be sold any more, and what shops take off their shelves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from storeline.kernel.api import Invalid

LONGEST_WHY = 300
"""How long a reason may be: shoppers read it in a message."""
LOOKED_FOR_DAYS = 30
"""So many days after a lot's last day a place whose books have none is still asked to look; without a last day always."""


class RecallState(StrEnum):
    """Being taken off the shelves; all of it is off, and stays blocked; or it was a mistake."""

    OPEN = "open"
    CLOSED = "closed"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class RecallDraft:
    """A recall to start; the client makes the `id`. `reason` is told to shoppers too."""

    id: UUID
    product_id: UUID
    lot: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecallRow:
    """A recall as it stands; `started_by` None where a program did it."""

    id: UUID
    product_id: UUID
    lot: str
    reason: str
    state: RecallState
    started_at: datetime
    started_by: UUID | None
    ended_at: datetime | None
    ended_by: UUID | None
    on_shelves: int
    """What the books say is still on shelves."""
    taken_off: int
    """What shops found and threw away."""
    missing: int
    """What the books had, and nobody found."""


@dataclass(frozen=True, slots=True)
class TakenOff:
    """What a place says of its shelf; the client makes the `id`. `expected` is what the books said to whoever looked: perhaps none.

    `found` was thrown away, and may be 0. With `all_of_it` nothing else is there: what the books have beyond it is missing.
    """

    id: UUID
    recall_id: UUID
    place_id: UUID
    expected: int
    found: int
    all_of_it: bool = True


@dataclass(frozen=True, slots=True)
class TakenOffRow:
    """What was taken off a shelf, by whom; `missing` was in the books, and nobody found it."""

    id: UUID
    recall_id: UUID
    place_id: UUID
    expected: int
    found: int
    missing: int
    at: datetime
    actor_id: UUID | None
    all_of_it: bool


@dataclass(frozen=True, slots=True)
class OnShelf:
    """A recalled lot of which a place must take `quantity` off the shelf; where its books have none it looks all the same."""

    recall: RecallRow
    place_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ToDo:
    """Of how many recalled lots a place has some, and how many it has still to look for though its books have none."""

    shelves: int
    to_look: int


def check_recall(draft: RecallDraft) -> None:
    """Refuse a recall without its reason, or with one that fits into no message."""
    if not draft.reason.strip():
        raise Invalid("Say why it is recalled: shoppers are told so.", field="reason")
    if len(draft.reason.strip()) > LONGEST_WHY:
        raise Invalid(f"A reason has at most {LONGEST_WHY} characters.", field="reason")


def off_the_books(asked: TakenOff) -> tuple[int, int, int]:
    """What leaves the books: of the lot, of what is not in it (more was found than it has), and what nobody found.

    Which units left by sales is reckoned by their dates, so a shelf may have more of a lot than its books.

    >>> ids = UUID(int=1), UUID(int=2), UUID(int=3)
    >>> off_the_books(TakenOff(*ids, expected=5, found=3)), off_the_books(TakenOff(*ids, expected=5, found=7))
    ((3, 0, 2), (5, 2, 0))
    >>> off_the_books(TakenOff(*ids, expected=5, found=3, all_of_it=False))
    (3, 0, 0)
    >>> off_the_books(TakenOff(*ids, expected=0, found=0))
    (0, 0, 0)
    """
    if asked.found < 0:
        raise Invalid("A quantity is 0 or more.", field="found")
    of_lot = min(asked.found, asked.expected)
    missing = asked.expected - of_lot if asked.all_of_it else 0
    if not asked.found and not asked.all_of_it:
        raise Invalid("Say how many were found, or that nothing of it is there.", field="found")
    return of_lot, asked.found - of_lot, missing
