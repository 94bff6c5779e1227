"""Keeps the search tables equal to the products' names, in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from storeline.catalog.search.words import shortened, split
from storeline.kernel.api import ids_array, raw, run

# A text is a name with the brand, where the name does not say it. Products of one name share one text.
_WANTED = """
CREATE TEMP TABLE search_wanted ON COMMIT DROP AS
WITH named AS (
  SELECT p.id, p.brand, p.name FROM pg_temp.search_changed c JOIN catalog_product p ON p.id = c.id
  UNION
  SELECT p.id, p.brand, n.value
  FROM pg_temp.search_changed c JOIN catalog_product p ON p.id = c.id, jsonb_each_text(p.names) n
  WHERE p.names <> '{}' AND n.value <> ''
)
SELECT id AS product_id, name || CASE WHEN strpos(lower(name), lower(brand)) > 0 THEN '' ELSE ' ' || brand END AS text
FROM named
"""
_NEW_TEXTS = """
INSERT INTO catalog_search_text (text, products)
SELECT DISTINCT text, 0 FROM search_wanted w WHERE NOT EXISTS (SELECT FROM catalog_search_text t WHERE t.text = w.text)
RETURNING id, text
"""
_ENTRIES = """
WITH wanted AS MATERIALIZED (
  SELECT w.product_id, t.id AS text_id FROM search_wanted w JOIN catalog_search_text t ON t.text = w.text
), gone AS (
  DELETE FROM catalog_search_entry e USING pg_temp.search_changed c WHERE e.product_id = c.id
    AND NOT EXISTS (SELECT FROM wanted w WHERE w.product_id = e.product_id AND w.text_id = e.text_id)
  RETURNING text_id
), come AS (
  INSERT INTO catalog_search_entry (product_id, text_id) SELECT product_id, text_id FROM wanted
  ON CONFLICT DO NOTHING RETURNING text_id
)
SELECT text_id, sum(change)::int
FROM (SELECT text_id, -1 AS change FROM gone UNION ALL SELECT text_id, 1 FROM come) c GROUP BY text_id ORDER BY text_id
"""
_COUNT = """
UPDATE catalog_search_text t SET products = t.products + c.change
FROM unnest(%s::int[], %s::int[]) AS c (id, change) WHERE t.id = c.id AND c.change <> 0
"""
_KNOWN_WORDS = "SELECT word FROM catalog_search_word WHERE word = ANY (%s::text[])"
_POSTINGS = """
WITH put AS (
  INSERT INTO catalog_search_posting (word_id, text_id)
  SELECT w.id, p.text_id FROM search_said p JOIN catalog_search_word w ON w.word = p.word
  ORDER BY 1, 2 RETURNING word_id
)
UPDATE catalog_search_word w SET texts = w.texts + c.texts
FROM (SELECT word_id, count(*) AS texts FROM put GROUP BY word_id) c WHERE w.id = c.word_id
"""
_UNUSED = """
WITH texts AS (
  SELECT id FROM catalog_search_text WHERE id = ANY (%s::int[]) AND products = 0
), postings AS (
  DELETE FROM catalog_search_posting p USING texts t WHERE p.text_id = t.id RETURNING word_id
)
UPDATE catalog_search_word w SET texts = w.texts - c.texts
FROM (SELECT word_id, count(*) AS texts FROM postings GROUP BY word_id) c WHERE w.id = c.word_id
"""
_DROP_UNUSED = "DELETE FROM catalog_search_text WHERE id = ANY (%s::int[]) AND products = 0"
_MANY = 1_000


def refresh(product_ids: Sequence[UUID]) -> None:
    """Bring the search tables up to the names of these products: only what changed is written.

    One writer at a time holds the index until its transaction ends, so that two cannot meet on its counts.
    """
    if not product_ids:
        return
    many = len(product_ids) > _MANY
    run("SELECT pg_advisory_xact_lock(hashtextextended('catalog_search', 0))")
    run("DROP TABLE IF EXISTS pg_temp.search_changed, pg_temp.search_wanted, pg_temp.search_said")
    run("CREATE TEMP TABLE search_changed ON COMMIT DROP AS SELECT unnest(%s::uuid[]) AS id", [ids_array(product_ids)])
    run("ANALYZE pg_temp.search_changed")
    run(_WANTED)
    run("ANALYZE pg_temp.search_wanted")
    new = run(_NEW_TEXTS).fetchall()
    if many:
        run("ANALYZE catalog_search_text")  # the planner has not seen these rows yet
    touched = run(_ENTRIES).fetchall()
    run(_COUNT, [[text for text, _ in touched], [change for _, change in touched]])
    _say([(text_id, dict.fromkeys(split(text))) for text_id, text in new])
    emptied = [text for text, change in touched if change < 0]
    if emptied:
        run(_UNUSED, [emptied])
        run(_DROP_UNUSED, [emptied])
    if many:
        run("ANALYZE catalog_search_text, catalog_search_entry, catalog_search_word, catalog_search_posting")


def _say(texts: Sequence[tuple[int, Iterable[str]]]) -> None:
    """Write the words of new texts, and that the texts hold them."""
    if not texts:
        return
    said = {word for _, words in texts for word in words}
    known = {word for (word,) in run(_KNOWN_WORDS, [list(said)]).fetchall()}
    _copy(
        "catalog_search_word (word, forms, texts)",
        ([word, sorted(shortened(word)), 0] for word in sorted(said - known)),
    )
    run('CREATE TEMP TABLE search_said (text_id int, word text COLLATE "C") ON COMMIT DROP')
    _copy("pg_temp.search_said (text_id, word)", ([text_id, word] for text_id, words in texts for word in words))
    run("ANALYZE pg_temp.search_said")
    run(_POSTINGS)


def _copy(into: str, rows: Iterable[list[Any]]) -> None:
    with raw().cursor().copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
