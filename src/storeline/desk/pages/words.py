"""What the desk says: states, what comes next, and what became of the last deed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from storeline.desk.domain import Due
from storeline.kernel.api import Error
from storeline.stock import api as stock

_HOURS, _DAY = 120, 1440
"""From so many minutes on, hours and days are said."""


@dataclass(frozen=True, slots=True)
class State:
    """A task's state: its name, its tone, its icon, and what happens next."""

    name: str
    tone: str
    symbol: str
    following: str


@dataclass(frozen=True, slots=True)
class Said:
    """What became of the last deed; `tone` also chooses the sound-free colour and icon of its banner."""

    tone: str
    text: str


_STATES: Final = {
    "to_pick": (
        gettext_noop("To pick"),
        "info",
        "package",
        gettext_noop("Scan each product, or press its plus. Then say that it is ready."),
    ),
    "picking": (
        gettext_noop("Being picked"),
        "warn",
        "package-open",
        gettext_noop("Scan each product, or press its plus. Then say that it is ready."),
    ),
    "capturing": (
        gettext_noop("Waiting for the payment"),
        "warn",
        "loader-circle",
        gettext_noop(
            "Everything is picked. The payment has no answer yet; it goes on by itself. Keep the goods together."
        ),
    ),
    "unpaid": (
        gettext_noop("Payment refused"),
        "stop",
        "credit-card",
        gettext_noop(
            "Everything is picked, but the payment was refused. Keep the goods, try again, or call the service desk."
        ),
    ),
    "ready": (
        gettext_noop("Ready"),
        "good",
        "package-check",
        gettext_noop("Write the order's number on the bag and put it where orders wait. The shopper now has the code."),
    ),
    "handed_over": (
        gettext_noop("Handed over"),
        "good",
        "circle-check",
        gettext_noop("The order is with its shopper. You are done."),
    ),
    "cancelled": (
        gettext_noop("Cancelled"),
        "stop",
        "undo-2",
        gettext_noop("Put the goods back on their shelves. The shopper's money goes back by itself."),
    ),
}


_FOLLOWING: Final = {
    ("ready", "deliver"): gettext_noop("Write the order's number on the bag and put it where the vans are loaded."),
    ("ready", "ship"): gettext_noop("Pack it as one parcel. It is done once the carrier has it."),
    ("ready", "announced"): gettext_noop(
        "Write the order's number on the bag and put it with what goes to the collection point. The shopper gets the code once"
        " it is there."
    ),
    ("ready", "arrived"): gettext_noop("It is at the collection point, and waits there for its shopper."),
    ("ready", "returning"): gettext_noop(
        "Nobody collected it, so it comes back. Once it is here, say so under Parcels."
    ),
    ("handed_over", "ship"): gettext_noop("The carrier has the parcel. You are done."),
}
"""What comes next where that is not what comes next for who collects here: by the way, or by how the parcel to a point stands."""


def state(code: str, way: str = "collect") -> State:
    """A task's state in words; `way` is its method, or how the parcel stands in which it goes to a point."""
    name, tone, symbol, following = _STATES[code]
    return State(_(name), tone, symbol, _(_FOLLOWING.get((code, way), following)))


def proof_refused(error: Error) -> str:
    """Why goods could not change hands."""
    if error.code == "wrong_code":
        return _wrong_code(str(error.extra.get("attempts_left", "")))
    return {
        "no_code": _("There is no code for it any more. Take a signature."),
        "task_state": _("Not everything in the van is ready. Take the rest off."),
        "run_state": _("The van is not at that step any more. Look again."),
    }.get(error.code) or {
        "code": _("Type the code."),
        "name": _("Say who signs."),
        "drawing": _("Sign in the field."),
    }.get((error.field or "").rpartition(".")[2], error.detail)


_METHODS: Final = {
    "collect": gettext_noop("Collected here"),
    "deliver": gettext_noop("Delivered"),
    "ship": gettext_noop("Shipped"),
    "carry_out": gettext_noop("Carried out"),
}


def method(code: str, point: str = "") -> str:
    """How an order leaves the place; `point` is where else it is collected."""
    if point:
        return _("Collected at %(name)s") % {"name": point}
    named = _METHODS.get(code)
    return _(named) if named else code


def temperature(code: str) -> str:
    """Where goods stand, as far as their temperature says it."""
    return {"fresh": _("Fresh"), "chilled": _("Chilled"), "frozen": _("Frozen"), "hot": _("Hot")}.get(code, "")


