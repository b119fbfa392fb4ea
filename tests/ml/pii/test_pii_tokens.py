"""A text as the tagger reads it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.pii.tokens import tokens

_WORD = re.compile(r"\w+")


def words(text: str) -> list[tuple[int, int, str, str]]:
    return [(m.start(), m.end(), m[0], m[0].lower()) for m in _WORD.finditer(text)]


def test_a_known_value_is_one_token() -> None:
    text = "Ana Kos, ana@kos.example, kliče"
    found = tokens(text, words(text), [(9, 24, "<EMAIL>")])
    assert found.texts == ["Ana", "Kos", "<EMAIL>", "kliče"]
    assert found.gaps == ["", " ", ", ", ", ", ""]
    assert (found.starts[2], found.ends[2]) == (9, 24)


def test_a_value_without_a_word_in_it_has_its_place_too() -> None:
    assert tokens("a ** b", words("a ** b"), [(2, 4, "<ID>")]).texts == ["a", "<ID>", "b"]
    assert tokens("**", [], [(0, 2, "<ID>")]).texts == ["<ID>"]


@given(
    st.text(alphabet="ab .,\n@", max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=4),
)
def test_tokens_stand_in_order_and_apart(text: str, wanted: list[tuple[int, int]]) -> None:
    places, at = [], 0
    for start, size in sorted(wanted):
        if at <= start < start + size <= len(text):
            places.append((start, start + size, "<ID>"))
            at = start + size
    found = tokens(text, words(text), places)
    assert len(found.gaps) == len(found.texts) + 1
    assert all(a <= b for a, b in zip(found.ends, found.starts[1:], strict=False))
    assert found.texts.count("<ID>") == len(places)
