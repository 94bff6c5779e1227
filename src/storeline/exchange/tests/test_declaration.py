"""The declaration, its owners and its words say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from storeline.catalog import api as catalog
from storeline.exchange.format import FILES, File, Kind, master
from storeline.exchange.format.markdown import refreshed
from storeline.exchange.importing.loaders import MASTER, ORDERS, REDEMPTIONS, RETURNS
from storeline.exchange.importing.stage import columns_of
from storeline.places import api as places

ROOT = Path(__file__).parents[4]
TYPES = {
    Kind.BOOL: "boolean",
    Kind.INTEGER: "integer",
    Kind.PERCENT: "numeric",
    Kind.UNIT_PRICE: "numeric",
    Kind.VALUE: "numeric",
    Kind.QUANTITY: "bigint",
    Kind.SIGNED_QUANTITY: "bigint",
    Kind.AMOUNT: "bigint",
    Kind.SIGNED: "bigint",
    Kind.RATE: "integer",
    Kind.DECIMAL: "numeric",
    Kind.DEGREES: "double precision",
    Kind.DATE: "date",
    Kind.MOMENT: "timestamptz",
    Kind.LIST: "text[]",
}
DECLARED = {
    **{name: loader.declared for name, loader in MASTER.items()},
    **{group.head: group.declared for group in (ORDERS, RETURNS)},
    **ORDERS.parts,
    **RETURNS.parts,
    "coupon_redemptions": REDEMPTIONS.declared,
}


def columns(file: File) -> dict[str, str]:
    found = {"row": "bigint"}
    for column in file.columns:
        found[column.name] = TYPES.get(column.kind, "text")
        if column.languages:
            found[f"{column.name}s"] = "jsonb"
    return found


@pytest.mark.parametrize("file", FILES.values(), ids=lambda file: file.name)
def test_each_file_has_the_columns_that_its_owner_declares(file):
    declared = {name: {"int": "integer"}.get(kind, kind) for name, kind in columns_of(DECLARED[file.name]).items()}
    mine = columns(file)
    if file.name == "coupon_redemptions":  # its order is found by us, and its currency only scales the amount
        del mine["order"], mine["currency"], declared["order_id"]
    assert mine == declared


@pytest.mark.parametrize("file", FILES.values(), ids=lambda file: file.name)
def test_refs_name_files_that_come_before_or_the_file_itself(file):
    order = list(FILES)
    for column in file.columns:
        if column.refers:
            assert order.index(column.refers) <= order.index(file.name), column.name


def test_words_are_the_owners():
    """Stated again in the declaration, which needs no Django."""
    assert (master.FORMATS, master.CAPABILITIES) == (places.FORMATS, places.CAPABILITIES)
    assert (master.UNITS, master.ALLERGENS, master.TEMPERATURES) == (
        catalog.UNITS,
        catalog.ALLERGENS,
        catalog.TEMPERATURES,
    )


def test_the_document_shows_the_declaration():
    document = (ROOT / "docs/import.md").read_text()
    assert refreshed(document) == document, "run: python -m storeline.exchange.format.markdown docs/import.md"
