"""What a payment partner must be able to do, and the tenders that are registered.

A tender is a way to pay ("cash"); a provider carries it out. Tenders that settle "now" have nobody to ask:
their money or claim is in our hands when the order is written. The others are asked outside any
transaction, under a key that the partner keeps, so that asking again never pays twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol
from uuid import UUID

from storeline.ledger import api as ledger
from storeline.payments import errors

Kind = Literal["authorise", "capture", "void", "refund", "settle"]
Status = Literal["approved", "declined", "unknown"]
Settles = Literal["now", "partner"]

CASH: Final = "cash"
MANUFACTURER_COUPON: Final = "manufacturer_coupon"
ROUNDING: Final = "rounding"
IMPORTED: Final = "imported"
"""Provider of every payment that came in with imported history: there is nobody to ask."""


@dataclass(frozen=True, slots=True)
class PartnerRequest:
    """One thing asked of a partner; the same `key` asked again must have the same effect once.

    `token` is the shopper's means of payment and is there only to authorise; `reference` is the
    partner's own name for the authorisation, for everything after it.
    """

    key: str
    kind: Kind
    intent_id: UUID
    amount: int
    currency: str
    token: str
    hint: str
    reference: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a partner said. "unknown" is no answer: it is asked again by `query` until it is one."""

    status: Status
    reference: str = ""
    code: str = ""


class Provider(Protocol):
    """A payment partner. Every function takes many and answers each, in the same order."""

    @property
    def code(self) -> str:
        """Its name in our tables."""

    def hint(self, token: str) -> str:
        """What may be kept and shown of a token, such as the last four digits."""

    def authorise(self, requests: Sequence[PartnerRequest]) -> Sequence[Outcome]:
        """Hold the amounts for us."""

    def capture(self, requests: Sequence[PartnerRequest]) -> Sequence[Outcome]:
        """Take the amounts, or parts of them, that were held."""

    def void(self, requests: Sequence[PartnerRequest]) -> Sequence[Outcome]:
        """Let go of what was held and not taken."""

    def refund(self, requests: Sequence[PartnerRequest]) -> Sequence[Outcome]:
        """Give back what was taken."""

    def query(self, requests: Sequence[PartnerRequest], now: datetime) -> Sequence[Outcome]:
        """What became of earlier requests, by their keys; one that never arrived is "declined"."""


@dataclass(frozen=True, slots=True)
class Tender:
    """A way to pay, and the ledger account that what it brings in stands on.

    One that `pays_out` can give money to somebody who never paid by it, as a till's cash can.
    """

    code: str
    name: str
    account: str
    settles: Settles = "now"
    provider: Provider | None = None
    pays_out: bool = False

    @property
    def provider_code(self) -> str:
        """The provider's name in our tables; a tender without a provider carries itself out."""
        return self.provider.code if self.provider else self.code


_TENDERS: dict[str, Tender] = {}


def register_tender(tender: Tender) -> None:
    """Make a way to pay known; any higher module may, at start-up. The same code again must be the same tender."""
    if (tender.settles == "partner") != (tender.provider is not None):
        raise ValueError(f"tender {tender.code}: a provider is what a tender needs that settles with a partner")
    if tender.pays_out and tender.provider is not None:
        raise ValueError(f"tender {tender.code}: nobody can be asked to pay out without a payment to refund")
    if _TENDERS.setdefault(tender.code, tender) != tender:
        raise ValueError(f"tender {tender.code} is registered twice")


def tenders() -> list[Tender]:
    """Every way to pay, by code."""
    return [_TENDERS[code] for code in sorted(_TENDERS)]


def tender(code: str, *, field: str = "tender") -> Tender:
    """The tender of this code; raises UnknownTender naming `field`."""
    try:
        return _TENDERS[code]
    except KeyError:
        raise errors.UnknownTender(f"There is no way to pay called {code!r}.", field=field) from None


def settles_now(code: str) -> bool:
    """Whether there is nobody to ask for payments of this tender. Raises UnknownTender."""
    return tender(code).settles == "now"


def account_of(code: str) -> str:
    """The ledger account of a tender; one known only from imported history stands on `imported_tender`."""
    found = _TENDERS.get(code)
    return found.account if found else ledger.IMPORTED_TENDER


def tender_accounts() -> dict[str, str]:
    """Tender code to ledger account, for set postings; what is missing stands on `imported_tender`."""
    return {code: found.account for code, found in _TENDERS.items()}


def provider(code: str) -> Provider | None:
    """The partner of this name; None where there is nobody to ask (cash, imported history)."""
    for found in _TENDERS.values():
        if found.provider and found.provider.code == code:
            return found.provider
    return None


register_tender(Tender(CASH, "Cash", ledger.CASH, pays_out=True))
register_tender(Tender(MANUFACTURER_COUPON, "Manufacturer's coupon", ledger.MANUFACTURER_RECEIVABLE))
register_tender(Tender(ROUNDING, "Cash rounding", ledger.ROUNDING))
