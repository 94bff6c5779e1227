"""What sourcing goes by, as sets from files: groups of places, channels, policies, limits of places, closures."""

from __future__ import annotations

from storeline.kernel.api import Actor, Column, Keyed, LoadResult, Rule, Target, good, merge, merge_keyed, run
from storeline.sourcing.domain.costs import MOST_PLACES, Policy
from storeline.sourcing.domain.ways import Terms
from storeline.sourcing.permissions import CLOSE, CONFIGURE
from storeline.sourcing.queries.policies import MARGIN_SHARE

GROUPS_IN = "row bigint, ref text, name text"
GROUP_PLACES_IN = "row bigint, in_group text, place text"
CHANNELS_IN = "row bigint, channel text, from_group text, priority integer"
POLICIES_IN = (
    "row bigint, ref text, channel text, live boolean, visit bigint, line bigint, parcel bigint, parcel_km bigint, "
    "kg bigint, split bigint, parcel_grams integer, most_places integer, keep_share numeric, waste_share numeric, "
    "reach_km integer, margin_share numeric, fee_collect integer, fee_point integer, point_hours integer"
)
"""Costs in thousandths of a minor unit, fees in minor units, shares in percent."""
LIMITS_IN = "row bigint, place text, per_hour integer, visit bigint, line bigint"
CLOSURES_IN = "row bigint, ref text, place text, channel text, starts_at timestamptz, ends_at timestamptz, reason text"
_PLACE = Rule("place", "there is no place with this ref", "p.id IS NULL")
_FIND_PLACE = "LEFT JOIN places_place p ON p.ref = i.place"


def _group(column: str) -> Rule:
    return Rule(column, "there is no group with this ref", "g.id IS NULL")


def _find_group(column: str) -> str:
    return f"LEFT JOIN sourcing_group g ON g.ref = i.{column}"


def _not_below(*names: str) -> tuple[Rule, ...]:
    return tuple(Rule(name, "must not be below 0", f"i.{name} < 0") for name in names)


