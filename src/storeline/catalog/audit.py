"""What must hold in the catalogue: the derived search tables say what the products' names say."""

from storeline.kernel.api import SHOWN, CheckResult, check, run

_ENTRIES = """
WITH named AS (
  SELECT p.id, p.brand, p.name FROM catalog_product p
  UNION
  SELECT p.id, p.brand, n.value FROM catalog_product p, jsonb_each_text(p.names) n WHERE p.names <> '{}' AND n.value <> ''
), wanted AS (
  SELECT id, name || CASE WHEN strpos(lower(name), lower(brand)) > 0 THEN '' ELSE ' ' || brand END AS text FROM named
), held AS (
  SELECT e.product_id AS id, t.text FROM catalog_search_entry e JOIN catalog_search_text t ON t.id = e.text_id
)
SELECT p.ref, d.text, d.what FROM (
  SELECT id, text, 'is not indexed' AS what FROM (SELECT * FROM wanted EXCEPT SELECT * FROM held) a
  UNION ALL
  SELECT id, text, 'is indexed and no name of it' FROM (SELECT * FROM held EXCEPT SELECT * FROM wanted) b
) d LEFT JOIN catalog_product p ON p.id = d.id ORDER BY 1, 2
"""
_TEXTS = """
SELECT t.text, t.products, count(e.product_id) FROM catalog_search_text t
LEFT JOIN catalog_search_entry e ON e.text_id = t.id
GROUP BY t.id HAVING t.products <> count(e.product_id) ORDER BY 1
"""
_WORDS = """
SELECT w.word, w.texts, count(p.text_id) FROM catalog_search_word w
LEFT JOIN catalog_search_posting p ON p.word_id = w.id
GROUP BY w.id HAVING w.texts <> count(p.text_id) ORDER BY 1
"""


@check("catalog.search", "the search index holds every product's names, and its counts are right")
def search_index() -> CheckResult:
    """Names against entries, and each kept count against what it counts."""
    found = [f"product {ref}: {text!r} {what}" for ref, text, what in run(_ENTRIES).fetchall()]
    found += [f"text {text!r} says {kept} products and has {held}" for text, kept, held in run(_TEXTS).fetchall()]
    found += [f"word {word!r} says {kept} texts and is in {held}" for word, kept, held in run(_WORDS).fetchall()]
    checked = run("SELECT count(*) FROM catalog_product").fetchall()[0][0]
    return CheckResult(checked, tuple(found[:SHOWN]), len(found))
