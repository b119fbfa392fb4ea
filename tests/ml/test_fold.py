"""What the eye reads."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.fold import LOOKALIKE, accents, in_place, label, skeleton, tokens, unleet


def test_accents_and_lookalikes_are_two_things() -> None:
    assert accents("Pošta Đurđica") == "posta durdica"
    assert skeleton("pošta") == "pošta"
    assert skeleton("роѕtа") == "posta"


def test_every_lookalike_becomes_one_latin_letter() -> None:
    assert all(0x20 < image < 0x7F for image in LOOKALIKE.values())


def test_digits_may_stand_for_letters() -> None:
    assert "posta" in unleet("p0sta")
    assert {"klik", "kllk"} & set(unleet("kl1k"))
    assert unleet("posta") == ()
    assert unleet("2026") == ()
    assert "posta" in unleet("p0st4")


def test_two_letters_may_stand_for_one() -> None:
    assert unleet("rnimovrste") == ("mimovrste",)
    assert "wallet" in unleet("vva11et")
    assert unleet("klub") == ()


def test_punycode_is_read_and_the_ill_formed_is_told() -> None:
    assert label("xn--pota-h6a") == ("posta", False)
    assert label("xn--pota-h6a-si") == ("posta-si", True)
    assert label("xn--") == ("", True)


@given(st.text())
def test_folding_in_place_keeps_every_place(text: str) -> None:
    assert len(in_place(text)) == len(text)


@given(st.text(max_size=30))
def test_no_label_raises(text: str) -> None:
    label(text)
    label("xn--" + text)


def test_tokens_are_letters_and_digits() -> None:
    assert tokens("moja-posta_24.si") == ["moja", "posta", "24", "si"]
