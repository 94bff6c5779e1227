"""HTTP: partners, agreements, access and webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from storeline.identity.api import ClientSecret, Request, requires
from storeline.kernel.api import check_id
from storeline.partners import commands, endpoints, queries
from storeline.partners.commands import NewOrganisation, Terms
from storeline.partners.endpoints import EndpointSecret, require_own, secret_of
from storeline.partners.permissions import MANAGE, READ, WEBHOOKS
from storeline.partners.queries import AgreementView, EndpointView, OrganisationView
from storeline.web.fields import Country, Moment, Text
from storeline.web.idempotent import idempotent

router = Router()
Texts = Annotated[list[Text], Field(max_length=500)]
Ids = Annotated[list[UUID], Field(max_length=20000)]
Limit = Annotated[int, Query(ge=1, le=200)]


class OrganisationIn(Schema):
    id: UUID
    ref: Text
    name: Text
    kind: Text = ""
    country: Country = ""


class OrganisationOut(Schema):
    id: UUID
    ref: str
    name: str
    kind: str
    country: str


class Organisations(Schema):
    items: list[OrganisationOut]
    next: UUID | None


class AgreementIn(Schema):
    """What a partner may do and hear of. Where its goods are sold for it, `commission` is our share in thousandths of what
    they earn without tax, and `losses` says who bears what is missing.
    """

    id: UUID
    scopes: Texts = []
    events: Texts = []
    entity_ids: Ids | None = None
    place_ids: Ids | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    commission: Annotated[int, Field(ge=0, le=1000)] | None = None
    losses: Literal["retailer", "partner"] | None = None


class AgreementOut(Schema):
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


class Agreements(Schema):
    items: list[AgreementOut]
    next: UUID | None


class AccessIn(Schema):
    id: UUID
    name: Text


class AccessOut(Schema):
    id: UUID
    client_id: str
    secret: str


class EndpointIn(Schema):
    url: Annotated[str, Field(max_length=2000)]
    patterns: Annotated[list[Text], Field(min_length=1, max_length=100)]


class NewEndpoint(EndpointIn):
    id: UUID


class EndpointOut(Schema):
    id: UUID
    organisation_id: UUID
    url: str
    patterns: list[str]
    secret_version: int
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str


class Endpoints(Schema):
    items: list[EndpointOut]
    next: UUID | None


class SecretOut(Schema):
    id: UUID
    secret: str


class Enabled(Schema):
    enabled: bool


class DeliveryOut(Schema):
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


class Deliveries(Schema):
    items: list[DeliveryOut]
    next: UUID | None


class Replay(Schema):
    ids: Annotated[list[UUID], Field(max_length=1000)] = []
    since: Moment | None = None
    until: Moment | None = None


class Replayed(Schema):
    deliveries: int


def _page(found: Sequence[Any], limit: int) -> dict[str, Any]:
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.get("/partners", auth=requires(READ), response=Organisations)
def organisations(request: Request, cursor: UUID | None = None, limit: Limit = 50) -> dict[str, Any]:
    """Partners in the order of their ids."""
    return _page(queries.list_organisations(after=cursor, limit=limit), limit)


@router.post("/partners", auth=requires(MANAGE), response=OrganisationOut)
def take_on(request: Request, body: OrganisationIn) -> OrganisationView:
    """Take a partner on under an id of the caller's; the same again changes nothing."""
    check_id(body.id)
    return queries.get_organisation(commands.take_on(NewOrganisation(**body.dict()), actor=request.actor))


@router.get("/partners/{uuid:organisation_id}", auth=requires(READ), response=OrganisationOut)
def organisation(request: Request, organisation_id: UUID) -> OrganisationView:
    """One partner."""
    return queries.get_organisation(organisation_id)


