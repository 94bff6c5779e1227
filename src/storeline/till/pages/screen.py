"""The sale as the till shows it: every line at its price now, what coupons do, who buys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.identity.api import Request
from storeline.kernel.api import QUANTITY_ONE, Actor, Error, now, pipeline
from storeline.loyalty import api as loyalty
from storeline.orders import api as orders
from storeline.places import api as places
from storeline.pricing import api as pricing
from storeline.till.domain import pieces
from storeline.till.pages import words
from storeline.till.pages.shared import CHANNEL, is_part, render
from storeline.till.queries import ParkedSale, Sale, SaleLine, TillAt, current, parked
from storeline.web.pages import see
from storeline.web.templatetags.ui import local_name

_FINAL = frozenset({"coupon_unknown", "coupon_not_valid", "coupon_used_up", "coupon_member_limit"})


@dataclass(frozen=True, slots=True)
class Row:
    """A line on the screen. `reductions` are (words, minor units), the last deposit of it stands on a row of its own."""

    line: SaleLine
    product: catalog.ProductFacts
    quoted: pricing.QuotedLine | None
    reductions: tuple[tuple[str, int], ...] = ()
    problem: str = ""
    is_last: bool = False

    @property
    def amount(self) -> int:
        """What the shopper pays for it, less tax where that comes on top."""
        return self.quoted.amount - self.quoted.funded if self.quoted else 0

    @property
    def more(self) -> str:
        """What a button says that adds one."""
        return self._to(self.line.quantity + QUANTITY_ONE)

    @property
    def fewer(self) -> str:
        """What a button says that takes one off."""
        return self._to(max(self.line.quantity - QUANTITY_ONE, 0))

    @property
    def none(self) -> str:
        """What a button says that takes the line off."""
        return self._to(0)

    def _to(self, quantity: int) -> str:
        return f"{self.line.line_no}:{self.line.quantity}:{quantity}"


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit that goes with the lines."""

    product: catalog.ProductFacts | None
    quoted: pricing.QuotedLine


@dataclass(frozen=True, slots=True)
class CouponShown:
    """A coupon on the sale: what it takes off, or why it takes nothing off."""

    code: str
    name: str
    amount: int
    refusal: Error | None = None

    @property
    def problem(self) -> str:
        """Why it takes nothing off, in words."""
        return "" if self.refusal is None else words.coupon_refusal(self.refusal)

    @property
    def is_final(self) -> bool:
        """Whether nothing that is still scanned can make it fit."""
        return self.refusal is not None and self.refusal.code in _FINAL


