"""What the desk says of promises, lots and transfers."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from storeline.desk.pages import words
from storeline.stock import api as stock


def said(told: Mapping[str, str]) -> words.Said | None:
    """What the address says of the last deed."""
    tone, text = {
        "not_sent": ("stop", not_sent()),
        "unknown": ("stop", _("That names no product alone. Scan its code, or type its number.")),
        "left": ("warn", _("It has left meanwhile. This is how it stands.")),
        "empty": ("warn", _("There is nothing in it yet. Scan what goes.")),
        "past": ("warn", _("That day is over. Choose another.")),
        "shipped": ("good", _("Sent. It is off the books here, and on the way.")),
        "called_off": ("info", _("Called off. Nothing has moved.")),
        "all_in": ("good", _("All of it is accounted for.")),
        "taken_in": ("warn", _("Somebody has taken it in meanwhile. This is how it stands.")),
        "taken_off": ("good", _("Written off. Take it off the shelf now.")),
        "cleared": ("good", _("It is off the books. Keep it aside, marked, until it is fetched or destroyed.")),
        "looked": ("good", _("Thank you: none is here. Head office sees that you looked.")),
        "recall_lifted": ("info", _("This recall was a mistake, and is lifted. The goods may be sold.")),
        "lot_changed": ("warn", _("The lot has changed meanwhile. This is how it stands.")),
    }.get(told.get("said", ""), ("", ""))
    return words.Said(tone, text) if text else words.said(told)


def correction_reasons() -> dict[str, str]:
    """Why stock was corrected, by the code that is kept."""
    return words.count_reasons(-1) | {
        "damaged": _("Damaged"),
        "expired": _("Past its date"),
        "stolen": _("Stolen"),
        "missing": _("Missing"),
        "found": _("Found"),
        "sample": _("Given to taste"),
        "own_use": _("Used here"),
        "donated": _("Given away"),
        "to_owner": _("Taken back by its owner"),
        "mistake": _("Booked by mistake"),
        "recalled": _("Recalled"),
        "other": _("Another reason"),
        stock.UNDONE: _("Taken back"),
    }


def waste_reasons() -> dict[str, str]:
    """Why goods cannot be sold any more, by the code that is kept: as an associate would say it."""
    every = correction_reasons()
    return {code: every[code] for code in ("damaged", "expired", "stolen", "sample", "own_use", "donated")}


def more_than_here() -> str:
    """That more was typed than the books hold."""
    return _("The books hold fewer than that. Count the product instead.")


def say_why() -> str:
    """That a reason is missing."""
    return _("Say why it cannot be sold.")


def promise_step(step: stock.AtpStep) -> tuple[str, str]:
    """A step of a promise: what it is, and why it is so much."""
    return {
        "on_hand": (_("On hand"), _("What the books say is here")),
        "reserved": (_("Promised"), _("To orders, and held for a while")),
        "expired": (_("Past its date"), _("Lots whose last day is over by then")),
        "recalled": (_("Recalled"), _("Lots that are recalled: they come off the shelf")),
        "safety": (_("Safety stock"), _("Kept back from everything sold online")),
        "buffer": (_("Buffer"), _("Kept back from this channel")),
        "inbound": (_("On the way here"), _("Sent from another place")),
        "overdue": (_("Late"), _("Should be here already: not counted")),
        "floor": (_("Not below zero"), _("More is promised or kept back than is here")),
    }[step.name]


def transfer_state(code: str, *, is_coming: bool = False) -> words.State:
    """How far a transfer is, in words; `is_coming` for whoever is to take it in."""
    if is_coming:
        return words.State(
            _("On the way"), "info", "truck", _("Scan each product as you unpack it, or take all of it in at once.")
        )
    return {
        "open": words.State(_("Being packed"), "warn", "package-open", _("Scan what goes, then send it.")),
        "shipped": words.State(_("On the way"), "info", "truck", _("It left. The other place takes it in.")),
        "received": words.State(_("Taken in"), "good", "circle-check", _("All of it is accounted for.")),
        "cancelled": words.State(_("Called off"), "stop", "x", _("It never left.")),
    }[code]


def rests() -> dict[str, str]:
    """What may be the matter where another number came than was sent."""
    return {
        "later": _("The rest comes later"),
        "lost": _("The rest is lost"),
        "damaged": _("The rest is broken"),
        "found": _("More came than was sent"),
    }


def how_many_found() -> str:
    """A number of recalled goods that says nothing."""
    return _("Type how many you took off. If there were none, type 0 and say that nothing more of it is here.")


def other_day(day: str) -> str:
    """A lot that is known with another last day."""
    return _("This lot is good until %(day)s in the books. Look at the label again.") % {"day": day}


def no_lot() -> str:
    """A lot that no label has, or a day without its lot."""
    return _("Type the lot as the label shows it: at most 20 letters, digits and signs, without spaces.")


def not_free(available: str) -> str:
    """Why a line cannot leave."""
    return _("Only %(available)s of it is free. The rest is promised to orders, or not here.") % {
        "available": available
    }


def not_sent() -> str:
    """A product that does not belong to a transfer."""
    return _("This product was not sent with it. Receive it by itself.")


def more_than_sent() -> str:
    """A number above what is under way."""
    return _("That is more than was sent. If it is so, say that more came.")


def say_what() -> str:
    """Nothing came, and nothing was said of it."""
    return _("Nothing came? Then say what became of it, or leave it for later.")
