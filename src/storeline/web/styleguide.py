"""What the style guide shows: each part with plain, long and awkward contents. Invented, and no table is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

from storeline.kernel.api import UnitPrice, now
from storeline.web.live import about
from storeline.web.maps import Point


@dataclass(frozen=True, slots=True)
class Display:
    """As `pricing.api.UnitPriceDisplay`."""

    amount: int
    unit: str
    currency: str


@dataclass(frozen=True, slots=True)
class Offer:
    """As `pricing.api.Title`."""

    name: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """As `pricing.api.ShelfPrice`."""

    price: UnitPrice
    regular: UnitPrice | None = None
    display: Display | None = None
    lowest_30_days: UnitPrice | None = None
    member_price: UnitPrice | None = None
    offers: tuple[Offer, ...] = ()
    label: str | None = None


class Form(forms.Form):
    """A right field, a wrong one, a choice and a box to tick."""

    name = forms.CharField(label="Name")
    email = forms.EmailField(label="Email", help_text="We write when the order is ready.", required=False)
    agree = forms.BooleanField(label="Tell me about offers", required=False)


def _usd(cents: int) -> UnitPrice:
    return UnitPrice(cents, 1000, "USD")


def live() -> dict[str, Any]:
    """The part that follows every order."""
    return {"follow": about(None, "orders."), "moment": now()}


def context() -> dict[str, Any]:
    """Everything on the page."""
    steps = [
        {"name": "Order placed", "state": "done", "note": "9:12"},
        {"name": "Being picked", "state": "now", "note": ""},
        {"name": "Ready to collect", "state": "later", "note": ""},
        {"name": "Collected", "state": "later", "note": ""},
    ]
    return live() | {
        "plain": Shelf(_usd(349), display=Display(1745, "lb", "USD")),
        "reduced": Shelf(
            _usd(299), _usd(399), Display(1495, "lb", "USD"), _usd(379), _usd(279), (Offer("2 for $5"),), "-25 %"
        ),
        "form": Form({"name": "", "email": "somebody@", "agree": True}),
        "steps": steps,
        "places": [
            Point("Salem", 42.52, -70.9, href="#main", main=True),
            Point("Malden", 42.43, -71.07, href="#main", tone="warn", size=10),
            Point("Quincy", 42.25, -71.0, href="#main", tone="off"),
        ],
        "here": (42.36, -71.06),
        "values": [3, 5, 4, 8, 7, 9, 12, 11, 14],
        "tones": ["info", "good", "warn", "stop"],
        "swatches": ["ground", "surface", "sunken", "ink", "muted", "action", "good", "warn", "stop", "info", "offer"],
    }
