"""Customers, contact points and consents that come as a set, from a file or a bulk upsert."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from storeline.customers.domain import CARD, CONTACT_KINDS, E164, EMAIL, KINDS
from storeline.customers.locks import hold_merges
from storeline.customers.permissions import LOAD
from storeline.kernel.api import (
    Actor,
    Column,
    Keyed,
    LoadResult,
    Merged,
    Rule,
    Target,
    Verdict,
    bulk,
    good,
    merge,
    merge_keyed,
    run,
)

CUSTOMERS_IN = "row bigint, ref text, kind text, name text, language text, country text, joined_at timestamptz"
CONTACT_POINTS_IN = "row bigint, customer text, kind text, value text, verified_at timestamptz, preferred boolean"
CARDS_IN = "row bigint, number text, customer text, issued_at timestamptz, blocked_at timestamptz"
MERGES_IN = "row bigint, customer text, at timestamptz, survivor text, reason text, undone_at timestamptz"
PURPOSES_IN = "row bigint, code text, label text, basis text, data text[], recipients text[], valid_days integer"
CONSENTS_IN = (
    "row bigint, customer text, purpose text, at timestamptz, granted boolean, text text, text_version text, "
    "language text, source text"
)


def _text(name: str) -> Column:
    return Column(name, f"coalesce(i.{name}, '')", "''")


_CUSTOMERS = Target(
    file="customers",
    declared=CUSTOMERS_IN,
    table="customers_customer",
    kind="customers.customer",
    required=("ref",),
    rules=(
        Rule("ref", "this person's data was erased", "t.erased_at IS NOT NULL"),
        Rule("kind", "not one of " + " ".join(KINDS), f"i.kind <> ALL ('{{{','.join(KINDS)}}}')"),
        Rule("country", "not an ISO 3166 code of two letters", "i.country !~ '^([A-Z]{2})?$'"),
    ),
    columns=(
        Column("kind", "coalesce(nullif(i.kind, ''), 'member')", "'member'"),
        _text("name"),
        _text("language"),
        _text("country"),
        Column("joined_at"),
    ),
)


def _merge_customers() -> Merged:
    return merge(_CUSTOMERS)


def load_customers(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_customers`` (CUSTOMERS_IN) by ref, in the caller's transaction. Who was erased is refused."""
    actor.require(LOAD)
    return _merge_customers().result


def upsert_customers(items: Sequence[Mapping[str, Any]], *, actor: Actor) -> tuple[Verdict, ...]:
    """Create or change up to 1,000 customers by `ref`; fields as in CUSTOMERS_IN. Each gets its own verdict."""
    actor.require(LOAD)
    return bulk("customers", CUSTOMERS_IN, items, _merge_customers)


_OWNER = "LEFT JOIN customers_customer c ON c.ref = i.customer"
_OWNED = (
    Rule("customer", "required", "nullif(i.customer, '') IS NULL"),
    Rule("customer", "there is no customer with this ref", "nullif(i.customer, '') IS NOT NULL AND c.id IS NULL"),
)
_ERASED = Rule("customer", "this person's data was erased", "c.erased_at IS NOT NULL")
_NORMAL = """
UPDATE pg_temp.in_contact_points SET value = CASE kind
  WHEN 'email' THEN lower(normalize(trim(value), NFKC))
  WHEN 'phone' THEN regexp_replace(normalize(value, NFKC), '[\\s().-]', '', 'g')
  ELSE trim(normalize(value, NFKC)) END
"""
_PROVED_TWICE = f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'contact_points', row, 'value', 'another customer in this file proved it'
FROM (
  SELECT row, row_number() OVER (PARTITION BY kind, value ORDER BY row) AS holder
  FROM pg_temp.in_contact_points i WHERE verified_at IS NOT NULL AND {good("contact_points")}
) i
WHERE holder > 1
"""


def _settle(*statements: str) -> Callable[[frozenset[str]], None]:
    def settle(_present: frozenset[str]) -> None:
        for statement in statements:
            run(statement)

    return settle


_CONTACT_POINTS = Keyed(
    file="contact_points",
    declared=CONTACT_POINTS_IN,
    table="customers_contact_point",
    key=(Column("customer_id", "c.id"), Column("kind"), Column("value")),
    same="customer, kind, value",
    told="value",
    rules=(
        *_OWNED,
        _ERASED,
        Rule(
            "kind",
            "not one of " + " ".join(CONTACT_KINDS),
            f"coalesce(i.kind, '') <> ALL ('{{{','.join(CONTACT_KINDS)}}}')",
        ),
        Rule("value", "required", "nullif(i.value, '') IS NULL"),
        Rule(
            "value",
            "not a telephone number in E.164, such as +41791234567",
            f"i.kind = 'phone' AND i.value !~ '{E164}'",
        ),
        Rule("value", "not an email address", f"i.kind = 'email' AND i.value !~ '{EMAIL}'"),
        Rule(
            "value",
            "another customer proved that this is theirs",
            """i.verified_at IS NOT NULL AND EXISTS (SELECT FROM customers_contact_point o
             WHERE o.kind = i.kind AND o.value = i.value AND o.verified_at IS NOT NULL AND o.customer_id <> c.id)""",
        ),
    ),
    columns=(Column("verified_at"), Column("preferred", "coalesce(i.preferred, false)")),
    made=(Column("id", "kernel_source_id('customers.contact', c.ref || ':' || i.kind || ':' || i.value, NULL)"),),
    joins=_OWNER,
    settle=_settle(_PROVED_TWICE),
)


def load_contact_points(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_contact_points`` (CONTACT_POINTS_IN) by customer, kind and value, after the customers."""
    actor.require(LOAD)
    run(_NORMAL)
    return merge_keyed(_CONTACT_POINTS)


