"""Pages as text: joined names, hidden text, comments, addresses, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.carrier.page import TooDeep, page_text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("No<b>v</b>ak", "Novak"),
        ("Nov&aacute;k&nbsp;J", "Novák J"),
        ("a<!-- Novak -->b", "Novak"),
        ("<img alt='Novak'>", "Novak"),
        ("<input placeholder='Novak'>", "Novak"),
        ("<span hidden>Novak</span>", "Novak"),
        ("<script>var a = 'Novak'</script>", "Novak"),
        ("<style>p::after{content:'Novak'}</style>", "Novak"),
        ('<p style="background:url(https://e.example/Novak)">x', "Novak"),
        ("<meta name='author' content='J. Novak'>", "J. Novak"),
        ("<div data-user='j-novak@x'>", "j-novak@x"),
        ("<a href='https://e.example/x'>tu</a>", "tu <https://e.example/x>"),
        ("<img src='data:text/plain;base64,Tm92YWs='>", "Novak"),
        ("<a href='data:text/html,%3Cp%3ENovak'>x</a>", "Novak"),
        ("<svg><title>Novak</title></svg>", "Novak"),
        ("<template>Novak</template>", "Novak"),
        ("<noscript>Novak</noscript>", "Novak"),
        ("<object data='https://e.example/o'></object>", "<https://e.example/o>"),
        ("<textarea>Novak", "Novak"),
    ],
)
def test_nothing_that_a_page_says_is_lost(source: str, said: str) -> None:
    assert said in page_text(source)


def test_blocks_are_lines_and_a_data_address_does_not_leave() -> None:
    assert page_text("<p>a</p><p>b<br>c</p>") == "a\nb\nc"
    assert "data:" not in page_text("<img src='data:image/png;base64,AAAA'>")


def test_a_page_that_was_built_to_break_parsers_is_refused() -> None:
    with pytest.raises(TooDeep):
        page_text("<div>" * 20_000)


@given(st.text(max_size=300))
def test_any_text_is_read(source: str) -> None:
    assert isinstance(page_text(source), str)
