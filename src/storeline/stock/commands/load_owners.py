"""Whose goods are a partner's, from a retailer's file: said before anything of them moved here."""

from __future__ import annotations

from storeline.kernel.api import Actor, LoadResult, Rule, now, refuse_rows, refuse_same, run, staged_result, transaction
from storeline.partners import api as partners
from storeline.stock.locks import take_turn
from storeline.stock.permissions import OWN

OWNED_GOODS_IN = "row bigint, place text, product text, agreement text, currency text, value bigint, since timestamptz"
"""Columns of ``pg_temp.in_owned_goods``: references in the retailer's own codes, the value in minor units of `currency`."""

_JOINS = f"""
LEFT JOIN places_place p ON p.ref = i.place
LEFT JOIN places_entity e ON e.id = p.entity_id
LEFT JOIN catalog_product c ON c.ref = i.product
LEFT JOIN partners_agreement a ON a.id = {partners.AGREEMENT_ID.format(ref="i.agreement")}
LEFT JOIN stock_ownership t ON t.place_id = p.id AND t.product_id = c.id AND t.until IS NULL
LEFT JOIN stock_balance b ON b.place_id = p.id AND b.product_id = c.id
LEFT JOIN pg_temp.owned_moved m ON m.place_id = p.id AND m.product_id = c.id
"""
# What ever happened to these goods besides their opening: one look at all movements, which have no index by product.
_MOVED = """
CREATE TEMP TABLE owned_moved ON COMMIT DROP AS
SELECT m.place_id, m.product_id, max(m.at) AS at
FROM (
    SELECT p.id AS place_id, c.id AS product_id FROM pg_temp.in_owned_goods i
    JOIN places_place p ON p.ref = i.place JOIN catalog_product c ON c.ref = i.product
) AS w
JOIN stock_movement m ON m.place_id = w.place_id AND m.product_id = w.product_id AND m.kind <> 'opening'
GROUP BY m.place_id, m.product_id
"""
_NEW = "t.id IS NULL AND p.id IS NOT NULL AND c.id IS NOT NULL"
_RULES = (
    Rule("place", "there is no place with this ref", "p.id IS NULL"),
    Rule("product", "there is no product with this ref", "c.id IS NULL"),
    Rule("agreement", "there is no agreement with this ref", "a.id IS NULL"),
    Rule(
        "agreement", "says nothing of goods that are sold for the partner", "a.id IS NOT NULL AND a.commission IS NULL"
    ),
    Rule(
        "place",
        "the agreement does not hold there",
        "(a.place_ids IS NOT NULL OR a.entity_ids IS NOT NULL)"
        " AND (p.id = ANY (a.place_ids) OR p.entity_id = ANY (a.entity_ids)) IS NOT TRUE",
    ),
    Rule("since", "required", "i.since IS NULL"),
    Rule("since", "the agreement is not in force then", "i.since < a.starts_at OR i.since >= a.ends_at"),
    Rule("currency", "not the currency of the place", "i.value IS NOT NULL AND i.currency IS DISTINCT FROM e.currency"),
    Rule("value", "required, since the retailer bears losses", "i.value IS NULL AND a.losses = 'retailer'"),
    *[
        Rule(column, "immutable", f"t.id IS NOT NULL AND {there} IS DISTINCT FROM {said}")
        for column, there, said in (
            ("agreement", "t.agreement_id", "a.id"),
            ("value", "t.value", "i.value"),
            ("since", "t.since", "i.since"),
        )
    ],
    # As `set_owners`: goods never change their owner by a word.
    Rule(
        "product",
        "some of it is there, or promised: sell it, or send it back, first",
        f"{_NEW} AND (b.on_hand <> 0 OR b.reserved <> 0) AND (b.reserved <> 0 OR m.at IS NOT NULL)",
    ),
    Rule("since", "it moved here since then", f"{_NEW} AND m.at >= i.since"),
    Rule(
        "since",
        "it was another's then",
        f"{_NEW} AND EXISTS (SELECT FROM stock_ownership w WHERE w.place_id = p.id AND w.product_id = c.id AND w.until > i.since)",
    ),
)
_BEGIN = f"""
INSERT INTO stock_ownership (id, place_id, product_id, organisation_id, agreement_id, value, since)
SELECT kernel_source_id('owned', p.id::text || c.id::text, i.since), p.id, c.id, a.organisation_id, a.id, i.value, i.since
FROM pg_temp.in_owned_goods i {_JOINS}
WHERE t.id IS NULL AND NOT EXISTS (SELECT FROM pg_temp.in_error x WHERE x.file = 'owned_goods' AND x.row = i.row)
ORDER BY i.row
"""


def load_owned_goods(*, actor: Actor) -> LoadResult:
    """Take ``pg_temp.in_owned_goods`` (`OWNED_GOODS_IN`): whose a product at a place is, since when.

    Where goods of it are there, nothing but their opening may have happened; trade that is imported later owes nothing.
    What is there already never changes by this: see `set_owners`.
    """
    actor.require_everywhere(OWN)
    with transaction():
        take_turn()
        run("DROP TABLE IF EXISTS pg_temp.owned_moved")
        run("ANALYZE pg_temp.in_owned_goods")
        run(_MOVED)
        run("ANALYZE pg_temp.owned_moved")
        later = Rule("since", "lies ahead", f"i.since > '{now().isoformat()}'::timestamptz")
        refuse_rows("owned_goods", (*_RULES, later), _JOINS)
        refuse_same("owned_goods", "place, product", "product")
        return staged_result("owned_goods", run(_BEGIN).rowcount, 0)
