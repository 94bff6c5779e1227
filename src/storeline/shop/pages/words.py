"""What the shop says of an order and of goods that come back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from storeline.capacity import api as capacity
from storeline.fulfilment import api as fulfilment
from storeline.kernel.api import Error
from storeline.web import formats


def steps(progress: fulfilment.Progress, zone: str, slot: capacity.Slot | None) -> list[dict[str, str]]:
    """The order's way as people follow it."""
    at = {"pending": 0, "confirmed": 1, "to_pick": 1, "picking": 2, "capturing": 2, "unpaid": 2, "ready": 3, "out": 4}
    at |= {"travelling": 2, "returning": 3}
    names = [_("Order placed"), _("Paid, waiting to be picked"), _("Being picked"), *_ends(progress.method)]
    if progress.state == "cancelled":
        return [
            {"name": names[0], "state": "done"},
            {"name": _("Cancelled"), "state": "failed", "note": _("Nothing is charged.")},
        ]
    now_at = at.get(progress.state, len(names))
    last = len(names) - 1
    notes = {
        3: formats.when(progress.ready_at, zone) if progress.ready_at else slot_words(slot, zone),
        last: formats.when(progress.closed_at, zone) if progress.closed_at else "",
    }
    if progress.method in {"deliver", "ship"} and progress.closed_at is None:
        notes = {last: slot_words(slot, zone)}
    return [
        {
            "name": name,
            "state": "done" if number < now_at else "now" if number == now_at else "later",
            "note": notes.get(number, ""),
        }
        for number, name in enumerate(names)
    ]


def _ends(method: str) -> list[str]:
    """The last steps, by how the shopper gets it."""
    if method == "deliver":
        return [_("Packed"), _("On its way to you"), _("Delivered")]
    if method == "ship":
        return [_("Packed"), _("With the carrier")]
    return [_("Ready to collect"), _("Collected")]


def slot_words(slot: capacity.Slot | None, zone: str) -> str:
    """When it can be collected."""
    if slot is None:
        return ""
    return _("%(day)s, %(time)s") % {
        "day": formats.day(slot.starts_at, zone),
        "time": formats.span(slot.starts_at, slot.ends_at, zone),
    }


def lateness(progress: fulfilment.Progress, zone: str, slot: capacity.Slot | None) -> str:
    """That what another shop sends is late, and when the order is expected now; nothing where nobody waits any more."""
    if progress.promised_at is None or progress.due_at is None or progress.state not in {"to_pick", "picking"}:
        return ""
    if slot is None and progress.method == "collect":
        words = _("What another shop sends for it is late. We expect your order to be ready %(when)s.")
    elif slot is None:
        words = _("What another shop sends for it is late. We expect it to be packed %(when)s.")
    elif slot.starts_at < progress.due_at:
        words = _(
            "What another shop sends for it is late, and every later time is taken at the moment. We look for a free one,"
            " or ask the shop for another way."
        )
    else:
        words = _("What another shop sends for it is late. Your new time: %(when)s.")
        return words % {"when": slot_words(slot, zone)}
    return words % {"when": formats.when(progress.due_at, zone)}


_BROUGHT: Final = {
    "ready": gettext_noop("Your order is packed"),
    "out": gettext_noop("Your order is on its way"),
    "handed_over": gettext_noop("Delivered. Thank you"),
    "completed": gettext_noop("Delivered. Thank you"),
}
_HEADLINES: Final = {
    "pending": gettext_noop("We are waiting for your card's answer"),
    "confirmed": gettext_noop("Your order is placed"),
    "to_pick": gettext_noop("Your order is placed"),
    "picking": gettext_noop("We are picking your order"),
    "capturing": gettext_noop("Almost ready"),
    "unpaid": gettext_noop("Your card was declined after picking"),
    "ready": gettext_noop("Ready: come and collect"),
    "handed_over": gettext_noop("Collected. Thank you"),
    "completed": gettext_noop("Collected. Thank you"),
    "travelling": gettext_noop("Packed, on its way to where you collect it"),
    "returning": gettext_noop("Nobody collected it: it goes back"),
    "cancelled": gettext_noop("This order was cancelled"),
    "carried": gettext_noop("Bought in the shop"),
}
_STATES: Final = {
    "pending": gettext_noop("Waiting for payment"),
    "confirmed": gettext_noop("Order placed"),
    "to_pick": gettext_noop("Order placed"),
    "picking": gettext_noop("Being picked"),
    "capturing": gettext_noop("Being picked"),
    "unpaid": gettext_noop("Card declined"),
    "travelling": gettext_noop("On its way to where you collect it"),
    "returning": gettext_noop("Not collected in time"),
    "ready": gettext_noop("Ready to collect"),
    "handed_over": gettext_noop("Collected"),
    "completed": gettext_noop("Done"),
    "cancelled": gettext_noop("Cancelled"),
}


