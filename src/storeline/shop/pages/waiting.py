"""The line for what many want at once: the place in it, which goes on by itself, and that it is sold out, with what else there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from storeline.catalog import api as catalog
from storeline.identity.api import Request, throttle
from storeline.kernel.api import new_id
from storeline.shop import basket, hot, offers, shelf
from storeline.shop.pages.router import show
from storeline.shop.where import Here
from storeline.web.pages import see

_LOOKS_AGAIN_S = 4
_ALTERNATIVES = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's turn, and what a guest's device is given to find it again; None where it has that."""

    turn: hot.Turn
    given: UUID | None

    @property
    def is_in(self) -> bool:
        """Whether it is their turn."""
        return self.turn.state == "in"

    def kept(self, answer: HttpResponse) -> HttpResponse:
        """The answer, which has the device find its ticket again."""
        if self.given is not None:
            hot.keep_holder(answer, self.given)
        return answer


def turn_of(request: Request, at: Here, lines: basket.Lines, wanted: Sequence[UUID]) -> Standing:
    """Where they stand; whoever has no ticket yet gets one. Raises TooMany where too many new ones are taken at one address."""
    known = hot.holders(request)
    if not known:
        throttle(request, hot.TICKETS, hot.TICKETS_PER_ADDRESS)
    given = None if known else new_id()
    return Standing(hot.turn_of(known or [given] if given else known, at, lines, wanted), given)


def page(request: Request, at: Here, lines: basket.Lines, standing: Standing) -> HttpResponse:
    """How many are before them: the browser looks again by itself. Or that it is sold out."""
    turn = standing.turn
    if turn.state == "sold_out":
        answer = _sold_out(request, at, lines, turn.product_id)
    else:
        product = catalog.gather([turn.product_id]).result()[turn.product_id]
        answer = show(
            request,
            "waiting",
            at,
            lines,
            name=shelf.name_of(product),
            kind=shelf.kind_of(product),
            place=turn.ahead + 1,
            full=turn.state == "full",
        )
        # A header, and no script: the page goes on wherever it is read.
        answer.headers["Refresh"] = f"{_LOOKS_AGAIN_S}; url={reverse('shop:checkout')}"
    return standing.kept(answer)


def _sold_out(request: Request, at: Here, lines: basket.Lines, product_id: UUID) -> HttpResponse:
    product = catalog.gather([product_id]).result()[product_id]
    ids = offers.alternatives(product, at, _ALTERNATIVES).result() if product.category_id else []
    others = catalog.gather(ids).result() if ids else {}
    cards = shelf.cards([others[key] for key in ids if key in others], at, lines, member=shelf.is_member(request))
    return show(
        request,
        "sold_out",
        at,
        lines,
        product=product,
        name=shelf.name_of(product),
        kind=shelf.kind_of(product),
        slug=shelf.slug(product.name),
        others=len(lines) > 1,
        alternatives=[card for card in cards if card.stock != "elsewhere"],
    )


def leave(request: Request, at: Here) -> HttpResponse:
    """Give one's place to those behind; a repeat changes nothing."""
    hot.leave(hot.holders(request), at)
    return see(reverse("shop:basket"))
