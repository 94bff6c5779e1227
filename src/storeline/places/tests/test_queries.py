"""Finding places by what people type."""

from __future__ import annotations

import pytest

from storeline.kernel import api as kernel
from storeline.kernel.api import Invalid
from storeline.places.api import find_among
from storeline.places.tests.factories import make_place

pytestmark = pytest.mark.django_db


def refs(*arguments: object, **wanted: object) -> list[str]:
    return [place.ref for place in find_among(*arguments, **wanted)]  # type: ignore[arg-type]


def test_every_word_is_in_the_name_the_town_or_the_ref_and_only_of_ones_own_places():
    one = make_place("100", name="North 5%", city="Toledo", capabilities=["sell"])
    make_place("101", name="South", city="Toledo")
    other = make_place("99", name="Harbour", city="Łódź", capabilities=["collect"])
    assert refs(None) == ["99", "100", "101"]
    assert refs(None, text="toledo sou") == ["101"]
    assert refs(None, text="10 TOL") == ["100", "101"]
    assert refs(None, text="5%") == ["100"]
    assert refs(None, text="ŁÓD\0") == ["99"]
    assert refs([one, other], text="o") == ["99", "100"]
    assert refs([one, other], capability="collect") == ["99"]
    assert refs([]) == []
    assert refs(None, limit=2) == ["99", "100"]
    with kernel.waits() as count:
        refs([one, other], text="harbour łódź")
    assert count.waits == 1


def test_a_page_has_its_limit():
    with pytest.raises(Invalid):
        find_among(None, limit=201)
