"""What the till says: what became of the last deed, why something cannot be."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storeline.kernel.api import Error


@dataclass(frozen=True, slots=True)
class Said:
    """What became of the last deed; `tone` good, info, warn or stop."""

    tone: str
    text: str


def said(code: str) -> Said | None:
    """A short message by its code; None for one that is not known."""
    tone, text = {
        "unknown": ("stop", _("Nothing has this code: no product, no card, no coupon. Try its name.")),
        "nothing_found": ("stop", _("No product goes by these words. Try fewer letters.")),
        "parked": ("good", _("The sale is put aside.")),
        "resumed": ("good", _("Go on with this sale.")),
        "cancelled": ("good", _("The sale was cancelled. Nothing was charged.")),
        "again": ("info", _("That was counted already.")),
        "member_off": ("info", _("No member on this sale now.")),
        "no_member": ("stop", _("No member has this card or number.")),
        "not_member": ("warn", _("This record is not a member's.")),
        "declined": (
            "stop",
            _("The card was declined. Nothing was charged and the sale is kept: try another card, or cash."),
        ),
        "given_up": ("warn", _("The card payment was called off. Nothing is charged; pay another way.")),
        "interrupted": ("warn", _("The payment was interrupted. Nothing was charged: take it again.")),
        "price_changed": ("warn", _("A price has just changed. Say the new total, then take the payment again.")),
        "moved": ("warn", _("The sale was changed at another window. Look at it, then go on.")),
        "closed": ("warn", _("That sale was finished or put aside at another window.")),
        "busy": ("warn", _("This sale is being paid. Wait for its end.")),
        "taken": ("warn", _("Somebody else went on with that sale.")),
        "refused": ("stop", _("The payment could not be taken. Nothing was charged; the sale is kept.")),
        "repeated": ("warn", _("That form had been sent before. Nothing was charged now: take the payment again.")),
        "no_receipt": ("stop", _("No receipt or order is known by this.")),
        "many_receipts": ("warn", _("Several orders end in this number. Scan the receipt instead.")),
    }.get(code, ("", ""))
    return Said(tone, text) if text else None


def text(code: str) -> str:
    """The words of a message."""
    found = said(code)
    return found.text if found else ""


def times(count: int) -> Said:
    """A multiplier waits for its product."""
    text = ngettext(
        "Scan the product: it counts %(count)s time.", "Scan the product: it counts %(count)s times.", count
    )
    return Said("info", text % {"count": count})


def refusal(error: Error) -> Said:
    """Why something was refused, in the associate's language."""
    text = {
        "not_sold": _("This product is not sold here. Put it aside and tell your manager."),
        "price_missing": _("This product has no price here. Put it aside and tell your manager."),
        "tax_rate_missing": _("This product's tax is not known here. Put it aside and tell your manager."),
        "place_cannot": _("This place does not sell at tills."),
        "sale_busy": _("This sale is being paid. Wait for its end."),
        "sale_moved": _("The sale was changed at another window. Look at it, then go on."),
        "sale_closed": _("That sale was finished or put aside at another window."),
        "too_much_returned": _("Less of it can still come back than you typed. Look at what came back already."),
        "not_returnable": _("Only goods that were handed over can come back."),
        "refund_refused": _("The money cannot go back that way."),
        "forbidden": _("This needs your manager."),
    }.get(error.code, error.detail)
    if error.code.startswith("coupon"):
        text = coupon_refusal(error)
    return Said("stop" if error.status != 409 else "warn", text)  # noqa: PLR2004  # HTTP's own


def coupon_refusal(error: Error) -> str:
    """Why a coupon takes nothing off."""
    return {
        "coupon_unknown": _("There is no such coupon."),
        "coupon_not_valid": _("It is not valid now."),
        "coupon_used_up": _("It is used up."),
        "coupon_member_limit": _("This member has used it as often as allowed."),
        "coupon_needs_member": _("It is for members: scan the member's card."),
        "coupon_not_for_basket": _("Nothing in this sale is for it yet."),
        "coupons_do_not_combine": _("It does not go together with another coupon."),
    }.get(error.code, error.detail)


def reasons() -> list[tuple[str, str]]:
    """Why goods come back, as a list to choose from."""
    return [
        ("unwanted", _("Changed their mind")),
        ("damaged", _("Broken or faulty")),
        ("spoiled", _("Spoiled or past its date")),
        ("wrong", _("Wrong product")),
        ("other", _("Something else")),
    ]


def tender_name(code: str) -> str:
    """A way to pay, as a receipt names it."""
    return {
        "cash": _("Cash"),
        "sandbox_card": _("Card"),
        "manufacturer_coupon": _("Manufacturer's coupon"),
        "rounding": _("Rounding"),
    }.get(code, code)


def adjustment_name(kind: str, label: str) -> str:
    """A step from the shelf price down, in words."""
    named = {
        "member_price": _("Member price"),
        "staff": _("Staff price"),
        "markdown": _("Marked down"),
    }.get(kind)
    return named or label or _("Discount")
