"""Recalls from a retailer's file: what another system, or an export, recalled is blocked here too."""

from __future__ import annotations

from storeline.kernel.api import (
    Actor,
    Event,
    LoadResult,
    Rule,
    now,
    publish,
    refuse_rows,
    refuse_same,
    run,
    staged_result,
    transaction,
)
from storeline.stock.commands.recalls import block, lock_all
from storeline.stock.domain.lots import LONGEST_LOT
from storeline.stock.domain.recalls import LONGEST_WHY
from storeline.stock.permissions import START_RECALL

RECALLS_IN = "row bigint, product text, lot text, reason text, state text, started_at timestamptz, ended_at timestamptz"
"""Columns of ``pg_temp.in_recalls``: references in the retailer's own codes."""

_JOINS = """
LEFT JOIN catalog_product c ON c.ref = i.product
LEFT JOIN stock_recall t ON t.product_id = c.id AND t.lot = i.lot AND t.state <> 'lifted'
"""
_STATE = "coalesce(i.state, 'open')"
_RULES = (
    Rule("product", "there is no product with this ref", "c.id IS NULL"),
    # GS1 General Specifications, AI (10): characters of its set 82.
    Rule(
        "lot",
        f"1 to {LONGEST_LOT} characters, as its label shows them",
        f"(i.lot ~ '^[!-Z_a-z]{{1,{LONGEST_LOT}}}$') IS NOT TRUE",
    ),
    Rule("reason", "required: shoppers are told so", "coalesce(btrim(i.reason), '') = ''"),
    Rule("reason", f"at most {LONGEST_WHY} characters", f"length(i.reason) > {LONGEST_WHY}"),
    Rule("started_at", "required", "i.started_at IS NULL"),
    Rule("ended_at", "required, since it is closed", f"{_STATE} = 'closed' AND i.ended_at IS NULL"),
    Rule("ended_at", "it is open", f"{_STATE} = 'open' AND i.ended_at IS NOT NULL"),
    Rule("ended_at", "before it started", "i.ended_at < i.started_at"),
    Rule(
        "state",
        "it was lifted here since",
        "t.id IS NULL AND EXISTS (SELECT FROM stock_recall w WHERE w.product_id = c.id AND w.lot = i.lot"
        " AND w.started_at = i.started_at)",
    ),
    *[
        Rule(column, "immutable", f"t.id IS NOT NULL AND t.{column} IS DISTINCT FROM {said}")
        for column, said in (
            ("reason", "btrim(i.reason)"),
            ("state", _STATE),
            ("started_at", "i.started_at"),
            ("ended_at", "i.ended_at"),
        )
    ],
)
_LOADING = f"""
SELECT i.row, c.id, i.lot FROM pg_temp.in_recalls i {_JOINS}
WHERE t.id IS NULL AND NOT EXISTS (SELECT FROM pg_temp.in_error x WHERE x.file = 'recalls' AND x.row = i.row)
ORDER BY i.row
"""
_BEGIN = f"""
INSERT INTO stock_recall (id, product_id, lot, reason, state, started_at, ended_at)
SELECT kernel_source_id('recall', c.id::text || i.lot, i.started_at), c.id, i.lot, btrim(i.reason), {_STATE},
    i.started_at, i.ended_at
FROM pg_temp.in_recalls i JOIN catalog_product c ON c.ref = i.product WHERE i.row = ANY(%s::bigint[]) ORDER BY i.row
RETURNING id, product_id, lot, state
"""


def load_recalls(*, actor: Actor) -> LoadResult:
    """Take ``pg_temp.in_recalls`` (`RECALLS_IN`): their lots are blocked at once, and open ones go on here as if begun here.

    One that is there already never changes by this, and one that was lifted here is not recalled again.
    """
    actor.require_everywhere(START_RECALL)
    with transaction():
        run("ANALYZE pg_temp.in_recalls")
        ahead = Rule("started_at", "lies ahead", f"i.started_at > '{now().isoformat()}'::timestamptz")
        refuse_rows("recalls", (*_RULES, ahead), _JOINS)
        refuse_same("recalls", "product, lot", "lot")
        rows = run(_LOADING).fetchall()
        if not rows:
            return staged_result("recalls", 0, 0)
        lock_all([product for _, product, _ in rows])
        made = run(_BEGIN, [[row for row, _, _ in rows]]).fetchall()
        block([(product, lot) for _, product, lot in rows])
        publish(
            [
                Event("stock.recall_started", recall, payload={"product": str(product), "lot": lot})
                for recall, product, lot, state in made
                if state == "open"
            ]
        )
        return staged_result("recalls", len(made), 0)
