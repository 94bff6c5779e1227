import hashlib
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storeline.fiscal.domain import Series, chain, content, number_all
from storeline.fiscal.tests.factories import ENTITY, PLACE, document


def test_the_content_is_one_line_of_all_the_facts():
    one = document()
    assert content(one, 7) == (
        f"{one.series_id}|{ENTITY}|{PLACE}|7|sale|{one.source_id}|2026-03-04|1772627400123456|USD|1080|"
        "0,80000|500,500|0,40"
    )


def test_a_hash_follows_from_the_one_before():
    assert chain(b"before", "line") == hashlib.sha256(b"beforeline").digest()


def test_a_series_belongs_to_entity_place_and_till():
    one = document()
    assert one.series_id == document().series_id
    assert len({one.series_id, document("till-2").series_id, replace(one, place_id=ENTITY).series_id}) == 3


def open_series(documents):
    return {one.series_id: Series(one.series_id, 41, b"last") for one in documents}


def test_documents_are_numbered_oldest_first_each_in_its_series():
    late, early, other = document(minutes=5), document(minutes=1), document("till-2")
    numbered, moved = number_all([late, early, other], open_series([late, other]), set())
    assert [(one.document, one.number) for one in numbered] == [(other, 42), (early, 42), (late, 43)]
    assert {one.id: one.last_number for one in moved} == {late.series_id: 43, other.series_id: 42}
    assert numbered[1].hash == chain(b"last", content(early, 42))
    assert numbered[2].hash == chain(numbered[1].hash, content(late, 43))


def test_what_is_issued_or_twice_in_the_set_is_numbered_once():
    one, two = document(), document(minutes=1)
    numbered, _ = number_all([one, two, two], open_series([one]), {(one.source_id, "sale")})
    assert [(n.document, n.number) for n in numbered] == [(two, 42)]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 50)), max_size=20))
def test_numbers_have_no_gap_and_no_double_in_any_series(shape):
    documents = [document(series, minutes=minutes) for series, minutes in shape]
    numbered, moved = number_all(documents, open_series(documents), set())
    for last in moved:
        given_out = sorted(one.number for one in numbered if one.document.series_id == last.id)
        assert given_out == list(range(42, last.last_number + 1))
    assert len(numbered) == len(documents)


@given(st.sampled_from(["total", "currency", "kind", "business_date", "taxes", "at"]))
def test_every_fact_is_in_the_hash(fact):
    one = document()
    changes: dict[str, Any] = {
        "total": 1081,
        "currency": "EUR",
        "kind": "return",
        "business_date": one.business_date.replace(day=5),
        "taxes": ((0, 500, 0), (80000, 500, 41)),
        "at": one.at.replace(microsecond=123457),
    }
    assert content(replace(one, **{fact: changes[fact]}), 1) != content(one, 1)
