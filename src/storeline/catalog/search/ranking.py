"""Which of the found texts fits a query best. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from storeline.catalog.search.words import distance, edits_allowed, prefix_distance

_BY_EDITS = (1.0, 0.75, 0.5)
_COMPLETION = 0.85
_NUMBER_NEAR = 0.4
_LONG_ENOUGH = 4


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, the words of the catalogue that it may mean with their likeness (0 to 1), its weight."""

    word: str
    meanings: Mapping[str, float]
    weight: float


@lru_cache(maxsize=200_000)
def likeness(asked: str, word: str, *, last: bool) -> float:
    """How well the indexed `word` answers the `asked` one, from 0 to 1. The `last` word may be unfinished."""
    if asked == word:
        return 1.0
    limit = min(edits_allowed(asked), edits_allowed(word))
    edits = distance(asked, word, limit)
    best = _by_edits(edits, max(len(asked), len(word))) if edits <= limit else 0.0
    if last and len(word) > len(asked):
        best = max(best, _completion(asked, word, min(limit, 1)))
    return best


def _completion(asked: str, word: str, limit: int) -> float:
    """How well `word` completes the unfinished `asked`, which may itself hold an error when it is long enough."""
    if word.startswith(asked):
        edits = 0
    elif limit and len(asked) >= _LONG_ENOUGH and prefix_distance(asked, word, 1) <= 1:
        edits = 1
    else:
        return 0.0
    return _COMPLETION * _BY_EDITS[edits] * (0.8 + 0.2 * len(asked) / len(word))


def _by_edits(edits: int, size: int) -> float:
    """One edit in a long word says less against it than one in a short word."""
    return _BY_EDITS[edits] * (1 - edits / (size + 4))


def rarity(texts: int, all_texts: int) -> float:
    """The weight of a word that `texts` of `all_texts` hold: rare words say more (inverse document frequency)."""
    return math.log(1 + all_texts / (texts + 1))


def score(terms: Sequence[Term], text: Sequence[str]) -> float:
    """How well `text` (its words) answers the query, from 0 to a little over 1.

    Mostly the share of the query's weight that the text answers; then how much of the text was asked for, and
    whether the words stand in the order of the query.
    """
    if not terms or not text:
        return 0.0
    places: list[int] = []
    answered = 0.0
    for term in terms:
        value, place = _answer(term, text)
        answered += term.weight * value
        places.append(place)
    share = answered / sum(term.weight for term in terms)
    met = {place for place in places if place >= 0}
    covered = sum(len(text[place]) for place in met) / sum(map(len, text))
    ordered = sum(1 for a, b in pairwise(places) if a >= 0 and b == a + 1)
    return share + 0.15 * covered + 0.04 * ordered / len(terms)


def _answer(term: Term, text: Sequence[str]) -> tuple[float, int]:
    best, place = 0.0, -1
    for index, word in enumerate(text):
        value = term.meanings.get(word, 0.0)
        if value > best:
            best, place = value, index
    if place < 0 and term.word[0].isdecimal():
        for index, word in enumerate(text):
            if word[0].isdecimal() and (value := _number_likeness(term.word, word)) > best:
                best, place = value, index
    return best, place


@lru_cache(maxsize=50_000)
def _number_likeness(asked: str, word: str) -> float:
    """A size with a mistyped digit is still nearer than another size."""
    if asked == word:
        return 1.0
    size = max(len(asked), len(word))
    return _NUMBER_NEAR * (1 - 1 / size) if size > 1 and distance(asked, word, 1) == 1 else 0.0
