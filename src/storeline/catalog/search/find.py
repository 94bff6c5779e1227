"""From what was typed to products: words, then texts, then rank, then products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from storeline.catalog.search.ranking import Scale, Term, likeness, rarity
from storeline.catalog.search.words import is_spelt, shortened, split
from storeline.kernel.api import ints_array, reading, run, texts_array

MAX_TERMS = 24
MAX_TEXTS = 300
"""Only this many texts are found; nobody pages further through a search."""
_RANKED = 80
"""So many of them, those with the greatest weight, are ranked word by word; the rest follow as they came."""
_MAX_POSTINGS = 2_500
_MAX_MEANINGS = 24
_PREFIXES = 40
_POOR = 0.6
"""A word whose best meaning is less like it than this is rather two words typed together."""
_WHOLE, _SIZE = -1, -2

# For each asked word: the catalogue's words that share a shortened form with it; for the last one also those
# that it begins; and the words that are two asked ones joined, or a part of one.
_MEANINGS = f"""
SELECT a.n, w.word, w.id, w.texts
FROM unnest(%s::int[], %s::text[]) AS a (n, forms)
JOIN catalog_search_word w ON w.forms && a.forms::text[]
UNION ALL
(SELECT %s::int, w.word, w.id, w.texts FROM catalog_search_word w
 WHERE w.word > %s::text COLLATE "C" AND w.word < %s::text COLLATE "C" AND w.texts > 0
 ORDER BY w.texts DESC LIMIT %s)
