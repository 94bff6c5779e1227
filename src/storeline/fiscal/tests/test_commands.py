from dataclasses import replace

import psycopg
import pytest

from storeline.fiscal import api as fiscal
from storeline.fiscal.tests.factories import AT, DAY, ENTITY, PLACE, document, everything, numbers
from storeline.kernel import api as kernel

pytestmark = pytest.mark.django_db


def test_receipts_are_numbered_from_one_in_each_series():
    tills = [document("till-1"), document("till-1", minutes=1), document("web"), document("till-1", minutes=2)]
    assert fiscal.issue_documents(tills) == 4
    assert numbers(*tills) == ["1", "2", "1", "3"]


def test_a_receipt_says_what_its_document_said():
    one = document()
    with kernel.clock_at(AT):
        fiscal.issue_documents([one])
    receipt = fiscal.receipts_of([one.source_id])[one.source_id]
    assert replace(receipt, hash=None) == fiscal.Receipt(
        one.source_id,
        "sale",
        "till-1",
        "1",
        ENTITY,
        PLACE,
        DAY,
        AT,
        AT,
        "USD",
        1080,
        ((0, 500, 0), (80000, 500, 40)),
        None,
    )
    assert receipt.hash is not None
    assert len(receipt.hash) == 32


def test_issuing_again_changes_nothing():
    one, two = document(), document(minutes=1)
    fiscal.issue_documents([one])
    before = everything()
    assert fiscal.issue_documents([one]) == 0
    assert everything() == before
    assert fiscal.issue_documents([one, two]) == 1
    assert numbers(one, two) == ["1", "2"]


def test_a_sale_and_a_return_of_one_id_are_two_receipts():
    sale = document()
    back = document(source_id=sale.source_id, total=-1080, minutes=1, kind="return")
    assert fiscal.issue_documents([sale, back]) == 2
    assert fiscal.receipts_of([sale.source_id], "return")[sale.source_id].number == "2"


def test_issuing_any_number_takes_two_waits_beside_the_transactions():
    documents = [document(f"till-{index % 3}", minutes=index) for index in range(200)]
    with kernel.waits() as count:
        fiscal.issue_documents(documents)
    assert count.waits == 2
    with kernel.waits() as nothing:
        fiscal.issue_documents([])
    assert nothing.waits == 0


@pytest.mark.parametrize(
    "sql", ["UPDATE fiscal_receipt SET total = 1", "DELETE FROM fiscal_receipt", "UPDATE fiscal_receipt SET number = 2"]
)
def test_a_receipt_cannot_be_changed_or_deleted(sql):
    fiscal.issue_documents([document()])
    before = everything()
    with pytest.raises(psycopg.IntegrityError, match="was issued and cannot be changed"), kernel.transaction():
        kernel.run(sql)
    assert everything() == before


@pytest.mark.parametrize(("kind", "total"), [("sale", -1), ("return", 1)])
def test_a_total_of_the_wrong_sign_issues_nothing(kind, total):
    before = everything()
    with pytest.raises(psycopg.errors.CheckViolation), kernel.transaction():
        fiscal.issue_documents([document(), document(kind=kind, total=total)])
    assert everything() == before


def stage(*rows):
    kernel.run(f"CREATE TEMP TABLE IF NOT EXISTS rec_receipts ({fiscal.RECEIPTS_IN}) ON COMMIT DROP")
    for source_id, series, number in rows:
        kernel.run(
            "INSERT INTO pg_temp.rec_receipts VALUES (%s, 'sale', %s, %s, %s, %s, %s, %s, NULL, 'USD', 1080)",
            [source_id, series, number, ENTITY, PLACE, DAY, AT],
        )


def test_imported_receipts_keep_their_numbers_outside_our_series():
    one, two = kernel.new_id(), kernel.new_id()
    stage((one, "收银台 3", "A/2019-000017"), (two, None, "A/2019-000017"))
    assert fiscal.record_from_temp() == 2
    assert fiscal.record_from_temp() == 0
    found = fiscal.receipts_of([one, two])
    assert (found[one].series, found[one].number, found[one].issued_at) == ("收银台 3", "A/2019-000017", AT)
    assert (found[two].series, found[two].number, found[two].hash) == (None, "A/2019-000017", None)
    assert everything()[0] == []


def test_an_imported_receipt_is_not_issued_again():
    one = document()
    stage((one.source_id, None, "17"))
    fiscal.record_from_temp()
    assert fiscal.issue_documents([one]) == 0
    assert numbers(one) == ["17"]
