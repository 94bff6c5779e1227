"""Each kind of error is planted and must be seen."""

import pytest

from storeline.fiscal import api as fiscal
from storeline.fiscal.audit import chained, without_gaps
from storeline.fiscal.tests.factories import document
from storeline.kernel import api as kernel

pytestmark = pytest.mark.django_db


@pytest.fixture
def documents():
    documents = [document(minutes=n) for n in range(4)] + [document("web", minutes=n) for n in range(2)]
    fiscal.issue_documents(documents)
    assert without_gaps() == kernel.CheckResult(2, (), 0)
    assert chained() == kernel.CheckResult(6, (), 0)
    # What the trigger refuses is done behind its back here.
    kernel.run("ALTER TABLE fiscal_receipt DISABLE TRIGGER fiscal_receipt_append_only")
    return documents


def test_a_missing_receipt_is_seen(documents):
    kernel.run("DELETE FROM fiscal_receipt WHERE source_id = %s", [documents[1].source_id])
    assert without_gaps().differences == (
        f"series till-1 ({documents[0].series_id}) gave 4 numbers and has 3 receipts, 1 to 4",
    )
    assert chained().differences == (
        f"receipt 3 of series {documents[0].series_id} does not follow from what is stored",
    )


def test_a_missing_last_receipt_is_seen(documents):
    kernel.run("DELETE FROM fiscal_receipt WHERE source_id = %s", [documents[5].source_id])
    assert without_gaps().count == 1
    assert chained().count == 1


def test_a_series_without_any_of_its_receipts_is_seen(documents):
    kernel.run("DELETE FROM fiscal_receipt WHERE series_id = %s", [documents[5].series_id])
    assert without_gaps().count == 1
    assert chained().count == 1


@pytest.mark.parametrize(
    "change",
    ["total = total + 1", "taxes = '{0,41}'", "at = at + interval '1 microsecond'", "place_id = gen_random_uuid()"],
)
def test_a_changed_receipt_is_seen(documents, change):
    kernel.run(f"UPDATE fiscal_receipt SET {change} WHERE source_id = %s", [documents[2].source_id])
    assert chained().differences == (
        f"receipt 3 of series {documents[0].series_id} does not follow from what is stored",
    )


def test_a_chain_that_was_made_anew_is_seen_at_its_end(documents):
    kernel.run("UPDATE fiscal_series SET last_hash = sha256('made anew') WHERE name = 'web'")
    assert chained().count == 1
