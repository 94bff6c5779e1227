"""How a guest wants to be told about their order, and the language that they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from storeline.identity.api import Request
from storeline.messages import api as messages
from storeline.orders import api as orders
from storeline.shop.pages import delivery
from storeline.shop.where import Here

FIELDS = ("contact_email", "contact_phone")
_CHANNELS = {"contact_email": "email", "contact_phone": "sms"}


def asked(request: Request, by: str) -> tuple[str, ...]:
    """What a guest is asked for: only what somebody carries messages to. Members have told us already, and an address has its number."""
    if request.actor.kind != "guest":
        return ()
    names = FIELDS[:1] if by in delivery.METHODS else FIELDS
    return tuple(name for name in names if messages.is_carried(_CHANNELS[name]))


def contact_of(request: Request, at: Here, by: str) -> orders.Contact | None:
    """What the form holds of that, and the page's language. Raises Invalid, naming the field."""
    given = {name: request.POST.get(name, "") for name in asked(request, by)}
    return orders.contact_of(
        given.get("contact_email", ""),
        given.get("contact_phone", ""),
        get_language() or "en",
        country=at.facts.country,
    )


def shown(request: Request, by: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The fields that the form asks for, as they were typed; and whether the number of the address is written to."""
    found = {name: str(given.get(name, "")) for name in asked(request, by)}
    if by in delivery.METHODS and request.actor.kind == "guest" and messages.is_carried("sms"):
        found["address_phone"] = "1"
    return found | {"kept": kept_for()} if found else {}


def kept_for() -> str:
    """How long it is kept after the order, for recalls; nothing where it is not."""
    years, rest = divmod(settings.RECALL_CONTACT_DAYS, 365)
    if years > 1 and not rest:
        return _("%(count)s years") % {"count": years}
    days: int = settings.RECALL_CONTACT_DAYS
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days} if days else ""


def wrong(field: str) -> tuple[str, str]:
    """Which of these an order's refusal is about, and in which words."""
    words = {
        "contact_email": _("Enter an e-mail address like name@example.com."),
        "contact_phone": _("Enter a phone number like 614 555 0123, or with its country code."),
    }
    name = field.replace("contact.", "contact_")
    return (name, words[name]) if name in words else ("", "")
