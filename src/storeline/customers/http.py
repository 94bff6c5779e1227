"""HTTP: customers for the desk, and each shopper's own data."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from storeline.customers import loading, queries
from storeline.customers.commands import consent, contacts, merges, people
from storeline.customers.errors import CustomerNotFound
from storeline.customers.permissions import CONSENT, ERASE, EXPORT, FIND, JOIN, LOAD, MERGE, OWN, READ, WRITE
from storeline.customers.queries import ConsentView, CustomerView
from storeline.identity.api import Request, requires
from storeline.kernel.api import check_id
from storeline.web.bulk import Bulk, Item, VerdictsOut, upsert
from storeline.web.fields import Country, Moment, Ref, Tag, Text
from storeline.web.idempotent import idempotent
from storeline.web.problems import told_as

router = Router()


class ContactIn(Schema):
    kind: Text
    value: Text
    verified: bool = False
    preferred: bool = False

    def contact(self) -> contacts.NewContact:
        return contacts.NewContact(self.kind, self.value, self.verified, self.preferred)


class CustomerIn(Schema):
    id: UUID
    kind: Text = "member"
    ref: Text = ""
    name: Text = ""
    language: Tag = ""
    country: Country = ""
    contacts: Annotated[list[ContactIn], Field(max_length=20)] = []
    user_id: UUID | None = None


class ContactOut(Schema):
    kind: str
    value: str
    verified_at: datetime | None
    preferred: bool


class CustomerOut(Schema):
    id: UUID
    ref: str
    kind: str
    name: str
    language: str
    country: str
    joined_at: datetime | None
    erased_at: datetime | None
    person_id: UUID
    contacts: list[ContactOut]
    cards: list[str]


class FoundOut(Schema):
    """Whom a card, number or address belongs to: enough to greet them and to sell to them, and no more."""

    id: UUID
    ref: str
    kind: str
    name: str
    language: str


class FoundList(Schema):
    """Whoever was found."""

    items: list[FoundOut]
    next: None = None


class Customers(Schema):
    items: list[CustomerOut]
    next: UUID | None


class LookUp(Schema):
    card: Text | None = None
    phone: Text | None = None
    email: Text | None = None


class Contacts(Schema):
    contacts: Annotated[list[ContactIn], Field(min_length=1, max_length=20)]
    country: Country = ""


class CardIn(Schema):
    number: Text


class ConsentIn(Schema):
    purpose: Text
    granted: bool
    at: Moment | None = None
    source: Text = ""
    text: Annotated[str, Field(max_length=20000)] = ""
    text_version: Text = ""
    language: Tag = ""

    def consent(self) -> consent.NewConsent:
        return consent.NewConsent(**self.dict())


class ConsentOut(Schema):
    purpose: str
    granted: bool
    at: datetime
    source: str
    in_force: bool


class Consents(Schema):
    """One for each purpose."""

    items: list[ConsentOut]
    next: None = None


class MergeIn(Schema):
    merged_id: UUID
    survivor_id: UUID
    reason: Text = ""


class MergeOut(Schema):
    id: UUID


class Erased(Schema):
    records: list[UUID]


class CustomerItem(Item):
    """A customer by its ref; what is left out stays as it is."""

    ref: Ref
    kind: Text | None = None
    name: Text | None = None
    language: Tag | None = None
    country: Country | None = None
    joined_at: Moment | None = None


Limit = Annotated[int, Query(ge=1, le=200)]


def _mine(request: Request) -> UUID:
    mine = queries.of_user(request.actor.id) if request.actor.kind == "user" and request.actor.id else None
    if mine is None:
        raise CustomerNotFound("Whoever is signed in is no member yet: PUT /customers/me makes them one.")
    return mine


@router.get("/customers/me", auth=requires(OWN), response=CustomerOut)
def me(request: Request) -> CustomerView:
    """One's own data."""
    return queries.get(_mine(request))


@router.put("/customers/me", auth=requires(JOIN), response=CustomerOut)
def join(request: Request) -> CustomerView:
    """Become a member with one's sign-in; again is no change. The first quote or order does it too."""
    return queries.get(people.join(actor=request.actor))


@router.get("/customers/me/export", auth=requires(OWN), response=dict[str, Any])
def export_me(request: Request) -> dict[str, Any]:
    """Everything known of oneself."""
    return queries.export_person(_mine(request), actor=request.actor)


@router.get("/customers/me/consents", auth=requires(OWN), response=Consents)
def my_consents(request: Request) -> dict[str, list[ConsentView]]:
    """What one agreed to."""
    return {"items": queries.consents(_mine(request))}


@router.post("/customers/me/consents", auth=requires(OWN), response={204: None})
def consent_me(request: Request, body: ConsentIn) -> Status[None]:
    """Give or withdraw consent."""
    consent.record_consent(people.join(actor=request.actor), body.consent(), actor=request.actor)
    return Status(204, None)


