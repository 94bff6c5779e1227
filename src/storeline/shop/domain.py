"""Who of a line comes in: first come, first served. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in line, and how many thousandths they want."""

    id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class LetIn:
    """Who comes in now, and who is told that it is sold out."""

    admitted: tuple[UUID, ...] = ()
    refused: tuple[UUID, ...] = ()


def let_in(waiting: Sequence[Waiting], room: int, inside: int, at_once: int) -> LetIn:
    """Of those who wait, in order, whoever there is enough for. `room` is what nobody inside has been let in for.

    Nobody passes whom there may yet be enough for: while somebody is inside, who may leave their part, the first who
    does not fit waits, and everybody behind. Nobody inside, and not enough: sold out for them.
    """
    admitted: list[UUID] = []
    refused: list[UUID] = []
    for one in waiting:
        if inside + len(admitted) >= at_once:
            break
        if one.quantity <= room:
            admitted.append(one.id)
            room -= one.quantity
        elif inside or admitted:
            break
        else:
            refused.append(one.id)
    return LetIn(tuple(admitted), tuple(refused))
