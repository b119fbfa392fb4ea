"""The form of an address that is scored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.url.form import MAX_LINE, read_lines, read_texts, score_form

hosts = st.from_regex(
    r"(www\.)?[a-zA-Z0-9-]{1,12}(\.[a-z0-9-]{1,8}){0,3}\.?(:80|:8443)?", fullmatch=True
)
rests = st.sampled_from(
    ["", "/", "/A/b.php", "/x?y=1", "?q", "#f", "/{account}", "/ž", "/a b", " "]
)
addresses = st.builds("{}{}{}".format, st.sampled_from(["", "http://", "https://", "//", "https://u@"]),
                      hosts, rests)  # fmt: skip


@given(st.text(max_size=200) | addresses)
def test_the_score_form_is_idempotent(text: str) -> None:
    assert score_form(score_form(text)) == score_form(text)


@pytest.mark.parametrize(
    ("given_url", "form"),
    [
        ("http://WWW.Example.com:80/", "https://example.com"),
        ("example.com", "https://example.com"),
        ("https://user:pw@example.com:8443/A?b#c", "https://example.com:8443/A?b#c"),
        ("//www.www.example.com./x", "https://example.com/x"),
    ],
)
def test_what_tells_only_the_list_is_removed(given_url: str, form: str) -> None:
    assert score_form(given_url) == form


@given(addresses)
def test_the_quick_way_for_lines_gives_the_same_form(address: str) -> None:
    assert read_lines([address.encode()]) == [score_form(address)[8:].encode()]
    assert read_lines([score_form(address).encode()]) == read_texts([address])


@given(st.binary(max_size=100).filter(lambda line: b"\n" not in line))
def test_any_bytes_become_a_form(line: bytes) -> None:
    (form,) = read_lines([line])
    assert b"\n" not in form


def test_broken_text_is_replaced_and_long_text_cut() -> None:
    assert read_lines([b"a.example/\xff", b""]) == ["a.example/\ufffd".encode(), b""]
    assert len(read_lines([b"https://a.example/" + b"x" * 9000])[0]) <= MAX_LINE
