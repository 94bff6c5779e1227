"""Writes: webhook endpoints, their secrets, and replays."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from storeline.identity.api import get_client, keyed
from storeline.kernel.api import (
    Actor,
    BodyMismatch,
    Envelope,
    Forbidden,
    Invalid,
    Row,
    ids_array,
    now,
    run,
    trail,
    transaction,
)
from storeline.partners.commands import find_organisation
from storeline.partners.deliveries import plan
from storeline.partners.domain import parse_url, unknown_patterns
from storeline.partners.errors import PartnerNotFound
from storeline.partners.permissions import MANAGE, WEBHOOKS

OVERLAP = timedelta(hours=24)
"""For this long after a change both secrets sign, so that a partner can change over without a gap."""
LONGEST_REPLAY = timedelta(days=7)
MOST_REPLAYED = 10_000


@dataclass(frozen=True, slots=True)
class EndpointSecret:
    """What a partner checks our signatures with (Standard Webhooks: ``whsec_`` and base64)."""

    id: UUID
    secret: str


def secret_of(endpoint_id: UUID, version: int) -> str:
    """An endpoint's secret of one version: derived from the installation's key, stored nowhere."""
    return "whsec_" + base64.b64encode(keyed("partners.webhook", endpoint_id.bytes, str(version))).decode()


def require_own(organisation_id: UUID, actor: Actor, *, permission: str = WEBHOOKS, all_of: str = MANAGE) -> None:
    """Let in a partner's own programs that have `permission`, and who may do `all_of`, for any partner; raises Forbidden."""
    if actor.may(all_of):
        return
    actor.require(permission)
    if actor.kind != "client" or actor.id is None or get_client(actor.id).organisation_id != organisation_id:
        raise Forbidden("That is another organisation's.", permission=permission)


def _patterns(patterns: Collection[str]) -> list[str]:
    chosen = sorted(set(patterns))
    if not chosen:
        raise Invalid("Subscribe to at least one type of event.", field="patterns")
    if wrong := unknown_patterns(chosen):
        raise Invalid(f"{wrong[0][:60]!r} is no pattern of events, such as orders.*", field="patterns")
    return chosen


def _checked_url(url: str) -> str:
    parse_url(url, development=not getattr(settings, "PRODUCTION", False))
    return url


_INSERT = """
INSERT INTO partners_endpoint (id, organisation_id, url, patterns) VALUES (%s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING RETURNING id
"""
_THERE = "SELECT organisation_id, url, patterns FROM partners_endpoint WHERE id = %s"


def add_endpoint(
    endpoint_id: UUID, organisation_id: UUID, url: str, patterns: Collection[str], *, actor: Actor
) -> EndpointSecret:
    """Send an organisation's webhooks to `url`, for the types of events that `patterns` name.

    What is sent is what its agreements let it hear of. Raises UnsafeAddress, Invalid, PartnerNotFound,
    Forbidden, BodyMismatch.
    """
    require_own(organisation_id, actor)
    words = (organisation_id, _checked_url(url), _patterns(patterns))
    with transaction():
        find_organisation(organisation_id)
        if run(_INSERT, [endpoint_id, *words]).fetchone() is None:
            if run(_THERE, [endpoint_id]).fetchall() != [words]:
                raise BodyMismatch("An endpoint with this id is there already, and differs.", field="id")
        else:
            trail(actor, "partners.add_endpoint", endpoint_id)
    return EndpointSecret(endpoint_id, secret_of(endpoint_id, 1))


def _locked(endpoint_id: UUID, actor: Actor) -> Row:
    sql = "SELECT organisation_id, secret_version, disabled_at FROM partners_endpoint WHERE id = %s FOR UPDATE"
    row = run(sql, [endpoint_id]).fetchone()
    if row is None:
        raise PartnerNotFound("There is no such endpoint.", field="endpoint_id")
    require_own(row[0], actor)
    return row


def change_endpoint(endpoint_id: UUID, url: str, patterns: Collection[str], *, actor: Actor) -> None:
    """Another address or other types of events; what waits goes to the new address."""
    with transaction():
        _locked(endpoint_id, actor)
        words = [_checked_url(url), _patterns(patterns), endpoint_id]
        run("UPDATE partners_endpoint SET url = %s, patterns = %s WHERE id = %s", words)
        trail(actor, "partners.change_endpoint", endpoint_id)


def set_enabled(endpoint_id: UUID, *, enabled: bool, actor: Actor) -> None:
    """Switch an endpoint off, or on again. What it missed comes by `replay`."""
    with transaction():
        row = _locked(endpoint_id, actor)
        if enabled == (row[2] is None):
            return
        run(
            "UPDATE partners_endpoint SET disabled_at = %s, disabled_reason = %s, failing_since = NULL WHERE id = %s",
            [None if enabled else now(), "" if enabled else "switched off by hand", endpoint_id],
        )
        trail(actor, "partners.set_enabled", endpoint_id, detail={"enabled": enabled})


def rotate_secret(endpoint_id: UUID, *, actor: Actor) -> EndpointSecret:
    """Another secret. For a day both sign, so that nothing is lost while the partner changes over."""
    sql = "UPDATE partners_endpoint SET secret_version = secret_version + 1, old_secret_until = %s WHERE id = %s"
    with transaction():
        row = _locked(endpoint_id, actor)
        run(sql, [now() + OVERLAP, endpoint_id])
        trail(actor, "partners.rotate_secret", endpoint_id)
    return EndpointSecret(endpoint_id, secret_of(endpoint_id, row[1] + 1))


_AGAIN = """
UPDATE partners_delivery SET state = 'pending', attempts = 0, next_at = %s, delivered_at = NULL, error = '', status = NULL
WHERE endpoint_id = %s AND id = ANY(%s::uuid[])
"""


def replay(endpoint_id: UUID, delivery_ids: Sequence[UUID], *, actor: Actor) -> int:
    """Send these deliveries again, with the same webhook-id; how many."""
    with transaction():
        _locked(endpoint_id, actor)
        again = run(_AGAIN, [now(), endpoint_id, ids_array(delivery_ids)]).rowcount
        trail(actor, "partners.replay", endpoint_id, detail={"deliveries": again})
    return again


_EVENTS = """
SELECT id, type, subject_id, place_id, entity_id, at, payload FROM kernel_event
WHERE at >= %s AND at < %s ORDER BY id LIMIT %s
"""
_RANGE = "SELECT id FROM partners_delivery WHERE endpoint_id = %s AND at >= %s AND at < %s"


def replay_range(endpoint_id: UUID, since: datetime, until: datetime, *, actor: Actor) -> int:
    """Send everything of a span of business time again, also what was never sent since the endpoint was off; how many.

    Refused for more than 7 days or 10,000 events of all kinds: ask in parts.
    """
    if not since < until <= since + LONGEST_REPLAY:
        raise Invalid("Replay at most 7 days at once, from earlier to later.", field="until")
    with transaction():
        _locked(endpoint_id, actor)
        rows = run(_EVENTS, [since, until, MOST_REPLAYED + 1]).fetchall()
        if len(rows) > MOST_REPLAYED:
            raise Invalid(f"More than {MOST_REPLAYED} events: ask for a shorter span.", field="until")
        plan([Envelope(*row) for row in rows], only=endpoint_id)
        ids = [row[0] for row in run(_RANGE, [endpoint_id, since, until]).fetchall()]
        again = run(_AGAIN, [now(), endpoint_id, ids_array(ids)]).rowcount
        trail(actor, "partners.replay", endpoint_id, detail={"deliveries": again})
    return again
