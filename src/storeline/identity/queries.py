"""Reads: who stands behind a token or a session, and lists for the desk. One statement each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from storeline.identity.domain import Grant, is_staff, normal_login, reach
from storeline.identity.errors import InvalidToken
from storeline.kernel.api import Actor, NotFound, Row, ids_array, now, permissions_of, run

EntityPlaces = Callable[[Collection[UUID]], Collection[UUID]]
Proof = Callable[[str], bool]
"""Whether a session is one of whoever has this password, by its hash."""


@dataclass(frozen=True, slots=True)
class GrantView:
    """One role of a user; no entity and no place means everywhere."""

    id: UUID
    role: str
    entity_id: UUID | None
    place_id: UUID | None


@dataclass(frozen=True, slots=True)
class UserView:
    """A user as the desk sees one."""

    id: UUID
    username: str
    email: str | None
    name: str
    language: str
    active: bool
    grants: tuple[GrantView, ...]


@dataclass(frozen=True, slots=True)
class ClientView:
    """A program; `scopes` empty means all that its role may."""

    id: UUID
    client_id: str
    name: str
    role: str
    scopes: tuple[str, ...]
    place_ids: tuple[UUID, ...] | None
    entity_ids: tuple[UUID, ...] | None
    organisation_id: UUID | None
    valid_from: datetime | None
    valid_to: datetime | None
    active: bool


class _Entities:
    """`places` stands above identity, so it hands down how an entity's places are found."""

    places: EntityPlaces = staticmethod(lambda _ids: ())


def open_entities(places: EntityPlaces) -> None:
    """Tell identity which places belong to legal entities. Until told, an entity's scope opens none."""
    _Entities.places = staticmethod(places)


_TOKENS = """
SELECT t.token_checksum, t.scope, c.id, c.name, c.role, c.scopes, c.place_ids, c.entity_ids
FROM oauth2_provider_accesstoken t JOIN identity_client c ON c.id = t.application_id
WHERE t.token_checksum = ANY(%s::text[]) AND t.expires > clock_timestamp() AND c.active
  AND (c.valid_from IS NULL OR c.valid_from <= %s) AND (c.valid_to IS NULL OR c.valid_to > %s)
"""


def actors_of_tokens(tokens: Sequence[str]) -> dict[str, Actor]:
    """The actor behind each access token that is good, in one statement; others are absent.

    Tokens are looked up by their SHA-256. They expire by the system's clock, a client's own period
    runs by business time.
    """
    digests = {hashlib.sha256(token.encode()).hexdigest(): token for token in tokens}
    moment = now()
    rows = run(_TOKENS, [list(digests), moment, moment]).fetchall()
    return {digests[row[0]]: _client_actor(*row[1:]) for row in rows}


def actor_of_token(token: str) -> Actor:
    """The actor behind one access token; raises InvalidToken."""
    return actor_among(actors_of_tokens([token]), token)


def actor_among(found: Mapping[str, Actor], token: str) -> Actor:
    """The actor behind a token that was looked up; raises InvalidToken."""
    actor = found.get(token)
    if actor is None:
        raise InvalidToken("The access token is unknown, expired or withdrawn: ask /oauth/token for another.")
    return actor


def actor_of_client(client_id: str) -> Actor | None:
    """The actor that an active client is, with all that it may ask for, or None: for the demo, which acts in its name."""
    sql = "SELECT id, name, role, scopes, place_ids, entity_ids FROM identity_client WHERE client_id = %s AND active"
    row = run(sql, [client_id]).fetchone()
    return None if row is None else _client_actor(" ".join(row[3]), *row)


def _client_actor(
    granted: str,
    client_id: UUID,
    name: str,
    role: str,
    scopes: list[str],
    place_ids: list[UUID] | None,
    entity_ids: list[UUID] | None,
) -> Actor:
    def allowed(code: str) -> frozenset[str]:
        held = permissions_of(code) & frozenset(granted.split())
        return held & frozenset(scopes) if scopes else held

    got = reach([Grant(role, _places(place_ids, entity_ids))], allowed, permissions_of("guest"))
    return Actor("client", client_id, got.permissions, got.places, name, got.narrow)


def _places(place_ids: list[UUID] | None, entity_ids: list[UUID] | None) -> frozenset[UUID] | None:
    if place_ids is None and entity_ids is None:
        return None
    of_entities = _Entities.places(entity_ids) if entity_ids else ()
    return frozenset(place_ids or ()) | frozenset(of_entities)


_USER = """
SELECT u.id, array_agg(g.role ORDER BY g.id) FILTER (WHERE g.id IS NOT NULL),
       array_agg(g.place_id ORDER BY g.id), array_agg(g.entity_id ORDER BY g.id),
       EXISTS (SELECT FROM mfa_authenticator m WHERE m.user_id = u.id AND m.type IN ('totp', 'webauthn')), u.password
FROM identity_user u LEFT JOIN identity_grant g ON g.user_id = u.id
WHERE u.id = %s AND u.is_active GROUP BY u.id
"""