_STATES_BROUGHT: Final = {
    "ready": {"deliver": gettext_noop("Packed"), "ship": gettext_noop("Packed")},
    "handed_over": {"deliver": gettext_noop("Delivered"), "ship": gettext_noop("With the carrier")},
    "completed": {"deliver": gettext_noop("Delivered"), "ship": gettext_noop("With the carrier")},
}


def headline(state: str, method: str = "collect") -> str:
    """The one thing that matters now."""
    if method == "ship" and state in {"handed_over", "completed"}:
        return _("Your parcel is with the carrier")
    brought = _BROUGHT.get(state) if method in {"deliver", "ship"} else None
    return _in_words(brought or _HEADLINES.get(state), state)


def state_name(state: str, method: str) -> str:
    """A state in a list."""
    return _in_words(_STATES_BROUGHT.get(state, {}).get(method) or _STATES.get(state), state)


def _in_words(text: str | None, state: str) -> str:
    """The one text that is needed, for the reader: to look up all of them is much of a list's time."""
    return _(text) if text else state


def spaced(code: str) -> str:
    """A code in groups of three, as people read it out."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


_LINE = re.compile(r"lines\[(\d+)\]")


class Refusal(Protocol):
    """An error, or what is left of one on the way to another page."""

    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str | None: ...
    @property
    def detail(self) -> str: ...


def refusal(error: Refusal, names: Sequence[str] = ()) -> str:
    """Why an order was not placed: what happened, what was kept, what to do; `names` are those of its lines."""
    line = _LINE.match(error.field or "")
    number = int(line[1]) if line else len(names)
    name = names[number] if number < len(names) else _("A product")
    sold_out = _("Somebody was faster: %(name)s is sold out here now. Change its quantity or choose another shop.")
    unsold = _("%(name)s is not sold at this shop. Take it out of the basket or choose another shop.")
    full = _("That time has just filled up. Choose another; your basket is kept.")
    words = {
        "payment_declined": _("The card was declined. Nothing was charged and your basket is kept. Try another card."),
        "price_changed": _("A price has changed since you opened this page. Look at the new total, then order again."),
        "other_fee": _(
            "The time that you chose has a delivery fee of its own. Look at the new total, then order again."
        ),
        "out_of_stock": sold_out,
        "sold_out": sold_out,
        "not_sold": unsold,
        "price_missing": unsold,
        "slot_full": full,
        "slot_too_early": _(
            "Not everything can be there by that time any more. Choose a later one; your basket is kept."
        ),
        "not_served": _("This shop does not deliver to that address. Collect it, or choose another shop."),
        "not_kept_cold": _(
            "%(name)s must stay cold and cannot be sent there. Take it out of the basket, or collect it."
        ),
        "slot_not_found": _("That time is over. Choose another; your basket is kept."),
        "place_cannot": _("This shop cannot hand over orders now. Choose another shop; your basket is kept."),
        "place_full": _(
            "At that moment no shop had room for one more online order. Look at the page, then order again."
        ),
        "contact": _("We cannot write there. Look at your e-mail address and phone number; your basket is kept."),
        "order_mismatch": _("The form had been sent before with other contents. Look at it, then order again."),
    }.get("contact" if (error.field or "").startswith("contact.") else error.code, error.detail)
    return words % {"name": name} if "%(name)s" in words else words


def time_refused(error: Error, method: str) -> str:
    """Why an order kept the time that it had."""
    gone = _("Your order is on its way to where you collect it, or there already. It is kept for you for seven days.")
    if method == "deliver":
        gone = _("Your order is in a van already, so its time stays. If nobody is at home, it is brought again.")
    return {
        "slot_full": _("That time has just filled up. Choose another."),
        "slot_too_early": _("Not everything can be there by that time. Choose a later one."),
        "cannot_wait": _("Some of it is packed already and does not keep that long. Choose an earlier time."),
        "on_its_way": gone,
        "slot_not_found": _("That time is over. Choose another."),
    }.get(error.code, _("This order cannot have another time any more."))


def reasons() -> dict[str, str]:
    """Why goods come back, as a shopper says it."""
    return {
        "damaged": _("Broken or damaged"),
        "spoiled": _("Spoiled or past its date"),
        "wrong": _("Not what I ordered"),
        "unwanted": _("I do not need it any more"),
        "other": _("Another reason"),
    }


def request_state(state: str) -> tuple[str, str]:
    """A request to bring goods back: in words, and with which tone."""
    return {
        "requested": (_("We expect your goods"), "info"),
        "accepted": (_("Taken back"), "good"),
        "withdrawn": (_("You called it off"), "plain"),
        "lapsed": (_("The time for it is over"), "plain"),
    }.get(state, (state, "plain"))


def tender_name(code: str) -> str:
    """By what the money goes back."""
    return {
        "sandbox_card": _("To the card you paid with"),
        "cash": _("In cash"),
    }.get(code, _("The way you paid"))
