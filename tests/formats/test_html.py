"""What a page shows, and every place where it leads."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats import html, link
from zvon.formats.wrapper import unwrap
from zvon.model.url import canonical

TAGS = ["<p>", "</p>", "<a href=https://a.example>", "</a>", "<div style='display:none'>", "</div>",
        "x ", "č", "<br>", "<table><tr><td>", "<img src=//b.example/x srcset='https://c.example 2x'>",
        "<base href=https://d.example/>", "<!--", "-->", "<script>", "</script>", "&nbsp;", "&#0;",
        "<template>", "<form action=p>", "<svg>", "<", "\x00", "\ud800"]  # fmt: skip
soup = st.lists(st.sampled_from(TAGS), max_size=30).map("".join)


@settings(deadline=None)
@given(st.one_of(soup, st.text(max_size=200)))
def test_no_page_raises_and_every_range_lies_in_the_text(page: str) -> None:
    read = html.read(page)
    for found in read.links:
        if found.start is not None and found.end is not None:
            assert 0 <= found.start <= found.end <= len(read.text) + 2
    link.mentions(read, "SI")


def test_blocks_part_the_text_and_blanks_are_one() -> None:
    page = html.read(
        "<h1>A</h1><p>b   c\n d<br>e</p><table><tr><td>f<td>g</table><ul><li>h<li>i</ul>"
    )
    assert page.text == "A\n\nb c d\ne\n\nf g\nh\ni"


def test_scripts_comments_and_hidden_text_are_not_shown() -> None:
    page = html.read(
        "<title>t</title><style>s</style><p>vidno<!-- c --><script>x</script>"
        "<span style='font-size:0'>a</span><span hidden>b</span><span style='opacity: 0.5'>c</span>"
    )
    assert page.text == "vidnoc"
    assert page.warnings == ("hidden-text",)


def test_every_kind_of_address_is_found_with_the_base_applied() -> None:
    page = html.read(
        "<base href='https://a.example/x/'><a href=b>1</a><form action='/c'></form>"
        "<img src=d srcset='e 2x, f 3x'><iframe src=//g.example></iframe>"
        "<meta http-equiv=Refresh content=\"0;URL='https://h.example/'\"><a href='#i'>2</a>"
    )
    assert {found.target for found in page.links} >= {
        "https://a.example/x/b", "https://a.example/c", "https://a.example/x/d",
        "https://a.example/x/e", "https://a.example/x/f", "https://g.example", "https://h.example/",
    }  # fmt: skip


def test_a_shown_name_counts_as_shown_only_when_the_target_is_another() -> None:
    def shown(page: str) -> list[tuple[str, str | None, str]]:
        found, _ = link.mentions(html.read(page), "SI")
        return [(m.observable.value, m.shown, m.side) for m in found]

    assert shown("<a href='https://a.example/x'>www.posta.si</a>") == [
        ("www.posta.si", None, "link_text"), ("https://a.example/x", "www.posta.si", "attacker"),
    ]  # fmt: skip
    assert shown("<a href='https://www.posta.si/x'>posta.si</a>") == [
        ("https://www.posta.si/x", None, "attacker")
    ]
    assert shown("<a href='https://a.example/x'>kliknite</a>") == [
        ("https://a.example/x", None, "attacker")
    ]
    assert shown("<a href='mailto:ana@lipa.example'>x</a><a href='tel:+38640000111'>y</a>") == [
        ("ana@lipa.example", None, "attacker"), ("+38640000111", None, "attacker"),
    ]  # fmt: skip
    assert shown("<a href='javascript:alert(1)'>a.example</a><img src='cid:1'>") == [
        ("a.example", None, "attacker")
    ]


@pytest.mark.parametrize("page", ["<div>" * 60_000, "<a href=x><b>" * 60_000, "<" * 300_000])
def test_a_page_built_to_break_parsers_is_read_flat_and_in_time(page: str) -> None:
    began = time.process_time()
    read = html.read(page + "<a href='https://a.example/'>Hej</a>")
    assert time.process_time() - began < 10
    assert "https://a.example/" in {found.target for found in read.links} or page.startswith("<<")


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fb&data=1", "https://a.example/b"),
        ("https://www.google.com/url?sa=t&q=https://a.example/b", "https://a.example/b"),
        ("https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_b&d=x", "https://a.example/b"),
        ("https://urldefense.com/v3/__https://a.example/b__;!!x", "https://a.example/b"),
        ("https://www.google.com/search?q=https://a.example", None),
        ("https://www.google.com/url?q=javascript:x://", None),
        ("https://a.example/?url=https://b.example", None),
    ],
)  # fmt: skip
def test_an_address_that_wraps_another_gives_it(outer: str, inner: str | None) -> None:
    assert unwrap(canonical(outer)) == inner
