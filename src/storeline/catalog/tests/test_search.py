import pytest

from storeline.catalog import api as catalog
from storeline.catalog.search.words import split
from storeline.catalog.tests.factories import make_category, make_product
from storeline.kernel.api import Invalid, run

pytestmark = pytest.mark.django_db

NAMES = {
    "1": "Chocolate Milk 1 l",
    "2": "Milk Chocolate 100 g",
    "3": "Milk Chocolate 200 g",
    "4": "Whole Milk 1 l",
    "5": "Raspberry Jam 250 g",
    "6": "Raspberry Yogurt 500 g",
    "7": "Ice Cream Vanilla 1 l",
    "8": "Crème fraîche",
}


@pytest.fixture(autouse=True)
def _shelf() -> None:
    for ref, name in NAMES.items():
        make_product(f"R{ref}", name)
    make_product(
        "R9",
        "Butter 250 g",
        names={"zh-Hans": "黄油 250克", "ar": "زبدة", "ru": "Сливочное масло", "el": "βούτυρο"},
        brand="Alpine",
    )


def found(query: str, **more: object) -> list[str]:
    return [hit.product.ref for hit in catalog.search(query, **more).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("whole milk", "R4"),
        ("whloe mlik", "R4"),
        ("wole milk", "R4"),
        ("milk chocolate 200g", "R3"),
        ("chocolate milk", "R1"),
        ("rasberry jma", "R5"),
        ("raspberry yog", "R6"),
        ("icecream", "R7"),
        ("van ila ice cream", "R7"),
        ("creme fraiche", "R8"),
        ("alpine butter", "R9"),
        ("黄油", "R9"),
        ("زبده", "R9"),
        ("сливочнае масло", "R9"),
        ("ΒΟΥΤΥΡΟ", "R9"),  # noqa: RUF001 (Greek capitals)
        ("R2", "R2"),
    ],
)
def test_the_best_comes_first(query: str, first: str) -> None:
    assert found(query)[0] == first


def test_nothing_like_it_finds_nothing() -> None:
    assert found("screwdriver") == []
    assert found("???") == []


@pytest.mark.parametrize("query", ["", "   ", "x" * 201])
def test_an_empty_or_endless_query_is_refused(query: str) -> None:
    with pytest.raises(Invalid) as refusal:
        catalog.search(query)
    assert refusal.value.field == "q"


def test_a_code_is_found_directly() -> None:
    make_product("coded", "Thing", gtins=["4006381333931"])
    assert found("4006381333931") == ["coded"]


@pytest.mark.parametrize(
    "code",
    [
        "(01)04006381333931(10)L1",
        "]d2010400638133393110L1",
        "0104006381333931",
        "https://id.example.org/01/04006381333931/10/L1",
    ],
)
def test_a_gs1_code_names_its_product_or_nothing(code: str) -> None:
    assert found(code) == []
    make_product("coded", "Thing", gtins=["4006381333931"])
    make_product("like", "L1 0400 6381 3339 31")
    assert found(code) == ["coded"]
    names = catalog.search_names(code, names=5, each=5)
    assert [[one.ref for one in group] for group in names] == [["coded"]]
    assert found(code.replace("3931", "3932")) == []  # no GTIN


def test_a_ref_that_looks_like_a_gs1_code_is_found() -> None:
    make_product("0104006381333931", "Thing")
    assert found("0104006381333931") == ["0104006381333931"]


def test_products_of_one_name_share_a_hit() -> None:
    twin = make_product("R44", "Whole Milk 1 l")
    hit = catalog.search("whole milk").hits[0]
    assert (hit.product.ref, hit.others) == ("R4", 1)
    assert [facts.id for facts in catalog.alike(hit.product.id)] == [twin]


def test_only_within_a_category_and_only_what_is_sold() -> None:
    make_category("sweets")
    make_product("R2", "Milk Chocolate 100 g", category="sweets")
    sweets = catalog.Filter(category_id=catalog.find_category("sweets").id)
    assert found("milk", only=sweets) == ["R2"]
    make_product("R2", "Milk Chocolate 100 g", status="ended")
    assert found("milk", only=sweets) == []
    assert "R2" not in found("milk chocolate 100 g")


def test_pages_follow_each_other() -> None:
    whole = found("milk")
    assert len(whole) == 4
    first = catalog.search("milk", limit=3)
    second = catalog.search("milk", limit=3, cursor=first.next)
    assert [hit.product.ref for hit in (*first.hits, *second.hits)] == whole
    assert second.next is None


def test_the_index_follows_the_names() -> None:
    make_product("R4", "Skimmed Milk 1 l")
    assert found("whole") == []
    assert found("skimmed") == ["R4"]
    consistent()
    make_product("R9", "Butter 250 g", names={})
    assert found("黄油") == []
    consistent()


def consistent() -> None:
    """The derived tables hold exactly what the products' names say."""
    texts: dict[int, str] = dict(run("SELECT id, text FROM catalog_search_text").fetchall())
    postings = run(
        "SELECT p.text_id, w.word FROM catalog_search_posting p JOIN catalog_search_word w ON w.id = p.word_id"
    ).fetchall()
    assert sorted(postings) == sorted((key, word) for key, text in texts.items() for word in set(split(text)))
    counted: dict[str, int] = dict(run("SELECT word, texts FROM catalog_search_word WHERE texts > 0").fetchall())
    held: dict[str, int] = {}
    for _, word in postings:
        held[word] = held.get(word, 0) + 1
    assert counted == held
    entries = run("SELECT text_id, count(*)::int FROM catalog_search_entry GROUP BY 1 ORDER BY 1").fetchall()
    assert run("SELECT id, products FROM catalog_search_text ORDER BY 1").fetchall() == entries
