"""Pure rules: how addresses and numbers are written, and what a consent record says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers

from storeline.customers.errors import InvalidContact

KINDS = ("member", "guest")
CONTACT_KINDS = ("email", "phone", "postal", "chat")
LONGEST = 500
E164 = r"^\+[1-9][0-9]{6,14}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
CARD = "[A-Z0-9]{4,40}"
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?", re.ASCII)


def normal_contact(kind: str, value: str, *, country: str | None = None) -> str:
    """The one form in which an address or number is stored and looked up.

    Email: NFKC, lower case. Phone: E.164; a national number needs the `country` it is of (ISO 3166).
    Raises InvalidContact.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if kind not in CONTACT_KINDS:
        raise InvalidContact(f"A contact point is one of {', '.join(CONTACT_KINDS)}.", field="kind")
    if not text or len(text) > LONGEST:
        raise InvalidContact(f"An address has 1 to {LONGEST} characters.", field="value")
    if kind == "phone":
        return _phone(text, country)
    if kind != "email":
        return text
    if not re.fullmatch(EMAIL, text):
        raise InvalidContact("That is not an email address.", field="value")
    return text.lower()


def _phone(text: str, country: str | None) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise InvalidContact("Write the number with its country code: +41 79 …", field="value") from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidContact("That number has too few or too many digits.", field="value")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_card(number: str) -> str:
    """A card's number as stored: capitals and digits, no spaces or dashes."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()
    if not re.fullmatch(CARD, text):
        raise InvalidContact("A card number has 4 to 40 letters and digits.", field="card")
    return text


def check_purpose(code: str) -> str:
    """A purpose's code, such as ``marketing_email``."""
    if not _PURPOSE.fullmatch(code):
        raise InvalidContact(f"{code[:70]!r} is no purpose: write it as marketing_email.", field="purpose")
    return code


@dataclass(frozen=True, slots=True)
class Statement:
    """One consent record: granted or withdrawn, at a moment."""

    granted: bool
    at: datetime


def in_force(latest: Statement | None, valid_for: timedelta | None, moment: datetime) -> bool:
    """Whether a consent holds at `moment`: the latest statement grants it and has not grown too old."""
    if latest is None or not latest.granted:
        return False
    return valid_for is None or moment < latest.at + valid_for
