"""The sender: claims what is due, signs, sends outside any transaction, records how it went."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from standardwebhooks import Webhook

from storeline.kernel.api import Event, publish, run, span, transaction
from storeline.partners.domain import GONE, PATIENCE, Outcome, next_attempt
from storeline.partners.endpoints import secret_of
from storeline.partners.safe_http import Request, post

LEASE = timedelta(minutes=10)
AT_ONCE = 8

_CLAIM = """
WITH due AS (
  SELECT d.id FROM partners_delivery d JOIN partners_endpoint e ON e.id = d.endpoint_id
  WHERE d.state = 'pending' AND d.next_at <= %s AND e.disabled_at IS NULL
  ORDER BY d.next_at, d.id LIMIT %s FOR UPDATE OF d SKIP LOCKED
)
UPDATE partners_delivery d SET attempts = d.attempts + 1, next_at = %s
FROM due, partners_endpoint e WHERE d.id = due.id AND e.id = d.endpoint_id
RETURNING d.id, d.attempts, d.body, e.id, e.url, e.secret_version, e.old_secret_until
"""


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID
    attempts: int
    body: str
    endpoint_id: UUID
    url: str
    secret_version: int
    old_secret_until: datetime | None


def deliver_due(at: datetime, *, limit: int = 50) -> int:
    """Try what is due at business time `at`: claimed under a lease, sent side by side, recorded one by one; how many.

    No transaction is open while a partner is called. A sender that dies leaves its deliveries to be sent
    again when the lease ends: partners tell repeats by their webhook-id.
    """
    due = [_Due(*row) for row in run(_CLAIM, [at, limit, at + LEASE]).fetchall()]
    if not due:
        return 0
    development = not getattr(settings, "PRODUCTION", False)
    requests = [_signed(each, at) for each in due]
    with span("partner webhooks", {"storeline.requests": len(requests)}), ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda request: post(request, development=development), requests))
    for each, outcome in zip(due, outcomes, strict=True):
        _record(each, outcome, at)
    return len(due)


def _signed(due: _Due, at: datetime) -> Request:
    """The request with its signature by each secret in force (Standard Webhooks 1.1); signatures use the system's clock."""
    moment = datetime.now(UTC)
    versions = [due.secret_version]
    if due.old_secret_until is not None and at < due.old_secret_until:
        versions.append(due.secret_version - 1)
    message_id = f"msg_{due.id.hex}"
    signatures = [
        Webhook(secret_of(due.endpoint_id, version)).sign(message_id, moment, due.body) for version in versions
    ]
    headers = {
        "content-type": "application/json",
        "user-agent": "Storeline-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return Request(due.url, due.body.encode(), headers)


_DELIVERED = """
UPDATE partners_delivery SET state = 'delivered', delivered_at = %s, next_at = NULL, status = %s, error = ''
WHERE id = %s AND state = 'pending'
"""
_WELL = "UPDATE partners_endpoint SET failing_since = NULL WHERE id = %s AND failing_since IS NOT NULL"
_MISSED = """
UPDATE partners_delivery SET state = CASE WHEN %s::timestamptz IS NULL THEN 'failed' ELSE 'pending' END,
  next_at = %s, status = %s, error = %s
WHERE id = %s AND state = 'pending'
"""
_FAILING = """
UPDATE partners_endpoint SET failing_since = coalesce(failing_since, %s) WHERE id = %s RETURNING failing_since
"""
_DISABLE = """
UPDATE partners_endpoint SET disabled_at = %s, disabled_reason = %s WHERE id = %s AND disabled_at IS NULL RETURNING id
"""


def _record(due: _Due, outcome: Outcome, at: datetime) -> None:
    with transaction():
        if outcome.ok:
            run(_DELIVERED, [at, outcome.status, due.id])
            run(_WELL, [due.endpoint_id])
            return
        again = next_attempt(due.attempts, outcome, at)
        run(_MISSED, [again, again, outcome.status, outcome.error, due.id])
        since = run(_FAILING, [at, due.endpoint_id]).fetchall()[0][0]
        if outcome.status == GONE:
            _disable(due.endpoint_id, "it answered 410 Gone", at)
        elif at - since >= PATIENCE:
            _disable(due.endpoint_id, "it took nothing for 5 days", at)


def _disable(endpoint_id: UUID, reason: str, at: datetime) -> None:
    if run(_DISABLE, [at, reason, endpoint_id]).fetchone() is not None:
        publish([Event("partners.endpoint_disabled", endpoint_id, payload={"reason": reason})])
