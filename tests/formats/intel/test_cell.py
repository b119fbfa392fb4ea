"""Cells: the same canonical values as everywhere, whether they were read the short way or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.intel.cell import value_of, values
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

T = ObservableType


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("192.0.2.1", T.IPV4, "192.0.2.1"),
        ("192.0.2.1:8080", T.IPV4, "192.0.2.1"),
        ("192[.]0[.]2[.]1", T.IPV4, "192.0.2.1"),
        ("::ffff:192.0.2.1", T.IPV4, "192.0.2.1"),
        ("2001:DB8::1", T.IPV6, "2001:db8::1"),
        ("[2001:db8::1]:443", T.IPV6, "2001:db8::1"),
        ("192.0.2.7/24", T.CIDR, "192.0.2.0/24"),
        ("Evil.Example", T.DOMAIN, "evil.example"),
        ("*.evil.example", T.DOMAIN, "evil.example"),
        ("zlobni-čmrlj.si", T.DOMAIN, "xn--zlobni-mrlj-8gc.si"),
        ("shop.co.za", T.DOMAIN, "shop.co.za"),
        ("evil.example:443", T.DOMAIN, "evil.example"),
        ("HTTP://Evil.example/A?b", T.URL, "http://evil.example/A?b"),
        ("hxxps://evil[.]example/a", T.URL, "https://evil.example/a"),
        ("192.0.2.1/gate.php", T.URL, "https://192.0.2.1/gate.php"),
        ("a@B.example", T.EMAIL, "a@b.example"),
        ("D41D8CD98F00B204E9800998ECF8427E", T.MD5, "d41d8cd98f00b204e9800998ecf8427e"),
        ("sha1: da39a3ee5e6b4b0d3255bfef95601890afd80709", T.SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("cve-2026-12345", T.CVE, "CVE-2026-12345"),
        ("as64500", T.ASN, "AS64500"),
    ],
)  # fmt: skip
def test_one_value_is_read_in_any_of_its_forms(text: str, kind: T, value: str) -> None:
    if kind is T.DOMAIN and not text.isascii():
        value = canonical(T.DOMAIN, text).value
    assert value_of(text) == Observable(kind, value)


@pytest.mark.parametrize(
    "text",
    ["", "-", "n/a", "invoice.pdf", "setup.exe", "1.2.3", "300.1.1.1", "hello", "some words",
     "48.30,14.28", "12:30:00", "v1.2.3.4.5", "abc.notatld", "d41d8cd9", "http://", "a@b"],
)  # fmt: skip
def test_what_is_no_value_is_none(text: str) -> None:
    assert values(text) == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [("192.0.2.1, 192.0.2.2", 2), ('["evil.example","192.0.2.1"]', 2), ("192.0.2.1;x", 0),
     ("192.0.2.1 192.0.2.1", 1), ("a.example|b.example|-", 2)],
)  # fmt: skip
def test_several_values_of_a_cell_are_read_together_or_not_at_all(text: str, count: int) -> None:
    assert len(values(text)) == count


def test_a_kind_is_held_to() -> None:
    assert values("01 234 5678", T.PHONE, region="SI") == (Observable(T.PHONE, "+38612345678"),)
    assert values("64500", T.ASN) == (Observable(T.ASN, "AS64500"),)
    assert values("not an address", T.URL) == ()
    assert values("word", T.DOMAIN) == ()


names = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?(\.[a-z0-9]{1,9}){0,2}\.(si|hr|com)", fullmatch=True)  # fmt: skip


@given(st.one_of(names, st.ip_addresses(v=4).map(str),
                 names.map(lambda n: f"https://{n}/a/%7Eb?c=1#d")))  # fmt: skip
def test_the_short_way_gives_what_the_long_one_gives(text: str) -> None:
    found = value_of(text)
    if found is not None:
        assert found == canonical(found.type, text)


@given(st.text(max_size=60))
def test_any_text_has_an_answer_that_is_canonical(text: str) -> None:
    for found in values(text):
        try:
            assert canonical(found.type, found.value) == found
        except BadValue:
            raise AssertionError(found) from None