@router.post("/customers/me/erase", auth=requires(OWN), response=Erased)
def erase_me(request: Request) -> dict[str, Any]:
    """Erase one's own data, for good."""
    return {"records": people.erase(_mine(request), actor=request.actor)}


@router.put("/customers/bulk", auth=requires(LOAD), response=VerdictsOut)
def bulk(request: Request, body: Bulk[CustomerItem]) -> VerdictsOut:
    """Create or change up to 1,000 customers by `ref`, each with its own verdict."""
    return upsert(body, partial(loading.upsert_customers, actor=request.actor))


@router.post("/customers/lookup", auth=requires(FIND), response=FoundList)
def look_up(request: Request, body: LookUp) -> dict[str, Any]:
    """Who has this card, number or address. In the body, since addresses of pages are logged."""
    return {"items": queries.look_up(card=body.card, phone=body.phone, email=body.email), "next": None}


@router.post("/customers/merges", auth=requires(MERGE), response={201: MergeOut})
@idempotent
def merge(request: Request, body: MergeIn) -> Status[dict[str, UUID]]:
    """Link two records of one person."""
    key = merges.merge(body.merged_id, body.survivor_id, reason=body.reason, actor=request.actor)
    return Status(201, {"id": key})


@router.delete("/customers/merges/{uuid:merge_id}", auth=requires(MERGE), response={204: None})
def undo_merge(request: Request, merge_id: UUID) -> Status[None]:
    """Part them again."""
    merges.undo_merge(merge_id, actor=request.actor)
    return Status(204, None)


@router.get("/customers", auth=requires(READ), response=Customers)
def customers(request: Request, cursor: UUID | None = None, limit: Limit = 50) -> dict[str, Any]:
    """Customers in the order of their ids."""
    found = queries.list_customers(after=cursor, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.post("/customers", auth=requires(WRITE), response=CustomerOut)
def register(request: Request, body: CustomerIn) -> CustomerView:
    """Register a customer under an id of the caller's; the same again changes nothing."""
    values = body.dict() | {"id": check_id(body.id), "contacts": [each.contact() for each in body.contacts]}
    return queries.get(people.register(people.NewCustomer(**values), actor=request.actor))


@router.get("/customers/{uuid:customer_id}", auth=requires(READ), response=CustomerOut)
def customer(request: Request, customer_id: UUID) -> CustomerView:
    """One customer."""
    return queries.get(customer_id)


@router.post("/customers/{uuid:customer_id}/contacts", auth=requires(WRITE), response=CustomerOut)
def add_contacts(request: Request, customer_id: UUID, body: Contacts) -> CustomerView:
    """Add addresses and numbers, or mark them proved."""
    given = [each.contact() for each in body.contacts]
    contacts.add_contacts(customer_id, given, country=body.country, actor=request.actor)
    return queries.get(customer_id)


@router.post("/customers/{uuid:customer_id}/contacts/remove", auth=requires(WRITE), response=CustomerOut)
def remove_contact(request: Request, customer_id: UUID, body: ContactIn) -> CustomerView:
    """Take an address or number away; in the body, since addresses of pages are logged."""
    contacts.remove_contact(customer_id, body.kind, body.value, actor=request.actor)
    return queries.get(customer_id)


@router.post("/customers/{uuid:customer_id}/cards", auth=requires(WRITE), response=CustomerOut)
def give_card(request: Request, customer_id: UUID, body: CardIn) -> CustomerView:
    """Give a membership card."""
    with told_as({"card": "number"}):
        contacts.give_card(customer_id, body.number, actor=request.actor)
    return queries.get(customer_id)


@router.get("/customers/{uuid:customer_id}/consents", auth=requires(READ), response=Consents)
def consents(request: Request, customer_id: UUID) -> dict[str, list[ConsentView]]:
    """What the person said last on each purpose."""
    queries.get(customer_id)
    return {"items": queries.consents(customer_id)}


@router.post("/customers/{uuid:customer_id}/consents", auth=requires(CONSENT), response={204: None})
def record_consent(request: Request, customer_id: UUID, body: ConsentIn) -> Status[None]:
    """Record what a person said."""
    consent.record_consent(customer_id, body.consent(), actor=request.actor)
    return Status(204, None)


@router.get("/customers/{uuid:customer_id}/export", auth=requires(EXPORT), response=dict[str, Any])
def export_person(request: Request, customer_id: UUID) -> dict[str, Any]:
    """Everything known of a person."""
    return queries.export_person(customer_id, actor=request.actor)


@router.post("/customers/{uuid:customer_id}/erase", auth=requires(ERASE), response=Erased)
def erase(request: Request, customer_id: UUID) -> dict[str, Any]:
    """Erase a person's data, for good."""
    return {"records": people.erase(customer_id, actor=request.actor)}
