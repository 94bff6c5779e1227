"""A recalled lot stays blocked on its way through a file: out of one installation, into another, and back into its own."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from storeline.exchange.exporting import export_folder
from storeline.exchange.importing import import_folder
from storeline.exchange.tests.folders import EXAMPLE, unbalanced, write
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.stock import api as stock

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "product,lot,reason,state,started_at,ended_at\n"


@pytest.fixture
def lot() -> tuple[UUID, UUID, str]:
    """A lot of the example: its place, its product, its name."""
    assert import_folder(EXAMPLE, actor=SYSTEM).errors == 0
    row = run("SELECT place_id, product_id, lot FROM stock_lot WHERE on_hand > 0 ORDER BY lot LIMIT 1").fetchall()[0]
    return row[0], row[1], row[2]


def ref_of(product: UUID) -> str:
    return str(run("SELECT ref FROM catalog_product WHERE id = %s", [product]).fetchall()[0][0])


def blocked(lot: tuple[UUID, UUID, str]) -> bool:
    place, product, name = lot
    (found,) = [one for one in stock.lots_at([(place, product)])[place, product] if one.lot == name]
    level = stock.levels(place, [product])[product]
    held = level.promisable_on("store") <= level.on_hand - found.on_hand
    assert held == found.recalled
    return held


def test_it_is_blocked_in_a_database_that_takes_it_in(lot: tuple[UUID, UUID, str], tmp_path: Path) -> None:
    assert not blocked(lot)
    text = f"{HEAD}{ref_of(lot[1])},{lot[2]},Glass in it,,2025-10-31,\n"
    folder = write(tmp_path / "recalls", {"recalls": text})
    assert import_folder(folder, actor=SYSTEM, dry_run=True).errors == 0
    assert not blocked(lot)
    for inserted in (1, 0):
        assert import_folder(folder, actor=SYSTEM).files["recalls"].inserted == inserted
        assert blocked(lot)
    (recall,) = stock.list_recalls()
    assert (recall.state, recall.reason, recall.on_shelves > 0) == ("open", "Glass in it", True)
    assert [one.recall.id for one in stock.recalled_at(lot[0])] == [recall.id]
    events = run("SELECT subject_id FROM kernel_event WHERE type = 'stock.recall_started'").fetchall()
    assert events == [(recall.id,)]
    assert unbalanced() == []


def test_its_own_export_says_nothing_new_and_never_takes_a_lifted_one_back(
    lot: tuple[UUID, UUID, str], tmp_path: Path
) -> None:
    recall = stock.start_recall(stock.RecallDraft(new_id(), lot[1], lot[2], "Glass, or wood"), actor=SYSTEM)
    export_folder(tmp_path / "out", actor=SYSTEM)
    text = (tmp_path / "out" / "recalls.csv").read_text()
    assert text.splitlines()[1].startswith(f'{ref_of(lot[1])},{lot[2]},"Glass, or wood",open,')
    folder = write(tmp_path / "recalls", {"recalls": text})
    report = import_folder(folder, actor=SYSTEM)
    assert (report.errors, report.files["recalls"].unchanged) == (0, 1)
    stock.end_recall(recall.id, lifted=True, actor=SYSTEM)
    assert import_folder(folder, actor=SYSTEM).errors == 1
    assert (blocked(lot), stock.list_recalls(state=stock.RecallState.OPEN)) == (False, [])
    export_folder(tmp_path / "then", actor=SYSTEM)
    assert not (tmp_path / "then" / "recalls.csv").exists()