_CARDS = Keyed(
    file="cards",
    declared=CARDS_IN,
    table="customers_card",
    key=(Column("number"),),
    same="number",
    told="number",
    rules=(
        *_OWNED,
        _ERASED,
        Rule("number", "required, 4 to 40 letters and digits", f"coalesce(i.number, '') !~ '^{CARD}$'"),
        Rule("customer", "immutable: another customer has this card", "k.customer_id <> c.id"),
        Rule("issued_at", "required", "i.issued_at IS NULL"),
    ),
    columns=(Column("issued_at"), Column("blocked_at")),
    made=(Column("customer_id", "c.id"),),
    joins=f"{_OWNER} LEFT JOIN customers_card k ON k.number = i.number",
)
_NORMAL_CARDS = r"UPDATE pg_temp.in_cards SET number = upper(regexp_replace(normalize(number, NFKC), '[\s-]', '', 'g'))"


def load_cards(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_cards`` (CARDS_IN) by number, after the customers. A card stays one customer's."""
    actor.require(LOAD)
    run(_NORMAL_CARDS)
    return merge_keyed(_CARDS)


# A record is merged once at a time, and never into itself, however long the way round.
_CIRCLES = f"""
WITH RECURSIVE link AS (
  SELECT merged_id, survivor_id FROM customers_merge WHERE undone_at IS NULL
  UNION
  SELECT c.id, s.id FROM pg_temp.in_merges i JOIN customers_customer c ON c.ref = i.customer
  JOIN customers_customer s ON s.ref = i.survivor WHERE i.undone_at IS NULL AND {good("merges")}
), walk (start, id) AS (
  SELECT merged_id, survivor_id FROM link
  UNION SELECT walk.start, link.survivor_id FROM walk JOIN link ON link.merged_id = walk.id
)
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'merges', i.row, 'survivor', 'it would be merged into itself by a circle'
FROM pg_temp.in_merges i JOIN customers_customer c ON c.ref = i.customer
WHERE i.undone_at IS NULL AND EXISTS (SELECT FROM walk WHERE walk.start = c.id AND walk.id = c.id)
"""
_MERGED_TWICE = f"""
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'merges', row, 'customer', 'merged already: give the earlier one its undone_at'
FROM (
  SELECT row, row_number() OVER (PARTITION BY customer ORDER BY row) AS time
  FROM pg_temp.in_merges i WHERE undone_at IS NULL AND {good("merges")}
) i
WHERE time > 1
"""
_MERGES = Keyed(
    file="merges",
    declared=MERGES_IN,
    table="customers_merge",
    key=(Column("id", "coalesce(k.id, kernel_source_id('customers.merge', c.id::text, i.at))"),),
    same="customer, at",
    told="customer",
    rules=(
        *_OWNED,
        _ERASED,
        Rule("at", "required", "i.at IS NULL"),
        Rule("survivor", "there is no customer with this ref", "s.id IS NULL"),
        Rule("survivor", "this person's data was erased", "s.erased_at IS NOT NULL"),
        Rule("survivor", "immutable: it was merged into another", "k.survivor_id <> s.id"),
        Rule("undone_at", "must not lie before it", "i.undone_at < i.at"),
        Rule(
            "customer",
            "merged already: give the earlier one its undone_at",
            """i.undone_at IS NULL AND EXISTS (SELECT FROM customers_merge o
             WHERE o.merged_id = c.id AND o.undone_at IS NULL AND o.id IS DISTINCT FROM k.id
             AND NOT EXISTS (SELECT FROM pg_temp.in_merges n WHERE n.customer = i.customer AND n.at = o.at
                             AND n.undone_at IS NOT NULL))""",
        ),
    ),
    columns=(Column("reason", "coalesce(i.reason, '')"), Column("undone_at")),
    made=(Column("merged_id", "c.id"), Column("survivor_id", "s.id"), Column("at")),
    joins=f"""{_OWNER} LEFT JOIN customers_customer s ON s.ref = i.survivor
        LEFT JOIN customers_merge k ON k.merged_id = c.id AND k.at = i.at""",
    settle=_settle(_MERGED_TWICE, _CIRCLES),
)


def load_merges(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_merges`` (MERGES_IN) by customer and moment, after the customers."""
    actor.require(LOAD)
    hold_merges()
    return merge_keyed(_MERGES)


_PURPOSE = Rule(
    "purpose",
    "required, and written as marketing_email",
    r"coalesce({}, '') !~ '^[a-z][a-z0-9_]{{0,62}}(\.[a-z][a-z0-9_]{{0,62}})?$'",
)
_PURPOSES = Keyed(
    file="purposes",
    declared=PURPOSES_IN,
    table="customers_purpose",
    key=(Column("code"),),
    same="code",
    told="code",
    rules=(
        replace(_PURPOSE, column="code", bad=_PURPOSE.bad.format("i.code")),
        Rule("label", "required", "nullif(btrim(i.label), '') IS NULL"),
        Rule("valid_days", "must be above zero", "i.valid_days <= 0"),
    ),
    columns=(
        Column("label"),
        Column("basis", "coalesce(i.basis, 'consent')"),
        Column("data", "coalesce(i.data, '{}')"),
        Column("recipients", "coalesce(i.recipients, '{}')"),
        Column("valid_days"),
    ),
)


def load_purposes(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_purposes`` (PURPOSES_IN) by code: what consent to each means."""
    actor.require(LOAD)
    return merge_keyed(_PURPOSES)


_NEW_PURPOSES = f"""
INSERT INTO customers_purpose (code, label, data, recipients)
SELECT DISTINCT i.purpose, i.purpose, '{{}}'::text[], '{{}}'::text[] FROM pg_temp.in_consents i
WHERE {good("consents")} ORDER BY 1 ON CONFLICT DO NOTHING
"""
_SAID = ("text", "text_version", "language", "source")
_CONSENTS = Keyed(
    file="consents",
    declared=CONSENTS_IN,
    table="customers_consent",
    key=(Column("customer_id", "c.id"), Column("purpose"), Column("at")),
    same="customer, purpose, at",
    told="at",
    rules=(
        *_OWNED,
        replace(_PURPOSE, bad=_PURPOSE.bad.format("i.purpose")),
        Rule("at", "required", "i.at IS NULL"),
        Rule("granted", "required", "i.granted IS NULL"),
        *(
            Rule(name, "immutable: what was said then stays said", f"coalesce(i.{name}, t.{name}) <> t.{name}")
            for name in ("granted", *_SAID)
        ),
        Rule("customer", "this person's data was erased", "c.erased_at IS NOT NULL AND t.id IS NULL"),
    ),
    made=(
        Column("id", "kernel_source_id('customers.consent', c.id::text || ':' || i.purpose, i.at)"),
        Column("granted"),
        *(Column(name, f"coalesce(i.{name}, '')") for name in _SAID),
    ),
    joins=f"""{_OWNER}
        LEFT JOIN customers_consent t ON t.customer_id = c.id AND t.purpose = i.purpose AND t.at = i.at""",
    settle=_settle(_NEW_PURPOSES),
)


def load_consents(*, actor: Actor) -> LoadResult:
    """Append ``pg_temp.in_consents`` (CONSENTS_IN), after the customers; a purpose nobody described is made."""
    actor.require(LOAD)
    recorded_by = Column("recorded_by", f"nullif('{actor.id or ''}', '')::uuid")
    return merge_keyed(replace(_CONSENTS, made=(*_CONSENTS.made, recorded_by)))