def due(one: Due) -> str:
    """How late an order is, or how soon it is due; nothing where that is far off."""
    if one.late >= _DAY:
        days = one.late // _DAY
        return ngettext("%(count)s day late", "%(count)s days late", days) % {"count": days}
    if one.late >= _HOURS:
        hours = one.late // 60
        return ngettext("%(count)s hour late", "%(count)s hours late", hours) % {"count": hours}
    if one.late:
        return ngettext("%(count)s minute late", "%(count)s minutes late", one.late) % {"count": one.late}
    if one.left:
        return ngettext("in %(count)s minute", "in %(count)s minutes", one.left) % {"count": one.left}
    return ""


def reasons(codes: Iterable[str]) -> list[str]:
    """Why a product fits, in words."""
    known = {
        "same_brand": _("Same brand"),
        "other_brand": _("Other brand"),
        "same_size": _("Same size"),
        "larger": _("Larger"),
        "smaller": _("Smaller"),
        "same_price": _("Same price"),
        "cheaper": _("Cheaper"),
        "dearer": _("Dearer for us, not for the shopper"),
        "last_ones": _("Last ones"),
    }
    return [known[code] for code in codes]


def said(told: Mapping[str, str]) -> Said | None:
    """What the address says of the last deed."""
    code = told.get("said", "")
    if code == "wrong_code":
        return Said("stop", _wrong_code(told.get("left", "")))
    tone, text = {
        "picked": ("good", _("Got it.")),
        "noted": ("good", _("Noted.")),
        "again": ("info", _("That scan was counted already.")),
        "full": ("warn", _("All of it is picked already. Put this one back.")),
        "wrong": ("stop", _("This product is not in the order. Put it back.")),
        "unknown": ("stop", _("No product has this code. Look for the product in the list and press its plus.")),
        "unreadable": ("stop", _("That was not read as a product's code. Scan it once more.")),
        "too_much": ("stop", _("That is more than was ordered. Nothing was added.")),
        "undone": ("info", _("Taken back. It counts no more.")),
        "asked": ("good", _("The shopper is asked, and it is kept for them meanwhile. Go on with the others.")),
        "agreed": ("good", _("This shopper takes whatever is best. Pick it now.")),
        "taken_back": ("info", _("The offer is taken back.")),
        "answered": ("warn", _("The shopper has answered meanwhile. This is how it stands.")),
        "moved": ("good", _("Another shop sends it, and the shopper is told. Go on with the others.")),
        "moved_part": ("warn", _("Another shop sends some of it. Nobody near has the rest.")),
        "nowhere": ("warn", _("It is off our books. No shop near has it either.")),
        "went": ("info", _("Nothing of that line is wanted from here any more: this is where it went.")),
        "on_its_way": ("warn", _("It is on its way here. Take it in, and say what became of it.")),
        "sent_off": ("good", _("Sent. The other shop takes it in for its order.")),
        "supply_closed": ("warn", _("This is not to be sent any more. This is how it stands.")),
        "closed": ("warn", _("Somebody has finished this order meanwhile. This is how it stands.")),
        "not_picked": ("warn", _("Some lines have no answer yet.")),
        "no_code": ("stop", _("This code is no longer good. The shopper can ask for another one on the order's page.")),
        "other_order": ("stop", _("This code belongs to another order. Ask which one they came for.")),
        "which_order": (
            "warn",
            _("A code alone does not say which order it opens. Choose the order, then type the code."),
        ),
        "no_order": ("stop", _("There is no such order at this place.")),
        "not_ready": ("warn", _("This order is not ready to be handed over.")),
        "received": ("good", _("Received.")),
        "parcel_in": ("good", _("Received. Whoever it is for is told, and has the code now.")),
        "code_told": ("good", _("The code before has ended. Whoever it is for is told the new one now.")),
        "code_made": (
            "warn",
            _("The code before has ended. Nobody was told the new one: whoever it is for asks where they ordered."),
        ),
        "many_codes": (
            "stop",
            _("There were five codes for it within a day already. The one that was made last still holds."),
        ),
        "parcel_back": ("info", _("It is back. If it was an order of ours, the money goes back too.")),
        "no_parcel": ("stop", _("No parcel with this label is expected here. Put it aside and ask who sent it.")),
        "no_tracking": ("warn", _("Say the carrier and its tracking number.")),
        "van_busy": ("warn", _("This van is being loaded, or out, already.")),
        "van_changed": ("warn", _("Somebody changed this van meanwhile. This is how it stands.")),
        "van_open": ("warn", _("Say first what became of each order.")),
        "tick_orders": ("warn", _("Tick the orders first.")),
        "missed": (
            "info",
            _("It goes back, and out again in the next slot with room. The shopper sees it on the order's page."),
        ),
        "receipt_undone": ("info", _("Taken back. It counts no more.")),
        "too_late": ("warn", _("That was received more than a day ago. Count the product instead.")),
        "used": ("warn", _("This was saved before with another number. Nothing was changed now.")),
    }.get(code, ("", ""))
    return Said(tone, text) if text else None


