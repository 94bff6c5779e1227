"""Orders in words: their states, their prices' steps, payments, and what keeps one from going on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from storeline.kernel.api import Error
from storeline.office.pages.parts import by_language


@dataclass(frozen=True, slots=True)
class State:
    """A state's name, tone and icon."""

    name: str
    tone: str
    symbol: str


def state(code: str) -> State:
    """An order's or a task's state."""
    return _states().get(code, State(code, "plain", ""))


@by_language
def _states() -> dict[str, State]:
    return {
        "pending": State(_("Waiting for the payment"), "warn", "clock"),
        "confirmed": State(_("Confirmed"), "info", "check"),
        "completed": State(_("Completed"), "good", "circle-check"),
        "cancelled": State(_("Cancelled"), "stop", "x"),
        "to_pick": State(_("To pick"), "info", "package"),
        "picking": State(_("Being picked"), "warn", "package-open"),
        "capturing": State(_("Payment under way"), "warn", "loader-circle"),
        "unpaid": State(_("Payment refused"), "stop", "credit-card"),
        "ready": State(_("Ready"), "good", "package-check"),
        "handed_over": State(_("Handed over"), "good", "circle-check"),
    }


def method(code: str) -> str:
    """How an order leaves the place."""
    return _methods().get(code, code)


@by_language
def _methods() -> dict[str, str]:
    return {
        "collect": _("Collected here"),
        "deliver": _("Delivered"),
        "ship": _("Shipped"),
        "carry_out": _("Carried out"),
    }


@dataclass(frozen=True, slots=True)
class Reason:
    """Why orders are stuck: what is wrong, and what to do about it."""

    name: str
    advice: str
    tone: str
    symbol: str


def stuck(code: str) -> Reason:
    """A reason in words."""
    return {
        "expired": Reason(
            _("The payment never became sure"),
            _("A worker should have ended them by now. See that one runs; they end by themselves then."),
            "stop",
            "clock",
        ),
        "unfinished": Reason(
            _("Paid and carried out, but not completed"),
            _("A worker should have completed them by now. See that one runs; they complete by themselves then."),
            "stop",
            "circle-alert",
        ),
        "late": Reason(
            _("Late to be picked"),
            _("Call the shop: the shopper was promised a time that has passed. Cancel what cannot be served."),
            "stop",
            "package",
        ),
        "unpaid": Reason(
            _("Picked, but the payment was refused"),
            _("Ask the shopper for another card, then try again at the desk, or cancel the order."),
            "stop",
            "credit-card",
        ),
        "capturing": Reason(
            _("The payment has no answer yet"),
            _("It goes on by itself. If it stays for an hour, look whether the payment partner is away."),
            "warn",
            "loader-circle",
        ),
        "waiting": Reason(
            _("Ready, and not collected for days"),
            _("Remind the shopper. After 14 days the code ends: put the goods back and cancel the order."),
            "warn",
            "package-check",
        ),
        "owed": Reason(
            _("A refund was refused by the payment partner"),
            _("The shopper is owed money. Open the order and pay it out another way."),
            "stop",
            "banknote",
        ),
    }[code]


def step(kind: str) -> str:
    """What took something off a price."""
    return {
        "member_price": _("Member price"),
        "promotion": _("Promotion"),
        "coupon": _("Coupon"),
        "coupon_match": _("Coupon match"),
        "loyalty": _("Loyalty"),
        "basket": _("Basket discount"),
        "manual": _("Given by hand"),
        "staff": _("Staff discount"),
        "markdown": _("Markdown"),
        "substitution": _("Substitute at the old price"),
    }.get(kind, _("Discount"))


def operation(kind: str) -> str:
    """What was asked of a payment partner."""
    return {
        "authorise": _("Hold the amount"),
        "capture": _("Take the money"),
        "void": _("Let go of what was held"),
        "refund": _("Give money back"),
        "settle": _("Paid on the spot"),
    }.get(kind, kind)


def operation_state(code: str) -> State:
    """How that went."""
    return {
        "pending": State(_("Asked"), "warn", "clock"),
        "succeeded": State(_("Done"), "good", "check"),
        "failed": State(_("Refused"), "stop", "x"),
        "unknown": State(_("No answer yet"), "warn", "circle-help"),
    }[code]


def payment_state(code: str) -> State:
    """A payment's state."""
    return {
        "pending": State(_("Asked"), "warn", "clock"),
        "unknown": State(_("No answer yet"), "warn", "circle-help"),
        "authorised": State(_("Held"), "info", "lock"),
        "captured": State(_("Paid"), "good", "check"),
        "declined": State(_("Declined"), "stop", "x"),
        "voided": State(_("Let go"), "plain", "undo-2"),
    }[code]


def tender(code: str) -> str:
    """A way to pay."""
    return {
        "cash": _("Cash"),
        "sandbox_card": _("Sandbox card"),
        "manufacturer_coupon": _("Manufacturer's coupon"),
        "rounding": _("Rounding"),
    }.get(code, code)


def cancel_reasons() -> list[tuple[str, str]]:
    """Why somebody of the staff cancels an order."""
    return [
        ("shopper", _("The shopper asked for it")),
        ("not_collected", _("It was not collected")),
        ("no_goods", _("The goods are not there")),
        ("unpaid", _("It could not be paid")),
        ("mistake", _("It was placed by mistake")),
    ]


def reason(code: str | None) -> str:
    """Why an order was cancelled."""
    if not code:
        return ""
    known = dict(cancel_reasons()) | {
        "expired": _("The payment never became sure"),
        "payment_declined": _("The payment was declined"),
        "till_called_off": _("Called off at the till"),
        "nothing_found": _("Nothing of it was found"),
    }
    return known.get(code, code.replace("_", " "))


def said(code: str) -> tuple[str, str] | None:
    """What became of the last form."""
    return {
        "cancelled": ("good", _("Cancelled. What it held is free again, and the money goes back by itself.")),
        "renewed": ("good", _("There is another collection code. The shopper finds it on the order's page.")),
        "repaid": ("good", _("Paid out. Hand the money over and keep the paper.")),
    }.get(code)


def refusal(error: Error) -> str:
    """A refusal of one of these deeds in the reader's language."""
    return {
        "wrong_state": _("The goods were handed over already: take them back as a return."),
        "task_state": _("The order is past that step. This is how it stands."),
        "too_many_codes": _("There were many codes today already. Try again tomorrow."),
        "refund_not_owed": _("This refund is not owed any more: somebody paid it, or the partner did after all."),
        "refund_open": _("The partner may still pay it back. Wait for the answer."),
        "cannot_pay_out": _("Money cannot be paid out this way at this place."),
        "body_mismatch": _("The form was sent before with other contents. Open the page again."),
    }.get(error.code, error.detail)
