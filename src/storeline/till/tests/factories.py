"""A till in a small shop, with a scanner's codes, a member and a coupon."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.test import Client

from storeline.aftersales.tests.factories import every_row
from storeline.customers import api as customers
from storeline.identity.tests.factories import browser_of, make_user
from storeline.kernel.api import SYSTEM, new_id, run
from storeline.loyalty import api as loyalty
from storeline.orders.tests.factories import LONG_AGO, Shop, make, shop
from storeline.till.queries import Sale, TillAt, current
from storeline.web.tests.browsing import text_of

GTINS = ("04006381333931", "05901234123457", "04012345678901")
CARD = "20001234"
PHONE = "+12125550123"


@dataclass(slots=True)
class AtTill:
    """A shop, its till 1, and who sells there."""

    shop: Shop
    browser: Client
    at: TillAt
    extra: dict[str, UUID] = field(default_factory=dict)

    @property
    def sale(self) -> Sale | None:
        return current(self.at).result()

    @property
    def quantities(self) -> list[int]:
        return [line.quantity for line in self.sale.lines] if self.sale else []

    def scan(self, code: str, key: str = "", *, part: bool = False) -> Any:
        headers = {"HX-Request": "true"} if part else {}
        return self.browser.post("/till/scan", {"code": code, "key": key or str(new_id())}, headers=headers)

    def pay(self, **form: Any) -> Any:
        sale = self.sale
        assert sale is not None
        page = self.browser.get("/till/pay?with=cash").content.decode()
        shown = page.split('name="total" value="')[1].split('"')[0]
        wanted = {
            "sale": str(sale.id), "version": sale.version, "order": str(new_id()), "total": shown, "with": "cash",
            "cash": "0", "received": "",
        }  # fmt: skip
        return self.browser.post("/till/pay", wanted | form)


def till(products: int = 3, role: str = "associate") -> AtTill:
    """A till that was opened."""
    made = shop(products=products, units=20)
    for gtin, product in zip(GTINS, made.products, strict=False):
        make("catalog.Gtin", gtin=gtin, product_id=product)
    browser = browser_of(make_user("seller", role, place_id=made.place))
    answer = browser.post("/till/open", {"place": str(made.place), "number": "1"})
    assert answer.status_code == 303, answer.content
    return AtTill(made, browser, TillAt(made.place, 1))


def product(made: AtTill, ref: str, gtin: str = "", amount: int = 400, **facts: Any) -> UUID:
    """Another product with its price."""
    found = make("catalog.Product", ref=ref, name=ref.capitalize(), **facts)
    make("pricing.Price", product_id=found, amount=amount, currency="USD", valid_from=LONG_AGO)
    if gtin:
        make("catalog.Gtin", gtin=gtin, product_id=found)
    made.extra[ref] = found
    return found


def member(made: AtTill, name: str = "Household 7", price: int = 100) -> UUID:
    """A member with a card and a telephone, for whom the first product costs less."""
    contact = customers.NewContact("phone", PHONE, verified=True)
    found = customers.register(customers.NewCustomer(new_id(), name=name, ref="m7", contacts=[contact]), actor=SYSTEM)
    customers.give_card(found, CARD, actor=SYSTEM)
    first = made.shop.products[0]
    make("pricing.Price", product_id=first, amount=price, currency="USD", valid_from=LONG_AGO, member=True)
    return found


def coupon(ref: str = "SAVE", value: int = 1, **terms: Any) -> None:
    """A coupon that takes a dollar off."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    row = {"ref": ref, "name": f"{ref} now", "kind": "amount", "value": value, "currency": "USD", "valid_from": start}
    (verdict,) = loyalty.put_coupons([row | terms], actor=SYSTEM)
    assert not verdict.errors, verdict


def rows() -> dict[str, list[Any]]:
    """Every row that a till can change, to prove that a refusal changed none."""
    own = ("till_till", "till_sale", "till_line", "fiscal_receipt", "fiscal_series")
    return every_row() | {table: run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in own}


def orders_there() -> list[tuple[Any, ...]]:
    """(state, till, payable, total) of every order."""
    return run("SELECT state, till, payable, total FROM orders_order ORDER BY id").fetchall()


def set_price(product_id: UUID, amount: int) -> None:
    """Another price, from now on."""
    apps.get_model("pricing.Price").objects.filter(product_id=product_id, member=False).update(amount=amount)


def total(page: str) -> str:
    """The large figure of a page."""
    found = re.search(r'class="till-total"[^>]*>(?:<span class="sr">[^<]*</span>)?([^<]+)<', page)
    assert found
    return found[1].strip()


def order_of(answer: Any) -> UUID:
    """The order that a payment became."""
    assert answer.status_code == 303, text_of(answer)
    return UUID(answer["Location"].removeprefix("/till/done/"))