UNION ALL
SELECT {_WHOLE}, w.word, w.id, w.texts FROM catalog_search_word w WHERE w.word = ANY (%s::text[]) AND w.texts > 0
UNION ALL
SELECT {_SIZE}, '', 0, greatest(1000, reltuples)::int FROM pg_class WHERE oid = 'catalog_search_text'::regclass
"""
# The texts that hold the meant words, by the weight of what they hold.
_WEIGHED = """
SELECT text_id, sum(best) AS weight
FROM (
  SELECT p.text_id, max(m.weight) AS best
  FROM unnest(%s::int[], %s::int[], %s::float8[]) AS m (term, word_id, weight)
  JOIN catalog_search_posting p ON p.word_id = m.word_id
  GROUP BY p.text_id, m.term
) best GROUP BY text_id ORDER BY weight DESC, text_id
"""
_TEXTS = f"""
SELECT t.id, t.text, t.products
FROM ({_WEIGHED} LIMIT {2 * MAX_TEXTS}) found JOIN catalog_search_text t ON t.id = found.text_id
ORDER BY found.weight DESC, t.products DESC, t.id LIMIT %s
"""
# The same for a part of the range: down the list, until enough texts have a product in it.
_TEXTS_WITHIN = f"""
SELECT t.id, t.text, t.products
FROM (SELECT * FROM ({_WEIGHED} OFFSET 0) found WHERE {{only}} LIMIT {MAX_TEXTS}) found
JOIN catalog_search_text t ON t.id = found.text_id
ORDER BY found.weight DESC, t.products DESC, t.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A word of the catalogue that an asked word may mean, and how alike they are."""

    word: str
    id: int
    texts: int
    likeness: float


@dataclass(frozen=True, slots=True)
class Text:
    """A found text with its score; `products` go by it."""

    id: int
    text: str
    products: int
    score: float


@dataclass(frozen=True, slots=True)
class _Asked:
    word: str
    meanings: tuple[Meaning, ...]

    @property
    def best(self) -> float:
        return max((meaning.likeness for meaning in self.meanings), default=0.0)

    @property
    def postings(self) -> int:
        return sum(meaning.texts for meaning in self.meanings)


def find_texts(query: str, only: str = "", params: Sequence[Any] = (), *, most: int = MAX_TEXTS) -> list[Text]:
    """Texts that answer `query`, best first: as many as somebody looks at, at most MAX_TEXTS.

    `only` is an SQL condition over `found.text_id`, with its `params`: texts that may be left out.
    """
    asked, all_texts = _meanings(split(query, asked=True)[:MAX_TERMS], unfinished=not query.endswith((" ", "\t")))
    driving = _driving(asked)
    if not driving:
        return []
    weights = [_weight(one, all_texts) for one in asked]
    limit = min(max(most, _RANKED), MAX_TEXTS)
    rows = _texts([(one, weights[asked.index(one)]) for one in driving], only, [*params, limit])
    terms = [
        Term(one.word, {meaning.word: meaning.likeness for meaning in one.meanings}, weight)
        for one, weight in zip(asked, weights, strict=True)
    ]
    scale = Scale(terms)
    ranked = [Text(key, text, products, scale.score(_words(text))) for key, text, products in rows[:_RANKED]]
    ranked.sort(key=lambda one: (-round(one.score, 6), -one.products, one.id))
    return ranked + [Text(key, text, products, 0.0) for key, text, products in rows[_RANKED:]]


_words = lru_cache(maxsize=50_000)(split)


def _meanings(words: Sequence[str], *, unfinished: bool) -> tuple[list[_Asked], int]:
    """The asked words with what they may mean, and the number of texts that there are."""
    if not words:
        return [], 0
    last = words[-1] if unfinished else ""
    joined = [a + b for a, b in pairwise(words) if is_spelt(a) and is_spelt(b)]
    parts = {
        part for word in words if is_spelt(word) for cut in range(2, len(word) - 1) for part in (word[:cut], word[cut:])
    }
    forms = texts_array("{" + ",".join(f'"{form}"' for form in shortened(word)) + "}" for word in words)
    sought = [
        ints_array(range(len(words))),
        forms,
        len(words) - 1,
        last,
        last + "\U0010ffff",
        _PREFIXES if last else 0,
        texts_array([*joined, *parts]),
    ]
    with reading():  # to plan it takes as long as to run it
        found_words = run(_MEANINGS, sought)
    rows = found_words.fetchall()
    found: list[dict[int, Meaning]] = [{} for _ in words]
    whole: dict[str, Meaning] = {}
    all_texts = 0
    for number, word, key, texts in rows:
        if number == _SIZE:
            all_texts = texts
        elif number == _WHOLE:
            whole[word] = Meaning(word, key, texts, 1.0)
        elif texts and key not in found[number]:
            value = likeness(words[number], word, last=unfinished and number == len(words) - 1)
            if value > 0:
                found[number][key] = Meaning(word, key, texts, value)
    asked = [_Asked(word, _likeliest(meanings.values())) for word, meanings in zip(words, found, strict=True)]
    return _respaced(asked, whole), all_texts


def _likeliest(meanings: Iterable[Meaning]) -> tuple[Meaning, ...]:
    ranked = sorted(meanings, key=lambda meaning: (-meaning.likeness, -meaning.texts, meaning.id))
    return tuple(ranked[:_MAX_MEANINGS])


def _respaced(asked: Sequence[_Asked], whole: Mapping[str, Meaning]) -> list[_Asked]:
    """Put together what was typed apart, and take apart what was typed together, where that makes real words."""
    respaced: list[_Asked] = []
    rest = list(asked)
    while rest:
        one = rest.pop(0)
        joined = whole.get(one.word + rest[0].word) if rest else None
        if rest and joined and min(one.best, rest[0].best) < 1:
            rest.pop(0)
            respaced.append(_Asked(joined.word, (joined,)))
            continue
        cuts = [(whole.get(one.word[:cut]), whole.get(one.word[cut:])) for cut in range(2, len(one.word) - 1)]
        halves = [(a, b) for a, b in cuts if a and b]
        if halves and one.best < _POOR:
            respaced += [
                _Asked(half.word, (half,)) for half in max(halves, key=lambda pair: min(pair[0].texts, pair[1].texts))
            ]
            continue
        respaced.append(one)
    return respaced


def _weight(asked: _Asked, all_texts: int) -> float:
    return rarity(sum(meaning.texts for meaning in asked.meanings if meaning.likeness == asked.best), all_texts)


def _driving(asked: Sequence[_Asked]) -> list[_Asked]:
    """The terms that fetch texts: the rarest, as many as the limit of postings allows, but at least one."""
    chosen: list[_Asked] = []
    postings = 0
    for one in sorted((one for one in asked if one.meanings), key=lambda one: one.postings):
        postings += one.postings
        if chosen and postings > _MAX_POSTINGS:
            break
        chosen.append(one)
    return chosen


def _texts(terms: Sequence[tuple[_Asked, float]], only: str, params: Sequence[Any]) -> list[tuple[int, str, int]]:
    numbers, words, weights = [], [], []
    for number, (asked, weight) in enumerate(terms):
        for meaning in asked.meanings:
            numbers.append(number)
            words.append(meaning.id)
            weights.append(weight * meaning.likeness)
    sql = _TEXTS_WITHIN.format(only=only) if only else _TEXTS
    sought = [ints_array(numbers), ints_array(words), "{" + ",".join(map(repr, weights)) + "}"]
    return [(row[0], row[1], row[2]) for row in run(sql, [*sought, *params]).fetchall()]
