"""From where a channel sells, and which places take no online orders for a while or only so many an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storeline.kernel.api import (
    Actor,
    Invalid,
    NotFound,
    ids_array,
    ints_array,
    new_id,
    now,
    run,
    trail,
    transaction,
)
from storeline.places import api as places
from storeline.sourcing.errors import GroupNotFound
from storeline.sourcing.permissions import CLOSE, CONFIGURE

MOST_MEMBERS = 20_000
_GROUP = """
INSERT INTO sourcing_group (id, ref, name) VALUES (%s, %s, %s)
ON CONFLICT (ref) DO UPDATE SET name = excluded.name RETURNING id
"""
_LEAVE = "DELETE FROM sourcing_member WHERE group_id = %s AND place_id <> ALL(%s::uuid[])"
_JOIN = """
INSERT INTO sourcing_member (group_id, place_id, position)
SELECT %s, id, position FROM places_place WHERE id = ANY(%s::uuid[])
ON CONFLICT (group_id, place_id) DO NOTHING
"""
_MOVED = """
UPDATE sourcing_member m SET position = p.position FROM places_place p
WHERE p.id = m.place_id AND p.position IS DISTINCT FROM m.position
"""
_CHANNEL = """
INSERT INTO sourcing_channel (channel, group_id, priority)
SELECT %s, g.id, w.priority FROM unnest(%s::text[], %s::bigint[]) AS w(ref, priority) JOIN sourcing_group g ON g.ref = w.ref
"""
_SITE = """
INSERT INTO sourcing_site (place_id, per_hour, visit, line) VALUES (%s, %s, %s, %s)
ON CONFLICT (place_id) DO UPDATE SET per_hour = excluded.per_hour, visit = excluded.visit, line = excluded.line
"""
_CLOSE = (
    "INSERT INTO sourcing_closure (id, place_id, channel, starts_at, ends_at, reason) VALUES (%s, %s, %s, %s, %s, %s)"
)
_OPEN = """
UPDATE sourcing_closure SET ends_at = %s
WHERE id = %s AND starts_at < %s AND (ends_at IS NULL OR ends_at > %s)
"""
_NEVER = "DELETE FROM sourcing_closure WHERE id = %s AND starts_at >= %s"


def set_group(ref: str, name: str, place_ids: Sequence[UUID], *, actor: Actor) -> UUID:
    """Make a group, or make it these places from now on; a repeat changes nothing. Gives its id."""
    actor.require_everywhere(CONFIGURE)
    if not ref or not name:
        raise Invalid("A group has a ref and a name.", field="name" if ref else "ref")
    chosen = sorted(set(place_ids))
    if len(chosen) > MOST_MEMBERS:
        raise Invalid(f"A group has at most {MOST_MEMBERS} places.", field="places")
    known = places.names_of(chosen)
    for index, place in enumerate(place_ids):
        if place not in known:
            raise Invalid(f"There is no place {place}.", field=f"places[{index}]")
    with transaction():
        group: UUID = run(_GROUP, [new_id(), ref, name]).fetchall()[0][0]
        run(_LEAVE, [group, ids_array(chosen)])
        run(_JOIN, [group, ids_array(chosen)])
        trail(actor, "sourcing.set_group", group, detail={"ref": ref, "places": len(chosen)})
    return group


def set_channel(channel: str, groups: Sequence[tuple[str, int]], *, actor: Actor) -> None:
    """From which groups (by ref, each with its priority, lower first) a channel sells; none: from every place."""
    actor.require_everywhere(CONFIGURE)
    if not channel:
        raise Invalid("A channel has a name.", field="channel")
    for index, (_, priority) in enumerate(groups):
        if not 0 <= priority <= 99:  # noqa: PLR2004  # no retailer has a hundred tiers
            raise Invalid("A priority is 0 to 99.", field=f"groups[{index}].priority")
    refs = [ref for ref, _ in groups]
    if len(set(refs)) < len(refs):
        raise Invalid("A group is named once.", field="groups")
    with transaction():
        run("DELETE FROM sourcing_channel WHERE channel = %s", [channel])
        made = run(_CHANNEL, [channel, refs, ints_array(priority for _, priority in groups)]).rowcount
        if made < len(groups):
            known = {row[0] for row in run("SELECT ref FROM sourcing_group WHERE ref = ANY(%s::text[])", [refs])}
            unknown = next(index for index, ref in enumerate(refs) if ref not in known)
            raise GroupNotFound(f"There is no group {refs[unknown][:40]!r}.", field=f"groups[{unknown}].ref")
        trail(actor, "sourcing.set_channel", new_id(), detail={"channel": channel, "groups": refs})


def follow_positions() -> int:
    """Copy the positions of places that moved to the groups that they are in; how many."""
    return run(_MOVED).rowcount


@dataclass(frozen=True, slots=True)
class Limits:
    """What is particular to a place: online orders in an hour at most, own costs of a visit and a line; None: no own."""

    place_id: UUID
    per_hour: int | None = None
    visit: int | None = None
    line: int | None = None


def set_limits(limits: Limits, *, actor: Actor) -> None:
    """How many online orders a place may be asked to pick in an hour, and what picking costs there."""
    actor.require(CLOSE, limits.place_id)
    for name in ("per_hour", "visit", "line"):
        if (value := getattr(limits, name)) is not None and value < 0:
            raise Invalid("It is not below 0.", field=name)
    places.get_place(limits.place_id)
    with transaction():
        run(_SITE, [limits.place_id, limits.per_hour, limits.visit, limits.line])
        detail = {"per_hour": limits.per_hour, "visit": limits.visit, "line": limits.line}
        trail(actor, "sourcing.set_limits", limits.place_id, place_id=limits.place_id, detail=detail)


@dataclass(frozen=True, slots=True)
class Closure:
    """A place takes no online orders from `starts_at` until `ends_at` (None: until it is opened), of one channel or all."""

    id: UUID
    place_id: UUID
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    channel: str | None = None


def close_place(closure: Closure, *, actor: Actor) -> None:
    """Close a place to online orders. The id is its record: the same again changes nothing, another is refused."""
    actor.require(CLOSE, closure.place_id)
    if not closure.reason:
        raise Invalid("Say why, for those who will ask.", field="reason")
    if closure.ends_at is not None and closure.ends_at <= closure.starts_at:
        raise Invalid("It ends after it begins.", field="ends_at")
    places.get_place(closure.place_id)
    with transaction():
        kept = find_closure(closure.id)
        if kept is not None:
            if kept != closure:
                raise Invalid("There is another closure of this id.", field="id")
            return
        values = [closure.channel or None, closure.starts_at, closure.ends_at, closure.reason]
        run(_CLOSE, [closure.id, closure.place_id, *values])
        trail(actor, "sourcing.close_place", closure.id, place_id=closure.place_id, detail={"reason": closure.reason})


def open_place(closure_id: UUID, *, actor: Actor) -> None:
    """End a closure now; one that has not begun goes. A repeat changes nothing. Raises NotFound."""
    closure = find_closure(closure_id)
    if closure is None:
        raise NotFound(f"There is no closure {closure_id}.")
    actor.require(CLOSE, closure.place_id)
    at = now()
    with transaction():
        changed = run(_OPEN, [at, closure_id, at, at]).rowcount + run(_NEVER, [closure_id, at]).rowcount
        if changed:
            trail(actor, "sourcing.open_place", closure_id, place_id=closure.place_id)


def find_closure(closure_id: UUID) -> Closure | None:
    """One closure."""
    sql = "SELECT id, place_id, starts_at, ends_at, reason, channel FROM sourcing_closure WHERE id = %s"
    row = run(sql, [closure_id]).fetchone()
    return None if row is None else Closure(*row)
