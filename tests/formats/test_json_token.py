"""Brackets outside strings: the same as reading character by character finds."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.json_token import CLOSE, COMMA, OPEN, tokens

KIND = {"{": OPEN, "[": OPEN, "}": CLOSE, "]": CLOSE, ",": COMMA, ":": 5}
texts = st.text('{}[],:"\\a ', max_size=60).filter(lambda text: not text.endswith("\\"))


def one_by_one(
    text: str, depth: int, in_string: bool
) -> tuple[list[tuple[int, int, int]], int, bool]:
    """Place, kind, and the lesser depth before and after; then the state at the end."""
    found = []
    escaped = False
    for at, sign in enumerate(text):
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            in_string = not in_string
        elif not in_string and sign in KIND:
            before = depth
            depth += {OPEN: 1, CLOSE: -1}.get(KIND[sign], 0)
            found.append((at, KIND[sign], min(before, depth)))
    return found, depth, in_string


@given(texts, st.integers(0, 3), st.booleans())
def test_a_block_at_once_is_the_same_as_one_by_one(text: str, depth: int, in_string: bool) -> None:
    got = tokens(text.encode(), depth, in_string)
    pairs = list(zip(got.at.tolist(), got.kind.tolist(), got.low.tolist(), strict=True))
    assert (pairs, got.depth, got.in_string) == one_by_one(text, depth, in_string)


def test_of_a_leaf_only_ends_of_members_are_looked_at() -> None:
    got = tokens(b'{"a":[1,2]},{"b":3}]', 1, in_string=False)
    assert [int(got.at[index]) for index in got.passed(1, is_leaf=True)] == [11, 19]
    assert [int(got.at[index]) for index in got.passed(1, is_leaf=False)] == [0, 10, 11, 12, 18, 19]
    assert got.deepest == 3