_GROUPS = Target(
    file="sourcing_groups",
    declared=GROUPS_IN,
    table="sourcing_group",
    kind="sourcing.group",
    required=("ref", "name"),
    rules=(),
    columns=(Column("name"),),
)
# A member's position is a copy of its place's (migrations/0001): new rows bring it, moves follow by a job.
_GROUP_PLACES = Keyed(
    file="sourcing_group_places",
    declared=GROUP_PLACES_IN,
    table="sourcing_member",
    key=(Column("group_id", "g.id"), Column("place_id", "p.id")),
    same="in_group, place",
    told="place",
    rules=(_group("in_group"), _PLACE),
    made=(Column("position", "p.position"),),
    joins=f"{_find_group('in_group')} {_FIND_PLACE}",
)
_CHANNELS = Keyed(
    file="sourcing_channels",
    declared=CHANNELS_IN,
    table="sourcing_channel",
    key=(Column("channel"), Column("group_id", "g.id")),
    same="channel, from_group",
    told="channel",
    rules=(
        Rule("channel", "required", "nullif(i.channel, '') IS NULL"),
        _group("from_group"),
        Rule("priority", "from 0 to 99", "NOT i.priority BETWEEN 0 AND 99"),
    ),
    columns=(Column("priority", "coalesce(i.priority, 0)"),),
    joins=_find_group("from_group"),
)
_TWO_LIVE = f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'sourcing_policies', row, 'live', 'another policy of this channel before it in this file is live' FROM (
    SELECT i.row, row_number() OVER (PARTITION BY nullif(i.channel, '') ORDER BY i.row) AS time
    FROM pg_temp.in_sourcing_policies i WHERE i.live AND {good("sourcing_policies")}
) AS live WHERE time > 1
"""
# What was live gives way before the new one is: the index allows one at a time.
_GIVE_WAY = f"""
UPDATE sourcing_policy t SET live = false FROM pg_temp.in_sourcing_policies i
WHERE t.live AND i.live AND t.channel IS NOT DISTINCT FROM nullif(i.channel, '') AND t.ref <> i.ref AND {good("sourcing_policies")}
"""


def _let_live(_present: frozenset[str]) -> None:
    run(_TWO_LIVE)
    run(_GIVE_WAY)


_DEFAULT, _TERMS = Policy(), Terms()
_MILLS = ("visit", "line", "parcel", "parcel_km", "kg", "split")
_NUMBERS = ("parcel_grams", "most_places", "reach_km")
_FEES = ("fee_collect", "fee_point", "point_hours")
_SHARES = {"keep_share": _DEFAULT.keep_share, "waste_share": _DEFAULT.waste_share, "margin_share": MARGIN_SHARE}
_POLICIES = Keyed(
    file="sourcing_policies",
    declared=POLICIES_IN,
    table="sourcing_policy",
    key=(Column("ref"),),
    same="ref",
    told="ref",
    rules=(
        Rule("ref", "required", "nullif(i.ref, '') IS NULL"),
        *_not_below(*_MILLS, *_FEES, "reach_km", *_SHARES),
        Rule("parcel_grams", "must be above 0", "i.parcel_grams <= 0"),
        Rule("most_places", f"from 1 to {MOST_PLACES}", f"NOT i.most_places BETWEEN 1 AND {MOST_PLACES}"),
        *[Rule(name, "at most one decimal", f"i.{name} * 10 <> trunc(i.{name} * 10)") for name in _SHARES],
        *[Rule(name, "too large", f"i.{name} > 10000") for name in ("keep_share", "waste_share")],
        Rule("margin_share", "at most 100", "i.margin_share > 100"),
    ),
    columns=(
        Column("channel", "nullif(i.channel, '')"),
        Column("live", "coalesce(i.live, false)"),
        *[Column(name, f"coalesce(i.{name}, {getattr(_DEFAULT, name)})") for name in (*_MILLS, *_NUMBERS)],
        *[Column(name, f"coalesce((i.{name} * 10)::int, {share})") for name, share in _SHARES.items()],
        *[Column(name, f"coalesce(i.{name}, {getattr(_TERMS, name)})") for name in _FEES],
    ),
    settle=_let_live,
)
_LIMITS = Keyed(
    file="sourcing_limits",
    declared=LIMITS_IN,
    table="sourcing_site",
    key=(Column("place_id", "p.id"),),
    same="place",
    told="place",
    rules=(_PLACE, *_not_below("per_hour", "visit", "line")),
    columns=(Column("per_hour"), Column("visit"), Column("line")),
    joins=_FIND_PLACE,
)
# Closures that were made here go out under their ids, and are known by them again.
_ID = r"""CASE WHEN i.ref ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN i.ref::uuid
    ELSE kernel_source_id('sourcing.closure', i.ref, NULL) END"""
_CLOSURES = Keyed(
    file="sourcing_closures",
    declared=CLOSURES_IN,
    table="sourcing_closure",
    key=(Column("id", _ID),),
    same="ref",
    told="ref",
    rules=(
        Rule("ref", "required", "nullif(i.ref, '') IS NULL"),
        _PLACE,
        Rule("starts_at", "required", "i.starts_at IS NULL"),
        Rule("ends_at", "must lie after starts_at", "i.ends_at <= i.starts_at"),
        Rule("reason", "required", "nullif(i.reason, '') IS NULL"),
    ),
    columns=(
        Column("place_id", "p.id", source="place"),
        Column("channel", "nullif(i.channel, '')"),
        Column("starts_at"),
        Column("ends_at"),
        Column("reason"),
    ),
    joins=_FIND_PLACE,
)


def load_groups(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_sourcing_groups`` (`GROUPS_IN`) by ref, in the caller's transaction."""
    actor.require_everywhere(CONFIGURE)
    return merge(_GROUPS).result


def load_group_places(*, actor: Actor) -> LoadResult:
    """Let places join groups by ``pg_temp.in_sourcing_group_places`` (`GROUP_PLACES_IN`); none leaves by it."""
    actor.require_everywhere(CONFIGURE)
    return merge_keyed(_GROUP_PLACES)


def load_channels(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_sourcing_channels`` (`CHANNELS_IN`) by channel and group."""
    actor.require_everywhere(CONFIGURE)
    return merge_keyed(_CHANNELS)


def load_policies(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_sourcing_policies`` (`POLICIES_IN`) by ref; a live one takes the place of its channel's."""
    actor.require_everywhere(CONFIGURE)
    return merge_keyed(_POLICIES)


def load_limits(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_sourcing_limits`` (`LIMITS_IN`) by place."""
    actor.require_everywhere(CLOSE)
    return merge_keyed(_LIMITS)


def load_closures(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_sourcing_closures`` (`CLOSURES_IN`) by ref."""
    actor.require_everywhere(CLOSE)
    return merge_keyed(_CLOSURES)
