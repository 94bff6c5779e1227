"""Typing errors by a stated rule, so that another can make the same ones."""

from __future__ import annotations

import random

RULE = (
    "one or two words of a name (never in a number) get one error each: a letter left out, put in, "
    "exchanged for another one of its script, or swapped with its "
    "neighbour, with equal chance; words of under 3 characters and numbers are left alone; case is lowered"
)


def misspell(name: str, chance: random.Random) -> str:
    """`name` in lower case with one error in each of one or two of its words."""
    words = name.lower().split()
    open_to_error = [n for n, word in enumerate(words) if sum(map(str.isalpha, word)) >= 3]
    for n in chance.sample(open_to_error, min(len(open_to_error), chance.choice((1, 2)))):
        words[n] = _err(words[n], chance)
    return " ".join(words)


def _err(word: str, chance: random.Random) -> str:
    letters = [n for n, char in enumerate(word) if char.isalpha()]
    at = chance.choice(letters)
    other = _letter(word[at], chance)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + other + word[at:]
    if kind == 2 or at + 1 == len(word):
        return word[:at] + other + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _letter(near: str, chance: random.Random) -> str:
    """Another letter of the same script: from the neighbourhood of `near` in Unicode, or a to z."""
    if near.isascii():
        return chance.choice("abcdefghijklmnopqrstuvwxyz")
    while True:
        letter = chr(ord(near) + chance.choice((-1, 1)) * chance.randrange(1, 12))
        if letter.isalpha() and not letter.isascii():
            return letter.lower()
