"""Defanged spellings become live ones; live ones stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.defang import is_defanged, refang


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("hxxps://evil-fixture[.]example/a", "https://evil-fixture.example/a"),
        ("evil-fixture(dot)example", "evil-fixture.example"),
        ("evil-fixture[dot]example", "evil-fixture.example"),
        ("evil-fixture{.}example", "evil-fixture.example"),
        ("evil-fixture<.>example", "evil-fixture.example"),
        ("evil-fixture dot example", "evil-fixture.example"),
        ("evil-fixture [.] example", "evil-fixture.example"),
        ("evil-fixture[pika]example", "evil-fixture.example"),
        ("evil-fixture(točka)example", "evil-fixture.example"),
        ("evil-fixture[.example", "evil-fixture.example"),
        ("evil-fixture.]example", "evil-fixture.example"),
        ("evil-fixture\\.example", "evil-fixture.example"),
        ("ana[at]lipa[.]example", "ana@lipa.example"),
        ("ana[afna]lipa.example", "ana@lipa.example"),
        ("ana at lipa dot example", "ana@lipa.example"),
        ("first[.]last[@]lipa[.]example", "first.last@lipa.example"),
        ("hXXp://a.example", "http://a.example"),
        ("h**ps://a.example", "https://a.example"),
        ("meow://a.example", "http://a.example"),
        ("fxp://a.example", "ftp://a.example"),
        ("http[:]//a.example", "http://a.example"),
        ("https:\\\\a.example", "https://a.example"),
        ("https: //a.example", "https://a.example"),
        ("hxxp://a[.]example[/]x[.]php", "http://a.example/x.php"),
        ("1[.]2[.]3[.]4", "1.2.3.4"),
    ],
)
def test_a_spelling_that_nobody_can_click_becomes_an_address(text: str, live: str) -> None:
    assert refang(text) == live
    assert is_defanged(text) is (text not in {"https:\\\\a.example", "https: //a.example"})


@pytest.mark.parametrize(
    "text",
    ["https://a.example/x[1].php?q=(dot)", "posta.si", "http://[2001:db8::7]/a", "a@lipa.example",
     "https://a.example:8443/\\d"],
)  # fmt: skip
def test_a_live_address_stays_as_it_is(text: str) -> None:
    assert refang(text) == text
    assert not is_defanged(text)


@settings(deadline=None)
@given(st.text(alphabet="hxtps:/[](){}.<> \\dotAT@ačž1", max_size=60))
def test_a_refanged_text_is_not_changed_by_refanging_much_and_nothing_raises(text: str) -> None:
    assert isinstance(refang(text), str)
    assert isinstance(is_defanged(text), bool)
