"""Safety stock and channel buffers: what is kept back from online channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from storeline.kernel.api import (
    MAX_QUANTITY,
    Actor,
    Column,
    Keyed,
    LoadResult,
    Rule,
    Verdict,
    ids_array,
    ints_array,
    merge_keyed,
    new_id,
    run,
    trail,
    transaction,
)
from storeline.stock.commands.statements import BUFFERS, SAFETY
from storeline.stock.locks import take_turn
from storeline.stock.permissions import POLICY

STOCK_POLICIES_IN = "row bigint, place text, product text, channel text, quantity bigint"
"""Columns of ``pg_temp.in_stock_policies``: the retailer's own codes, quantity in thousandths."""
CHANNEL = r"^[a-z0-9_.-]{0,40}$"

_RESOLVE = """
SELECT p.id, c.id, t.quantity
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS asked(place, product, channel, n)
LEFT JOIN places_place p ON p.ref = asked.place
LEFT JOIN catalog_product c ON c.ref = asked.product
LEFT JOIN stock_policy t ON t.product_id = c.id AND t.channel = asked.channel
    AND t.place_id IS NOT DISTINCT FROM p.id AND (asked.place IS NULL) = (p.id IS NULL)
ORDER BY asked.n
"""
_REMOVE = """
DELETE FROM stock_policy t USING unnest(%s::uuid[], %s::uuid[], %s::text[]) AS gone(product_id, place_id, channel)
WHERE t.product_id = gone.product_id AND t.place_id IS NOT DISTINCT FROM gone.place_id AND t.channel = gone.channel
"""
_SET = """
INSERT INTO stock_policy (product_id, place_id, channel, quantity)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bigint[])
ON CONFLICT (product_id, channel, place_id) DO UPDATE SET quantity = excluded.quantity
"""
# Balances take their policies over in the order of their keys, under the turn: none is made meanwhile.
_TAKE_OVER = f"""
WITH n AS (
    SELECT place_id, product_id FROM stock_balance WHERE product_id = ANY(%s::uuid[])
    ORDER BY place_id, product_id FOR UPDATE
)
UPDATE stock_balance b SET safety = kept.safety, buffers = kept.buffers
FROM (SELECT n.place_id, n.product_id, {SAFETY} AS safety, {BUFFERS} AS buffers FROM n) AS kept
WHERE b.place_id = kept.place_id AND b.product_id = kept.product_id
    AND (b.safety, b.buffers) IS DISTINCT FROM (kept.safety, kept.buffers)
"""
_LOADED = """
SELECT DISTINCT c.id FROM pg_temp.in_stock_policies i JOIN catalog_product c ON c.ref = i.product
"""
_POLICIES = Keyed(
    file="stock_policies",
    declared=STOCK_POLICIES_IN,
    table="stock_policy",
    key=(
        Column("product_id", "p.id"),
        Column("channel", "coalesce(i.channel, '')"),
        Column("place_id", "l.id"),
    ),
    same="product, coalesce(channel, ''), coalesce(place, '')",
    told="product",
    rules=(
        Rule("place", "there is no place with this ref", "nullif(i.place, '') IS NOT NULL AND l.id IS NULL"),
        Rule("product", "there is no product with this ref", "p.id IS NULL"),
        Rule("channel", "at most 40 small letters, digits, dots and dashes", f"i.channel !~ '{CHANNEL}'"),
        Rule("quantity", "required", "i.quantity IS NULL"),
        Rule("quantity", "must not be below 0", "i.quantity < 0"),
    ),
    columns=(Column("quantity"),),
    joins="LEFT JOIN places_place l ON l.ref = i.place LEFT JOIN catalog_product p ON p.ref = i.product",
)


@dataclass(frozen=True, slots=True)
class PolicyByRef:
    """What is kept back of a product, by the retailer's codes; `place` None is everywhere, `channel` "" every channel
    online (safety stock). `quantity` None takes the policy away.
    """

    product: str
    quantity: int | None
    place: str | None = None
    channel: str = ""

    @property
    def name(self) -> str:
        """What it is about, for whoever reads its verdict."""
        return " ".join(part for part in (self.product, self.place or "*", self.channel) if part)


@dataclass(frozen=True, slots=True)
class _Row:
    """A policy whose codes are known; `before` is what it was."""

    asked: PolicyByRef
    place_id: UUID | None
    product_id: UUID | None
    before: int | None


def set_policies(asked: Sequence[PolicyByRef], *, actor: Actor) -> list[Verdict]:
    """Set or take away what is kept back; each row is taken or refused on its own, in the order given.

    Balances take it over in the same transaction, so that the next promise knows it. The same again is `unchanged`.
    """
    actor.require(POLICY)
    verdicts: list[Verdict] = []
    changes: list[_Row] = []
    with transaction():
        take_turn()
        seen: set[tuple[UUID | None, UUID | None, str]] = set()
        for row in _resolve(asked):
            key = (row.product_id, row.place_id, row.asked.channel)
            errors = _errors(row, actor, repeated=key in seen)
            if not errors:
                seen.add(key)
            verdicts.append(Verdict(row.asked.name, _outcome(row, errors), errors))
            if verdicts[-1].outcome in {"created", "updated"}:
                changes.append(row)
        if changes:
            _write(changes, actor)
    return verdicts


def load_stock_policies(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_stock_policies`` (`STOCK_POLICIES_IN`) by product, channel and place."""
    actor.require(POLICY)
    with transaction():
        take_turn()
        result = merge_keyed(_POLICIES)
        run(_TAKE_OVER, [ids_array(row[0] for row in run(_LOADED).fetchall())])
    return result


def _resolve(asked: Sequence[PolicyByRef]) -> list[_Row]:
    params = [[one.place for one in asked], [one.product for one in asked], [one.channel for one in asked]]
    rows = run(_RESOLVE, params).fetchall()
    return [_Row(one, *row) for one, row in zip(asked, rows, strict=True)]


def _errors(row: _Row, actor: Actor, *, repeated: bool) -> tuple[tuple[str, str], ...]:
    asked = row.asked
    if row.product_id is None:
        return (("product", "There is no product with this code."),)
    if asked.place is not None and row.place_id is None:
        return (("place", "There is no place with this code."),)
    if not actor.may(POLICY, row.place_id) or (row.place_id is None and actor.places_for(POLICY) is not None):
        return (("place", "You may not set this here."),)
    if asked.quantity is not None and not 0 <= asked.quantity <= MAX_QUANTITY:
        return (("quantity", "What is kept back is 0 or more."),)
    if repeated:
        return (("product", "The same came before in this request."),)
    return ()


def _outcome(row: _Row, errors: tuple[tuple[str, str], ...]) -> str:
    if errors:
        return "refused"
    if row.asked.quantity == row.before:
        return "unchanged"
    return "created" if row.before is None else "updated"


def _write(rows: Sequence[_Row], actor: Actor) -> None:
    gone = [row for row in rows if row.asked.quantity is None]
    kept = [row for row in rows if row.asked.quantity is not None]
    run(_REMOVE, _keys(gone))
    run(_SET, [*_keys(kept), ints_array(row.asked.quantity for row in kept)])
    run(_TAKE_OVER, [ids_array(sorted({row.product_id for row in rows if row.product_id}))])
    trail(actor, "stock.policy", new_id(), detail={"set": len(kept), "removed": len(gone)})


def _keys(rows: Sequence[_Row]) -> list[object]:
    return [
        ids_array(row.product_id for row in rows),
        ids_array(row.place_id for row in rows),
        [row.asked.channel for row in rows],
    ]
