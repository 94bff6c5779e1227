"""Writes: organisations, agreements, and clients that follow them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.identity.api import ClientReach, ClientSecret, amend_client, close_client, create_client
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    BodyMismatch,
    Conflict,
    Invalid,
    Row,
    now,
    permissions_of,
    run,
    trail,
    transaction,
)
from storeline.partners.domain import BEARERS, unknown_patterns
from storeline.partners.errors import NothingAgreed, PartnerNotFound, UnknownScope
from storeline.partners.permissions import MANAGE


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """Who is taken on, under an id that the caller made; `ref` is the retailer's own code."""

    id: UUID
    ref: str
    name: str
    kind: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed: permissions for programs, patterns of events to hear of, where, and until when.

    Where the partner's goods are sold for it, `commission` is the retailer's share in thousandths of what they earn without
    tax, and `losses` says who bears what is missing: retailer or partner.
    """

    scopes: Collection[str] = ()
    events: Collection[str] = ()
    entity_ids: Collection[UUID] | None = None
    place_ids: Collection[UUID] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    commission: int | None = None
    losses: str | None = None


WHOLE = 1000
"""Commission is in thousandths."""
_INSERT = """
INSERT INTO partners_organisation (id, ref, name, kind, country) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""
_THERE = "SELECT id, ref, name, kind, country FROM partners_organisation WHERE id = %s"


def take_on(organisation: NewOrganisation, *, actor: Actor) -> UUID:
    """Take a partner on. The same again changes nothing; raises BodyMismatch, or Conflict where the ref is another's."""
    actor.require(MANAGE)
    if not organisation.ref.strip() or not organisation.name.strip():
        raise Invalid("A partner has a ref and a name.", field="ref" if not organisation.ref.strip() else "name")
    words = (organisation.id, organisation.ref, organisation.name, organisation.kind, organisation.country)
    with transaction():
        if run(_INSERT, words).fetchone() is None:
            there = run(_THERE, [organisation.id]).fetchone()
            if there is None:
                raise Conflict("Another partner has this ref.", field="ref")
            if tuple(there) != words:
                raise BodyMismatch("A partner with this id is there already, and differs.", field="id")
        else:
            trail(actor, "partners.take_on", organisation.id)
    return organisation.id


_AGREE = """
INSERT INTO partners_agreement
    (id, organisation_id, scopes, events, entity_ids, place_ids, commission, losses, starts_at, ends_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING RETURNING id
"""


def _checked(terms: Terms) -> list[object]:
    if beyond := set(terms.scopes) - permissions_of("partner"):
        raise UnknownScope(f"Partners have no {', '.join(sorted(beyond))}.", field="scopes")
    if wrong := unknown_patterns(sorted(terms.events)):
        raise Invalid(f"{wrong[0][:60]!r} is no pattern of events, such as orders.*", field="events")
    if terms.commission is not None and not 0 <= terms.commission <= WHOLE:
        raise Invalid("A commission is 0 to 1000 thousandths.", field="commission")
    if (terms.commission is None) != (terms.losses is None):
        raise Invalid("A commission is agreed together with who bears losses.", field="losses")
    if terms.losses not in (None, *BEARERS):
        raise Invalid(f"Losses are borne by {' or '.join(BEARERS)}.", field="losses")
    starts_at = terms.starts_at or now()
    if terms.ends_at is not None and terms.ends_at < starts_at:
        raise Invalid("The agreement ends before it begins.", field="ends_at")
    places, entities = sorted(set(terms.place_ids or ())) or None, sorted(set(terms.entity_ids or ())) or None
    if places is entities is None and (terms.place_ids is not None or terms.entity_ids is not None):
        raise Invalid("Name places or entities where it holds, or leave both out.", field="place_ids")
    goods = terms.commission, terms.losses
    return [sorted(set(terms.scopes)), sorted(set(terms.events)), entities, places, *goods, starts_at, terms.ends_at]


