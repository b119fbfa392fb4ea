"""No card number survives; other numbers do."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.card import has_card, luhn, mask, mask_bytes, was_masked


def check_digit(body: str) -> str:
    return next(d for d in "0123456789" if luhn(body + d))


cards = st.tuples(st.sampled_from("23456"), st.text("0123456789", min_size=14, max_size=14)).map(
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
    assert hidden.replace("*", "").count(card[-4:]) >= 1
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
    assert mask("koda 5 4111 1111 1111 1111 ob 8") == "koda 5 **** **** **** 1111 ob 8"
    assert mask("4111\n1111 1111–1111") == "****\n**** ****–1111"


def test_a_spared_range_stays() -> None:
    text = "https://a.example/4111111111111111"
    assert mask(text, [(0, len(text))]) == text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("4111 1111 1111 1111 500 EUR", "**** **** **** 1111 500 EUR"),
        ("2024 4111 1111 1111 1111", "2024 **** **** **** 1111"),
        ("3782 822463 10005", "**** ****** *0005"),
        ("kartica4111111111111111", "kartica************1111"),
    ],
)
def test_each_way_of_writing_a_card_is_known(text: str, hidden: str) -> None:
    assert mask(text) == hidden
    assert was_masked(hidden)
    assert not was_masked(text)


@settings(deadline=None)
@given(cards, st.sampled_from(["utf-8", "cp1250", "utf-16"]))
def test_bytes_lose_the_digits_and_nothing_else(card: str, charset: str) -> None:
    text = f"č {card[:4]} {card[4:8]} {card[8:12]} {card[12:]} ž https://a.example/{card} konec"
    body = text.encode(charset)
    hidden = mask_bytes(body)
    assert len(hidden) == len(body)
    assert hidden.decode(charset) == (
        f"č **** **** **** {card[12:]} ž https://a.example/{card} konec"
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00 4111 1111 1111 1111", b"IBAN SI56 9900 0000 0000 068",
     b"https://a.example/?c=4111111111111111", b"\xff\xfe4"],
)  # fmt: skip
def test_binary_data_addresses_and_accounts_stay(body: bytes) -> None:
    assert mask_bytes(body) == body


def test_a_mail_can_be_read_as_before() -> None:
    mail = b"Content-Type: text/plain; boundary=x\r\n\r\n4111-1111-1111-1111"
    assert mask_bytes(mail) == mail.replace(b"4111-1111-1111-1111", b"****-****-****-1111")


@pytest.mark.parametrize("piece", ["4 ", "4444 ", "4111111111111112 ", "44", "SI56 ", "https://"])
def test_digits_made_to_be_slow_are_not(piece: str) -> None:
    def spent(size: int) -> float:
        body = (piece * (size // len(piece))).encode()
        began = time.process_time()
        mask_bytes(body)
        return time.process_time() - began

    assert spent(800_000) < 12 * max(spent(200_000), 0.02)