def _wrong_code(left: str) -> str:
    if not left.isdecimal():
        return _("That is not the code. Nothing was handed over.")
    return ngettext(
        "That is not the code. It can be tried %(count)s more time.",
        "That is not the code. It can be tried %(count)s more times.",
        int(left),
    ) % {"count": int(left)}


def no_number() -> str:
    """What was typed is no number."""
    return _("Type a number, such as 12 or 0.75.")


def wrong_sign() -> str:
    """What was typed cannot be."""
    return _("Type a number above 0.")


def count_reasons(difference: int) -> dict[str, str]:
    """Why a count may differ from the books, by its code: fewer are there, or more."""
    if difference < 0:
        return {
            "damaged": _("Damaged or thrown away without a note"),
            "missing": _("Looked everywhere: it is gone"),
            "swapped": _("Sold under another product's code"),
            "earlier": _("The count before was wrong"),
        }
    return {
        "delivery": _("A delivery was not received in the books"),
        "returned": _("Brought back without a note"),
        "swapped": _("Another product was sold under its code"),
        "earlier": _("The count before was wrong"),
    }


def deed(row: stock.DeedRow) -> tuple[str, str]:
    """What somebody did to a product: in words, and its icon."""
    return {
        "receipt": (_("Received"), "truck"),
        "return": (_("Brought back by a shopper"), "undo-2"),
        "count": (_("Counted"), "clipboard-list"),
        "adjustment": (_("Corrected"), "pencil"),
        "transfer_out": (_("Sent to another place"), "arrow-right"),
        "transfer_in": (_("Came from another place"), "arrow-left"),
        "waste": (_("Written off"), "trash-2"),
    }[row.kind]


def steps(kind: str, *, is_counted: bool) -> list[dict[str, str]]:
    """What to do about an exception, in order, and which step is next: a timeline."""
    todo = [
        _("Count it: shelf, second spots, back room, and what is picked for orders."),
        _("Receive what came and is not in the books yet."),
    ]
    if kind == "below_reserved":
        todo += [
            _("Pick the orders that are due first."),
            _("For the last ones say that it is not there, and offer something else."),
        ]
    now_at = 1 if is_counted else 0
    states = ["done" if at < now_at else "now" if at == now_at else "later" for at in range(len(todo))]
    return [{"name": name, "state": state} for name, state in zip(todo, states, strict=True)]


def return_reasons() -> dict[str, str]:
    """Why goods come back, by the code that is kept."""
    return {
        "unwanted": _("Not wanted"),
        "damaged": _("Damaged"),
        "spoiled": _("Spoiled or past its date"),
        "wrong": _("The wrong product"),
        "other": _("Another reason"),
    }


def return_refused(error: Error) -> str:
    """Why goods were not taken back, in words that help at the counter; nothing has moved in any of these."""
    return {
        "lines": _("Say how many of what come back."),
        "quantity": _("From nothing to what can still come back, in whole pieces."),
        "reason": _("Say why it comes back."),
    }.get(error.field or "", _("This cannot be taken back here now. Ask the service desk."))


def explained(counted: int, expected: int) -> tuple[str, str]:
    """The tone of a count's difference, and what it may mean."""
    if counted == expected:
        return "good", _("The books were right.")
    if counted < expected:
        return "warn", _(
            "Fewer than the books said. It may stand at a second spot, have been thrown away without a note, sold "
            "under another code, or stolen. Look at its second spot, then tell your manager if it is a lot."
        )
    return "info", _(
        "More than the books said. A delivery may not have been received in the books, or something was sold under another code."
    )