def agree(agreement_id: UUID, organisation_id: UUID, terms: Terms, *, actor: Actor) -> UUID:
    """Write down what a partner may do and hear of, under an id that the caller made.

    Raises PartnerNotFound, UnknownScope, Invalid, Conflict where the id is another agreement's.
    """
    actor.require(MANAGE)
    columns = _checked(terms)
    with transaction():
        find_organisation(organisation_id)
        if run(_AGREE, [agreement_id, organisation_id, *columns]).fetchone() is None:
            _same_agreement(agreement_id, organisation_id, columns)
        else:
            trail(actor, "partners.agree", agreement_id)
    return agreement_id


def _same_agreement(agreement_id: UUID, organisation_id: UUID, columns: list[object]) -> None:
    sql = """
SELECT organisation_id, scopes, events, entity_ids, place_ids, commission, losses, ends_at FROM partners_agreement
WHERE id = %s
"""
    there = run(sql, [agreement_id]).fetchall()
    if there != [(organisation_id, *columns[:6], columns[7])]:
        raise BodyMismatch("An agreement with this id is there already, and differs.", field="id")


def find_organisation(organisation_id: UUID) -> None:
    """Raise PartnerNotFound unless there is such an organisation."""
    if run("SELECT 1 FROM partners_organisation WHERE id = %s", [organisation_id]).fetchone() is None:
        raise PartnerNotFound("There is no such partner.", field="organisation_id")


_TERMS = """
SELECT organisation_id, scopes, entity_ids, place_ids, starts_at, ends_at FROM partners_agreement
WHERE id = %s FOR UPDATE
"""
_END = "UPDATE partners_agreement SET ends_at = greatest(%s, starts_at) WHERE id = %s"
_CLIENTS = "SELECT client_id FROM partners_access WHERE agreement_id = %s ORDER BY client_id"


def _terms(agreement_id: UUID) -> Row:
    row = run(_TERMS, [agreement_id]).fetchone()
    if row is None:
        raise PartnerNotFound("There is no such agreement.", field="agreement_id")
    return row


def _reach(row: Row) -> ClientReach:
    _, scopes, entity_ids, place_ids, starts_at, ends_at = row
    return ClientReach(scopes, place_ids, entity_ids, starts_at, ends_at)


def end_agreement(agreement_id: UUID, *, at: datetime | None = None, actor: Actor) -> None:
    """End an agreement, now unless `at` says when: its clients and webhooks end with it."""
    actor.require(MANAGE)
    with transaction():
        row = _terms(agreement_id)
        ends_at = max(at or now(), row[4])
        run(_END, [ends_at, agreement_id])
        for (client_id,) in run(_CLIENTS, [agreement_id]).fetchall():
            if ends_at > row[4]:
                amend_client(client_id, _reach((*row[:5], ends_at)), actor=SYSTEM)
            else:  # it never began
                close_client(client_id, actor=SYSTEM)
        trail(actor, "partners.end_agreement", agreement_id)


def give_access(agreement_id: UUID, *, name: str, client_id: UUID | None = None, actor: Actor) -> ClientSecret:
    """Make an API client for a partner, which may do what its agreement says and no more, as long as that holds.

    Raises NothingAgreed where the agreement has ended or names no permission.
    """
    actor.require(MANAGE)
    with transaction():
        row = _terms(agreement_id)
        if not row[1] or (row[5] is not None and row[5] <= now()):
            raise NothingAgreed("The agreement names no permission, or has ended.", field="agreement_id")
        made = create_client(name=name, reach=_reach(row), organisation_id=row[0], client_id=client_id, actor=SYSTEM)
        run("INSERT INTO partners_access (client_id, agreement_id) VALUES (%s, %s)", [made.id, agreement_id])
        trail(actor, "partners.give_access", agreement_id, detail={"client_id": str(made.id)})
    return made
