import pytest

from storeline.catalog.audit import search_index
from storeline.catalog.tests.factories import make_product
from storeline.kernel.api import run

pytestmark = pytest.mark.django_db


def test_a_sound_index_passes() -> None:
    make_product("A", "Milk", names={"fr": "Lait"}, brand="Farm")
    make_product("B", "Milk", brand="Farm")
    assert search_index().ok
    assert search_index().checked == 2


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "UPDATE catalog_product SET name = 'Cream' WHERE ref = 'A'",
            ["product A: 'Cream' is not indexed", "product A: 'Milk' is indexed and no name of it"],
        ),
        ("UPDATE catalog_search_text SET products = 5", ["text 'Milk' says 5 products and has 1"]),
        ("UPDATE catalog_search_word SET texts = 0", ["word 'milk' says 0 texts and is in 1"]),
        ("DELETE FROM catalog_search_posting", ["word 'milk' says 1 texts and is in 0"]),
    ],
)
def test_each_kind_of_damage_is_seen(damage: str, said: list[str]) -> None:
    make_product("A", "Milk")
    run(damage)
    assert list(search_index().differences) == said
