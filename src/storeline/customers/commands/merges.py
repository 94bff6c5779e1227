"""Two records of one person, linked and parted again."""

from __future__ import annotations

from uuid import UUID

from storeline.customers.errors import CannotMerge, Erased
from storeline.customers.locks import hold_merges, lock
from storeline.customers.permissions import MERGE
from storeline.customers.queries import persons
from storeline.kernel.api import Actor, Event, NotFound, new_id, now, publish, run, trail, transaction

_MERGE = "INSERT INTO customers_merge (id, merged_id, survivor_id, at, reason) VALUES (%s, %s, %s, %s, %s)"


def merge(merged_id: UUID, survivor_id: UUID, *, reason: str = "", actor: Actor) -> UUID:
    """Say that two records are one person's, the second to survive: one row, and no other is touched.

    The link goes to the record at the end of the survivor's own merges. Raises CannotMerge, Erased.
    """
    actor.require(MERGE)
    with transaction():
        hold_merges()
        root = _lock_root(merged_id, survivor_id)
        if persons([merged_id])[merged_id] != merged_id:
            raise CannotMerge("This record is merged already: undo that first.", field="merged_id")
        if root == merged_id:
            raise CannotMerge("Both are the same person already.", field="survivor_id")
        key, moment = new_id(), now()
        run(_MERGE, [key, merged_id, root, moment, reason])
        publish([Event("customers.merged", merged_id, payload={"survivor_id": str(root)})])
        trail(actor, "customers.merge", merged_id, detail={"survivor_id": str(root)})
    return key


def _lock_root(merged_id: UUID, survivor_id: UUID) -> UUID:
    """Lock both records and the survivor's root, whose id is given back."""
    root = persons([survivor_id])[survivor_id]
    rows = lock([merged_id, survivor_id, root], ("merged_id", "survivor_id"))
    if any(rows[key][1] is not None for key in (merged_id, root)):
        raise Erased("One of the two was erased.", field="merged_id")
    return root


_UNDO = "UPDATE customers_merge SET undone_at = %s WHERE id = %s AND undone_at IS NULL RETURNING merged_id, survivor_id"


def undo_merge(merge_id: UUID, *, actor: Actor) -> None:
    """Part two records again; raises NotFound where there is no such link."""
    actor.require(MERGE)
    with transaction():
        hold_merges()
        row = run(_UNDO, [now(), merge_id]).fetchone()
        if row is None:
            raise NotFound("There is no such merge to undo.", field="merge_id")
        publish([Event("customers.unmerged", row[0], payload={"survivor_id": str(row[1])})])
        trail(actor, "customers.undo_merge", row[0], detail={"survivor_id": str(row[1])})
