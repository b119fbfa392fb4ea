"""Letters from templates: the right form of a word, and nothing that is filled in is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.letter_text import FORMS, BadTemplate, check, fill
from zvon.locale import LANGS
from zvon.store.message_template import COMMON, PLACES, shipped


@pytest.mark.parametrize(
    ("lang", "forms", "said"),
    [
        ("sl", "naslov|naslova|naslovi|naslovov",
         {1: "1 naslov", 2: "2 naslova", 3: "3 naslovi", 5: "5 naslovov", 101: "101 naslov"}),
        ("hr", "adresa|adrese|adresa", {1: "1 adresa", 2: "2 adrese", 5: "5 adresa", 21: "21 adresa"}),
        ("en", "address|addresses", {1: "1 address", 2: "2 addresses"}),
    ],
)  # fmt: skip
def test_a_number_takes_the_form_of_its_language(
    lang: str, forms: str, said: dict[int, str]
) -> None:
    made = {n: fill("{count:" + forms + "}", lang, {"count": n}) for n in said}
    assert made == said


@given(st.text())
def test_what_is_filled_in_is_never_a_template(text: str) -> None:
    assert fill("a{text}b", "en", {"text": text, "secret": "s"}) == f"a{text}b"


@given(st.text(max_size=200))
def test_only_our_error_comes_of_any_template(text: str) -> None:
    try:
        check(text, "sl", {"text"})
        made = fill(text, "sl", {"text": "x"})
    except BadTemplate:
        made = ""
    assert isinstance(made, str)


@pytest.mark.parametrize("text", ["{nothing}", "{text", "text}", "{count:a|b}", "", "\0", "{Text}"])
def test_a_template_that_cannot_be_filled_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate):
        check(text, "sl", {"text", "count"})


@pytest.mark.parametrize("code", sorted(PLACES))
@pytest.mark.parametrize("lang", LANGS)
def test_every_shipped_letter_can_be_filled(code: str, lang: str) -> None:
    found = shipped(code, lang)
    places = COMMON | PLACES[code]
    for text in (found.subject, found.body):
        check(text, lang, places)
    values = {name: 3 if name == "count" else f"<{name}>" for name in places}
    subject, body = found.fill(values)
    assert "{" not in subject + body
    assert "LETTER_" not in subject + body
    assert FORMS[lang] >= 2
