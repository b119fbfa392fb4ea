"""A page opened to all its text: nothing is hidden from the gate, and every place leads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.privacy.conftest import demo, gate, key
from zvon.privacy.engine import Part, Status, share_text
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.markup import is_marked_up, opened

TAGS = ("<b>", "</b>", "<!--", "-->", "<p class='x", "'>", '<img alt="', '">', "<", ">", "&#269;",
        "&amp;", "a", " ", "\n", "<a href=", "č", "<script>", "\x00")  # fmt: skip


@given(st.lists(st.sampled_from(TAGS)).map("".join), st.booleans())
def test_every_character_leads_back_in_order(source: str, whole: bool) -> None:
    text, starts, ends = opened(source, whole=whole)
    assert len(text) == len(starts) == len(ends)
    at = 0
    for low, high in zip(starts, ends, strict=True):
        assert at <= low <= high <= len(source)
        at = low


def text_of(source: str, *, whole: bool = True) -> list[str]:
    return opened(source, whole=whole)[0].split()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("No<b>vak</b> je", ["Novak", "je"]),
        ("<p>Ana</p><p>Kos</p>", ["Ana", "Kos"]),
        ('<img alt="Ana Kos" src=a.png>', ["Ana", "Kos", "a.png"]),
        ("x<!-- Ana Kos -->y", ["x", "Ana", "Kos", "y"]),
        ("<script>var u='ana'</script>", ["var", "u='ana'"]),
        ('<a title="a>b" href=https://evil.example/>c', ["a>b", "https://evil.example/", "c"]),
        ("<p style='unclosed Ana", ["'unclosed"]),
        ("1 < 2 > 0", ["1", "<", "2", ">", "0"]),
        ("&#65;&Ccaron;&unknown;", ["AČ&unknown;"]),
    ],
)
def test_what_stands_in_a_page_comes_out(source: str, words: list[str]) -> None:
    assert text_of(source)[: len(words)] == words


def test_an_address_in_brackets_is_no_element_of_a_text() -> None:
    assert text_of("Ana <ana@lipa.example>, <b>x</b>", whole=False) == ["Ana", "<ana@lipa.example>,", "x"]  # fmt: skip
    assert not is_marked_up("Ana <ana@lipa.example> in <https://lipa.example>")
    assert is_marked_up("No<B>vak")
    assert is_marked_up("<!-- x")


PAGE = (
    '<html><body><p>Prijavila je Pe<i>tr</i>a <b>Zupan&#269;i&#269;</b>, '
    '<a href="mailto:petra.zupancic@lipa.example">pi&scaron;i</a></p>'
    '<span style="display:none">041 332 118</span><!-- geslo: Zima2024! -->'
    '<img alt="Petra Zupančič" src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAE">'
    '<p>Vodi na hxxps://evil-fixture[.]top/a</p></body></html>'
)  # fmt: skip


def test_a_page_leaves_without_the_victim_and_with_the_indicator() -> None:
    parts = [Part("page", PAGE, "text/html")]
    outcome = share_text(parts, facts=with_brands(Facts(lang="sl")), policy=demo(), keys=key())
    assert outcome.status is Status.RELEASED
    shared = outcome.shared["page"]
    for gone in ("Zupan", "petra", "332", "Zima", "iVBOR", "tr</i>a"):
        assert gone not in shared
    assert "hxxps://evil-fixture[.]top/a" in shared
    assert shared.startswith("<html><body><p>Prijavila je person-")
    assert shared.endswith("</body></html>")


def test_a_name_split_by_elements_in_a_plain_text_is_one_name() -> None:
    outcome = gate("Kontakt: Igor No<b>vak</b>, <ana.kos@lipa.example>")
    assert "vak" not in outcome.preview["text"]
    assert "ana.kos" not in outcome.preview["text"]


@pytest.mark.parametrize("piece", ["<a ", '<a b="', "<!--", "<a '", "&", "<", "<a b=c>", "</"])
def test_hostile_pages_are_read_to_the_end(piece: str) -> None:
    text, starts, _ = opened(piece * 60_000, whole=True)
    assert len(text) == len(starts)