def actor_of_user(user_id: UUID) -> Actor | None:
    """The actor that an active user is, or None. Carries no name: names are personal data."""
    found = _user(user_id)
    return None if found is None else _user_actor(user_id, found[0])


def actor_in_session(user_id: UUID, proof: Proof | None = None) -> tuple[Actor | None, bool]:
    """The same for one who signed in, and whether a second factor is missing.

    Where staff must have one (STAFF_MFA), those who have none act as shoppers until they do. With a `proof` the session
    must show that it began with the password that the user has now: where it does not, nobody is known.
    """
    found = _user(user_id)
    if found is None:
        return None, False
    held, has_factor, password = found
    if proof is not None and not proof(password):
        return None, False
    lacks = settings.STAFF_MFA and not has_factor and is_staff(held)
    return _user_actor(user_id, [grant for grant in held if not (lacks and is_staff([grant]))]), lacks


def _user(user_id: UUID) -> tuple[list[Grant], bool, str] | None:
    """The roles of an active user, whether they have a second factor, and the password's hash."""
    row = run(_USER, [user_id]).fetchone()
    if row is None:
        return None
    held = [
        Grant(role, _grant_places(place_id, entity_id))
        for role, place_id, entity_id in zip(row[1] or (), row[2], row[3], strict=False)
    ]
    return held, row[4], row[5]


def _user_actor(user_id: UUID, held: Iterable[Grant]) -> Actor:
    got = reach(held, permissions_of, permissions_of("guest"))
    return Actor("user", user_id, got.permissions, got.places, narrow=got.narrow)


def _grant_places(place_id: UUID | None, entity_id: UUID | None) -> frozenset[UUID] | None:
    if place_id is not None:
        return frozenset((place_id,))
    return None if entity_id is None else frozenset(_Entities.places((entity_id,)))


_LIST = """
SELECT u.id, u.username, u.email, u.name, u.language, u.is_active,
       jsonb_agg(jsonb_build_array(g.id, g.role, g.entity_id, g.place_id) ORDER BY g.id) FILTER (WHERE g.id IS NOT NULL)
FROM identity_user u LEFT JOIN identity_grant g ON g.user_id = u.id
WHERE {where} GROUP BY u.id ORDER BY u.id LIMIT %s
"""


def get_user(user_id: UUID) -> UserView:
    """One user with the roles held; raises NotFound."""
    rows = run(_LIST.format(where="u.id = %s"), [user_id, 1]).fetchall()
    if not rows:
        raise NotFound("There is no such user.", field="user_id")
    return _user_view(rows[0])


def list_users(*, after: UUID | None = None, limit: int = 50) -> list[UserView]:
    """Users in the order of their ids, after one of them."""
    rows = run(_LIST.format(where="%s::uuid IS NULL OR u.id > %s"), [after, after, limit]).fetchall()
    return [_user_view(row) for row in rows]


def _user_view(row: Row) -> UserView:
    grants = tuple(
        GrantView(UUID(key), role, entity and UUID(entity), place and UUID(place))
        for key, role, entity, place in row[6] or ()
    )
    key, username, email, name, language, active = row[:6]
    return UserView(key, username, email, name, language, active, grants)


def find_user(login: str) -> UUID | None:
    """The id of the user who signs in with this username or email address."""
    normal = normal_login(login)
    column = "email" if "@" in normal else "username"
    row = run(f"SELECT id FROM identity_user WHERE {column} = %s", [normal]).fetchone()
    return row[0] if row else None


_CLIENT = """
SELECT id, client_id, name, role, scopes, place_ids, entity_ids, organisation_id, valid_from, valid_to, active
FROM identity_client WHERE {where} ORDER BY id LIMIT %s
"""


def get_client(client_id: UUID) -> ClientView:
    """One client by its id (not its OAuth name); raises NotFound."""
    rows = run(_CLIENT.format(where="id = %s"), [client_id, 1]).fetchall()
    if not rows:
        raise NotFound("There is no such client.", field="client_id")
    return _client_view(rows[0])


def list_clients(*, after: UUID | None = None, limit: int = 50) -> list[ClientView]:
    """Clients in the order of their ids, after one of them."""
    rows = run(_CLIENT.format(where="%s::uuid IS NULL OR id > %s"), [after, after, limit]).fetchall()
    return [_client_view(row) for row in rows]


def _client_view(row: Row) -> ClientView:
    def ids(value: Any) -> tuple[UUID, ...] | None:
        return None if value is None else tuple(value)

    key, client_id, name, role, scopes, places, entities, organisation_id, valid_from, valid_to, active = row
    return ClientView(
        id=key,
        client_id=client_id,
        name=name,
        role=role,
        scopes=tuple(scopes),
        place_ids=ids(places),
        entity_ids=ids(entities),
        organisation_id=organisation_id,
        valid_from=valid_from,
        valid_to=valid_to,
        active=active,
    )


def names_of(user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What to call users on a page: their name, else their username."""
    sql = "SELECT id, coalesce(nullif(name, ''), username) FROM identity_user WHERE id = ANY(%s::uuid[])"
    return dict(run(sql, [ids_array(user_ids)]).fetchall())