@dataclass(frozen=True, slots=True)
class Screen:
    """All that the screen shows. `used` are the coupons that the sale is to be paid with."""

    at: TillAt
    place: places.Place
    sale: Sale | None
    rows: tuple[Row, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    coupons: tuple[CouponShown, ...] = ()
    used: tuple[str, ...] = ()
    quote: pricing.Quote | None = None
    member: str = ""
    parked: list[ParkedSale] = field(default_factory=list)
    error: Error | None = None

    @property
    def problem(self) -> str:
        """Why the sale has no price, in words."""
        return words.refusal(self.error).text if self.error is not None else ""

    @property
    def pieces(self) -> int:
        """How many pieces, as people count them."""
        return pieces([(row.line.quantity, row.product.by_weight) for row in self.rows])

    @property
    def total(self) -> int:
        return self.quote.payable if self.quote else 0

    @property
    def saved(self) -> int:
        """What the shopper pays less than the shelf says."""
        return sum(amount for row in self.rows for _, amount in row.reductions)

    @property
    def can_pay(self) -> bool:
        """Whether money may be taken: there is something, it has a price, nobody pays it already."""
        return self.quote is not None and self.sale is not None and self.sale.state == "open"


def draft_of(sale: Sale, currency: str, coupons: tuple[str, ...] = ()) -> orders.Draft:
    """What the sale is as a basket; its id is nobody's."""
    return orders.Draft(
        id=UUID(int=0),
        place_id=sale.at.place_id,
        channel=CHANNEL,
        lines=tuple(orders.DraftLine(line.product_id, line.quantity) for line in sale.lines),
        currency=currency,
        customer_id=sale.customer_id,
        coupons=coupons,
    )


def look(at: TillAt, *, actor: Actor) -> Screen:
    """The sale under way at this till. Eight waits or fewer, more where coupons do not fit."""
    place = places.get_place(at.place_id)
    with pipeline():
        found, aside = current(at), parked(at.place_id)
    return screen_of(at, place, found.result(), aside.result(), actor=actor)


def screen_of(at: TillAt, place: places.Place, sale: Sale | None, aside: list[ParkedSale], *, actor: Actor) -> Screen:
    """A sale with its prices."""
    if sale is None:
        return Screen(at, place, None, parked=aside)
    with pipeline():
        known = catalog.gather([line.product_id for line in sale.lines])
        terms = loyalty.gather(set(sale.coupons), set(), set(), lock=False)
    products, by_code = known.result(), terms.result().by_code
    quote, refused, problem = _quoted(sale, place.currency, actor)
    used = tuple(code for code in sale.coupons if code not in refused)
    member = customers.get(sale.customer_id).name if sale.customer_id else ""
    return Screen(
        at,
        place,
        sale,
        _rows(sale, products, quote, problem),
        _deposits(quote, products),
        tuple(_coupon(code, by_code.get(code), refused.get(code), quote) for code in sale.coupons),
        used,
        quote,
        member,
        aside,
        problem,
    )


def _quoted(sale: Sale, currency: str, actor: Actor) -> tuple[pricing.Quote | None, dict[str, Error], Error | None]:
    """The price with those coupons that fit, why the others do not, and why there is no price."""
    refused: dict[str, Error] = {}
    while sale.lines:
        codes = tuple(code for code in sale.coupons if code not in refused)
        try:
            return orders.quote(draft_of(sale, currency, codes), actor=actor), refused, None
        except Error as error:
            index = _index(error, "coupons")
            if index is None or index >= len(codes):
                return None, refused, error
            refused[codes[index]] = error
    return None, refused | dict.fromkeys(sale.coupons, loyalty.CouponNotForBasket()), None


def _index(error: Error, name: str) -> int | None:
    """Which of a list the error's field names."""
    before, _, rest = (error.field or "").partition("[")
    number = rest.partition("]")[0]
    return int(number) if before == name and number.isdecimal() else None


def _rows(
    sale: Sale,
    products: dict[UUID, catalog.ProductFacts],
    quote: pricing.Quote | None,
    problem: Error | None,
) -> tuple[Row, ...]:
    wrong = None if problem is None else _index(problem, "lines")
    last = max((line.touched for line in sale.lines), default=0)
    rows = [
        Row(
            line,
            products[line.product_id],
            quoted := quote.lines[index] if quote else None,
            _reductions(quoted),
            words.refusal(problem).text if problem is not None and index == wrong else "",
            is_last=line.touched == last,
        )
        for index, line in enumerate(sale.lines)
    ]
    return tuple(sorted(rows, key=lambda row: -row.line.touched))


def _reductions(quoted: pricing.QuotedLine | None) -> tuple[tuple[str, int], ...]:
    """Steps from the shelf price down, one for each name."""
    sums: dict[str, int] = {}
    for one in quoted.adjustments if quoted else ():
        name = words.adjustment_name(one.kind, local_name(one.title))
        sums[name] = sums.get(name, 0) + one.amount
    return tuple(sums.items())


def _deposits(quote: pricing.Quote | None, products: dict[UUID, catalog.ProductFacts]) -> tuple[Deposit, ...]:
    found = [line for line in quote.lines if line.kind == "deposit"] if quote else []
    ids = [line.product_id for line in found if line.product_id is not None and line.product_id not in products]
    more = catalog.gather(ids).result() if ids else {}
    known = products | more
    return tuple(Deposit(known.get(line.product_id) if line.product_id else None, line) for line in found)


def _coupon(
    code: str, coupon: loyalty.Coupon | None, refusal: Error | None, quote: pricing.Quote | None
) -> CouponShown:
    taken = sum(
        one.amount
        for line in (quote.lines if quote and coupon else ())
        for one in line.adjustments
        if coupon and one.source_id == coupon.id
    )
    return CouponShown(code, local_name(coupon.title) if coupon else code, taken, refusal)


def price_here(product: catalog.ProductFacts, place_id: UUID) -> pricing.ShelfPrice | None:
    """What the product costs at this place now."""
    facts = places.gather([place_id]).result().get(place_id)
    return None if facts is None else pricing.shelf_prices([product], facts, CHANNEL, now()).get(product.id)


def show(
    request: Request,
    at: TillAt,
    *,
    said: words.Said | None = None,
    ask: dict[str, Any] | None = None,
    typed: str = "",
    status: int = 200,
    screen: Screen | None = None,
) -> HttpResponse:
    """The sale's page as it is now, with what was said and what is asked."""
    context = {"screen": screen or look(at, actor=request.actor), "said": said, "ask": ask, "typed": typed}
    return render(request, "sale", context, status)


def answer(request: Request, at: TillAt, *, said: str = "", screen: Screen | None = None) -> HttpResponse:
    """After a deed: the page at once for htmx, else where to look."""
    if is_part(request):
        return show(request, at, said=words.said(said), screen=screen)
    return see(reverse("till:sale") + (f"?said={said}" if said else ""))


def refuse(request: Request, at: TillAt, error: Error, **shown: Any) -> HttpResponse:
    """The page with why it was refused."""
    return show(request, at, said=words.refusal(error), status=error.status, **shown)
