"""Cards in lists: drawn once for each kind, filled for each product and visitor."""

from __future__ import annotations

from uuid import UUID

from django.template import Context, Template
from django.urls import reverse
from django.utils.translation import override

from storeline.kernel.api import UnitPrice
from storeline.pricing.api import ShelfPrice, Title
from storeline.shop.shelf import Card
from storeline.shop.templatetags.cards import address_of, breakable

PRICE = ShelfPrice(UUID(int=1), UnitPrice(125, 1000, "USD"))
CARD = Card(UUID(int=1), "r1", "milk", "Milk", "", "Milk", "each", PRICE, "in", 0)


def drawn(card: Card, **values: object) -> str:
    context = Context({"cards": [card], "csrf_token": "one", "path": "/", **values})
    return Template("{% load cards %}{% product_cards cards %}").render(context)


def test_a_long_name_may_break_after_a_slash_and_stays_text() -> None:
    assert breakable("Baked <Bread>/Buns") == "Baked &lt;Bread&gt;/<wbr>Buns"


def test_a_card_is_of_its_product_and_its_visitor() -> None:
    first = drawn(CARD._replace(name='<b>"Milk" & more'), path="/c/A&B")
    assert '<a href="/p/r1/milk">&lt;b&gt;&quot;Milk&quot; &amp; more</a>' in first
    assert 'aria-label="Add &lt;b&gt;&quot;Milk&quot; &amp; more to the basket"' in first
    assert 'name="next" value="/c/A&amp;B"' in first
    second = drawn(CARD._replace(id=UUID(int=2), ref="r2", in_basket=2), csrf_token="two")
    assert 'value="two"' in second
    assert '<a href="/p/r2/milk">Milk</a>' in second
    assert 'name="quantity" value="3"' in second
    assert 'aria-label="One more Milk, 2 in the basket"' in second
    assert "$1.25" in second


def test_what_a_price_says_is_on_the_card() -> None:
    reduced = PRICE._replace(
        price=UnitPrice(99, 1000, "USD"),
        regular=UnitPrice(125, 1000, "USD"),
        label="week",
        lowest_30_days=UnitPrice(119, 1000, "USD"),
    )
    page = drawn(CARD._replace(shelf=reduced))
    for words in ("price-reduced", "$0.99", "<s>$1.25</s>", "30-day lowest: $1.19", ">Offer<"):
        assert words in page
    assert "price-reduced" not in drawn(CARD)
    assert "/kg" in drawn(CARD._replace(unit="kg"))
    three = PRICE._replace(offers=(Title("Three for the price of two", '{"fr": "Trois pour deux"}'),))
    gone = drawn(CARD._replace(stock="elsewhere", shelf=three))
    assert "In other shops" in gone
    assert "product-add" not in gone
    assert "Three for the price o…" in gone
    with override("fr"):
        assert ">Trois pour deux<" in drawn(CARD._replace(shelf=three))


def test_an_address_is_as_django_says_it() -> None:
    for ref in ("12", "a b&c", "é:@~$'+", "100%"):
        assert address_of(ref, "x") == reverse("shop:product", args=[ref, "x"])
