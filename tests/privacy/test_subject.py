"""One person in every spelling is one identifier; others are masked; patterns find case endings."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.subject import KINDS, BadIdentifier, identifier, masked, pattern, people

MAJA = "Maja Zupančič"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [("email", "Maja@Primer.example", "maja@primer.EXAMPLE"),
     ("phone", "041 234 567", "+386 41 234-567"),
     ("name", "Zupančič Maja", "MAJA ZUPANCIC"),
     ("iban", "SI56 1910 0000 0123 438", "si56191000000123438"),
     ("national_id", "010 100 650 0006", "0101006500006"),
     ("plate", "LJ AB-123", "ljab123")],
)  # fmt: skip
def test_spellings_of_one_value_are_one_identifier(kind: str, one: str, other: str) -> None:
    assert identifier(kind, one, "sl") == identifier(kind, other, "sl")


def test_a_text_gives_the_identifiers_that_a_person_would_give() -> None:
    text = "Pišem v imenu Maje Zupančič, maja@primer.example, tel. 041 234 567."
    found = people(text, "sl")
    assert identifier("email", "maja@primer.example") in found
    assert identifier("phone", "+38641234567", "sl") in found
    assert identifier("name", MAJA, "sl") in found


def test_others_are_masked_and_the_person_is_not() -> None:
    own = {identifier("name", MAJA, "sl"), identifier("email", "maja@primer.example")}
    text = "Maja Zupančič (maja@primer.example) in Tanja Kovač (tanja@primer.example)."
    assert masked(text, own, "sl") == "Maja Zupančič (maja@primer.example) in [name] ([email])."
    assert "Maja" not in masked(text, (), "sl")


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [("name", MAJA, "klical sem Majo Zupančič"), ("name", MAJA, "ZUPANCICEVE MAJE"),
     ("name", MAJA, "z Majo  Zupancicevo"), ("email", "maja@primer.example", "?m=Maja%40primer.example"),
     ("phone", "+386 41 234 567", "041/234-567"), ("iban", "SI56191000000123438", "SI56 1910 0000 0123 438"),
     ("national_id", "0101006500006", "0101006 500006")],
)  # fmt: skip
def test_a_pattern_finds_other_spellings(kind: str, given: str, said: str) -> None:
    assert re.search(pattern(kind, given), said, re.IGNORECASE), pattern(kind, given)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("name", "Ana"), ("name", ". ."), ("plate", "--- ---"), ("phone", "12 34"), ("email", "a@b"),
     ("national_id", "123456"), ("name", "\x00 \x00"), ("shoe", "42 large")],
)  # fmt: skip
def test_what_would_be_found_everywhere_is_refused(kind: str, text: str) -> None:
    with pytest.raises(BadIdentifier):
        identifier(kind, text, "sl")
    with pytest.raises(BadIdentifier):
        pattern(kind, text)


def test_a_pattern_does_not_find_somebody_else() -> None:
    assert not re.search(pattern("name", MAJA), "Tanja Zupan in Maja Kovač", re.IGNORECASE)
    assert not re.search(pattern("email", "a.b@c.example"), "axb@c.example", re.IGNORECASE)


@given(st.sampled_from(KINDS), st.text(max_size=60))
def test_whatever_is_given_is_an_identifier_or_refused_without_being_repeated(
    kind: str, text: str
) -> None:
    try:
        made = identifier(kind, text, "sl")
    except BadIdentifier as refused:
        said = str(refused)
    else:
        assert made.value
        assert not re.search(pattern(kind, text), "a b c 1 2 3 - an ordinary line")
        return
    assert said == f"this is no {kind.replace('_', ' ')} that can be looked for"


@given(st.text(max_size=200))
def test_any_text_is_read_and_masked(text: str) -> None:
    assert all(one.kind in KINDS for one in people(text))
    assert isinstance(masked(text, ()), str)
