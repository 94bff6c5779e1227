"""Entities, places and opening hours that come as a set, from a file or a bulk upsert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from storeline.kernel.api import (
    Actor,
    Column,
    Invalid,
    LoadResult,
    Merged,
    Rule,
    Target,
    Verdict,
    bulk,
    merge,
    refuse_repeats,
    run,
)
from storeline.places.domain import CAPABILITIES, FORMATS, TEMPERATURES, Hours, check_hours, no_overlap
from storeline.places.permissions import WRITE

ENTITIES_IN = (
    "row bigint, ref text, name text, country text, currency text, tax_regime text, tax_included boolean, "
    "zone text, tax_number text, gln text, receipt_series text"
)
PLACES_IN = (
    "row bigint, ref text, entity text, name text, names jsonb, format text, zone text, country text, region text, "
    "city text, postal_code text, address text, phone text, latitude double precision, "
    "longitude double precision, gln text, price_zone text, tax_region text, capabilities text[], "
    "opens_on date, closes_on date, keeps text[]"
)
PLACE_HOURS_IN = "row bigint, place text, day text, opens text, closes text"

_NO_ZONE = "i.zone NOT IN (SELECT name FROM pg_timezone_names)"
_NO_GLN = "nullif(i.gln, '') IS NOT NULL AND NOT (length(i.gln) = 13 AND places_gs1_ok(i.gln))"


def _text(name: str) -> Column:
    return Column(name, f"coalesce(i.{name}, '')", "''")


_ENTITIES = Target(
    file="entities",
    settle=lambda _present: refuse_repeats("entities", "gln"),
    declared=ENTITIES_IN,
    table="places_entity",
    kind="places.entity",
    required=("ref", "name", "country", "currency", "tax_regime"),
    rules=(
        Rule("country", "not an ISO 3166 code of two letters", "i.country !~ '^[A-Z]{2}$'"),
        Rule("currency", "not an ISO 4217 code", "i.currency !~ '^[A-Z]{3}$'"),
        Rule("currency", "immutable: the currency of an entity's books", "i.currency <> t.currency"),
        Rule("zone", "not an IANA time zone", _NO_ZONE),
        Rule("gln", "not a GLN: 13 digits with their check digit", _NO_GLN),
        Rule(
            "gln",
            "another entity has this GLN",
            "EXISTS (SELECT FROM places_entity o WHERE o.gln = i.gln AND o.ref <> i.ref)",
        ),
    ),
    columns=(
        Column("name"),
        Column("country"),
        Column("currency"),
        Column("tax_regime"),
        Column(
            "inclusive",
            "coalesce(i.tax_included, i.country NOT IN ('US', 'CA'))",
            "i.country NOT IN ('US', 'CA')",
            "tax_included",
        ),
        Column("zone", "coalesce(i.zone, 'UTC')", "'UTC'"),
        _text("tax_number"),
        Column("gln", "nullif(i.gln, '')"),
        _text("receipt_series"),
    ),
)

_PLACES = Target(
    file="places",
    settle=lambda _present: refuse_repeats("places", "gln"),
    declared=PLACES_IN,
    table="places_place",
    kind="places.place",
    joins="LEFT JOIN places_entity e ON e.ref = i.entity",
    required=("ref", "entity", "name", "format", "zone"),
    rules=(
        Rule("entity", "there is no entity with this ref", "i.entity IS NOT NULL AND e.id IS NULL"),
        Rule("entity", "immutable: whose books a place is in", "e.id <> t.entity_id"),
        Rule("format", "not a format: " + " ".join(FORMATS), f"i.format <> ALL ('{{{','.join(FORMATS)}}}')"),
        Rule("zone", "not an IANA time zone", _NO_ZONE),
        Rule("zone", "immutable: the business dates of its trade hang on it", "i.zone <> t.zone"),
        Rule("country", "not an ISO 3166 code of two letters", "i.country !~ '^[A-Z]{2}$'"),
        Rule("gln", "not a GLN: 13 digits with their check digit", _NO_GLN),
        Rule(
            "gln",
            "another place has this GLN",
            "EXISTS (SELECT FROM places_place o WHERE o.gln = i.gln AND o.ref <> i.ref)",
        ),
        Rule("latitude", "must lie between -90 and 90", "NOT i.latitude BETWEEN -90 AND 90"),
        Rule("longitude", "must lie between -180 and 180", "NOT i.longitude BETWEEN -180 AND 180"),
        Rule("longitude", "a position needs both", "(i.latitude IS NULL) <> (i.longitude IS NULL)"),
        Rule("closes_on", "must not lie before opens_on", "i.closes_on < i.opens_on"),
        Rule(
            "capabilities",
            "not a capability: " + " ".join(CAPABILITIES),
            f"NOT i.capabilities <@ '{{{','.join(CAPABILITIES)}}}'::text[]",
        ),
        Rule(
            "keeps",
            "not a temperature: " + " ".join(TEMPERATURES),
            f"NOT i.keeps <@ '{{{','.join(TEMPERATURES)}}}'::text[]",
        ),
    ),
    columns=(
        Column("entity_id", "e.id", source="entity"),
        Column("name"),
        Column("names", "coalesce(i.names, '{}')", "'{}'"),
        Column("format"),
        Column("zone"),
        Column("country", "coalesce(i.country, e.country)", "e.country"),
        *map(_text, ("region", "city", "postal_code", "address", "phone", "price_zone", "tax_region")),
        Column("latitude"),
        Column("longitude"),
        Column("gln", "nullif(i.gln, '')"),
        Column("capabilities", "coalesce(i.capabilities, '{}')", "'{}'"),
        Column("opens_on"),
        Column("closes_on"),
        Column("keeps", "coalesce(i.keeps, '{}')", "'{}'"),
    ),
)


def load_entities(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_entities`` (ENTITIES_IN) by ref, in the caller's transaction."""
    actor.require_everywhere(WRITE)
    return _merge_entities().result


