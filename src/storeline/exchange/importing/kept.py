"""What a file of things that never change does not say of those that are there: it stays, so it is not judged as changed.

Staged rows get, in the columns that the file does not have, what is there of them. New rows keep their defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from storeline.kernel.api import run
from storeline.partners.api import AGREEMENT_ID


class Kept(NamedTuple):
    """Where the rows of a file are kept: SQL of `t` and its neighbours, what ties it to the staged row `i`, and columns."""

    source: str
    same: str
    columns: Mapping[str, str]


def _same(*names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names}


def _ref(table: str, key: str) -> str:
    return f"(SELECT x.ref FROM {table} x WHERE x.id = t.{key})"


def _refs(table: str, keys: str) -> str:
    return f"(SELECT array_agg(x.ref) FROM {table} x WHERE x.id = ANY (t.{keys}))"


_ORDER = "JOIN orders_order o ON o.id = t.order_id"
_RETURN = "JOIN aftersales_return o ON o.id = t.return_id"
_OF_ORDER, _OF_RETURN = 'o.ref = i."order"', 'o.ref = i."return"'
_PLACE = "JOIN places_place p ON p.id = t.place_id JOIN catalog_product c ON c.id = t.product_id"
_AT = "p.ref = i.place AND c.ref = i.product"
_CUSTOMER = {"customer": _ref("customers_customer", "customer_id")}
_RECEIPT = {"series": "t.imported_series", "issued_at": "t.issued_at"}

KEPT: dict[str, Kept] = {
    "orders": Kept(
        "orders_order t",
        "t.ref = i.ref",
        _same("channel", "till", "method", "completed_at", "reason", "tax_included")
        | _CUSTOMER
        | {"served_by": _ref("places_place", "served_by_id")},
    ),
    "order_lines": Kept(f"orders_line t {_ORDER}", f"{_OF_ORDER} AND t.line_no = i.line", _same("tax", "tax_rate")),
    "line_discounts": Kept(
        f"orders_discount t {_ORDER}",
        f"{_OF_ORDER} AND t.line_no = i.line AND t.seq = i.seq",
        _same("funder", "label")
        | {"promotion": _ref("pricing_promotion", "source_id"), "coupon": _ref("loyalty_coupon", "source_id")},
    ),
    "payments": Kept(
        "payments_intent t JOIN orders_order o ON o.id = t.source_id",
        f"{_OF_ORDER} AND t.id = kernel_source_id('payment', o.ref || ':' || i.seq, o.placed_at)",
        _same("reference"),
    ),
    "receipts": Kept(
        "fiscal_receipt t JOIN orders_order o ON o.id = t.source_id AND t.kind = 'sale'", _OF_ORDER, _RECEIPT
    ),
    "returns": Kept(
        "aftersales_return t",
        "t.ref = i.ref",
        _same("original_reference", "channel", "tax_included", "reason")
        | _CUSTOMER
        | {"order": _ref("orders_order", "order_id")},
    ),
    "return_lines": Kept(
        f"aftersales_line t {_RETURN}",
        f"{_OF_RETURN} AND t.line_no = i.line",
        _same("order_line", "funded", "tax", "tax_rate", "restock", "reason"),
    ),
    "refunds": Kept(f"aftersales_refund t {_RETURN}", f"{_OF_RETURN} AND t.seq = i.seq", _same("reference")),
    "return_receipts": Kept(
        "fiscal_receipt t JOIN aftersales_return o ON o.id = t.source_id AND t.kind = 'return'", _OF_RETURN, _RECEIPT
    ),
    "coupon_redemptions": Kept(
        "loyalty_redemption t",
        "t.ref = i.ref",
        _same("amount") | {"order": "t.order_id", "customer": _ref("customers_customer", "member_id")},
    ),
    "agreements": Kept(
        "partners_agreement t",
        f"t.id = {AGREEMENT_ID.format(ref='i.ref')}",
        _same("ends_at")
        | {"entities": _refs("places_entity", "entity_ids"), "places": _refs("places_place", "place_ids")},
    ),
    "owned_goods": Kept(
        f"stock_ownership t {_PLACE} JOIN places_entity e ON e.id = p.entity_id",
        f"{_AT} AND t.until IS NULL",
        _same("value") | {"currency": "e.currency"},
    ),
    "recalls": Kept(
        "stock_recall t JOIN catalog_product c ON c.id = t.product_id",
        "c.ref = i.product AND t.lot = i.lot AND t.state <> 'lifted'",
        _same("state", "ended_at"),
    ),
    "lots": Kept(f"stock_lot t {_PLACE}", f"{_AT} AND t.lot = i.lot", _same("expires_on")),
}
"""By file. Not the `status` of orders: the second reader sees only the file, and a file without it says that all were
completed. What is there to be checked only (a total, a payment's currency) is nobody's."""
_STAGED = {("coupon_redemptions", "order"): "order_id"}
"""Where a column is staged under another name."""


def fill(file: str, given: Collection[str]) -> None:
    """Give the staged rows of a file that has the columns `given` what is there of them in the others."""
    kept = KEPT.get(file)
    lacking = [] if kept is None else [name for name in kept.columns if name not in given]
    if kept is None or not lacking:
        return
    setting = ", ".join(f'"{_STAGED.get((file, name), name)}" = {kept.columns[name]}' for name in lacking)
    run(f"UPDATE pg_temp.in_{file} i SET {setting} FROM {kept.source} WHERE {kept.same}")
