"""Customers, contact points and consents that come as a set, from a file or a bulk upsert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storeline.customers.domain import CONTACT_KINDS, E164, EMAIL, KINDS
from storeline.customers.permissions import LOAD
from storeline.kernel.api import (
    Actor,
    Column,
    LoadResult,
    Merged,
    Rule,
    Target,
    Verdict,
    all_columns,
    bulk,
    good,
    merge,
    refuse_rows,
    run,
)

CUSTOMERS_IN = "row bigint, ref text, kind text, name text, language text, country text, joined_at timestamptz"
CONTACT_POINTS_IN = "row bigint, customer text, kind text, value text, verified_at timestamptz, preferred boolean"
CONSENTS_IN = "row bigint, customer text, purpose text, at timestamptz, granted boolean, text text, source text"


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
_NORMAL = """
UPDATE pg_temp.in_contact_points SET value = CASE kind
  WHEN 'email' THEN lower(normalize(trim(value), NFKC))
  WHEN 'phone' THEN regexp_replace(normalize(value, NFKC), '[\\s().-]', '', 'g')
  ELSE trim(normalize(value, NFKC)) END
"""
_CONTACT_RULES = (
    Rule("customer", "required", "nullif(i.customer, '') IS NULL"),
    Rule("customer", "there is no customer with this ref", "nullif(i.customer, '') IS NOT NULL AND c.id IS NULL"),
    Rule("customer", "this person's data was erased", "c.erased_at IS NOT NULL"),
    Rule(
        "kind",
        "not one of " + " ".join(CONTACT_KINDS),
        f"coalesce(i.kind, '') <> ALL ('{{{','.join(CONTACT_KINDS)}}}')",
    ),
    Rule("value", "required", "nullif(i.value, '') IS NULL"),
    Rule("value", "not a telephone number in E.164, such as +41791234567", f"i.kind = 'phone' AND i.value !~ '{E164}'"),
    Rule("value", "not an email address", f"i.kind = 'email' AND i.value !~ '{EMAIL}'"),
    Rule(
        "value",
        "another customer proved that this is theirs",
        """i.verified_at IS NOT NULL AND EXISTS (SELECT FROM customers_contact_point o
             WHERE o.kind = i.kind AND o.value = i.value AND o.verified_at IS NOT NULL AND o.customer_id <> c.id)""",
    ),
)
_CONTACT_REPEATS = """
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'contact_points', row, 'value',
       CASE WHEN again > 1 THEN 'the same contact point came before in this file'
            ELSE 'another customer in this file proved it' END
FROM (
  SELECT row, verified_at, row_number() OVER (PARTITION BY customer, kind, value ORDER BY row) AS again,
         row_number() OVER (PARTITION BY kind, value, verified_at IS NULL ORDER BY row) AS holder
  FROM pg_temp.in_contact_points WHERE value IS NOT NULL
) i
WHERE again > 1 OR (holder > 1 AND verified_at IS NOT NULL)
"""


def _contacts_sql(present: frozenset[str]) -> str:
    verified = "excluded.verified_at" if "verified_at" in present else "t.verified_at"
    preferred = "excluded.preferred" if "preferred" in present else "t.preferred"
    return f"""
WITH written AS (
  INSERT INTO customers_contact_point AS t (id, customer_id, kind, value, verified_at, preferred)
  SELECT kernel_source_id('customers.contact', c.ref || ':' || i.kind || ':' || i.value, NULL), c.id, i.kind, i.value,
         i.verified_at, coalesce(i.preferred, false)
  FROM pg_temp.in_contact_points i JOIN customers_customer c ON c.ref = i.customer
  WHERE {good("contact_points")}
  ORDER BY c.id, i.kind, i.value
  ON CONFLICT (customer_id, kind, value) DO UPDATE SET verified_at = {verified}, preferred = {preferred}
  WHERE (t.verified_at, t.preferred) IS DISTINCT FROM ({verified}, {preferred})
  RETURNING old.id IS NULL AS fresh
)
SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM written
"""


def load_contact_points(*, actor: Actor) -> LoadResult:
    """Merge ``pg_temp.in_contact_points`` (CONTACT_POINTS_IN) by customer, kind and value, after the customers."""
    actor.require(LOAD)
    with all_columns("contact_points", CONTACT_POINTS_IN) as present:
        run(_NORMAL)
        refuse_rows("contact_points", _CONTACT_RULES, _OWNER)
        run(_CONTACT_REPEATS)
        inserted, updated = run(_contacts_sql(present)).fetchall()[0]
    return _result("contact_points", inserted, updated)


_THERE = f"""{_OWNER} LEFT JOIN customers_consent t ON t.customer_id = c.id AND t.purpose = i.purpose AND t.at = i.at"""
_CONSENT_RULES = (
    Rule("customer", "required", "nullif(i.customer, '') IS NULL"),
    Rule("customer", "there is no customer with this ref", "nullif(i.customer, '') IS NOT NULL AND c.id IS NULL"),
    Rule(
        "purpose",
        "required, and written as marketing_email",
        r"coalesce(i.purpose, '') !~ '^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$'",
    ),
    Rule("at", "required", "i.at IS NULL"),
    Rule("granted", "required", "i.granted IS NULL"),
    Rule("granted", "immutable: what was said then stays said", "t.granted <> i.granted"),
    Rule("customer", "this person's data was erased", "c.erased_at IS NOT NULL AND t.id IS NULL"),
)
_CONSENT_REPEATS = """
INSERT INTO pg_temp.in_error (file, row, col, reason)
SELECT 'consents', row, 'at', 'the same statement came before in this file'
FROM (SELECT row, row_number() OVER (PARTITION BY customer, purpose, at ORDER BY row) AS again FROM pg_temp.in_consents) i
WHERE again > 1
"""
_CONSENTS = f"""
INSERT INTO customers_consent (id, customer_id, purpose, granted, at, source, text, recorded_by)
SELECT kernel_source_id('customers.consent', c.id::text || ':' || i.purpose, i.at), c.id, i.purpose, i.granted, i.at,
       coalesce(i.source, ''), coalesce(i.text, ''), %s
FROM pg_temp.in_consents i JOIN customers_customer c ON c.ref = i.customer
WHERE {good("consents")}
ORDER BY c.id, i.purpose, i.at
ON CONFLICT DO NOTHING
"""
_PURPOSES = f"""
INSERT INTO customers_purpose (code, label, data, recipients)
SELECT DISTINCT i.purpose, i.purpose, '{{}}'::text[], '{{}}'::text[] FROM pg_temp.in_consents i
WHERE {good("consents")} ORDER BY 1 ON CONFLICT DO NOTHING
"""


def load_consents(*, actor: Actor) -> LoadResult:
    """Append ``pg_temp.in_consents`` (CONSENTS_IN), after the customers; a purpose nobody described is made."""
    actor.require(LOAD)
    with all_columns("consents", CONSENTS_IN):
        refuse_rows("consents", _CONSENT_RULES, _THERE)
        run(_CONSENT_REPEATS)
        run(_PURPOSES)
        inserted = run(_CONSENTS, [actor.id]).rowcount
    return _result("consents", inserted, 0)


def _result(file: str, inserted: int, updated: int) -> LoadResult:
    rows, refused = run(
        f"SELECT count(*), count(*) FILTER (WHERE NOT {good(file)}) FROM pg_temp.in_{file} i"
    ).fetchall()[0]
    return LoadResult(inserted, updated, rows - refused - inserted - updated, refused)
