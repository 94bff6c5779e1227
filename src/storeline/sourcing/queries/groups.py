"""Groups, channels and places' limits as they are set."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storeline.kernel.api import run
from storeline.sourcing.commands.groups import Limits
from storeline.sourcing.errors import GroupNotFound

_GROUPS = """
SELECT g.ref, g.name, (SELECT count(*) FROM sourcing_member m WHERE m.group_id = g.id) FROM sourcing_group g
WHERE g.ref > %s ORDER BY g.ref LIMIT %s
"""
_GROUP = """
SELECT g.ref, g.name, coalesce(array_agg(m.place_id ORDER BY m.place_id) FILTER (WHERE m.place_id IS NOT NULL), '{}')
FROM sourcing_group g LEFT JOIN sourcing_member m ON m.group_id = g.id WHERE g.ref = %s GROUP BY g.id
"""
_CHANNEL = """
SELECT g.ref, c.priority FROM sourcing_channel c JOIN sourcing_group g ON g.id = c.group_id
WHERE c.channel = %s ORDER BY c.priority, g.ref
"""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in a list, with how many places it has."""

    ref: str
    name: str
    places: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its places."""

    ref: str
    name: str
    places: tuple[UUID, ...]


def list_groups(*, after: str = "", limit: int = 100) -> list[GroupRow]:
    """Groups by ref, after one of them."""
    return [GroupRow(*row) for row in run(_GROUPS, [after, limit])]


def get_group(ref: str) -> Group:
    """One group. Raises GroupNotFound."""
    row = run(_GROUP, [ref]).fetchone()
    if row is None:
        raise GroupNotFound(f"There is no group {ref[:40]!r}.")
    return Group(row[0], row[1], tuple(row[2]))


def groups_of(channel: str) -> list[tuple[str, int]]:
    """From which groups, by ref, a channel sells, each with its priority; none: from every place."""
    return [(ref, priority) for ref, priority in run(_CHANNEL, [channel])]


def limits_of(place_id: UUID) -> Limits:
    """What is particular to a place."""
    row = run("SELECT per_hour, visit, line FROM sourcing_site WHERE place_id = %s", [place_id]).fetchone()
    return Limits(place_id) if row is None else Limits(place_id, *row)