def load_places(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_places`` (PLACES_IN) by ref, in the caller's transaction."""
    actor.require_everywhere(WRITE)
    return _merge_places().result


def upsert_entities(items: Sequence[Mapping[str, Any]], *, actor: Actor) -> tuple[Verdict, ...]:
    """Create or change up to 1,000 legal entities by `ref`; fields as in ENTITIES_IN. Each gets its own verdict."""
    actor.require_everywhere(WRITE)
    return bulk("entities", ENTITIES_IN, items, _merge_entities)


def upsert_places(items: Sequence[Mapping[str, Any]], *, actor: Actor) -> tuple[Verdict, ...]:
    """Create or change up to 1,000 places by `ref`; fields as in PLACES_IN. Each gets its own verdict."""
    actor.require_everywhere(WRITE)
    return bulk("places", PLACES_IN, items, _merge_places)


def _merge_entities() -> Merged:
    return merge(_ENTITIES)


def _merge_places() -> Merged:
    return merge(_PLACES)


@dataclass(frozen=True, slots=True)
class _Opening:
    row: int
    place: UUID
    day: str
    hours: Hours | None


def load_place_hours(*, actor: Actor) -> LoadResult:
    """Take ``pg_temp.in_place_hours`` (PLACE_HOURS_IN): the rows of a place and a day replace that day's openings.

    `day` is an ISO weekday (1 to 7) or a date, which makes an exception. A row without times closes the day.
    """
    actor.require_everywhere(WRITE)
    openings, errors = _read_hours()
    errors |= _overlapping(openings)
    for row, (column, reason) in errors.items():
        run(
            "INSERT INTO pg_temp.in_error (file, row, col, reason) VALUES ('place_hours', %s, %s, %s)",
            [row, column, reason],
        )
    kept = [opening for opening in openings if opening.row not in errors]
    weekly = [opening for opening in kept if len(opening.day) == 1]
    dated = [opening for opening in kept if len(opening.day) > 1]
    inserted, updated = map(sum, zip(_replace_week(weekly), _replace_days(dated), strict=True))
    return LoadResult(inserted, updated, len(kept) - inserted - updated, len(errors))


def _read_hours() -> tuple[list[_Opening], dict[int, tuple[str, str]]]:
    found: list[_Opening] = []
    errors: dict[int, tuple[str, str]] = {}
    rows = run("""
SELECT i.row, p.id, trim(i.day), coalesce(i.opens, ''), coalesce(i.closes, '')
FROM pg_temp.in_place_hours i LEFT JOIN places_place p ON p.ref = i.place ORDER BY i.row
""").fetchall()
    for row, place, day, opens, closes in rows:
        try:
            found.append(_Opening(row, _place(place), _day(day), _hours(opens, closes)))
        except Invalid as refusal:
            errors[row] = (refusal.field or "day", refusal.detail)
    return found, errors


def _place(found: UUID | None) -> UUID:
    if found is None:
        raise Invalid("there is no place with this ref", field="place")
    return found


def _day(text: str | None) -> str:
    if text in {"1", "2", "3", "4", "5", "6", "7"}:
        return text
    try:
        return date.fromisoformat(text or "").isoformat()
    except ValueError:
        raise Invalid("must be a weekday from 1 (Monday) to 7 or a date", field="day") from None


def _hours(opens: str, closes: str) -> Hours | None:
    if not opens and not closes:
        return None
    try:
        return check_hours(opens, closes)
    except Invalid as refusal:
        raise Invalid(refusal.detail, field=(refusal.field or "opens").rpartition(".")[2]) from None


def _overlapping(openings: Sequence[_Opening]) -> dict[int, tuple[str, str]]:
    days: dict[tuple[UUID, str], list[_Opening]] = {}
    for opening in openings:
        days.setdefault((opening.place, opening.day), []).append(opening)
    return {
        opening.row: ("opens", "the openings of this day overlap")
        for day in days.values()
        if not no_overlap([opening.hours for opening in day if opening.hours])
        for opening in day
    }


def _arrays(openings: Sequence[_Opening]) -> list[list[Any]]:
    return [
        [opening.place for opening in openings],
        [opening.day for opening in openings],
        [opening.hours.opens if opening.hours else None for opening in openings],
        [opening.hours.closes if opening.hours else None for opening in openings],
    ]


def _replace(table: str, day: str, sql_type: str, conflict: str, keep: str, openings: Sequence[_Opening]) -> list[int]:
    """Make the days of `openings` hold exactly these rows; how many were new and how many were changed."""
    if not openings:
        return [0, 0]
    rows = run(
        f"""
WITH want AS (
  SELECT place_id, day::{sql_type} AS {day}, opens, closes
  FROM unnest(%s::uuid[], %s::text[], %s::smallint[], %s::smallint[]) AS w (place_id, day, opens, closes)
), gone AS (
  DELETE FROM {table} h USING (SELECT DISTINCT place_id, {day} FROM want) d
  WHERE h.place_id = d.place_id AND h.{day} = d.{day}
    AND NOT EXISTS (SELECT FROM want w WHERE w.place_id = h.place_id AND w.{day} = h.{day}
                    AND w.opens IS NOT DISTINCT FROM h.opens)
), put AS (
  INSERT INTO {table} AS h (place_id, {day}, opens, closes)
  SELECT DISTINCT ON (place_id, {day}, opens) place_id, {day}, opens, closes FROM want WHERE {keep}
  ON CONFLICT {conflict} DO UPDATE SET closes = excluded.closes WHERE h.closes IS DISTINCT FROM excluded.closes
  RETURNING old.id IS NULL AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM put
""",
        _arrays(openings),
    ).fetchall()
    return list(rows[0])


def _replace_week(openings: Sequence[_Opening]) -> list[int]:
    return _replace("places_hours", "weekday", "smallint", "(place_id, weekday, opens)", "opens IS NOT NULL", openings)


def _replace_days(openings: Sequence[_Opening]) -> list[int]:
    return _replace("places_hours_exception", "day", "date", "(place_id, day, opens)", "true", openings)
