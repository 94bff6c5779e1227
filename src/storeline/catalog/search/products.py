"""Search as callers see it: products, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from storeline.catalog.domain import ProductFacts, parse_elements
from storeline.catalog.queries import FACTS, Filter, facts_where, page_size, product_facts, scan
from storeline.catalog.search.find import Text, find_texts
from storeline.kernel.api import Invalid, ints_array, run

MAX_QUERY = 200
_DIGITS = 4
_AGAIN = 2
"""A product can be found by its names in several languages, so that many times the wanted texts are looked up."""
_SPARE = 3
_HITS = f"""
SELECT f.n, {FACTS}
FROM unnest(%s::bigint[]) WITH ORDINALITY AS f (text_id, n)
CROSS JOIN LATERAL (
  SELECT p.* FROM catalog_search_entry e JOIN catalog_product p ON p.id = e.product_id
  WHERE e.text_id = f.text_id AND {{only}} ORDER BY p.ref LIMIT %s
) p LEFT JOIN catalog_category c ON c.id = p.category_id
ORDER BY f.n
"""
_HAS = """(
  SELECT true FROM catalog_search_entry e JOIN catalog_product p ON p.id = e.product_id
  WHERE e.text_id = found.text_id AND {only} LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A found product; `others` more go by the same name (another brand owner's, a colour): ask for them by `alike`."""

    product: ProductFacts
    others: int
    score: float


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits, best first, and the cursor of the next one."""

    hits: tuple[Hit, ...]
    next: str | None


def search(query: str, only: Filter | None = None, *, cursor: str | None = None, limit: int = 20) -> SearchPage:
    """Products by what a person typed: part of a name in any language or script, brand, size, a GTIN or a ref.

    Products of one name share one hit. A full code or ref comes first. A GS1 element string or Digital Link names its product
    or nothing: never goods whose names resemble it. `limit` is at most 200.
    """
    if not query.strip() or len(query) > MAX_QUERY:
        raise Invalid(f"Search for 1 to {MAX_QUERY} characters.", field="q")
    size, start = page_size(limit), _offset(cursor)
    wanted = only or Filter()
    if (coded := _coded(query.strip(), wanted)) is not None:
        return SearchPage(tuple(coded), None)
    condition, params = wanted.sql()
    exact, enough = _exact(query.strip(), wanted), start + size + 1
    inside = (_HAS.format(only=condition), params) if wanted.narrow else ("", [])
    texts = find_texts(query, *inside, most=_AGAIN * enough)
    hits = [*exact, *_hits(texts, wanted, enough, {hit.product.id for hit in exact})]
    more = len(hits) > start + size
    return SearchPage(tuple(hits[start : start + size]), str(start + size) if more else None)


def search_names(query: str, *, names: int, each: int) -> tuple[tuple[ProductFacts, ...], ...]:
    """What is on sale by what a person typed, the best names first: of each up to so many products, by ref.

    For whoever chooses among those of one name by what the catalogue does not know. A product comes once.
    """
    if not query.strip() or len(query) > MAX_QUERY:
        raise Invalid(f"Search for 1 to {MAX_QUERY} characters.", field="q")
    if (coded := _coded(query.strip(), Filter())) is not None:
        return tuple([(hit.product,) for hit in coded])
    exact = [hit.product for hit in _exact(query.strip(), Filter())]
    texts = find_texts(query, most=names)[:names]
    condition, params = Filter().sql()
    rows = run(_HITS.format(only=condition), [ints_array(text.id for text in texts), *params, each]).fetchall()
    found: dict[int, list[ProductFacts]] = {0: exact}
    known = {facts.id for facts in exact}
    for number, *columns in rows:
        facts = product_facts(tuple(columns))
        if facts.id not in known:
            known.add(facts.id)
            found.setdefault(number, []).append(facts)
    return tuple(tuple(group) for group in found.values() if group)


def alike(product_id: UUID, only: Filter | None = None, *, limit: int = 50) -> tuple[ProductFacts, ...]:
    """Other products that go by one of this product's names, by ref."""
    condition, params = (only or Filter()).sql()
    return tuple(
        facts_where(
            f"""p.id IN (SELECT o.product_id FROM catalog_search_entry e JOIN catalog_search_entry o USING (text_id)
                WHERE e.product_id = %s) AND p.id <> %s AND {condition} ORDER BY p.ref LIMIT %s""",
            [product_id, product_id, *params, page_size(limit)],
        )
    )


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _DIGITS):
        raise Invalid("The cursor does not come from a page before.", field="cursor")
    return int(cursor)


def _exact(query: str, only: Filter) -> list[Hit]:
    """The product whose code or ref was typed in full: one word."""
    if " " in query:
        return []
    found = _named(query, only)
    return found or (_scanned(query, only) if query.isascii() and query.isdigit() else [])


def _named(ref: str, only: Filter) -> list[Hit]:
    condition, params = only.sql()
    return [Hit(facts, 0, 2.0) for facts in facts_where(f"p.ref = %s AND {condition}", [ref, *params])]


def _coded(query: str, only: Filter) -> list[Hit] | None:
    """The product that a GS1 element string or Digital Link names, if it is known; None where the query is neither.

    A retailer's own number may look like one.
    """
    try:
        return None if parse_elements(query) is None else _named(query, only) or _scanned(query, only)
    except Invalid:  # it is one, of a number that is no GTIN
        return []


def _scanned(query: str, only: Filter) -> list[Hit]:
    try:
        scanned = scan(query)
    except Invalid:
        return []
    condition, params = only.sql()
    found = facts_where(f"p.id = %s AND {condition}", [scanned.product.id, *params]) if scanned else []
    return [Hit(facts, 0, 2.0) for facts in found]


def _hits(texts: Sequence[Text], only: Filter, enough: int, known: set[UUID]) -> list[Hit]:
    """The products of the texts, each once, in the texts' order. A second look only where too few were found at the first."""
    hits: dict[UUID, Hit] = {}
    first = enough + _SPARE
    for looked_up in (texts[:first], texts[first : enough * _AGAIN]):
        if looked_up and len(hits) < enough:
            _look_up(looked_up, only, known, hits)
    return list(hits.values())[:enough]


def _look_up(texts: Sequence[Text], only: Filter, known: set[UUID], hits: dict[UUID, Hit]) -> None:
    condition, params = only.sql()
    rows = run(_HITS.format(only=condition), [ints_array(text.id for text in texts), *params, 1]).fetchall()
    for number, *columns in rows:
        facts, text = product_facts(tuple(columns)), texts[number - 1]
        if facts.id not in known:
            hits.setdefault(facts.id, Hit(facts, text.products - 1, round(text.score, 6)))
