"""A card partner for tests and the demo, whose answers are chosen by the token.

It keeps no memory, and needs none to be truthful after a crash: what it answers is a function of the token
(which it lets us keep as the hint), of the operation's key, and of the time since the request.

| token | authorise | query, later |
| --- | --- | --- |
| tok_approve | approved | approved |
| tok_decline | declined, card_declined | declined |
| tok_timeout | no answer | no answer for SETTLES_AFTER, then declined, not_received |
| tok_late | no answer | no answer for LATE_AFTER, then approved |
| tok_error | the connection breaks | declined, not_received |
| tok_capture_decline | approved | approved; every capture is declined, capture_declined |
| tok_refund_timeout | approved | approved; a refund gets no answer, and is approved when queried after LATE_AFTER |
| tok_refund_decline | approved | approved; every refund is declined, account_closed |
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from storeline.ledger import api as ledger
from storeline.payments.providers import Outcome, PartnerRequest, Tender, register_tender

SANDBOX_CARD: Final = "sandbox_card"
SETTLES_AFTER: Final = timedelta(seconds=60)
LATE_AFTER: Final = timedelta(seconds=5)
_NO_ANSWER = Outcome("unknown", code="timeout")
_APPROVING = frozenset({"tok_approve", "tok_late", "tok_capture_decline", "tok_refund_timeout", "tok_refund_decline"})
_TOKENS = _APPROVING | {"tok_decline", "tok_timeout", "tok_error"}


@dataclass(frozen=True, slots=True)
class SandboxCard:
    """The partner. Nothing leaves the process."""

    code: str = SANDBOX_CARD

    def hint(self, token: str) -> str:
        """A sandbox token is no secret; an unknown one might be a real card's, so nothing of it is kept."""
        return token if token in _TOKENS else ""

    def authorise(self, requests: Sequence[PartnerRequest]) -> list[Outcome]:
        """Answer by token."""
        return [_authorise(one) for one in requests]

    def capture(self, requests: Sequence[PartnerRequest]) -> list[Outcome]:
        """Approve, but for `tok_capture_decline`."""
        return [_capture(one) for one in requests]

    def void(self, requests: Sequence[PartnerRequest]) -> list[Outcome]:
        """Always approve."""
        return [_approved(one) for one in requests]

    def refund(self, requests: Sequence[PartnerRequest]) -> list[Outcome]:
        """Approve, but for the tokens of refunds."""
        return [_refund(one) for one in requests]

    def query(self, requests: Sequence[PartnerRequest], now: datetime) -> list[Outcome]:
        """What became of each request, as far as the partner lets on by `now`."""
        return [_query(one, now - one.requested_at) for one in requests]


def _approved(one: PartnerRequest) -> Outcome:
    digest = hashlib.sha256(one.key.encode()).hexdigest()
    return Outcome("approved", reference=f"sbx_{digest[:24]}")


def _capture(one: PartnerRequest) -> Outcome:
    if one.hint == "tok_capture_decline":
        return Outcome("declined", code="capture_declined")
    return _approved(one)


def _refund(one: PartnerRequest) -> Outcome:
    match one.hint:
        case "tok_refund_timeout":
            return _NO_ANSWER
        case "tok_refund_decline":
            return Outcome("declined", code="account_closed")
        case _:
            return _approved(one)


def _authorise(one: PartnerRequest) -> Outcome:
    match one.token:
        case "tok_timeout" | "tok_late":
            return _NO_ANSWER
        case "tok_error":
            return Outcome("unknown", code="connection_error")
        case "tok_decline":
            return Outcome("declined", code="card_declined")
        case token if token in _APPROVING:
            return _approved(one)
        case _:
            return Outcome("declined", code="invalid_token")


def _query(one: PartnerRequest, elapsed: timedelta) -> Outcome:
    match one.kind:
        case "authorise":
            return _query_authorisation(one, elapsed)
        case "capture":
            return _capture(one)
        case "refund" if one.hint != "tok_refund_timeout" or elapsed < LATE_AFTER:
            return _refund(one)
        case _:
            return _approved(one)


def _query_authorisation(one: PartnerRequest, elapsed: timedelta) -> Outcome:
    match one.hint:
        case "tok_timeout":
            return _NO_ANSWER if elapsed < SETTLES_AFTER else Outcome("declined", code="not_received")
        case "tok_late":
            return _NO_ANSWER if elapsed < LATE_AFTER else _approved(one)
        case "tok_decline":
            return Outcome("declined", code="card_declined")
        case hint if hint in _APPROVING:
            return _approved(one)
        case _:
            return Outcome("declined", code="not_received")


# Anybody may choose the outcome, so a production installation does not know this tender.
if not settings.PRODUCTION:
    register_tender(Tender(SANDBOX_CARD, "Card (sandbox)", ledger.CARD_CLEARING, "partner", SandboxCard()))
