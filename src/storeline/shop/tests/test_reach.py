"""Where a guest is told about an order: asked at the checkout, for what it is needed for, and kept with the page's language."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from storeline.aftersales.tests.factories import collected
from storeline.kernel.api import run
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, delivers
from storeline.shop.tests.buying import form, hidden, member, put, text

pytestmark = pytest.mark.django_db(transaction=True)
MEMORY = "storeline.messages.transports.Memory"


def kept(order_id: UUID) -> orders.Contact | None:
    return orders.contacts([order_id]).result().get(order_id)


def test_a_guest_is_asked_and_written_to_in_the_pages_language(client: Client, made: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": MEMORY, "sms": MEMORY}
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    put(client, made)
    page = text(client, "/checkout")
    for words in ("Dónde le avisamos cuando esté listo", 'name="contact_email"', 'name="contact_phone"'):
        assert words in page
    data = form(client) | {"contact_email": "kim@example.org", "contact_phone": "12"}
    before = run("SELECT count(*) FROM orders_order").fetchone()
    assert client.post("/checkout", data)["Location"] == "/checkout"
    page = text(client, "/checkout")
    for words in ("Escriba un número de teléfono", 'value="kim@example.org"', 'value="12"', 'aria-invalid="true"'):
        assert words in page
    assert run("SELECT count(*) FROM orders_order").fetchone() == before
    data |= {"contact_phone": "(614) 555-0123"}
    for _ in range(2):
        assert client.post("/checkout", data).status_code == 303
    assert kept(UUID(data["id"])) == orders.Contact("kim@example.org", "+16145550123", "es")


def test_who_has_it_brought_is_asked_too_and_the_number_is_in_the_address(
    client: Client, made: Shop, settings: Any
) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": MEMORY, "sms": MEMORY}
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    delivers(made)
    put(client, made)
    page = text(client, "/checkout?by=deliver")
    assert ("contact_phone" in page, "un SMS au numéro de téléphone ci-dessus" in page) == (False, True)
    address = {"name": "A. Reader", "street": "1 High St", "postal_code": "43215", "city": "Columbus", "by": "deliver"}
    page = client.post("/checkout", address | {"step": "check"}, follow=True).content.decode()
    data: dict[str, Any] = {name: hidden(page, name) for name in ("id", "by", "total", "slot")} | address
    data |= {"card": "tok_approve", "contact_email": "nobody"}
    assert client.post("/checkout", data)["Location"] == "/checkout"
    assert "Saisissez une adresse" in text(client, "/checkout")
    assert client.post("/checkout", data | {"contact_email": "kim@example.org"}).status_code == 303
    assert kept(UUID(data["id"])) == orders.Contact("kim@example.org", "", "fr")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (730, "Then we keep it for 2 years, only to tell you if something you bought is recalled."),
        (90, "Then we keep it for 90 days, only"),
        (0, "For nothing else: it is forgotten when you have your order."),
    ],
)
def test_how_long_it_is_kept_is_said_where_it_is_asked(
    client: Client, made: Shop, settings: Any, days: int, words: str
) -> None:
    settings.MESSAGE_TRANSPORTS, settings.RECALL_CONTACT_DAYS = {"email": MEMORY}, days
    put(client, made)
    delivers(made)
    assert words in text(client, "/checkout")
    assert words in text(client, "/checkout?by=deliver")


def test_a_guest_sees_until_when_it_is_kept_and_has_it_forgotten(client: Client, made: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": MEMORY}
    order_id = collected(made, [1], contact=orders.Contact("kim@example.org"))
    key = orders.token_of(order_id)
    page = text(client, f"/order/{order_id}?key={key}")
    assert "We keep how to reach you until" in page
    assert "kim@example.org" not in page
    for sent, status in (("", 302), ("x", 404), (key, 303), (key, 303)):
        assert client.post(f"/order/{order_id}/forget", {"key": sent}).status_code == status
        assert (orders.contacts([order_id], ended=True).result() == {}) == (status == 303)
    page = text(client, f"/order/{order_id}?key={key}&said=forgotten")
    assert ("We keep how" in page, "We have forgotten how to reach you" in page) == (False, True)


def test_nobody_is_asked_for_what_nobody_uses(client: Client, made: Shop, settings: Any) -> None:
    put(client, made)
    assert "contact_" not in text(client, "/checkout")
    data = form(client) | {"contact_email": "kim@example.org"}
    assert client.post("/checkout", data).status_code == 303
    assert kept(UUID(data["id"])) is None
    settings.MESSAGE_TRANSPORTS = {"sms": MEMORY}
    put(client, made)
    page = text(client, "/checkout")
    assert ("contact_phone" in page, "contact_email" in page) == (True, False)
    kim = member()
    put(kim, made)
    assert "contact_" not in text(kim, "/checkout")


def test_another_day_keeps_what_was_typed_and_chosen(client: Client, made: Shop, settings: Any) -> None:
    settings.MESSAGE_TRANSPORTS = {"email": MEMORY}
    put(client, made)
    data: dict[str, Any] = form(client) | {"contact_email": "kim@example.org", "card": "tok_late"}
    day = data.pop("day")
    page = client.post("/checkout", data | {"day": [day, day]}, follow=True).content.decode()
    assert 'value="kim@example.org"' in page
    assert 'value="tok_late" checked' in page
    assert kept(UUID(data["id"])) is None
