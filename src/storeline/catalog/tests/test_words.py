import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeline.catalog.search.ranking import Term, likeness, rarity, score
from storeline.catalog.search.words import distance, fold, prefix_distance, shortened, split

WORDS = st.text(string.ascii_lowercase, min_size=5, max_size=12)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Crème BRÛLÉE", "creme brulee"),
        ("Straße Øl Łódź", "strasse ol lodz"),
        ("ЁЛКА Йод", "елка иод"),
        ("أَرُزّ", "ارز"),
        ("حليب كامل ـ", "حليب كامل "),
        ("ＡＢＣ１２", "abc12"),  # noqa: RUF001 (full width)
        ("١٢ ۳", "12 3"),
        ("バター", "ばたー"),
        ("우유", "우유"),
        ("दूध", "दूध"),
        ("Rock'n’Roll", "rocknroll"),
    ],
)
def test_folding_leaves_out_what_people_leave_out(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Cola, 12oz (6-PACK)", ("cola", "12", "oz", "6", "pack")),
        ("1,5 l 1/2 PT", ("1.5", "l", "1/2", "pt")),
        ("纯牛奶 250ml", ("纯", "牛", "奶", "纯牛", "牛奶", "250", "ml")),
        ("दूध 1 लीटर", ("दूध", "1", "लीटर")),
        ("кефир", ("кефир",)),
        ("...", ()),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert split(text) == words


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once_and_no_text_breaks_it(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert all(shortened(word) for word in split(text))


@given(WORDS, st.data())
def test_two_errors_apart_share_a_shortened_form(word: str, data: st.DataObject) -> None:
    wrong = word
    for _ in range(2):
        at = data.draw(st.integers(0, len(wrong) - 2))
        letter = data.draw(st.sampled_from(string.ascii_lowercase))
        kind = data.draw(st.sampled_from(["drop", "put", "change", "swap"]))
        wrong = {
            "drop": wrong[:at] + wrong[at + 1 :],
            "put": wrong[:at] + letter + wrong[at:],
            "change": wrong[:at] + letter + wrong[at + 1 :],
            "swap": wrong[:at] + wrong[at + 1] + wrong[at] + wrong[at + 2 :],
        }[kind]
    if len(word) <= 7 and len(wrong) in {5, 6, 7} and distance(word, wrong, 2) <= 2:
        assert shortened(word) & shortened(wrong)


def slow(a: str, b: str) -> int:
    """Optimal string alignment as its definition says."""
    if not a or not b:
        return len(a) + len(b)
    best = min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))
    if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
        best = min(best, slow(a[2:], b[2:]) + 1)
    return best


@given(st.text("ab", max_size=5), st.text("ab", max_size=5), st.integers(0, 3))
def test_distance_is_the_definition_up_to_its_limit(a: str, b: str, limit: int) -> None:
    assert distance(a, b, limit) == min(slow(a, b), limit + 1)


def test_prefix_distance() -> None:
    assert prefix_distance("choclt", "chocolate", 2) == 1 + 1
    assert prefix_distance("choco", "chocolate", 1) == 0
    assert prefix_distance("zzz", "chocolate", 1) == 2


def test_likeness() -> None:
    assert likeness("milk", "milk", last=False) == 1
    assert likeness("mlik", "milk", last=False) > likeness("mlik", "mill", last=False) == 0
    assert likeness("cho", "chocolate", last=False) == 0
    assert 0 < likeness("cho", "chocolate", last=True) < likeness("chocolat", "chocolate", last=True) < 1
    assert likeness("12", "16", last=False) == 0
    assert likeness("2385", "2358", last=False) > 0


def test_a_text_that_answers_more_scores_more() -> None:
    terms = [
        Term("milk", {"milk": 1.0}, rarity(10, 1000)),
        Term("chocolate", {"chocolate": 1.0}, rarity(50, 1000)),
        Term("12", {"12": 1.0}, rarity(300, 1000)),
    ]
    texts = [
        ("milk", "chocolate", "12", "oz"),
        ("chocolate", "milk", "12", "oz"),
        ("milk", "chocolate", "16", "oz"),
        ("chocolate", "12", "oz"),
        ("bread",),
    ]
    scores = [score(terms, text) for text in texts]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(texts)
    assert scores[-1] == 0


@given(st.text(string.printable, max_size=60))
def test_plain_letters_are_split_as_all_others_are(text: str) -> None:
    assert split(f"{text} é") == (*split(text), "e")[:40]
    assert fold(f"{text} é") == f"{fold(text)} e"
