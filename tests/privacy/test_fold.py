"""Folding keeps places; a view leads back to where each character stood."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.decode import layers
from zvon.privacy.fold import fold, view


@given(st.text())
def test_folding_keeps_the_length_and_is_idempotent(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_folding_makes_spellings_equal() -> None:
    assert fold("ŽUPANČIČ Đurđa") == fold("županćič djurđa".replace("dj", "đ"))
    assert fold("Zupan\u010di\u010d") == "zupancic"


@given(st.text(alphabet=st.sampled_from("ab&;#č\u200b \u00ad1x")))
def test_ranges_of_a_view_lead_back_in_order(text: str) -> None:
    opened = view(text)
    at = 0
    for i in range(len(opened.text)):
        start, end = opened.source(i, i + 1)
        assert at <= start <= end <= len(text)
        at = start


def test_a_view_opens_entities_and_drops_what_cannot_be_seen() -> None:
    assert view("a\u200bb&#269;&amp;\u00ad").text == "abč&"
    assert view("R&D in AT&T;").text.startswith("R&D")
    assert view("plain").starts is None


def test_three_levels_are_opened_and_no_more() -> None:
    assert "ana@lipa.example" in list(layers("YW5hQGxpcGEuZXhhbXBsZQ=="))
    assert "ana@lipa.example" in list(layers("616e61406c6970612e6578616d706c65"))
    assert "ana@lipa.example" in list(layers("ana%2540lipa.example"))
    assert "ana@lipa.example" not in list(layers("ana%25252540lipa.example"))


def test_letters_of_another_script_do_not_make_another_word() -> None:
    assert fold("N\u043evak") == "novak"
    assert fold("\u0410n\u0430 Horv\u0430t") == "ana horvat"
    assert fold("Москва") == "москва"


def test_accents_apart_from_their_letter_come_together() -> None:
    opened = view("Zupanc\u030cic\u030c je")
    assert opened.text == "Zupančič je"
    assert opened.source(0, 8) == (0, 10)


def test_a_range_ends_where_its_last_character_ends() -> None:
    assert view("Kos\u200b je").source(0, 3) == (0, 3)
    assert view("<b>Kos</b> je").source(0, 3) == (3, 6)