@router.get("/partners/{uuid:organisation_id}/agreements", auth=requires(READ), response=Agreements)
def agreements(
    request: Request, organisation_id: UUID, cursor: UUID | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """What was agreed with a partner."""
    queries.get_organisation(organisation_id)
    return _page(queries.agreements_of(organisation_id, after=cursor, limit=limit), limit)


@router.post("/partners/{uuid:organisation_id}/agreements", auth=requires(MANAGE), response=AgreementOut)
def agree(request: Request, organisation_id: UUID, body: AgreementIn) -> AgreementView:
    """Write down what a partner may do and hear of."""
    values = body.dict()
    key = check_id(values.pop("id"))
    commands.agree(key, organisation_id, Terms(**values), actor=request.actor)
    return queries.get_agreement(key)


@router.post("/partners/agreements/{uuid:agreement_id}/end", auth=requires(MANAGE), response={204: None})
@idempotent
def end_agreement(request: Request, agreement_id: UUID) -> Status[None]:
    """End an agreement now, and with it its clients and webhooks."""
    commands.end_agreement(agreement_id, actor=request.actor)
    return Status(204, None)


@router.post("/partners/agreements/{uuid:agreement_id}/clients", auth=requires(MANAGE), response={201: AccessOut})
def give_access(request: Request, agreement_id: UUID, body: AccessIn) -> Status[ClientSecret]:
    """Make an API client that follows the agreement. Its secret is in this answer and nowhere else."""
    made = commands.give_access(agreement_id, name=body.name, client_id=check_id(body.id), actor=request.actor)
    return Status(201, made)


@router.get("/partners/{uuid:organisation_id}/endpoints", auth=requires(WEBHOOKS), response=Endpoints)
def list_endpoints(
    request: Request, organisation_id: UUID, cursor: UUID | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """Where an organisation's webhooks go."""
    require_own(organisation_id, request.actor)
    return _page(queries.endpoints_of(organisation_id, after=cursor, limit=limit), limit)


@router.post("/partners/{uuid:organisation_id}/endpoints", auth=requires(WEBHOOKS), response={201: SecretOut})
def add_endpoint(request: Request, organisation_id: UUID, body: NewEndpoint) -> Status[EndpointSecret]:
    """Send webhooks to an address; the answer holds the secret that signs them."""
    made = endpoints.add_endpoint(check_id(body.id), organisation_id, body.url, body.patterns, actor=request.actor)
    return Status(201, made)


@router.get("/partners/endpoints/{uuid:endpoint_id}", auth=requires(WEBHOOKS), response=EndpointOut)
def get_endpoint(request: Request, endpoint_id: UUID) -> EndpointView:
    """One of an organisation's endpoints."""
    found = queries.get_endpoint(endpoint_id)
    require_own(found.organisation_id, request.actor)
    return found


@router.put("/partners/endpoints/{uuid:endpoint_id}", auth=requires(WEBHOOKS), response=EndpointOut)
def change_endpoint(request: Request, endpoint_id: UUID, body: EndpointIn) -> EndpointView:
    """Another address, or other types of events."""
    endpoints.change_endpoint(endpoint_id, body.url, body.patterns, actor=request.actor)
    return queries.get_endpoint(endpoint_id)


@router.put("/partners/endpoints/{uuid:endpoint_id}/enabled", auth=requires(WEBHOOKS), response=EndpointOut)
def set_enabled(request: Request, endpoint_id: UUID, body: Enabled) -> EndpointView:
    """Switch an endpoint off, or on again."""
    endpoints.set_enabled(endpoint_id, enabled=body.enabled, actor=request.actor)
    return queries.get_endpoint(endpoint_id)


def _secret_again(request: Request, endpoint_id: UUID) -> EndpointSecret:
    return EndpointSecret(endpoint_id, secret_of(endpoint_id, get_endpoint(request, endpoint_id).secret_version))


@router.post("/partners/endpoints/{uuid:endpoint_id}/secret", auth=requires(WEBHOOKS), response=SecretOut)
@idempotent(again=_secret_again)
def rotate_secret(request: Request, endpoint_id: UUID) -> EndpointSecret:
    """Another secret; for a day both sign."""
    return endpoints.rotate_secret(endpoint_id, actor=request.actor)


@router.get("/partners/endpoints/{uuid:endpoint_id}/deliveries", auth=requires(WEBHOOKS), response=Deliveries)
def deliveries(
    request: Request,
    endpoint_id: UUID,
    state: Literal["pending", "delivered", "failed"] | None = None,
    cursor: UUID | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """How webhooks went, newest first."""
    require_own(queries.get_endpoint(endpoint_id).organisation_id, request.actor)
    return _page(queries.list_deliveries(endpoint_id, state=state, before=cursor, limit=limit), limit)


@router.post("/partners/endpoints/{uuid:endpoint_id}/replay", auth=requires(WEBHOOKS), response=Replayed)
@idempotent
def replay(request: Request, endpoint_id: UUID, body: Replay) -> dict[str, int]:
    """Send deliveries again: those named, or all of a span of time."""
    if body.since is not None and body.until is not None:
        again = endpoints.replay_range(endpoint_id, body.since, body.until, actor=request.actor)
    else:
        again = endpoints.replay(endpoint_id, body.ids, actor=request.actor)
    return {"deliveries": again}
