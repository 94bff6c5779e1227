"""Which of the found texts fits a query best. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import mul

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
    return Scale(terms).score(text)


class Scale:
    """What texts are scored by: a query's terms, by the words that they may mean."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._weights = [term.weight for term in terms]
        self._whole = sum(self._weights)
        self._numbers = [(number, term.word) for number, term in enumerate(terms) if term.word[0].isdecimal()]
        self._meant: dict[str, list[tuple[int, float]]] = {}
        for number, term in enumerate(terms):
            for word, value in term.meanings.items():
                self._meant.setdefault(word, []).append((number, value))

    def score(self, text: Sequence[str]) -> float:
        """As `score` says."""
        if not self._weights or not text:
            return 0.0
        best, places = [0.0] * len(self._weights), [-1] * len(self._weights)
        for place, word in enumerate(text):
            for number, value in self._meant.get(word, ()):
                if value > best[number]:
                    best[number], places[number] = value, place
        for number, asked in self._numbers:
            if places[number] < 0:
                best[number], places[number] = _nearest_number(asked, text)
        share: float = sum(map(mul, self._weights, best)) / self._whole
        covered = sum([len(text[place]) for place in {*places} if place >= 0]) / len("".join(text))
        ordered = sum([a >= 0 and b == a + 1 for a, b in pairwise(places)])
        return share + 0.15 * covered + 0.04 * ordered / len(places)


def _nearest_number(asked: str, text: Sequence[str]) -> tuple[float, int]:
    best, place = 0.0, -1
    for index, word in enumerate(text):
        if word[0].isdecimal() and (value := _number_likeness(asked, word)) > best:
            best, place = value, index
    return best, place


@lru_cache(maxsize=50_000)
def _number_likeness(asked: str, word: str) -> float:
    """A size with a mistyped digit is still nearer than another size."""
    if asked == word:
        return 1.0
    size = max(len(asked), len(word))
    return _NUMBER_NEAR * (1 - 1 / size) if size > 1 and distance(asked, word, 1) == 1 else 0.0
