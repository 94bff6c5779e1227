"""Reads: partners, agreements, endpoints and how deliveries went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import run
from storeline.partners.errors import PartnerNotFound


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """A partner."""

    id: UUID
    ref: str
    name: str
    kind: str
    country: str


@dataclass(frozen=True, slots=True)
class AgreementView:
    """What was agreed; no entities and no places mean all."""

    id: UUID
    organisation_id: UUID
    scopes: list[str]
    events: list[str]
    entity_ids: list[UUID] | None
    place_ids: list[UUID] | None
    starts_at: datetime
    ends_at: datetime | None
    commission: int | None
    losses: str | None
    client_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint and its health."""

    id: UUID
    organisation_id: UUID
    url: str
    patterns: list[str]
    secret_version: int
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One webhook's fate; `state` is pending, delivered or failed."""

    id: UUID
    event_id: int
    type: str
    at: datetime
    state: str
    attempts: int
    next_at: datetime | None
    status: int | None
    error: str
    delivered_at: datetime | None


_ORGANISATIONS = "SELECT id, ref, name, kind, country FROM partners_organisation"


def list_organisations(*, after: UUID | None = None, limit: int = 50) -> list[OrganisationView]:
    """Partners in the order of their ids, after one of them."""
    sql = f"{_ORGANISATIONS} WHERE %s::uuid IS NULL OR id > %s ORDER BY id LIMIT %s"
    return [OrganisationView(*row) for row in run(sql, [after, after, limit]).fetchall()]


def get_organisation(organisation_id: UUID) -> OrganisationView:
    """One partner; raises PartnerNotFound."""
    row = run(f"{_ORGANISATIONS} WHERE id = %s", [organisation_id]).fetchone()
    if row is None:
        raise PartnerNotFound("There is no such partner.", field="organisation_id")
    return OrganisationView(*row)


_AGREEMENTS = """
SELECT a.id, a.organisation_id, a.scopes, a.events, a.entity_ids, a.place_ids, a.starts_at, a.ends_at,
  a.commission, a.losses, ARRAY(SELECT c.client_id FROM partners_access c WHERE c.agreement_id = a.id ORDER BY c.client_id)
FROM partners_agreement a WHERE {where} ORDER BY a.id LIMIT %s
"""


def agreements_of(organisation_id: UUID, *, after: UUID | None = None, limit: int = 200) -> list[AgreementView]:
    """What was agreed with a partner, in the order of the ids, after one of them."""
    sql = _AGREEMENTS.format(where="a.organisation_id = %s AND (%s::uuid IS NULL OR a.id > %s)")
    return [AgreementView(*row) for row in run(sql, [organisation_id, after, after, limit]).fetchall()]


def get_agreement(agreement_id: UUID) -> AgreementView:
    """One agreement; raises PartnerNotFound."""
    row = run(_AGREEMENTS.format(where="a.id = %s"), [agreement_id, 1]).fetchone()
    if row is None:
        raise PartnerNotFound("There is no such agreement.", field="agreement_id")
    return AgreementView(*row)


_ENDPOINTS = """
SELECT id, organisation_id, url, patterns, secret_version, failing_since, disabled_at, disabled_reason
FROM partners_endpoint WHERE {where} ORDER BY id LIMIT %s
"""


def endpoints_of(organisation_id: UUID, *, after: UUID | None = None, limit: int = 200) -> list[EndpointView]:
    """A partner's endpoints in the order of their ids, after one of them."""
    sql = _ENDPOINTS.format(where="organisation_id = %s AND (%s::uuid IS NULL OR id > %s)")
    return [EndpointView(*row) for row in run(sql, [organisation_id, after, after, limit]).fetchall()]


def get_endpoint(endpoint_id: UUID) -> EndpointView:
    """One endpoint; raises PartnerNotFound."""
    row = run(_ENDPOINTS.format(where="id = %s"), [endpoint_id, 1]).fetchone()
    if row is None:
        raise PartnerNotFound("There is no such endpoint.", field="endpoint_id")
    return EndpointView(*row)


_DELIVERIES = """
SELECT id, event_id, type, at, state, attempts, next_at, status, error, delivered_at FROM partners_delivery
WHERE endpoint_id = %s AND (%s::text IS NULL OR state = %s) AND (%s::uuid IS NULL OR id < %s)
ORDER BY id DESC LIMIT %s
"""


def list_deliveries(
    endpoint_id: UUID, *, state: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[DeliveryView]:
    """An endpoint's deliveries, newest first."""
    rows = run(_DELIVERIES, [endpoint_id, state, state, before, before, limit]).fetchall()
    return [DeliveryView(*row) for row in rows]
