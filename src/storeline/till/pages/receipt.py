"""The receipt: on the screen, on paper, and behind a link that cannot be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.fiscal import api as fiscal
from storeline.identity.api import Request
from storeline.kernel.api import Actor, NotFound, UnitPrice
from storeline.orders import api as orders
from storeline.orders.api import OWN, SELL
from storeline.payments import api as payments
from storeline.places import api as places
from storeline.till.domain import receipt_name
from storeline.till.pages import words
from storeline.till.pages.shared import choose_first, pages, till_of
from storeline.till.queries import last_order
from storeline.web.pages import render, see


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line as it is printed: `gross` at the shelf price, `reduced` what was taken off, `amount` what it cost."""

    product: catalog.ProductFacts | None
    quantity: int
    unit_price: UnitPrice | None
    gross: int
    reduced: int
    amount: int


@dataclass(frozen=True, slots=True)
class ReceiptShown:
    """A receipt, without anything about who bought. `paid` are (way to pay, amount); `link` leads to this receipt."""

    order_id: UUID
    name: str
    place: places.Place
    entity: places.EntityFacts | None
    day: date
    at: datetime
    till: str | None
    currency: str
    tax_included: bool
    lines: tuple[ReceiptLine, ...]
    taxes: tuple[tuple[int, int, int], ...]
    paid: tuple[tuple[str, int], ...]
    total: int
    received: int
    change: int
    saved: int
    link: str


@pages.get("receipts/<uuid:order_id>", OWN, guest=True, name="receipt")
def show(request: Request, order_id: UUID) -> HttpResponse:
    """The receipt to whoever shows its key, or sells at its place."""
    key = request.GET.get("key", "")
    receipt = receipt_of(order_id, actor=request.actor, key=key, base=request.build_absolute_uri("/"))
    return render(request, "till/receipt_page.html", {"receipt": receipt})


@pages.get("last", SELL, name="last")
def last(request: Request) -> HttpResponse:
    """The receipt that this till gave last, to print again."""
    at = till_of(request)
    if at is None:
        return choose_first()
    order_id = last_order(at)
    return see(reverse("till:sale") if order_id is None else reverse("till:done", args=[order_id]))


def receipt_of(order_id: UUID, *, actor: Actor, key: str = "", base: str = "/") -> ReceiptShown:
    """The receipt of a sale that was completed. Raises NotFound, Unauthenticated for a guest without its key."""
    view = orders.get_for(order_id, actor=actor, token=key)
    head = view.head
    if head.state != "completed":
        raise NotFound("There is no receipt yet.")
    found = fiscal.receipts_of([order_id]) or fiscal.issue([order_id])
    receipt = found.get(order_id)
    if receipt is None:
        raise NotFound("There is no receipt yet.")
    place = places.get_place(head.place_id)
    products = catalog.gather(sorted({line.product_id for line in view.lines})).result()
    paid = payments.payments_of([order_id]).get(order_id, ())
    lines = tuple(
        _line(line, products.get(line.product_id), head.currency) for line in view.lines if line.kept_quantity
    )
    received = sum(one.tendered or one.amount for one in paid if one.amount > 0)
    payable = sum(one.amount for one in paid)
    link = reverse("till:receipt", args=[order_id])
    return ReceiptShown(
        order_id,
        receipt_name(place.ref, receipt.series, receipt.number),
        place,
        next((one for one in places.list_entities() if one.ref == place.entity), None),
        receipt.business_date,
        receipt.at,
        head.till,
        head.currency,
        head.tax_included,
        lines,
        tuple(receipt.taxes),
        tuple((words.tender_name(one.tender), one.amount) for one in paid),
        payable,
        received,
        received - payable,
        sum(line.reduced for line in lines),
        f"{base.rstrip('/')}{link}?{urlencode({'key': orders.token_of(order_id)})}",
    )


def _line(line: orders.OrderLine, product: catalog.ProductFacts | None, currency: str) -> ReceiptLine:
    amount = line.kept_amount - line.kept_funded
    gross = line.gross * line.kept_quantity // line.quantity if line.quantity else line.gross
    unit = UnitPrice(line.gross, line.quantity, currency) if line.quantity else None
    return ReceiptLine(product, line.kept_quantity, unit, gross, gross - amount, amount)
