"""Partners, and on what terms their goods are sold, as sets from files."""

from __future__ import annotations

from storeline.kernel.api import Actor, Column, Keyed, LoadResult, Rule, Target, merge, merge_keyed
from storeline.partners.domain import BEARERS
from storeline.partners.permissions import MANAGE

PARTNERS_IN = "row bigint, ref text, name text, kind text, country text"
"""Columns of ``pg_temp.in_partners``."""
AGREEMENTS_IN = (
    "row bigint, ref text, partner text, commission numeric, losses text, entities text[], places text[], "
    "starts_at timestamptz, ends_at timestamptz"
)
"""Columns of ``pg_temp.in_agreements``: the commission in percent; entities and places by their ids, which the caller knows."""
AGREEMENT_ID = r"""CASE WHEN {ref} ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN ({ref})::uuid
    ELSE kernel_source_id('agreement', {ref}, NULL) END"""
"""SQL of the id behind an agreement's ref in a file: its own id, for one that was made here."""

_PARTNERS = Target(
    file="partners",
    declared=PARTNERS_IN,
    table="partners_organisation",
    kind="partner",
    required=("ref", "name"),
    rules=(Rule("country", "not an ISO 3166 code of two letters", "i.country !~ '^[A-Z]{2}$'"),),
    columns=(
        Column("name"),
        Column("kind", "coalesce(i.kind, '')", default="''"),
        Column("country", "coalesce(i.country, '')", default="''"),
    ),
)
_ENTITIES, _PLACES = "i.entities::uuid[]", "i.places::uuid[]"


def _fixed(column: str, value: str, there: str = "") -> Rule:
    """What lines were reckoned by may not change."""
    return Rule(column, "immutable", f"t.id IS NOT NULL AND {there or 't.' + column} IS DISTINCT FROM {value}")


_COMMISSION = "(i.commission * 10)::int"
_AGREEMENTS = Keyed(
    file="agreements",
    declared=AGREEMENTS_IN,
    table="partners_agreement",
    key=(Column("id", AGREEMENT_ID.format(ref="i.ref")),),
    same="ref",
    told="ref",
    rules=(
        Rule("ref", "required", "nullif(i.ref, '') IS NULL"),
        Rule("partner", "there is no partner with this ref", "o.id IS NULL"),
        Rule("commission", "required", "i.commission IS NULL"),
        Rule("commission", "from 0 to 100", "NOT i.commission BETWEEN 0 AND 100"),
        Rule("commission", "at most one decimal", "i.commission * 10 <> trunc(i.commission * 10)"),
        Rule("losses", "not who bears them: " + " ".join(BEARERS), f"i.losses IS NULL OR i.losses NOT IN {BEARERS}"),
        Rule("starts_at", "required", "i.starts_at IS NULL"),
        Rule("ends_at", "must not lie before starts_at", "i.ends_at < i.starts_at"),
        _fixed("partner", "o.id", "t.organisation_id"),
        _fixed("commission", "i.commission * 10"),
        _fixed("losses", "i.losses"),
        _fixed("entities", _ENTITIES, "t.entity_ids"),
        _fixed("places", _PLACES, "t.place_ids"),
        _fixed("starts_at", "i.starts_at"),
        Rule("ends_at", "immutable", "t.id IS NOT NULL AND t.ends_at IS DISTINCT FROM coalesce(i.ends_at, t.ends_at)"),
    ),
    made=(
        Column("organisation_id", "o.id"),
        Column("commission", _COMMISSION),
        Column("losses"),
        Column("entity_ids", _ENTITIES),
        Column("place_ids", _PLACES),
        Column("starts_at"),
        Column("ends_at"),
        Column("scopes", "'{}'::text[]"),
        Column("events", "'{}'::text[]"),
    ),
    joins="LEFT JOIN partners_organisation o ON o.ref = i.partner "
    f"LEFT JOIN partners_agreement t ON t.id = {AGREEMENT_ID.format(ref='i.ref')}",
)


def load_partners(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_partners`` (`PARTNERS_IN`) by ref, in the caller's transaction."""
    actor.require_everywhere(MANAGE)
    return merge(_PARTNERS).result


def load_agreements(*, actor: Actor) -> LoadResult:
    """Take ``pg_temp.in_agreements`` (`AGREEMENTS_IN`): terms that are new. Those that are there never change by this.

    What a partner's programs may do and hear of is agreed elsewhere (`agree`).
    """
    actor.require_everywhere(MANAGE)
    return merge_keyed(_AGREEMENTS)
