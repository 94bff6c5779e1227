"""Ask partners, and never inside a transaction: a slow or silent partner must hold no lock of ours."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings

from storeline.kernel import api as kernel
from storeline.payments.domain import AUTHORISE_KEY, Authorisation, IntentRow
from storeline.payments.providers import Outcome, PartnerRequest, Provider, provider, tender

log = logging.getLogger(__name__)

Ask = Callable[[Provider, Sequence[PartnerRequest]], Sequence[Outcome]]


def authorise(rows: Sequence[IntentRow]) -> list[Authorisation]:
    """Ask the partners to hold what these intents need; touches no table. Rows that settle now are left out.

    Call it between the transaction that opened the intents and the one that records the answers with
    `record_outcomes`. A partner that fails or is silent gives "unknown".
    """
    asked = [row for row in rows if not row.settles_now]
    requests = [
        (
            tender(row.tender).provider_code,
            PartnerRequest(
                key=partner_key(row.id, AUTHORISE_KEY),
                kind="authorise",
                intent_id=row.id,
                amount=row.authorise,
                currency=row.currency,
                token=row.token,
                hint="",
                reference="",
                requested_at=row.at,
            ),
        )
        for row in asked
    ]
    outcomes = ask(requests, lambda partner, batch: partner.authorise(batch))
    return [
        Authorisation(row.id, outcome.status, outcome.reference, outcome.code)
        for row, outcome in zip(asked, outcomes, strict=True)
    ]


def partner_key(intent_id: object, key: str) -> str:
    """What a partner knows an operation by."""
    return f"{intent_id}:{key}"


def refuse_in_transaction() -> None:
    """Raise unless no transaction is open. A test that wraps itself in one says so in its settings."""
    if kernel.in_transaction() and not getattr(settings, "STORELINE_PARTNERS_IN_TRANSACTION", False):
        raise RuntimeError("a payment partner must not be asked inside a transaction")


def ask(requests: Sequence[tuple[str, PartnerRequest]], how: Ask) -> list[Outcome]:
    """Put (provider, request) pairs to their partners, a batch each, and give the answers in the order asked."""
    if not requests:
        return []
    refuse_in_transaction()
    batches: defaultdict[str, list[int]] = defaultdict(list)
    for index, (code, _) in enumerate(requests):
        batches[code].append(index)
    answers: dict[int, Outcome] = {}
    for code, indexes in batches.items():
        outcomes = _ask_one(code, [requests[index][1] for index in indexes], how)
        answers.update(zip(indexes, outcomes, strict=True))
    return [answers[index] for index in range(len(requests))]


def _ask_one(code: str, batch: Sequence[PartnerRequest], how: Ask) -> Sequence[Outcome]:
    partner = provider(code)
    if partner is None:
        return [Outcome("unknown", code="no_provider")] * len(batch)
    try:
        with kernel.span(f"partner {code}", {"storeline.requests": len(batch)}):
            outcomes = how(partner, batch)
    except Exception:
        # Whatever broke, the partner may have done it: only a query can tell.
        log.exception("payment partner %s failed on %s requests", code, len(batch))
        return [Outcome("unknown", code="provider_error")] * len(batch)
    if len(outcomes) != len(batch):
        log.error("payment partner %s gave %s answers to %s requests", code, len(outcomes), len(batch))
        return [Outcome("unknown", code="provider_error")] * len(batch)
    return outcomes


def query(requests: Sequence[tuple[str, PartnerRequest]], now: datetime) -> list[Outcome]:
    """Ask the partners what became of earlier requests."""
    return ask(requests, lambda partner, batch: partner.query(batch, now))
