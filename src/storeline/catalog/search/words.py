"""What counts as a word, the same for what is indexed and for what is asked. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations

MAX_WORDS = 40
"""Words of a text beyond this many are not indexed."""
_SHORT = 4
_PAIRS_ENOUGH = 4
PREFIX = 7
"""Only the first letters of a word are shortened: misspelling is found by its beginning (SymSpell's prefix)."""

# Vowel points, harakat, cantillation, tatweel and Latin, Greek and Cyrillic accents. The vowel signs of Indic
# scripts and the Japanese sound marks are letters to a reader, and stay.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_LETTERS = str.maketrans(
    {
        "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th",  # noqa: RUF001
        "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ٱ": "ا",  # noqa: RUF001
        "'": "", "’": "", "ʼ": "", "`": "", "\u200c": "", "\u200d": "",  # noqa: RUF001
    }
    | {chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)}  # katakana as hiragana
)  # fmt: skip
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,/]\d+)*)|(?P<unspaced>[{_UNSPACED}]+)|(?P<word>(?:[^\W\d_{_UNSPACED}]|[\u0900-\u0dff])+)"
)


_PLAIN = re.compile(r"\d+(?:[.,/]\d+)*|[a-z]+", re.ASCII)
"""What `_TOKEN` finds in ASCII that was folded, in a third of the time: most names are."""


def fold(text: str) -> str:
    """`text` without what people leave out when they type: case, accents, full-width forms, foreign digits."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    spelt = _MARKS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())).translate(
        _LETTERS
    )
    composed = unicodedata.normalize("NFC", spelt)
    if composed.isascii():
        return composed
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in composed)


def split(text: str, *, asked: bool = False) -> tuple[str, ...]:
    """The words of `text`, folded, in order.

    Letters part from digits (``12oz`` is ``12 oz``); a decimal is one word (``1,5`` is ``1.5``); scripts written
    without spaces give every character and every pair of neighbours; of what is `asked`, the pairs alone where
    there are enough of them.
    """
    folded = fold(text)
    if folded.isascii():
        return tuple([word.replace(",", ".") for word in _PLAIN.findall(folded)[:MAX_WORDS]])
    found: list[str] = []
    for match in _TOKEN.finditer(folded):
        token = match[0]
        if match.lastgroup == "unspaced":
            if not asked or len(token) < _PAIRS_ENOUGH:
                found += token
            found += [token[index : index + 2] for index in range(len(token) - 1)]
        else:
            found.append(token.replace(",", ".") if match.lastgroup == "number" else token)
    return tuple(found[:MAX_WORDS])


def is_spelt(word: str) -> bool:
    """Whether `word` is made of letters that a finger can mistype: neither a number nor an unspaced script."""
    return not word[0].isdecimal() and _TOKEN.match(word).lastgroup == "word"  # type: ignore[union-attr]


def edits_allowed(word: str) -> int:
    """How many typing errors a word may hold: none in one letter, one in up to four, two in longer ones.

    A number of four digits and more (a maker's, a model's) may hold one; a short one is another size.
    """
    if word[0].isdecimal():
        return 1 if len(word) >= _SHORT and word.isdecimal() else 0
    if not is_spelt(word):
        return 0
    return 0 if len(word) == 1 else 1 if len(word) <= _SHORT else 2


def shortened(word: str) -> frozenset[str]:
    """The forms of the word's beginning with up to `edits_allowed` letters left out, itself among them.

    Two words within that many edits of each other share at least one form.
    """
    start = word[:PREFIX]
    size = len(start)
    forms = {start}
    for edits in range(1, edits_allowed(word) + 1):
        for kept in combinations(range(size), max(1, size - edits)):
            forms.add("".join([start[index] for index in kept]))
    return frozenset(forms)


def distance(a: str, b: str, limit: int) -> int:
    """Edits (a letter more, less or other, or two neighbours swapped) from `a` to `b`; `limit` + 1 where more.

    Optimal string alignment: no part is edited twice. Where the two begin to differ, one of the four edits must stand; so few
    are allowed that to try each is quicker than to fill a table.
    """
    if a == b:
        return 0
    more, fewer = len(a), len(b)
    if abs(more - fewer) > limit or not limit:
        return limit + 1
    a, b = _differing(a, b)
    more, fewer = len(a), len(b)
    if not more or not fewer:
        return more or fewer
    left = limit - 1
    if not left:
        swapped = more == fewer == 2 and a[0] == b[1] and a[1] == b[0]  # noqa: PLR2004  # two neighbours
        return 1 if swapped or more == fewer == 1 else 2
    best = min(distance(a[1:], b[1:], left), distance(a[1:], b, left), distance(a, b[1:], left))
    if best and more > 1 and fewer > 1 and a[0] == b[1] and a[1] == b[0]:
        best = min(best, distance(a[2:], b[2:], left))
    return best + 1


def _differing(a: str, b: str) -> tuple[str, str]:
    """What lies between the beginning and the end that both share: the rest costs no edit."""
    start, most = 0, min(len(a), len(b))
    while start < most and a[start] == b[start]:
        start += 1
    end = 0
    while end < most - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]


def prefix_distance(part: str, word: str, limit: int) -> int:
    """Edits from `part` to the beginning of `word` that is nearest to it; `limit` + 1 where more."""
    return min(distance(part, word[:size], limit) for size in range(max(1, len(part) - limit), len(part) + limit + 1))
