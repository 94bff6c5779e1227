"""The till's locks: a sale's row for each change of it; and beyond any transaction, one payment of a sale at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from storeline.kernel.api import Pending, later, run
from storeline.till.queries import CURRENT, TillAt

_ALONE = "SELECT pg_try_advisory_lock(hashtextextended('till.pay ' || %s::text, 0))"
_FREE = "SELECT pg_advisory_unlock(hashtextextended('till.pay ' || %s::text, 0))"


def lock_current(at: TillAt) -> Pending[UUID | None]:
    """Lock the sale under way at this till, if there is one; its id."""
    sql = f"SELECT s.id FROM till_sale s WHERE {CURRENT} FOR UPDATE"
    return later(sql, [at.place_id, at.number], lambda rows: rows[0][0] if rows else None)


def lock_sale(sale_id: UUID) -> None:
    """Lock this sale."""
    run("SELECT FROM till_sale WHERE id = %s FOR UPDATE", [sale_id])


@contextmanager
def paying_alone(sale_id: UUID) -> Iterator[bool]:
    """Whether nobody else is paying this sale; until the end nobody else does.

    Partners are asked outside any transaction, so this lock is the connection's: it goes when the process does.
    """
    row = run(_ALONE, [sale_id]).fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            run(_FREE, [sale_id])
