"""No card number survives; other numbers do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.card import has_card, luhn, mask


def check_digit(body: str) -> str:
    return next(d for d in "0123456789" if luhn(body + d))


cards = st.tuples(st.sampled_from("3456"), st.text("0123456789", min_size=14, max_size=14)).map(
    lambda t: (body := "".join(t)) + check_digit(body)
)


@settings(deadline=None)
@given(cards, st.sampled_from([" ", "-", "", "  ", "."]), st.text("abc ,:€", max_size=8))
def test_a_card_number_is_masked_however_it_is_grouped(card: str, gap: str, around: str) -> None:
    written = gap.join(card[i : i + 4] for i in range(0, 16, 4))
    text = f"{around}x {written} y{around}"
    hidden = mask(text)
    assert len(hidden) == len(text)
    assert card[:12] not in "".join(c for c in hidden if c.isdigit())
    assert hidden.replace("•", "").count(card[-4:]) >= 1
    assert mask(hidden) == hidden
    assert has_card(text)
    assert not has_card(hidden)


@pytest.mark.parametrize(
    "text",
    ["4111 1111 1111 1112", "1733644920000", "99999994", "040 000 111", "+44 7700 900456",
     "12345678901234567890123", "411111111111"],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    assert mask(text) == text


def test_a_number_beside_a_card_does_not_hide_it() -> None:
    assert mask("koda 5 4111 1111 1111 1111 ob 8") == "koda 5 •••• •••• •••• 1111 ob 8"
    assert mask("4111\n1111 1111–1111") == "••••\n•••• ••••–1111"


def test_a_spared_range_stays() -> None:
    text = "https://a.example/4111111111111111"
    assert mask(text, [(0, len(text))]) == text
