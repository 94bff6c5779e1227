"""What needs somebody, in words, each with where it is handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import ngettext

from storeline.office.queries import Need
from storeline.places import api as places
from storeline.web import formats


@dataclass(frozen=True, slots=True)
class Shown:
    """One kind of thing that waits: words with its number, how bad it is, where it is handled."""

    words: str
    tone: str
    symbol: str
    href: str


def shown(needs: Sequence[Need], place: places.Place | None) -> list[Shown]:
    """Each need in a sentence."""
    found = []
    for need in needs:
        words = _words(need.kind, need.count) % {"count": formats.number(need.count)}
        tone, symbol = _SIGNS[need.kind]
        found.append(Shown(words, tone, symbol, _address(need.kind, place)))
    return found


_SIGNS = {
    "late": ("stop", "timer"),
    "unpaid": ("warn", "credit-card"),
    "payments": ("warn", "loader-circle"),
    "refunds": ("stop", "undo-2"),
    "stock": ("warn", "package-open"),
    "webhooks": ("warn", "external-link"),
    "events": ("stop", "circle-alert"),
}


def _words(kind: str, count: int) -> str:
    if kind == "late":
        return ngettext("%(count)s order is late to be picked", "%(count)s orders are late to be picked", count)
    if kind == "unpaid":
        return ngettext("%(count)s picked order is not paid", "%(count)s picked orders are not paid", count)
    if kind == "payments":
        return ngettext(
            "%(count)s payment waits for an answer",
            "%(count)s payments wait for an answer",
            count,
        )
    if kind == "refunds":
        return ngettext("%(count)s refund is still owed", "%(count)s refunds are still owed", count)
    if kind == "stock":
        return ngettext(
            "%(count)s product was sold beyond its stock", "%(count)s products were sold beyond their stock", count
        )
    if kind == "webhooks":
        return ngettext(
            "%(count)s address of partners does not answer", "%(count)s addresses of partners do not answer", count
        )
    return ngettext("%(count)s event could not be taken up", "%(count)s events could not be taken up", count)


def _address(kind: str, place: places.Place | None) -> str:
    at = "" if place is None else place.ref
    if kind in ("late", "unpaid", "payments", "refunds"):
        query = urlencode({name: value for name, value in (("stuck", kind), ("place", at)) if value})
        return f"/office/orders?{query}"
    if kind == "stock":
        return "/desk/exceptions"
    return ""
